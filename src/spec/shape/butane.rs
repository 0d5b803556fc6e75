//! What Butane's `fcos` variant can say, key by key.
//!
//! The levels are its minor versions (1.0 to 1.7); [`IGNITION_MINOR`] gives Ignition's for each. Keys
//! marked as sugar are Butane's own and need no newer Ignition. Source: Butane 0.29, config/fcos and base.

use super::leaf;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

/// The minor version of Ignition's spec 3 that Butane's `fcos` 1.x translates to.
pub(crate) const IGNITION_MINOR: [u8; 8] = [0, 1, 2, 2, 3, 4, 5, 6];

const TEXT: Shape = Shape::Text(&leaf::ANY);
const TEXTS: Shape = Shape::List(&TEXT);
const PATH: Shape = Shape::Text(&leaf::FILE_PATH);
const DEVICE: Shape = Shape::Text(&leaf::DEVICE);
const LOCAL: Shape = Shape::Text(&leaf::LOCAL);
const LIVES: Shape = Shape::List(&Shape::Word(&["live", "first-boot", "later-boots"]));
const MEBIBYTES: Shape = Shape::Number(0, 1 << 40);
/// User and group numbers; the last one means "no change" to the kernel.
const ID: Shape = Shape::Number(0, 4_294_967_294);

/// Keys that cotter adds to Butane's where a thing lands on the machine.
const LIVES_KEY: Key = key(
    "lives",
    LIVES,
    "The lives in which this must be there: `live` (the medium), `first-boot`, `later-boots` (the disk).",
)
.sugar();

static HEADERS: [Key; 2] = [
    key("name", Shape::Text(&leaf::HEADER_NAME), "The header's name.").required("name the header"),
    key("value", TEXT, "Its value."),
];
static VERIFICATION: [Key; 1] =
    [key("hash", Shape::Text(&leaf::HASH), "`sha256-…` or `sha512-…` of the uncompressed contents.")];

/// A thing with contents: inline, from a local file, or fetched by Ignition.
pub(crate) static RESOURCE: [Key; 6] = [
    key("inline", TEXT, "The contents themselves.").sugar(),
    key("local", LOCAL, "A local file with the contents, relative to this file.").since(1).sugar(),
    key("source", Shape::Text(&leaf::SOURCE), "A URL that Ignition fetches on the first boot."),
    key("compression", Shape::Word(&["", "gzip"]), "How what is fetched is compressed."),
    key("http_headers", Shape::List(&Shape::Map(&HEADERS)), "Headers of the request.").since(1),
    key("verification", Shape::Map(&VERIFICATION), "What the contents must be."),
];
const CONTENTS: Shape = Shape::Map(&RESOURCE);

static OWNER: [Key; 2] =
    [key("id", ID, "By number."), key("name", Shape::Text(&leaf::USER_NAME), "By name.")];
pub(super) static OWNED_BY: Shape = OWNER_SHAPE;
const OWNER_SHAPE: Shape = Shape::Map(&OWNER);

static FILE: [Key; 8] = [
    key("path", PATH, "Where the file goes.").required("say where the file goes, as in `path: /etc/motd`"),
    key(
        "overwrite",
        Shape::Truth,
        "Whether what is there may be replaced; in a machine file it may, unless said.",
    ),
    key("contents", CONTENTS, "What is in it."),
    key("append", Shape::List(&CONTENTS), "What is added to its end."),
    key("mode", Shape::Text(&leaf::FILE_MODE), "Permission bits in octal; 0644 if not said."),
    key("user", OWNER_SHAPE, "The owner; root if not said."),
    key("group", OWNER_SHAPE, "The group; root if not said."),
    LIVES_KEY,
];
static DIRECTORY: [Key; 6] = [
    key("path", PATH, "Where the directory goes.").required("say where, as in `path: /var/lib/app`"),
    key("overwrite", Shape::Truth, "Whether something else that is there may be replaced."),
    key("mode", Shape::Text(&leaf::FILE_MODE), "Permission bits in octal; 0755 if not said."),
    key("user", OWNER_SHAPE, "The owner."),
    key("group", OWNER_SHAPE, "The group."),
    LIVES_KEY,
];
static LINK: [Key; 7] = [
    key("path", PATH, "Where the link goes.").required("say where, as in `path: /etc/localtime`"),
    key("target", TEXT, "What it points to."),
    key("hard", Shape::Truth, "A hard link instead of a symbolic one."),
    key("overwrite", Shape::Truth, "Whether something else that is there may be replaced."),
    key("user", OWNER_SHAPE, "The owner."),
    key("group", OWNER_SHAPE, "The group."),
    LIVES_KEY,
];
static TREE: [Key; 7] = [
    key("local", LOCAL, "A local folder, relative to this file.").required("name a local folder"),
    key("path", Shape::Text(&leaf::TREE_PATH), "Where its contents go; `/` if not said."),
    key("user", OWNER_SHAPE, "The owner of everything in it.").since(7),
    key("group", OWNER_SHAPE, "The group of everything in it.").since(7),
    key(
        "file_mode",
        Shape::Text(&leaf::FILE_MODE),
        "Mode of its files; 0755 for programs and 0644 if not said.",
    )
    .since(7),
    key("dir_mode", Shape::Text(&leaf::FILE_MODE), "Mode of its directories.").since(7),
    LIVES_KEY,
];
static PARTITION: [Key; 9] = [
    key("label", Shape::Text(&leaf::PARTITION_LABEL), "The partition's name, as in /dev/disk/by-partlabel."),
    key("number", Shape::Number(0, 128), "Its number; 0 for the next free one."),
    key("size_mib", MEBIBYTES, "Size in MiB; 0 for all there is."),
    key("start_mib", MEBIBYTES, "Begin in MiB; 0 for the largest gap."),
    key("type_guid", Shape::Text(&leaf::GUID), "The GPT type."),
    key("guid", Shape::Text(&leaf::GUID), "The partition's own GUID."),
    key("wipe_partition_entry", Shape::Truth, "Replace one that is there and does not match."),
    key("should_exist", Shape::Truth, "Whether it shall be there."),
    key("resize", Shape::Truth, "Resize one that matches but for its size.").since(2),
];
static DISK: [Key; 3] = [
    key("device", DEVICE, "The disk, best by /dev/disk/by-id.").required("name the disk"),
    key("wipe_table", Shape::Truth, "Erase the partition table first."),
    key("partitions", Shape::List(&Shape::Map(&PARTITION)), "The partitions."),
];
static RAID: [Key; 5] = [
    key("name", Shape::Text(&leaf::RAID_NAME), "The array's name, below /dev/md.").required("name the array"),
    key(
        "level",
        Shape::Word(&[
            "linear", "raid0", "0", "stripe", "raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6",
            "6", "raid10", "10",
        ]),
        "The level.",
    ),
    key("devices", Shape::List(&DEVICE), "What it is made of."),
    key("spares", Shape::Number(0, 1024), "How many of them are spares."),
    key("options", TEXTS, "Options for mdadm."),
];
static FILESYSTEM: [Key; 9] = [
    key("device", DEVICE, "What it is made on.").required("name the device"),
    key("format", Shape::Word(&["ext4", "btrfs", "xfs", "vfat", "swap", "none"]), "Its format."),
    key("path", PATH_OR_ROOT, "Where it is mounted."),
    key("wipe_filesystem", Shape::Truth, "Erase what is there first."),
    key("label", TEXT, "Its label."),
    key("uuid", Shape::Text(&leaf::UUID), "Its UUID."),
    key("options", TEXTS, "Options for mkfs."),
    key("mount_options", TEXTS, "Options for mounting.").since(1),
    key("with_mount_unit", Shape::Truth, "Make the unit that mounts it on every boot.").since(1).sugar(),
];
const PATH_OR_ROOT: Shape = Shape::Text(&leaf::TREE_PATH);
static TANG: [Key; 3] = [
    key("url", Shape::Text(&leaf::TANG_URL), "The Tang server.").required("give the server's URL"),
    key("thumbprint", TEXT, "The thumbprint of its signing key.")
        .required("give the thumbprint: `tang-show-keys`"),
    key("advertisement", TEXT, "Its advertisement, if it cannot be asked.").since(5),
];
static CUSTOM: [Key; 3] = [
    key("pin", TEXT, "The Clevis pin.").required("name the pin"),
    key("config", TEXT, "Its configuration, in JSON.").required("give the pin's configuration"),
    key("needs_network", Shape::Truth, "Whether it needs the network."),
];
static CLEVIS: [Key; 4] = [
    key("tang", Shape::List(&Shape::Map(&TANG)), "Tang servers."),
    key("tpm2", Shape::Truth, "The TPM."),
    key("threshold", Shape::Number(0, 64), "How many of them are needed; 1 if not said."),
    key("custom", Shape::Map(&CUSTOM), "A pin of your own, instead."),
];
static CEX: [Key; 1] = [key("enabled", Shape::Truth, "Use the IBM Crypto Express card.")];
static LUKS: [Key; 11] = [
    key("name", Shape::Text(&leaf::LUKS_NAME), "Its name, below /dev/mapper.").required("name the volume"),
    key("device", DEVICE, "What it is made on."),
    key("key_file", CONTENTS, "The key; a random one if not said."),
    key("label", TEXT, "Its label."),
    key("uuid", Shape::Text(&leaf::UUID), "Its UUID."),
    key("options", TEXTS, "Options for `cryptsetup luksFormat`."),
    key("discard", Shape::Truth, "Pass discards to the disk.").since(5),
    key("open_options", TEXTS, "Options for `cryptsetup luksOpen`.").since(5),
    key("wipe_volume", Shape::Truth, "Erase what is there first."),
    key("clevis", Shape::Map(&CLEVIS), "How it is unlocked."),
    key("cex", Shape::Map(&CEX), "IBM Crypto Express.").since(6),
];

/// `storage`.
pub(crate) static STORAGE: [Key; 8] = [
    key("disks", Shape::List(&Shape::Map(&DISK)), "Partition tables."),
    key("raid", Shape::List(&Shape::Map(&RAID)), "Software RAID."),
    key("luks", Shape::List(&Shape::Map(&LUKS)), "Encrypted volumes.").since(2),
    key("filesystems", Shape::List(&Shape::Map(&FILESYSTEM)), "File systems."),
    key("files", Shape::List(&Shape::Map(&FILE)), "Files."),
    key("directories", Shape::List(&Shape::Map(&DIRECTORY)), "Directories."),
    key("links", Shape::List(&Shape::Map(&LINK)), "Links."),
    key("trees", Shape::List(&Shape::Map(&TREE)), "Local folders, whole.").since(1).sugar(),
];

static DROPIN: [Key; 3] = [
    key("name", Shape::Text(&leaf::DROPIN_NAME), "Its file name, ending in `.conf`.")
        .required("name the drop-in, as in `name: 10-more.conf`"),
    key("contents", TEXT, "Its text."),
    key("contents_local", LOCAL, "A local file with its text.").since(5).sugar(),
];
static UNIT: [Key; 7] = [
    key("name", Shape::Text(&leaf::UNIT_NAME), "The unit's name.")
        .required("name the unit, as in `name: hello.service`"),
    key("enabled", Shape::Truth, "Whether it is started at boot, as its `[Install]` says."),
    key("mask", Shape::Truth, "Whether it can never be started."),
    key("contents", TEXT, "Its text."),
    key("contents_local", LOCAL, "A local file with its text.").since(5).sugar(),
    key("dropins", Shape::List(&Shape::Map(&DROPIN)), "Files that change parts of it."),
    LIVES_KEY,
];
/// `systemd`.
pub(crate) static SYSTEMD: [Key; 1] = [key("units", Shape::List(&Shape::Map(&UNIT)), "systemd units.")];

static USER: [Key; 17] = [
    key("name", Shape::Text(&leaf::USER_NAME), "Login name.").required("every user needs a login name"),
    key("password_hash", Shape::Text(&leaf::PASSWORD_HASH), "The hash, as `mkpasswd` makes it."),
    key("password_file", LOCAL, "A local file with the plain password, which cotter hashes.").sugar(),
    key("ssh_authorized_keys", Shape::List(&Shape::Text(&leaf::SSH_KEY)), "Public keys that may log in."),
    key("ssh_authorized_keys_local", Shape::List(&LOCAL), "Local files with public keys.").since(5).sugar(),
    key("uid", ID, "The user's number."),
    key("gecos", TEXT, "The full name."),
    key("home_dir", PATH, "Home directory."),
    key("no_create_home", Shape::Truth, "Do not make it."),
    key("primary_group", Shape::Text(&leaf::GROUP_NAME), "The primary group."),
    key("groups", Shape::List(&Shape::Text(&leaf::GROUP_NAME)), "Supplementary groups."),
    key("no_user_group", Shape::Truth, "Do not make a group of the same name."),
    key("no_log_init", Shape::Truth, "Leave the user out of lastlog and faillog."),
    key("shell", PATH, "Login shell."),
    key("should_exist", Shape::Truth, "Whether the user shall be there.").since(2),
    key("system", Shape::Truth, "A system user."),
    LIVES_KEY,
];
static GROUP: [Key; 6] = [
    key("name", Shape::Text(&leaf::GROUP_NAME), "Its name.").required("name the group"),
    key("gid", ID, "Its number."),
    key("password_hash", Shape::Text(&leaf::PASSWORD_HASH), "The hash of its password."),
    key("should_exist", Shape::Truth, "Whether the group shall be there.").since(2),
    key("system", Shape::Truth, "A system group."),
    LIVES_KEY,
];
/// `passwd`.
pub(crate) static PASSWD: [Key; 3] = [
    key("users", Shape::List(&Shape::Map(&USER)), "Users."),
    key("groups", Shape::List(&Shape::Map(&GROUP)), "Groups."),
    key("salt_seed_file", LOCAL, "A local secret that keeps the salts of hashes from being foreseen.")
        .sugar(),
];

/// `kernel_arguments`.
pub(crate) static KERNEL_ARGUMENTS: [Key; 2] = [
    key(
        "should_exist",
        Shape::List(&Shape::Text(&leaf::KERNEL_ARGUMENT)),
        "Must be on the kernel command line.",
    ),
    key("should_not_exist", Shape::List(&Shape::Text(&leaf::KERNEL_ARGUMENT)), "Must not be there."),
];

static BOOT_LUKS: [Key; 6] = [
    key("device", DEVICE, "The whole disk, for s390x.").since(6),
    key("discard", Shape::Truth, "Pass discards to the disk.").since(5),
    key("cex", Shape::Map(&CEX), "IBM Crypto Express.").since(6),
    key("tang", Shape::List(&Shape::Map(&TANG)), "Tang servers."),
    key("tpm2", Shape::Truth, "The TPM."),
    key("threshold", Shape::Number(0, 64), "How many of them are needed."),
];
static MIRROR: [Key; 1] = [key("devices", Shape::List(&DEVICE), "Whole disks, two at least.")];
/// `boot_device`.
pub(crate) static BOOT_DEVICE: [Key; 3] = [
    key(
        "layout",
        Shape::Word(&["x86_64", "aarch64", "ppc64le", "s390x-eckd", "s390x-zfcp", "s390x-virt"]),
        "The disk layout of the system; `x86_64` if not said.",
    ),
    key("luks", Shape::Map(&BOOT_LUKS), "Encrypt the root file system."),
    key("mirror", Shape::Map(&MIRROR), "Mirror the boot disk."),
];

static GRUB_USER: [Key; 2] = [
    key("name", Shape::Text(&leaf::USER_NAME), "Its name.").required("name the user"),
    key("password_hash", Shape::Text(&leaf::GRUB_HASH), "Made by `grub2-mkpasswd-pbkdf2`.")
        .required("give the hash that `grub2-mkpasswd-pbkdf2` makes"),
];
/// `grub`.
pub(crate) static GRUB: [Key; 1] =
    [key("users", Shape::List(&Shape::Map(&GRUB_USER)), "Who may edit boot entries.")];

static MERGES: [Key; 2] = [
    key("merge", Shape::List(&CONTENTS), "Ignition documents to merge; they win."),
    key("replace", CONTENTS, "The Ignition document to use instead."),
];
static TIMEOUTS: [Key; 2] = [
    key("http_response_headers", Shape::Number(0, 86_400), "Seconds to wait for a server's headers."),
    key("http_total", Shape::Number(0, 86_400), "Seconds to wait for everything; 0 for ever."),
];
static TLS: [Key; 1] =
    [key("certificate_authorities", Shape::List(&CONTENTS), "Certificate authorities to trust, in PEM.")];
static SECURITY: [Key; 1] = [key("tls", Shape::Map(&TLS), "TLS.")];
static PROXIES: [Key; 3] = [
    key("http_proxy", Shape::Text(&leaf::PROXY), "Proxy for HTTP, and for HTTPS unless said."),
    key("https_proxy", Shape::Text(&leaf::PROXY), "Proxy for HTTPS."),
    key("no_proxy", TEXTS, "Hosts to reach without one."),
];
/// `ignition`.
pub(crate) static IGNITION: [Key; 5] = [
    key(
        "version",
        Shape::Word(&["3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0", "3.6.0"]),
        "The spec version to write; the lowest that serves if not said.",
    )
    .sugar(),
    key("config", Shape::Map(&MERGES), "Other documents."),
    key("timeouts", Shape::Map(&TIMEOUTS), "How long Ignition waits."),
    key("security", Shape::Map(&SECURITY), "Whom Ignition trusts."),
    key("proxy", Shape::Map(&PROXIES), "How Ignition reaches the network.").since(1),
];

static METADATA: [Key; 2] = [
    key("name", TEXT, "The MachineConfig's name.").required("name the MachineConfig"),
    key("labels", Shape::Table(&leaf::ANY), "Its labels; the role is one of them.")
        .required("give it a role, as in `labels: {machineconfiguration.openshift.io/role: worker}`"),
];
static OPENSHIFT: [Key; 4] = [
    key("kernel_type", Shape::Word(&["", "default", "realtime", "64k-pages"]), "Which kernel."),
    key("kernel_arguments", TEXTS, "Kernel arguments."),
    key("extensions", TEXTS, "Extensions of the system."),
    key("fips", Shape::Truth, "FIPS mode."),
];

/// A Butane file, of any variant.
pub(crate) static BUTANE: [Key; 11] = [
    key("variant", Shape::Word(&["fcos", "flatcar", "openshift", "r4e", "fiot"]), "The kind of system.")
        .required("say the kind of system, as in `variant: fcos`"),
    key("version", TEXT, "The version of the variant.").required("say the version, as in `version: 1.5.0`"),
    key("ignition", Shape::Map(&IGNITION), "About Ignition itself."),
    key("passwd", Shape::Map(&PASSWD), "Users and groups."),
    key("storage", Shape::Map(&STORAGE), "Disks and files."),
    key("systemd", Shape::Map(&SYSTEMD), "Units."),
    key("kernel_arguments", Shape::Map(&KERNEL_ARGUMENTS), "Kernel arguments.").since(4),
    key("boot_device", Shape::Map(&BOOT_DEVICE), "The boot disk.").since(3).sugar(),
    key("grub", Shape::Map(&GRUB), "The boot loader.").since(5).sugar(),
    key("metadata", Shape::Map(&METADATA), "Of the MachineConfig."),
    key("openshift", Shape::Map(&OPENSHIFT), "What is not Ignition's."),
];

/// A Butane file.
pub(crate) const BUTANE_FILE: Shape = Shape::Map(&BUTANE);
