//! What is asked of the API, as a table: a stable name, the path, and what answers.

/// The MachineConfig with a node's names, files and units, as cotter calls it.
pub const NODE_CONFIG: &str = "99-master-cotter-machine";
/// Where the marker is created.
pub const MARKERS_PATH: &str = "/api/v1/namespaces/kube-system/configmaps";

/// One question to the API server; it is always a GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// Whether the server itself is ready.
    Ready,
    /// The completion marker.
    Marker,
    /// How many machines are the control plane.
    Infrastructure,
    /// Who etcd's members are.
    EtcdEndpoints,
    /// The nodes.
    Nodes,
    /// The cluster's version, and whether it was ever complete.
    Version,
    /// The cluster's operators.
    Operators,
    /// The pools of machines that get the same configuration.
    Pools,
    /// Requests for certificates.
    Requests,
    /// The MachineConfig with the node's names.
    NodeConfig,
}

impl Ask {
    /// What the marker's preconditions need.
    pub const FOR_MARKER: [Self; 6] =
        [Self::Ready, Self::Marker, Self::Infrastructure, Self::EtcdEndpoints, Self::Nodes, Self::Version];

    /// What a verdict on the cluster needs.
    pub const FOR_VERDICT: [Self; 7] = [
        Self::Marker,
        Self::Version,
        Self::Operators,
        Self::Nodes,
        Self::Pools,
        Self::Requests,
        Self::NodeConfig,
    ];

    /// The name it is known by.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The path on the server.
    pub fn path(self) -> &'static str {
        self.row().1
    }

    /// The object that answers; nothing for what is no object.
    pub(super) fn object(self) -> Option<Object> {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, Option<Object>) {
        let one = |kind, name, resource| Some(Object { kind, name: Some(Name { name, resource }) });
        let list = |kind| Some(Object { kind, name: None });
        match self {
            Self::Ready => ("readiness", "/readyz", None),
            Self::Marker => (
                "marker",
                "/api/v1/namespaces/kube-system/configmaps/bootstrap",
                one("ConfigMap", "bootstrap", "configmaps"),
            ),
            Self::Infrastructure => (
                "infrastructure",
                "/apis/config.openshift.io/v1/infrastructures/cluster",
                one("Infrastructure", "cluster", "infrastructures"),
            ),
            Self::EtcdEndpoints => (
                "etcd-endpoints",
                "/api/v1/namespaces/openshift-etcd/configmaps/etcd-endpoints",
                one("ConfigMap", "etcd-endpoints", "configmaps"),
            ),
            Self::Nodes => ("nodes", "/api/v1/nodes", list("NodeList")),
            Self::Version => (
                "version",
                "/apis/config.openshift.io/v1/clusterversions/version",
                one("ClusterVersion", "version", "clusterversions"),
            ),
            Self::Operators => {
                ("operators", "/apis/config.openshift.io/v1/clusteroperators", list("ClusterOperatorList"))
            }
            Self::Pools => (
                "pools",
                "/apis/machineconfiguration.openshift.io/v1/machineconfigpools",
                list("MachineConfigPoolList"),
            ),
            Self::Requests => (
                "requests",
                "/apis/certificates.k8s.io/v1/certificatesigningrequests",
                list("CertificateSigningRequestList"),
            ),
            Self::NodeConfig => (
                "node-config",
                "/apis/machineconfiguration.openshift.io/v1/machineconfigs/99-master-cotter-machine",
                one("MachineConfig", NODE_CONFIG, "machineconfigs"),
            ),
        }
    }
}

/// What an answer must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    /// Its kind.
    pub kind: &'static str,
    /// Its name; a list has none.
    pub name: Option<Name>,
}

/// Which object it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// The object's name.
    pub name: &'static str,
    /// Its resource, as a Status names it.
    pub resource: &'static str,
}
