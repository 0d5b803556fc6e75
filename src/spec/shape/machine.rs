//! The machine file, from the top.

use super::butane;
use super::cloud;
use super::harvester;
use super::leaf;
use super::machineconfig;
use super::network;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

const TEXT: Shape = Shape::Text(&leaf::ANY);

static BASE: [Key; 2] = [
    key(
        "image",
        TEXT,
        "The live image: a name of `cotter fetch --list`, a path, an `https://` URL, or `bench` for the stand-in.",
    ),
    key("sha256", Shape::Text(&leaf::SHA256), "Its SHA-256."),
];
static INSTALL_HINTS: [Key; 6] = [
    key("min_size_gib", Shape::Number(1, 1 << 20), "The least size in GiB."),
    key("max_size_gib", Shape::Number(1, 1 << 20), "The greatest size in GiB."),
    key("rotational", Shape::Truth, "Whether it turns."),
    key("serial", TEXT, "Its serial number."),
    key("wwn", TEXT, "Its World Wide Name, as in 0x5000c500a1b2c3d4."),
    key("model", TEXT, "A part of its model's name."),
];
static INSTALL: [Key; 4] = [
    key(
        "device",
        Shape::Text(&leaf::INSTALL_DEVICE),
        "The disk to install to, by /dev/disk/by-id or by-path.",
    ),
    key(
        "hints",
        Shape::Map(&INSTALL_HINTS),
        "What the disk is like, if its name is not known; exactly one must fit.",
    ),
    key("console", Shape::List(&Shape::Text(&leaf::CONSOLE)), "Consoles, as in `ttyS0,115200n8`."),
    key("after", Shape::Word(&["reboot", "poweroff"]), "What the machine does when the disk is written."),
];
static SNO: [Key; 6] = [
    key(
        "ignition",
        Shape::Text(&leaf::LOCAL),
        "What `openshift-install create single-node-ignition-config` wrote: bootstrap-in-place-for-live-iso.ign.",
    ),
    key(
        "installer",
        Shape::Text(&leaf::LOCAL),
        "The program openshift-install, which cotter runs instead: a path, or a name to be found in PATH.",
    ),
    key("install_config", Shape::Text(&leaf::LOCAL), "The installer's install-config.yaml."),
    key(
        "completion_marker",
        Shape::Word(&["check", "ensure", "off"]),
        "Whether the node looks for the marker `kube-system/bootstrap` (`check`), and makes it when all is done (`ensure`).",
    ),
    key(
        "host_entries",
        Shape::Truth,
        "Write the names api, api-int and those of the console into /etc/hosts, for a network without them in DNS.",
    ),
    key("ntp_servers", Shape::List(&Shape::Text(&leaf::NTP_SERVER)), "Time servers, for /etc/chrony.conf."),
];
static HARDWARE: [Key; 2] = [
    key(
        "profile",
        Shape::Text(&leaf::PROFILE),
        "What kind of machine it is, as in `dell-r640`: `cotter nics --profiles` lists them.",
    ),
    key(
        "inventory",
        Shape::Text(&leaf::LOCAL),
        "What was found of the machine: what `cotter inventory` wrote, or another tool.",
    ),
];
static VERIFY: [Key; 2] = [
    key("reach", Shape::List(&Shape::Text(&leaf::REACH)), "What the machine must reach after each boot."),
    key(
        "clock",
        Shape::Word(&["synchronized"]),
        "That the clock follows a time server, by the kernel's own word; looked at only if asked for.",
    ),
];
static CHILD: [Key; 2] = [
    key("path", Shape::Text(&leaf::LOCAL), "A local Ignition (`.ign`) or Butane (`.bu`) file.")
        .required("name the file"),
    key(
        "lives",
        Shape::List(&Shape::Word(&["live", "first-boot", "later-boots"])),
        "The lives in which it must be there; those of the disk if not said.",
    ),
];

static KEYS: [Key; 21] = [
    key("cotter", Shape::Text(&leaf::VERSION), "The version of this format: 1.")
        .required("begin the file with `cotter: 1`"),
    key("name", Shape::Text(&leaf::MACHINE_NAME), "The machine's name, for files and logs.")
        .required("name the machine, as in `name: r640`"),
    key("target", Shape::Word(&["fcos", "sno", "harvester", "cloud", "machineconfig"]), "What is installed.")
        .required("say what is installed, as in `target: fcos`"),
    key("hostname", Shape::Text(&leaf::HOST_NAME), "The host name, in every life."),
    key("base", Shape::Map(&BASE), "The base image."),
    key("passwd", Shape::Map(&butane::PASSWD), "Users and groups."),
    key("network", Shape::Map(&network::NETWORK), "Ports, and what stands on them."),
    key("storage", Shape::Map(&butane::STORAGE), "Disks and files, in Butane's words."),
    key("systemd", Shape::Map(&butane::SYSTEMD), "Units, in Butane's words."),
    key(
        "kernel_arguments",
        Shape::Map(&butane::KERNEL_ARGUMENTS),
        "Kernel arguments of the installed system.",
    ),
    key(
        "boot_device",
        Shape::Map(&butane::BOOT_DEVICE),
        "Mirror or encrypt the boot disk, in Butane's words.",
    )
    .sugar(),
    key("grub", Shape::Map(&butane::GRUB), "The boot loader's users, in Butane's words.").sugar(),
    key("ignition", Shape::Map(&butane::IGNITION), "About Ignition itself, in Butane's words."),
    key(
        "ignition_files",
        Shape::List(&Shape::TextOrMap(&leaf::LOCAL, &CHILD)),
        "Ignition and Butane files of your own; what they say wins.",
    ),
    key("install", Shape::Map(&INSTALL), "How the installation goes."),
    key("verify", Shape::Map(&VERIFY), "What is verified beyond the above."),
    key("hardware", Shape::Map(&HARDWARE), "The hardware, as far as it is known."),
    key("sno", Shape::Map(&SNO), "Single-node OpenShift or OKD, for target `sno`."),
    key("cloud", Shape::Map(&cloud::CLOUD), "Where a machine of target `cloud` boots, and from what."),
    key(
        "harvester",
        Shape::Map(&harvester::HARVESTER),
        "What a node of target `harvester` is in its cluster, and how it is installed.",
    ),
    key(
        "machineconfig",
        Shape::Map(&machineconfig::MACHINE_CONFIG),
        "OpenShift's machine configuration, for targets `machineconfig` and `sno`.",
    ),
];

/// A machine file.
pub(crate) const MACHINE_FILE: Shape = Shape::Map(&KEYS);
