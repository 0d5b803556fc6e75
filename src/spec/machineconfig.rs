//! The section `machineconfig`: the pool that a machine's MachineConfigs are for, and what else its operator is told.

use serde_json::Value;

use super::LocalFile;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;

/// What is special of machines that OpenShift's operator configures.
#[derive(Clone, Debug)]
pub struct OperatorSection {
    /// The pool.
    pub role: Sourced<String>,
    /// The version of OpenShift whose rules hold, if one was named.
    pub openshift: Option<Sourced<String>>,
    /// How many nodes the pool has, if that was said.
    pub nodes: Option<u64>,
    /// Where the time comes from.
    pub chrony: Option<ChronySection>,
    /// journald's settings, in their order.
    pub journald: Vec<(String, Sourced<String>)>,
    /// The kind of kernel.
    pub kernel_type: Option<Sourced<String>>,
    /// Extensions of the operating system.
    pub extensions: Vec<Sourced<String>>,
    /// What is asked of the kubelet.
    pub kubelet: Option<KubeletSection>,
    /// What is asked of the container runtime.
    pub container_runtime: Option<RuntimeSection>,
    /// Images that nodes keep.
    pub pinned_images: Vec<Sourced<String>>,
    /// What nodes do after changes.
    pub disruption_policy: Option<PolicySection>,
    /// Pools of one's own.
    pub pools: Vec<PoolSection>,
    /// Whose boot images are kept up to date: the mode, and labels.
    pub boot_images: Option<BootImagesSection>,
    /// Where it is written.
    pub origin: Origin,
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub struct ChronySection {
    /// Time servers.
    pub servers: Vec<Sourced<String>>,
    /// Names that lead to several.
    pub pools: Vec<Sourced<String>>,
    /// Whether those that DHCP names count too.
    pub is_by_dhcp: bool,
    /// The whole configuration.
    pub local: Option<LocalFile>,
    /// Whether chrony does not run.
    pub is_disabled: bool,
    /// Where it is written.
    pub origin: Origin,
}

/// What is asked of the kubelet.
#[derive(Clone, Debug)]
pub struct KubeletSection {
    /// Its own settings.
    pub settings: Vec<(Sourced<String>, Value)>,
    /// How much it logs.
    pub log_level: Option<Sourced<String>>,
    /// Whether what is kept for the system is worked out on the node.
    pub has_auto_sizing: Option<bool>,
    /// The profile of TLS.
    pub tls_profile: Option<Sourced<String>>,
    /// Where it is written.
    pub origin: Origin,
}

/// What is asked of the container runtime.
#[derive(Clone, Debug)]
pub struct RuntimeSection {
    /// How much CRI-O logs.
    pub log_level: Option<Sourced<String>>,
    /// Processes of one container.
    pub pids_limit: Option<Sourced<String>>,
    /// Size of one container's log.
    pub log_size_max: Option<Sourced<String>>,
    /// What a container may write into its own layer.
    pub overlay_size: Option<Sourced<String>>,
    /// What runs containers.
    pub default_runtime: Option<Sourced<String>>,
    /// Where it is written.
    pub origin: Origin,
}

/// A name and what is done.
pub type PolicyEntry = (Sourced<String>, Vec<Sourced<String>>);

/// What nodes do after changes.
#[derive(Clone, Debug)]
pub struct PolicySection {
    /// Of files.
    pub files: Vec<PolicyEntry>,
    /// Of units.
    pub units: Vec<PolicyEntry>,
    /// Of core's keys or password.
    pub ssh_key: Vec<Sourced<String>>,
    /// Where it is written.
    pub origin: Origin,
}

/// A pool of one's own.
#[derive(Clone, Debug)]
pub struct PoolSection {
    /// Its name.
    pub name: Sourced<String>,
    /// How many nodes may be away.
    pub max_unavailable: Option<Sourced<String>>,
    /// Whether it is paused.
    pub is_paused: bool,
}

/// Whose boot images are kept up to date.
#[derive(Clone, Debug)]
pub struct BootImagesSection {
    /// Whose.
    pub mode: Sourced<String>,
    /// Labels of machine sets.
    pub labels: Vec<(Sourced<String>, String)>,
    /// Where it is written.
    pub origin: Origin,
}

impl OperatorSection {
    /// The local files that are named, to be read by `world`.
    pub fn local_files(&self) -> Vec<LocalFile> {
        self.chrony.iter().filter_map(|chrony| chrony.local.clone()).collect()
    }
}

/// Reads what is right; the shape has said what is wrong.
pub(super) fn machineconfig(root: &View<'_>) -> Option<OperatorSection> {
    let view = root.get("machineconfig")?;
    let view = &view;
    Some(OperatorSection {
        role: view.text_at("role")?,
        openshift: view.text_at("openshift"),
        nodes: view.parse_at::<u64>("nodes").map(|nodes| nodes.value),
        chrony: view.get("chrony").map(|view| chrony(&view)),
        journald: view.get("journald").map(|view| table(&view)).unwrap_or_default(),
        kernel_type: view.text_at("kernel_type"),
        extensions: texts(view, "extensions"),
        kubelet: view.get("kubelet").map(|view| kubelet(&view)),
        container_runtime: view.get("container_runtime").map(|view| runtime(&view)),
        pinned_images: texts(view, "pinned_images"),
        disruption_policy: view.get("disruption_policy").map(|view| policy(&view)),
        pools: view.list("pools").iter().filter_map(pool).collect(),
        boot_images: view.get("boot_images").and_then(|view| boot_images(&view)),
        origin: view.origin().clone(),
    })
}

fn texts(view: &View<'_>, key: &str) -> Vec<Sourced<String>> {
    view.list(key).iter().filter_map(View::text).collect()
}

fn table(view: &View<'_>) -> Vec<(String, Sourced<String>)> {
    let pair = |(name, place, value): (&str, Origin, View<'_>)| {
        let value = value.text().map(|text| text.value).unwrap_or_default();
        (name.to_owned(), Sourced { value, origin: place })
    };
    view.entries().map(pair).collect()
}

fn chrony(view: &View<'_>) -> ChronySection {
    ChronySection {
        servers: texts(view, "servers"),
        pools: texts(view, "pools"),
        is_by_dhcp: view.is_true_at("dhcp"),
        local: view.text_at("local"),
        is_disabled: view.is_true_at("disabled"),
        origin: view.origin().clone(),
    }
}

fn kubelet(view: &View<'_>) -> KubeletSection {
    let setting = |(name, origin, value): (&str, Origin, View<'_>)| {
        (Sourced { value: name.to_owned(), origin }, value.to_json())
    };
    let settings = view.get("settings");
    let settings = settings.filter(View::is_map);
    KubeletSection {
        settings: settings.map(|view| view.entries().map(setting).collect()).unwrap_or_default(),
        log_level: view.text_at("log_level"),
        has_auto_sizing: view.truth_at("auto_sizing_reserved").map(|truth| truth.value),
        tls_profile: view.text_at("tls_profile"),
        origin: view.origin().clone(),
    }
}

fn runtime(view: &View<'_>) -> RuntimeSection {
    RuntimeSection {
        log_level: view.text_at("log_level"),
        pids_limit: view.text_at("pids_limit"),
        log_size_max: view.text_at("log_size_max"),
        overlay_size: view.text_at("overlay_size"),
        default_runtime: view.text_at("default_runtime"),
        origin: view.origin().clone(),
    }
}

fn policy(view: &View<'_>) -> PolicySection {
    let entries = |list: &str, key: &str| -> Vec<PolicyEntry> {
        let entry = |view: &View<'_>| Some((view.text_at(key)?, texts(view, "actions")));
        view.list(list).iter().filter_map(entry).collect()
    };
    PolicySection {
        files: entries("files", "path"),
        units: entries("units", "name"),
        ssh_key: texts(view, "sshkey"),
        origin: view.origin().clone(),
    }
}

fn pool(view: &View<'_>) -> Option<PoolSection> {
    Some(PoolSection {
        name: view.text_at("name")?,
        max_unavailable: view.text_at("max_unavailable"),
        is_paused: view.is_true_at("paused"),
    })
}

fn boot_images(view: &View<'_>) -> Option<BootImagesSection> {
    let labels = view.get("labels").map(|view| table(&view)).unwrap_or_default();
    let label =
        |(key, value): (String, Sourced<String>)| (Sourced { value: key, origin: value.origin }, value.value);
    Some(BootImagesSection {
        mode: view.text_at("mode")?,
        labels: labels.into_iter().map(label).collect(),
        origin: view.origin().clone(),
    })
}
