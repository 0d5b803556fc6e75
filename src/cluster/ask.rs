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
    /// What somebody must know of before a release.
    AdminGates,
    /// What somebody said that they know of.
    AdminAcks,
    /// Pods everywhere.
    Pods,
    /// Events that tell of failures, everywhere.
    Failures,
    /// Harvester's settings.
    Settings,
    /// The releases that Harvester can be upgraded to.
    HarvesterVersions,
    /// Harvester's upgrades.
    HarvesterUpgrades,
    /// Harvester's addons.
    Addons,
    /// The charts that Harvester is made of.
    ManagedCharts,
    /// The cluster as Cluster API sees it.
    LocalCluster,
    /// The nodes as Cluster API sees them.
    Machines,
    /// Longhorn's volumes.
    Volumes,
    /// Virtual machines that run.
    VirtualMachines,
    /// Backups of virtual machines.
    Backups,
    /// Schedules of such backups.
    Schedules,
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

    /// What an upgrade of OpenShift or OKD depends on.
    pub const FOR_OKD_UPGRADE: [Self; 8] = [
        Self::Marker,
        Self::Version,
        Self::Operators,
        Self::Nodes,
        Self::Pools,
        Self::Requests,
        Self::AdminGates,
        Self::AdminAcks,
    ];

    /// What a verdict on a Harvester cluster needs.
    pub const FOR_HARVESTER: [Self; 8] = [
        Self::Nodes,
        Self::Settings,
        Self::HarvesterVersions,
        Self::HarvesterUpgrades,
        Self::Pods,
        Self::Failures,
        Self::ManagedCharts,
        Self::Addons,
    ];

    /// What an upgrade of Harvester depends on.
    pub const FOR_HARVESTER_UPGRADE: [Self; 14] = [
        Self::Nodes,
        Self::Settings,
        Self::HarvesterVersions,
        Self::HarvesterUpgrades,
        Self::Pods,
        Self::Failures,
        Self::ManagedCharts,
        Self::Addons,
        Self::LocalCluster,
        Self::Machines,
        Self::Volumes,
        Self::VirtualMachines,
        Self::Backups,
        Self::Schedules,
    ];

    /// The name it is known by.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The path on the server.
    pub fn path(self) -> &'static str {
        self.row().1
    }

    /// The kind of what answers; nothing for what is no object.
    pub fn kind(self) -> Option<&'static str> {
        self.object().map(|object| object.kind)
    }

    /// True if it asks for the objects of all namespaces.
    pub fn is_everywhere(self) -> bool {
        matches!(
            self,
            Self::Pods
                | Self::Failures
                | Self::Addons
                | Self::VirtualMachines
                | Self::Backups
                | Self::Schedules
        )
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
            Self::AdminGates => (
                "admin-gates",
                "/api/v1/namespaces/openshift-config-managed/configmaps/admin-gates",
                one("ConfigMap", "admin-gates", "configmaps"),
            ),
            Self::AdminAcks => (
                "admin-acks",
                "/api/v1/namespaces/openshift-config/configmaps/admin-acks",
                one("ConfigMap", "admin-acks", "configmaps"),
            ),
            // What a Harvester cluster is made of; the versions are those of 1.4 and later.
            Self::Pods => ("pods", "/api/v1/pods", list("PodList")),
            Self::Failures => {
                ("failures", "/api/v1/events?fieldSelector=reason%3DFailed&limit=5000", list("EventList"))
            }
            Self::Settings => ("settings", "/apis/harvesterhci.io/v1beta1/settings", list("SettingList")),
            Self::HarvesterVersions => (
                "versions",
                "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/versions",
                list("VersionList"),
            ),
            Self::HarvesterUpgrades => (
                "upgrades",
                "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/upgrades",
                list("UpgradeList"),
            ),
            Self::Addons => ("addons", "/apis/harvesterhci.io/v1beta1/addons", list("AddonList")),
            Self::ManagedCharts => (
                "managed-charts",
                "/apis/management.cattle.io/v3/namespaces/fleet-local/managedcharts",
                list("ManagedChartList"),
            ),
            Self::Machines => (
                "machines",
                "/apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines",
                list("MachineList"),
            ),
            Self::Volumes => (
                "volumes",
                "/apis/longhorn.io/v1beta2/namespaces/longhorn-system/volumes",
                list("VolumeList"),
            ),
            Self::VirtualMachines => (
                "virtual-machines",
                "/apis/kubevirt.io/v1/virtualmachineinstances",
                list("VirtualMachineInstanceList"),
            ),
            Self::Backups => (
                "backups",
                "/apis/harvesterhci.io/v1beta1/virtualmachinebackups",
                list("VirtualMachineBackupList"),
            ),
            Self::Schedules => {
                ("schedules", "/apis/harvesterhci.io/v1beta1/schedulevmbackups", list("ScheduleVMBackupList"))
            }
            Self::LocalCluster => (
                "local-cluster",
                "/apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/clusters/local",
                one("Cluster", "local", "clusters"),
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
