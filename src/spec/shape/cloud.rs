//! The section `cloud` of a machine file.

use super::leaf;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

const TEXT: Shape = Shape::Text(&leaf::ANY);

static BINARY: [Key; 2] = [
    key(
        "urls",
        Shape::OneOrMore(&Shape::Text(&leaf::FETCH_URL)),
        "Where it can be had; all of them are asked in turn.",
    )
    .required("say where it can be had"),
    key("sha256", Shape::Text(&leaf::SHA256), "The SHA-256 of the program itself, when it is unpacked.")
        .required("say its SHA-256: nothing is run of which nobody said what it must be"),
];
static BINARIES: [Key; 2] =
    [key("amd64", Shape::Map(&BINARY), "For x86_64."), key("arm64", Shape::Map(&BINARY), "For aarch64.")];
static PROXY: [Key; 3] = [
    key("http", Shape::Text(&leaf::PROXY), "For `http://` addresses."),
    key("https", Shape::Text(&leaf::PROXY), "For `https://` addresses."),
    key("no_proxy", Shape::OneOrMore(&TEXT), "Hosts that are asked without it."),
];
static CONFIG: [Key; 4] = [
    key("path", Shape::Text(&leaf::FILE_PATH), "Where it goes.").required("say where it goes"),
    key("inline", TEXT, "What is in it."),
    key("local", Shape::Text(&leaf::LOCAL), "The local file that is in it."),
    key("mode", Shape::Text(&leaf::FILE_MODE), "Permission bits; 0600 if not said."),
];
static BOOTSTRAP: [Key; 12] = [
    key("name", Shape::Text(&leaf::PROGRAM_NAME), "The program's name.")
        .required("name it, as in `name: nodeup`"),
    key("binaries", Shape::Map(&BINARIES), "The program, by the architecture of the machine.")
        .required("say where the program comes from, as in `binaries: {amd64: {urls: […], sha256: …}}`"),
    key("compressed", Shape::Word(&["none", "gzip", "xz"]), "How it is compressed where it comes from."),
    key("path", Shape::Text(&leaf::FILE_PATH), "Where it goes; `/opt/cotter/bin/` and its name if not said."),
    key("arguments", Shape::List(&TEXT), "What it is called with."),
    key("environment", Shape::Table(&leaf::ANY), "Variables that it is given."),
    key("proxy", Shape::Map(&PROXY), "Proxies, for the download and for the program."),
    key("sysctls", Shape::Table(&leaf::ANY), "Settings of the kernel, as in `net.ipv4.ip_forward: 1`."),
    key("config", Shape::Map(&CONFIG), "A file that the program reads."),
    key(
        "unit",
        Shape::Text(&leaf::UNIT_NAME),
        "Run it by a unit of this name, again at every boot; else it runs once.",
    ),
    key("pause_seconds", Shape::Number(1, 3600), "The pause when no address had it; 60 if not said."),
    key("connect_seconds", Shape::Number(1, 600), "How long an address may take to answer; 20 if not said."),
];
static PART: [Key; 4] = [
    key("name", Shape::Text(&leaf::PROGRAM_NAME), "What it is called."),
    key(
        "when",
        Shape::Word(&["before", "after"]),
        "Before all that is asked for here, or after it (if not said).",
    ),
    key("inline", TEXT, "The part itself; its first line says what it is."),
    key("local", Shape::Text(&leaf::LOCAL), "The local file with it."),
];

pub(super) static CLOUD: [Key; 8] = [
    key("platform", TEXT, "Where it runs, as in `gce`, `aws`, `azure`, `openstack`, `nocloud`, `vsphere`.")
        .required("name the platform, as in `platform: gce`"),
    key(
        "image",
        TEXT,
        "What it boots, as in `rocky-linux-cloud/rocky-linux-9`: who in it reads boot data decides the format.",
    ),
    key(
        "table",
        Shape::Text(&leaf::LOCAL),
        "A local TOML file with platforms and image families of your own.",
    ),
    key(
        "format",
        Shape::Word(&["cloud-config", "script", "mime", "ignition"]),
        "Insist on a format; refused where it cannot work.",
    ),
    key(
        "install_cloud_init",
        Shape::Truth,
        "Install cloud-init first where the image has none, by its package manager.",
    ),
    key(
        "payload_url",
        Shape::Text(&leaf::FETCH_URL),
        "Where the payload will be served from: the platform is only given what fetches it, by its digest.",
    ),
    key("bootstrap", Shape::Map(&BOOTSTRAP), "A program that is fetched, checked and run."),
    key("parts", Shape::List(&Shape::Map(&PART)), "Parts of your own, in their order."),
];
