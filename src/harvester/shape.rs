//! The shape of a Harvester config: which keys there are, and what may stand under them.
//!
//! By `HarvesterConfig` and what is below it (pkg/installer/config/config.go). To add a key: add its row here, and a
//! rule for its value, if it has one, to `rules/`.

/// What may stand at a place.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text: a number in its place loses the whole config.
    Text,
    /// A text that is never said again.
    Secret,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A truth value.
    Truth,
    /// A whole number from one to another.
    Number(u64, u64),
    /// Texts, or one text for a list of one; numbers become texts.
    Texts,
    /// A list.
    List(&'static Shape),
    /// A mapping.
    Map(&'static [Key]),
    /// A mapping of the user's names to scalars, which become texts.
    Table,
    /// A mapping of the user's names to something.
    Named(&'static Shape),
    /// Anything.
    Any,
    /// What older releases read, and why nothing is lost without it.
    Old(&'static str),
}

/// A key, in lower case with `_`; `shown` is how it is documented.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub shown: &'static str,
    pub shape: Shape,
}

const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shown: name, shape }
}

const fn shown(name: &'static str, shown: &'static str, shape: Shape) -> Key {
    Key { name, shown, shape }
}

/// The whole file.
pub(super) static FILE: Shape = Shape::Map(&[
    key("scheme_version", Shape::Number(0, u32::MAX as u64)),
    key("server_url", Shape::Text),
    key("token", Shape::Secret),
    key("sans", Shape::Texts),
    key("os", Shape::Map(&OS)),
    key("install", Shape::Map(&INSTALL)),
    key("system_settings", Shape::Table),
    key("runtime_version", Shape::Text),
    key("rancher_version", Shape::Text),
    key("system_default_registry", Shape::Text),
    key("harvester_chart_version", Shape::Text),
    key("monitoring_chart_version", Shape::Text),
    key("logging_chart_version", Shape::Text),
    key("kubeovn_chart_version", Shape::Text),
]);

static OS: [Key; 15] = [
    key("hostname", Shape::Text),
    key("password", Shape::Secret),
    key("ssh_authorized_keys", Shape::Texts),
    key("write_files", Shape::List(&Shape::Map(&WRITE_FILE))),
    key("modules", Shape::Texts),
    key("sysctls", Shape::Table),
    key("ntp_servers", Shape::Texts),
    key("dns_nameservers", Shape::Texts),
    key("environment", Shape::Table),
    key("labels", Shape::Table),
    key("sshd", Shape::Map(&SSHD)),
    key("persistent_state_paths", Shape::Texts),
    key("external_storage_config", Shape::Map(&EXTERNAL_STORAGE)),
    key("additional_kernel_arguments", Shape::Text),
    key("after_install_chroot_commands", Shape::Texts),
];

static WRITE_FILE: [Key; 5] = [
    key("path", Shape::Text),
    key("content", Shape::Text),
    key("owner", Shape::Text),
    key("permissions", Shape::Text),
    key(
        "encoding",
        Shape::Word(&[
            "",
            "text/plain",
            "b64",
            "base64",
            "gz",
            "gzip",
            "gz+base64",
            "gzip+base64",
            "gz+b64",
            "gzip+b64",
        ]),
    ),
];

static SSHD: [Key; 2] = [key("sftp", Shape::Truth), key("disable_password_auth", Shape::Truth)];

static EXTERNAL_STORAGE: [Key; 2] = [key("enabled", Shape::Truth), key("multi_path_config", Shape::Any)];

static INSTALL: [Key; 34] = [
    key("automatic", Shape::Truth),
    key("skipchecks", Shape::Truth),
    key("mode", Shape::Word(&["create", "join", "install", "upgrade"])),
    key("role", Shape::Word(&["default", "management", "worker", "witness"])),
    key("management_interface", Shape::Map(&MANAGEMENT)),
    // Of Harvester 1.0: a rule says so.
    key("networks", Shape::Any),
    key("vip", Shape::Text),
    key("vip_hw_addr", Shape::Text),
    key("vip_mode", Shape::Word(&["dhcp", "static", "none"])),
    key("cluster_dns", Shape::Text),
    key("cluster_pod_cidr", Shape::Text),
    key("cluster_service_cidr", Shape::Text),
    key("ip_families", Shape::Texts),
    key("force_efi", Shape::Truth),
    key("force_mbr", Shape::Truth),
    key("force_gpt", Shape::Truth),
    key("device", Shape::Text),
    key("data_disk", Shape::Text),
    key("config_url", Shape::Text),
    key("iso_url", Shape::Text),
    key("silent", Shape::Truth),
    shown("power_off", "poweroff", Shape::Truth),
    key("no_format", Shape::Truth),
    key("debug", Shape::Truth),
    key("tty", Shape::Text),
    key("with_net_images", Shape::Truth),
    key("wipe_all_disks", Shape::Truth),
    key("wipe_disks_list", Shape::Texts),
    key("cordoned", Shape::Truth),
    key("webhooks", Shape::List(&Shape::Map(&WEBHOOK))),
    key("addons", Shape::Named(&Shape::Map(&ADDON))),
    key("harvester", Shape::Map(&HARVESTER)),
    key("raw_disk_image_path", Shape::Text),
    key("persistent_partition_size", Shape::Text),
];

static MANAGEMENT: [Key; 9] = [
    key("interfaces", Shape::List(&Shape::Map(&INTERFACE))),
    key("method", Shape::Word(&["dhcp", "static"])),
    key("ip", Shape::Text),
    key("subnet_mask", Shape::Text),
    key("gateway", Shape::Text),
    key("bond_options", Shape::Table),
    key(
        "default_route",
        Shape::Old("leave it out: the management network has the default route by `gateway` or DHCP"),
    ),
    key("mtu", Shape::Number(0, u32::MAX as u64)),
    key("vlan_id", Shape::Number(0, u32::MAX as u64)),
];

static INTERFACE: [Key; 2] = [key("name", Shape::Text), shown("hw_addr", "hwAddr", Shape::Text)];

static WEBHOOK: [Key; 7] = [
    key("event", Shape::Text),
    key("method", Shape::Text),
    key("headers", Shape::Named(&Shape::List(&Shape::Text))),
    key("url", Shape::Text),
    key("payload", Shape::Text),
    key("insecure", Shape::Truth),
    key("basic_auth", Shape::Map(&BASIC_AUTH)),
];

static BASIC_AUTH: [Key; 2] = [key("user", Shape::Text), key("password", Shape::Secret)];

static ADDON: [Key; 2] = [key("enabled", Shape::Truth), key("values_content", Shape::Text)];

static HARVESTER: [Key; 3] = [
    key("storage_class", Shape::Map(&STORAGE_CLASS)),
    key("longhorn", Shape::Map(&LONGHORN)),
    key("enable_go_cover_dir", Shape::Truth),
];

static STORAGE_CLASS: [Key; 1] = [key("replica_count", Shape::Number(1, 20))];

static LONGHORN: [Key; 1] = [key("default_settings", Shape::Map(&LONGHORN_SETTINGS))];

static LONGHORN_SETTINGS: [Key; 4] = [
    shown("guaranteed_engine_manager_cpu", "guaranteedEngineManagerCPU", Shape::Number(0, 100)),
    shown("guaranteed_replica_manager_cpu", "guaranteedReplicaManagerCPU", Shape::Number(0, 100)),
    shown("guaranteed_instance_manager_cpu", "guaranteedInstanceManagerCPU", Shape::Number(0, 100)),
    shown(
        "storage_reserved_percentage_for_default_disk",
        "storageReservedPercentageForDefaultDisk",
        Shape::Number(0, 100),
    ),
];
