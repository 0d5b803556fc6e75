//! Files and what else Ignition puts onto disks.

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::ignition;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::thing::Thing;

const KINDS: &[&str] = &["MachineConfig"];

/// The most of a file that is looked into.
const MAX_TEXT_BYTES: usize = 1 << 20;

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "file-read-only",
            refuses: "a file where the system cannot be written: `/usr`, `/boot`, `/bin` and the like",
            why: "the operator accepts it, and every node of the pool degrades",
            example: "path: /usr/bin/tool",
        },
        kinds: KINDS,
        by: read_only,
    },
    Each {
        rule: Rule {
            name: "file-volatile",
            refuses: "a file where nothing outlives a reboot: `/run`, `/tmp`, `/proc`, `/sys`, `/dev`",
            why: "it is gone after the reboot that brings it, and the node drifts",
            example: "path: /run/a.conf",
        },
        kinds: KINDS,
        by: volatile,
    },
    Each {
        rule: Rule {
            name: "file-elsewhere",
            refuses: "(warns) a file outside of `/etc` and `/var`, and of what leads there",
            why: "only these two belong to the node; the rest is the image's",
            example: "path: /data/a",
        },
        kinds: KINDS,
        by: elsewhere,
    },
    Each {
        rule: Rule {
            name: "operators-file",
            refuses: "(warns) a file that the operator writes itself of other objects",
            why: "the two fight: one overwrites the other, or the operator passes over the file",
            example: "path: /etc/kubernetes/kubelet.conf",
        },
        kinds: KINDS,
        by: operators_file,
    },
    Each {
        rule: Rule {
            name: "account-file",
            refuses: "a file in the place of the accounts: /etc/shadow and the like",
            why: "it takes away the accounts that the system needs, and a password of `core` with them",
            example: "path: /etc/shadow",
        },
        kinds: KINDS,
        by: account_file,
    },
    Each {
        rule: Rule {
            name: "file-mode",
            refuses: "a mode in decimal that was meant in octal",
            why: "644 in JSON, or without the 0 before it in YAML, is not rw-r--r--",
            example: "mode: 644",
        },
        kinds: KINDS,
        by: mode,
    },
    Each {
        rule: Rule {
            name: "file-overwrite",
            refuses: "(warns) `overwrite: false`",
            why: "on a running node the operator overwrites the file in any case; only a first boot heeds it, and fails",
            example: "overwrite: false",
        },
        kinds: KINDS,
        by: overwrite,
    },
    Each {
        rule: Rule {
            name: "file-append",
            refuses: "`append`",
            why: "the operator does not do it, and takes no change of the pool while it is there",
            example: "append: [{source: \"data:,a\"}]",
        },
        kinds: KINDS,
        by: append,
    },
    Each {
        rule: Rule {
            name: "file-remote",
            refuses: "contents that are to be fetched from elsewhere",
            why: "Ignition does so on a first boot; the operator cannot, and every running node degrades",
            example: "source: https://files.example/a",
        },
        kinds: KINDS,
        by: remote,
    },
    Each {
        rule: Rule {
            name: "file-gzip",
            refuses: "contents that say `compression: gzip` and cannot be unpacked to at most 64 MiB",
            why: "every node of the pool degrades",
            example: "{source: \"data:,plain\", compression: gzip}",
        },
        kinds: KINDS,
        by: gzip,
    },
    Each {
        rule: Rule {
            name: "config-section",
            refuses: "a configuration file of systemd whose settings stand in no section, or in another's",
            why: "systemd ignores them, and nothing changes",
            example: "Storage=persistent in /etc/systemd/journald.conf without [Journal]",
        },
        kinds: KINDS,
        by: config_section,
    },
    Each {
        rule: Rule {
            name: "first-boot-only",
            refuses: "(warns) disks, file systems, RAIDs, LUKS, directories, links, groups, Ignition's kernel arguments, other documents",
            why: "Ignition makes them on a first boot alone; the operator refuses when they change on a running pool",
            example: "storage: {directories: [{path: /var/a}]}",
        },
        kinds: KINDS,
        by: first_boot_only,
    },
];

fn files<'a>(thing: &Thing<'a>) -> Vec<(&'a str, Place<'a>)> {
    let files = thing.list(&["config", "storage", "files"]);
    files.into_iter().map(|file| (file.text_at("path"), file)).collect()
}

/// All that has a path: files, directories, links.
fn nodes<'a>(thing: &Thing<'a>) -> Vec<(&'a str, Place<'a>)> {
    let mut nodes = files(thing);
    for list in ["directories", "links"] {
        let more = thing.list(&["config", "storage", list]);
        nodes.extend(more.into_iter().map(|node| (node.text_at("path"), node)));
    }
    nodes
}

fn is_below(path: &str, folders: &[&str]) -> bool {
    folders
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Parts of the image.
const READ_ONLY: [&str; 7] = ["/usr", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/ostree"];
/// What is made anew on every boot.
const VOLATILE: [&str; 5] = ["/run", "/tmp", "/proc", "/sys", "/dev"];
/// What is the node's own, and the links of CoreOS that lead there.
const OWN: [&str; 8] = ["/etc", "/var", "/opt", "/usr/local", "/home", "/root", "/srv", "/mnt"];

fn read_only(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, node) in nodes(thing) {
        if is_below(path, &READ_ONLY) && !is_below(path, &OWN) {
            let message = format!("`{path}` is in the image, which cannot be written");
            let next =
                "put it below /etc or /var, as in /usr/local, which is /var/usrlocal, or into an image";
            found.error(&node.origin_at("path"), message, next);
        }
    }
}

fn volatile(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, node) in nodes(thing) {
        if path == "/run/machine-config-daemon-force" {
            let message =
                format!("`{path}` makes a node forget its state; the operator takes it from nobody");
            let next = "create it on the node by hand if a node must forget its state";
            found.error(&node.origin_at("path"), message, next);
        } else if is_below(path, &VOLATILE) {
            let message = format!("`{path}` is gone after a reboot");
            found.error(&node.origin_at("path"), message, "put it below /etc, or make it with tmpfiles.d(5)");
        }
    }
}

fn elsewhere(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, node) in nodes(thing) {
        let is_said = is_below(path, &READ_ONLY) || is_below(path, &VOLATILE);
        if path.starts_with('/') && !is_said && !is_below(path, &OWN) {
            let message = format!("`{path}` is neither below /etc nor below /var");
            found.warning(&node.origin_at("path"), message, "put it below one of them");
        }
    }
}

/// Files that the operator makes, and of what (`pkg/controller` and `templates/` of the operator).
const OPERATORS: [(&str, &str); 10] = [
    ("/etc/kubernetes/kubelet.conf", "write a KubeletConfig"),
    (
        "/etc/kubernetes/kubelet-ca.crt",
        "leave it out; it is renewed without a MachineConfig, and drift of it is not seen",
    ),
    ("/var/lib/kubelet/config.json", "change the secret `pull-secret` in openshift-config"),
    ("/etc/containers/registries.conf", "write an ImageDigestMirrorSet, ImageTagMirrorSet or image.config"),
    ("/etc/containers/policy.json", "write image.config or a ClusterImagePolicy"),
    ("/etc/containers/storage.conf", "write a ContainerRuntimeConfig with `overlaySize`"),
    ("/etc/crio/crio.conf.d/00-default", "write a drop-in with a later name, or a ContainerRuntimeConfig"),
    ("/etc/crio/crio.conf.d/50-pinned-images", "write a PinnedImageSet"),
    ("/etc/mco/internal-registry-pull-secret.json", "leave it out; the operator renews it"),
    ("/etc/node-sizing-enabled.env", "write a KubeletConfig with `autoSizingReserved`"),
];

fn operators_file(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, file) in files(thing) {
        let of_runtime = path.starts_with("/etc/crio/crio.conf.d/01-ctrcfg-");
        let of_daemon = is_below(path, &["/etc/machine-config-daemon"])
            && !is_below(path, &["/etc/machine-config-daemon/no-reboot"]);
        let row = OPERATORS.iter().find(|(known, _)| *known == path).map(|(_, next)| *next);
        let next = match row {
            Some(next) => next,
            None if of_runtime => "write a ContainerRuntimeConfig",
            None if of_daemon => "leave it out; the operator keeps its own state there",
            None => continue,
        };
        let message = format!("the operator writes `{path}` itself");
        found.warning(&file.origin_at("path"), message, next);
    }
}

fn account_file(thing: &Thing<'_>, found: &mut Found<'_>) {
    let accounts =
        ["/etc/shadow", "/etc/gshadow", "/etc/passwd", "/etc/group", "/etc/shadow-", "/etc/passwd-"];
    for (path, file) in nodes(thing) {
        if accounts.contains(&path) {
            let message = format!("`{path}` takes the place of the system's accounts");
            let next = "give `core` its keys and its password under `passwd.users`; nobody else can be made";
            found.error(&file.origin_at("path"), message, next);
        }
    }
}

/// True for a number whose decimal digits are a mode that people write, and that is none itself.
pub(super) fn looks_octal(mode: i64) -> bool {
    [
        400, 440, 444, 500, 550, 555, 600, 640, 644, 660, 664, 666, 700, 711, 750, 755, 770, 775, 777, 1777,
        2755, 4755,
    ]
    .contains(&mode)
}

fn mode(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, node) in nodes(thing) {
        let Some(place) = node.get("mode") else { continue };
        let Some(mode) = place.value.as_i64().filter(|mode| looks_octal(*mode)) else { continue };
        // The digits are octal ones by the table.
        let meant = i64::from_str_radix(&mode.to_string(), 8).unwrap_or_default();
        let message = format!("the mode {mode} of `{path}` is decimal: octal {mode:o}");
        found.error(place.origin(), message, format!("write 0{mode} in YAML, or {meant} in JSON"));
    }
}

fn overwrite(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, file) in files(thing) {
        let place = file.get("overwrite").filter(|place| place.value == &serde_json::Value::Bool(false));
        if let Some(place) = place {
            let message = format!("the operator overwrites `{path}` on running nodes all the same");
            found.warning(place.origin(), message, "write `overwrite: true`, or leave it out");
        }
    }
}

fn append(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, file) in files(thing) {
        if let Some(place) = file.get("append").filter(|append| !append.items().is_empty()) {
            let message = format!("`{path}` has `append`, which the operator does not do");
            let next = "write the whole file, or a file of its own in a folder that is read too";
            found.error(place.origin(), message, next);
        }
    }
}

fn remote(thing: &Thing<'_>, found: &mut Found<'_>) {
    let fetched = ["http:", "https:", "tftp:", "s3:", "gs:", "arn:"];
    for (path, file) in files(thing) {
        let Some(source) = file.at(&["contents", "source"]) else { continue };
        if fetched.iter().any(|scheme| source.text().unwrap_or_default().starts_with(scheme)) {
            let message =
                format!("the contents of `{path}` are fetched from elsewhere, which the operator cannot do");
            found.error(source.origin(), message, "bring them in the document, as in `data:,hello`");
        }
    }
}

fn gzip(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, file) in files(thing) {
        let Some(contents) =
            file.get("contents").filter(|contents| contents.text_at("compression") == "gzip")
        else {
            continue;
        };
        let source = contents.text_at("source");
        if source.starts_with("data:") && ignition::decode(source, Some("gzip")).is_none() {
            let message = format!("the contents of `{path}` say `compression: gzip` and cannot be unpacked");
            let next = "say `compression: \"\"` with plain contents, or give what `gzip` made of them";
            found.error(&contents.origin_at("compression"), message, next);
        }
    }
}

/// The section in which the settings of a configuration file stand, by the file's name (systemd's man pages).
const SECTIONS: [(&str, &str); 9] = [
    ("journald.conf", "Journal"),
    ("system.conf", "Manager"),
    ("user.conf", "Manager"),
    ("logind.conf", "Login"),
    ("resolved.conf", "Resolve"),
    ("timesyncd.conf", "Time"),
    ("coredump.conf", "Coredump"),
    ("sleep.conf", "Sleep"),
    ("oomd.conf", "OOM"),
];

fn config_section(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (path, file) in files(thing) {
        let Some(rest) = path.strip_prefix("/etc/systemd/") else { continue };
        let name = rest.split('/').next().unwrap_or_default();
        let name = name.strip_suffix(".d").unwrap_or(name);
        let Some((_, section)) = SECTIONS.iter().find(|(known, _)| *known == name) else { continue };
        let Some(text) = text_of(&file) else { continue };
        let place = file.get("contents").unwrap_or(file);
        if let Some((line, setting, stands_in)) = outside(&text, section) {
            let message = match stands_in {
                None => format!(
                    "`{setting}` on line {line} of `{path}` stands in no section, so systemd ignores it"
                ),
                Some(other) => format!(
                    "`{setting}` on line {line} of `{path}` stands in `[{other}]`, so systemd ignores it"
                ),
            };
            found.error(place.origin(), message, format!("write `[{section}]` on a line before it"));
        }
    }
}

/// The text of a file, if it is one and is not large.
fn text_of(file: &Place<'_>) -> Option<String> {
    let contents = file.get("contents")?;
    let source = contents.text_at("source");
    if source.len() > MAX_TEXT_BYTES {
        return None;
    }
    let compression = contents.get("compression").and_then(|compression| compression.text());
    String::from_utf8(ignition::decode(source, compression)?).ok()
}

/// The first setting that does not stand in `section`: its line, its name, and where it stands.
fn outside(text: &str, section: &str) -> Option<(usize, String, Option<String>)> {
    let mut current: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = Some(name.to_owned());
        } else if !line.is_empty() && !line.starts_with(['#', ';']) && current.as_deref() != Some(section) {
            let setting: String =
                line.split('=').next().unwrap_or_default().trim().chars().take(40).collect();
            return Some((index + 1, setting.escape_debug().to_string(), current));
        }
    }
    None
}

/// Sections that Ignition alone makes.
const FIRST_BOOT: [[&str; 2]; 9] = [
    ["storage", "disks"],
    ["storage", "filesystems"],
    ["storage", "raid"],
    ["storage", "luks"],
    ["storage", "directories"],
    ["storage", "links"],
    ["passwd", "groups"],
    ["kernelArguments", "shouldExist"],
    ["kernelArguments", "shouldNotExist"],
];

fn first_boot_only(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some(document) = thing.spec(&["config"]) else { return };
    for keys in FIRST_BOOT {
        let Some(place) = document.at(&keys).filter(|place| !place.items().is_empty()) else { continue };
        let [section, list] = keys;
        let message = format!("`{section}.{list}` is made on a node's first boot alone");
        let next = match list {
            "shouldExist" | "shouldNotExist" => "write `spec.kernelArguments` for running nodes",
            "directories" | "links" => "for running nodes, make it with tmpfiles.d(5) or a unit",
            "luks" => "bring it at the installation; the operator does not even compare it",
            _ => "bring it at the installation; for running nodes, use a unit",
        };
        found.warning(place.origin(), message, next);
    }
    for (key, origin, other) in
        document.at(&["ignition", "config"]).iter().flat_map(|config| config.entries())
    {
        // `oc` writes empty ones where nothing is said.
        let says_something = !other.items().is_empty() || !other.text_at("source").is_empty();
        if says_something {
            let message = format!("`ignition.config.{key}` is read on a node's first boot alone");
            let next = "write what the other document says into a MachineConfig of its own";
            found.warning(&origin, message, next);
        }
    }
}
