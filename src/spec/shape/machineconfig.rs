//! The section `machineconfig` of a machine file.

use super::leaf;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

const TEXT: Shape = Shape::Text(&leaf::ANY);
const TEXTS: Shape = Shape::List(&TEXT);

static CHRONY: [Key; 5] = [
    key("servers", Shape::List(&Shape::Text(&leaf::NTP_SERVER)), "Time servers."),
    key(
        "pools",
        Shape::List(&Shape::Text(&leaf::NTP_SERVER)),
        "Names that lead to several time servers each.",
    ),
    key("dhcp", Shape::Truth, "Whether the time servers that DHCP names count too."),
    key("local", Shape::Text(&leaf::LOCAL), "A local file with the whole configuration, instead."),
    key("disabled", Shape::Truth, "Whether chrony does not run at all, since something else sets the clock."),
];
static KUBELET: [Key; 4] = [
    key("settings", Shape::Free, "The kubelet's own settings, as in `maxPods: 250`."),
    key("log_level", Shape::Number(0, 10), "How much it logs."),
    key(
        "auto_sizing_reserved",
        Shape::Truth,
        "Whether what is kept for the system is worked out on each node.",
    ),
    key("tls_profile", Shape::Word(&["Old", "Intermediate"]), "The profile of TLS."),
];
static RUNTIME: [Key; 5] = [
    key(
        "log_level",
        Shape::Word(&["error", "fatal", "panic", "warn", "info", "debug", "trace"]),
        "How much CRI-O logs.",
    ),
    key("pids_limit", TEXT, "Processes of one container."),
    key("log_size_max", TEXT, "Size of one container's log, as in `50Mi`."),
    key("overlay_size", TEXT, "What a container may write into its own layer, as in `8G`."),
    key("default_runtime", Shape::Word(&["crun", "runc"]), "What runs containers."),
];
static POLICY_OF_FILE: [Key; 2] = [
    key("path", Shape::Text(&leaf::FILE_PATH), "A file, or a folder above files.")
        .required("name the file, as in `path: /etc/chrony.conf`"),
    key("actions", TEXTS, "What a node does: none, reboot, drain, daemon-reload, reload:UNIT, restart:UNIT.")
        .required("say what is done, as in `actions: [\"restart:chronyd.service\"]`"),
];
static POLICY_OF_UNIT: [Key; 2] = [
    key("name", Shape::Text(&leaf::UNIT_NAME), "The unit.").required("name the unit"),
    key("actions", TEXTS, "What a node does.").required("say what is done, as in `actions: [none]`"),
];
static POLICY: [Key; 3] = [
    key("files", Shape::List(&Shape::Map(&POLICY_OF_FILE)), "After changes of files."),
    key("units", Shape::List(&Shape::Map(&POLICY_OF_UNIT)), "After changes of units."),
    key("sshkey", TEXTS, "After changes of core's keys or password."),
];
static POOL: [Key; 3] = [
    key("name", Shape::Text(&leaf::POOL_NAME), "Its name, which is its role too.").required("name the pool"),
    key("max_unavailable", TEXT, "How many nodes may be away at a time: a number, or a share as `10%`."),
    key("paused", Shape::Truth, "Whether nothing reaches its nodes for now."),
];
static BOOT_IMAGES: [Key; 2] = [
    key("mode", Shape::Word(&["all", "none", "partial"]), "Whose boot images are kept up to date.")
        .required("say whose, as in `mode: all`"),
    key("labels", Shape::Table(&leaf::ANY), "The labels of machine sets, for `partial`."),
];

pub(super) static MACHINE_CONFIG: [Key; 13] = [
    key("role", Shape::Text(&leaf::POOL_NAME), "The pool of the machine, as in `worker`."),
    key("openshift", Shape::Text(&leaf::OPENSHIFT), "The version of OpenShift whose rules hold, as in 4.19."),
    key(
        "nodes",
        Shape::Number(1, 100_000),
        "How many nodes the pool has: what is of one machine reaches all of them.",
    ),
    key("chrony", Shape::Map(&CHRONY), "Where the time comes from."),
    key("journald", Shape::Table(&leaf::ANY), "journald's settings, as in `Storage: persistent`."),
    key("kernel_type", Shape::Word(&["default", "realtime", "64k-pages"]), "The kind of kernel."),
    key("extensions", TEXTS, "Extensions of the operating system, as in `usbguard`."),
    key("kubelet", Shape::Map(&KUBELET), "A KubeletConfig."),
    key("container_runtime", Shape::Map(&RUNTIME), "A ContainerRuntimeConfig."),
    key("pinned_images", TEXTS, "Images that nodes fetch and keep, by digest."),
    key("disruption_policy", Shape::Map(&POLICY), "What nodes do after changes, instead of a reboot."),
    key("pools", Shape::List(&Shape::Map(&POOL)), "Pools of workers with roles of their own."),
    key("boot_images", Shape::Map(&BOOT_IMAGES), "Which boot images the cluster keeps up to date."),
];
