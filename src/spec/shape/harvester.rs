//! The section `harvester` of a machine file: cotter's own keys, and Harvester's in its own words.

use super::leaf;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

const TEXT: Shape = Shape::Text(&leaf::ANY);
const TEXTS: Shape = Shape::OneOrMore(&TEXT);
const TABLE: Shape = Shape::Table(&leaf::ANY);
const PERCENT: Shape = Shape::Number(0, 100);

/// Keys of Harvester's config that a machine file says in words of its own: where, and how.
pub(crate) const SAID_ELSEWHERE: [(&[&str], &str); 15] = [
    (&["scheme_version"], "leave it out: cotter writes it"),
    (&["os", "hostname"], "write it as `hostname` of the machine"),
    (
        &["os", "password"],
        "write it as `password_file` or `password_hash` of the user `rancher` in `passwd.users`",
    ),
    (
        &["os", "ssh_authorized_keys"],
        "write them as `ssh_authorized_keys` of the user `rancher` in `passwd.users`",
    ),
    (&["os", "write_files"], "write them as `storage.files`"),
    (&["os", "dns_nameservers"], "write them as `dns` of a port in `network.nics`"),
    (&["os", "additional_kernel_arguments"], "write them as `kernel_arguments.should_exist`"),
    (&["install", "automatic"], "leave it out: cotter writes it"),
    (&["install", "device"], "write it as `install.device` of the machine"),
    (&["install", "management_interface"], "write it as `network`, with the ports by their MAC addresses"),
    (&["install", "tty"], "write it as `install.console` of the machine"),
    (&["install", "poweroff"], "write `after: poweroff` in `install` of the machine"),
    (&["install", "power_off"], "write `after: poweroff` in `install` of the machine"),
    (&["install", "networks"], "write it as `network`, with the ports by their MAC addresses"),
    (&["install", "force_gpt"], "leave it out: the installer works it out"),
];

const fn elsewhere(name: &'static str) -> Key {
    key(name, Shape::Free, "Not written here: the machine file has a word of its own for it.")
}

static SSHD: [Key; 2] = [
    key("sftp", Shape::Truth, "Whether files can be copied by SFTP."),
    key("disable_password_auth", Shape::Truth, "Whether SSH takes keys alone."),
];
static EXTERNAL_STORAGE: [Key; 2] = [
    key("enabled", Shape::Truth, "Whether disks are reached by multipath."),
    key("multi_path_config", Shape::Free, "Which disks: multipath's own lists."),
];
static OS: [Key; 15] = [
    key("modules", TEXTS, "Kernel modules to load."),
    key("sysctls", TABLE, "Settings of the kernel."),
    key("ntp_servers", Shape::List(&Shape::Text(&leaf::NTP_SERVER)), "Time servers."),
    key("environment", TABLE, "Variables of the system, as proxies."),
    key("labels", TABLE, "Labels of the node in Kubernetes."),
    key("sshd", Shape::Map(&SSHD), "The SSH server."),
    key("persistent_state_paths", TEXTS, "Paths that are kept over reboots."),
    key("external_storage_config", Shape::Map(&EXTERNAL_STORAGE), "Disks of a storage system."),
    key("after_install_chroot_commands", TEXTS, "Commands that are run in the installed system, once."),
    elsewhere("hostname"),
    elsewhere("password"),
    elsewhere("ssh_authorized_keys"),
    elsewhere("write_files"),
    elsewhere("dns_nameservers"),
    elsewhere("additional_kernel_arguments"),
];
static STORAGE_CLASS: [Key; 1] = [key("replica_count", Shape::Number(1, 20), "Copies of each volume.")];
static LONGHORN_SETTINGS: [Key; 4] = [
    key("guaranteedEngineManagerCPU", PERCENT, "CPU kept for engines, in percent."),
    key("guaranteedReplicaManagerCPU", PERCENT, "CPU kept for replicas, in percent."),
    key("guaranteedInstanceManagerCPU", PERCENT, "CPU kept for both, in percent."),
    key(
        "storageReservedPercentageForDefaultDisk",
        PERCENT,
        "The part of the disk that volumes do not get, in percent.",
    ),
];
static LONGHORN: [Key; 1] =
    [key("default_settings", Shape::Map(&LONGHORN_SETTINGS), "Longhorn's own settings.")];
static CHART: [Key; 3] = [
    key("storage_class", Shape::Map(&STORAGE_CLASS), "The class of volumes."),
    key("longhorn", Shape::Map(&LONGHORN), "Longhorn."),
    key("enable_go_cover_dir", Shape::Truth, "For Harvester's own tests."),
];
static BASIC_AUTH: [Key; 2] = [key("user", TEXT, "Name."), key("password", TEXT, "Password.")];
static WEBHOOK: [Key; 7] = [
    key("event", TEXT, "STARTED, SUCCEEDED or FAILED."),
    key("method", TEXT, "HTTP's method, as in `PUT`."),
    key("url", TEXT, "Where it is sent."),
    key("headers", Shape::Free, "Headers, each with a list of values."),
    key("payload", TEXT, "What is sent."),
    key("insecure", Shape::Truth, "Whether any certificate will do."),
    key("basic_auth", Shape::Map(&BASIC_AUTH), "Who sends it."),
];
static INSTALL: [Key; 35] = [
    key("mode", Shape::Word(&["create", "join"]), "Whether the node makes a cluster, or joins one."),
    key("role", Shape::Word(&["default", "management", "worker", "witness"]), "What the node may become."),
    key("vip", Shape::Text(&leaf::IP), "The virtual address of the cluster, which no machine has."),
    key("vip_mode", Shape::Word(&["static", "dhcp"]), "Where the virtual address comes from."),
    key("vip_hw_addr", Shape::Text(&leaf::MAC_ADDRESS), "The MAC address that DHCP knows it by."),
    key("cluster_pod_cidr", TEXT, "The network of the pods."),
    key("cluster_service_cidr", TEXT, "The network of the services."),
    key("cluster_dns", TEXT, "The cluster's own DNS, in the network of the services."),
    key("ip_families", TEXTS, "Families of addresses, as in `[IPv4]`."),
    key(
        "config_url",
        Shape::Text(&leaf::FETCH_URL),
        "Where the `config.yaml` that cotter writes will be served.",
    ),
    key(
        "iso_url",
        TEXT,
        "Where a copy of the ISO is served; `local` for the medium itself, which only newer releases take.",
    ),
    key("data_disk", Shape::Text(&leaf::INSTALL_DEVICE), "A disk for the volumes alone."),
    key("persistent_partition_size", TEXT, "Size of the persistent partition, as in `150Gi`."),
    key("wipe_all_disks", Shape::Truth, "Whether every disk that has parts of an older Harvester is wiped."),
    key("wipe_disks_list", Shape::List(&Shape::Text(&leaf::INSTALL_DEVICE)), "Disks to wipe."),
    key("skipchecks", Shape::Truth, "Whether it installs on hardware that is too small."),
    key("force_efi", Shape::Truth, "Whether it installs for EFI, whatever it was started by."),
    key("force_mbr", Shape::Truth, "Whether it writes an MBR instead of a GPT."),
    key("silent", Shape::Truth, "Whether nothing is asked and shown."),
    key("debug", Shape::Truth, "Whether it keeps more of what it does."),
    key("no_format", Shape::Truth, "Whether the disk is left as it is."),
    key("with_net_images", Shape::Truth, "Whether images come over the network, for the net-install ISO."),
    key("cordoned", Shape::Truth, "Whether nothing is scheduled on the node at first."),
    key("webhooks", Shape::List(&Shape::Map(&WEBHOOK)), "Whom the installer tells."),
    key("addons", Shape::Free, "Add-ons: `{NAME: {enabled, values_content}}`."),
    key("harvester", Shape::Map(&CHART), "Settings of Harvester's chart."),
    key("raw_disk_image_path", TEXT, "An image that is written as it is."),
    elsewhere("automatic"),
    elsewhere("device"),
    elsewhere("management_interface"),
    elsewhere("tty"),
    elsewhere("poweroff"),
    elsewhere("power_off"),
    elsewhere("networks"),
    elsewhere("force_gpt"),
];

pub(super) static HARVESTER: [Key; 17] = [
    key(
        "version",
        Shape::Text(&leaf::HARVESTER_VERSION),
        "The release, as in `v1.7.0`: by it the kernel's file is called, and some things are judged.",
    ),
    key("token_file", Shape::Text(&leaf::LOCAL), "A local file with the cluster's token on its only line."),
    key("token", TEXT, "The cluster's token itself, as in `${TOKEN}`; better in a file."),
    key(
        "artifacts_url",
        Shape::Text(&leaf::FETCH_URL),
        "The folder on a server with the release's kernel, initrd and root file system, to boot over the network.",
    ),
    key("server_url", TEXT, "The cluster to join, by its virtual address: `https://VIP:443`."),
    key("sans", TEXTS, "More names and addresses in the certificate of the cluster's API."),
    key("os", Shape::Map(&OS), "The node's system, in Harvester's words."),
    key("install", Shape::Map(&INSTALL), "The installation, in Harvester's words."),
    key("system_settings", TABLE, "Settings of the cluster, for the node that creates it."),
    key("system_default_registry", TEXT, "A registry that images come from."),
    key("runtime_version", TEXT, "The version of rke2."),
    key("rancher_version", TEXT, "The version of Rancher."),
    key("harvester_chart_version", TEXT, "The version of Harvester's chart."),
    key("monitoring_chart_version", TEXT, "The version of the monitoring's chart."),
    key("logging_chart_version", TEXT, "The version of the logging's chart."),
    key("kubeovn_chart_version", TEXT, "The version of Kube-OVN's chart."),
    elsewhere("scheme_version"),
];

/// Keys of the section that are cotter's own.
pub(crate) const OF_COTTER: [&str; 4] = ["version", "token_file", "token", "artifacts_url"];

/// What stands under `harvester`.
pub(crate) const SECTION: Shape = Shape::Map(&HARVESTER);
