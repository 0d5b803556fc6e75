//! What the node is beside its network and disks: name, logins, files, labels.

use super::Row;
use crate::document::Found;
use crate::document::Rule;
use crate::harvester::facts::facts;
use crate::harvester::written::Mode;
use crate::harvester::written::Written;
use crate::harvester::written::get;
use crate::harvester::written::text;
use crate::value::SshKey;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "host-name",
            refuses: "a missing host name (with DHCP it warns), and one that is no DNS name in lower case",
            why: "the installer refuses the config",
            example: "os: {hostname: Node_1}",
        },
        by: host_name,
    },
    Row {
        rule: Rule {
            name: "login-needed",
            refuses: "a node with neither a password nor an SSH key",
            why: "the installer refuses it; nobody could log in",
            example: "os: {hostname: node1}",
        },
        by: login_needed,
    },
    Row {
        rule: Rule {
            name: "sshd-lockout",
            refuses: "passwords switched off for SSH where there is no key",
            why: "nobody could log in over the network",
            example: "os: {password: a, sshd: {disable_password_auth: true}}",
        },
        by: sshd_lockout,
    },
    Row {
        rule: Rule {
            name: "ssh-key",
            refuses: "an SSH key that is none",
            why: "sshd passes over the line",
            example: "os: {ssh_authorized_keys: [ssh-ed25519]}",
        },
        by: ssh_keys,
    },
    Row {
        rule: Rule {
            name: "written-file",
            refuses: "a file without an absolute path, and permissions that are not octal",
            why: "it would lie elsewhere, or with other rights",
            example: "os: {write_files: [{path: etc/motd, content: hi}]}",
        },
        by: written_files,
    },
    Row {
        rule: Rule {
            name: "multipath-lost",
            refuses: "(warns) kernel arguments that say nothing of multipath, without a storage system",
            why: "they take the place of the installer's own, which keep multipath off the node's disks and volumes",
            example: "os: {additional_kernel_arguments: panic=30}",
        },
        by: multipath_lost,
    },
    Row {
        rule: Rule {
            name: "node-label",
            refuses: "a label that Kubernetes does not take",
            why: "the installer refuses the config",
            example: "os: {labels: {\"a b\": c}}",
        },
        by: labels,
    },
    Row {
        rule: Rule {
            name: "persistent-path",
            refuses: "a path to keep that is not absolute, or lies in `/tmp`",
            why: "the installer refuses the config",
            example: "os: {persistent_state_paths: [/tmp/a]}",
        },
        by: persistent_paths,
    },
];

fn host_name(config: &Written<'_>, found: &mut Found<'_>) {
    let help = "write lower-case letters, digits and `-`, in parts with `.` between, as `node1`";
    match config.text(&["os", "hostname"]) {
        None if config.mode() != Mode::Upgrade => {
            let method = config.text(&["install", "management_interface", "method"]);
            match method.is_some_and(|method| method.value == "dhcp") {
                true => {
                    let message = "`os.hostname` is missing: without a name by DHCP the installer stops";
                    found.warning(&config.place(&["os"]), message, help);
                }
                false => found.error(&config.place(&["os"]), "`os.hostname` is missing", help),
            }
        }
        Some(name) if !is_subdomain(&name.value) => {
            found.error(&name.origin, format!("`{}` is not a host name for Kubernetes", name.value), help);
        }
        _ => {}
    }
}

fn login_needed(config: &Written<'_>, found: &mut Found<'_>) {
    let has_login = config.text(&["os", "password"]).is_some()
        || !config.texts(&["os", "ssh_authorized_keys"]).is_empty();
    if !has_login && config.makes_a_node() {
        let message = "there is neither `os.password` nor `os.ssh_authorized_keys`";
        found.error(&config.place(&["os"]), message, "write one of them, or both");
    }
}

fn sshd_lockout(config: &Written<'_>, found: &mut Found<'_>) {
    let path = ["os", "sshd", "disable_password_auth"];
    if config.is_true(&path) && config.texts(&["os", "ssh_authorized_keys"]).is_empty() {
        let message = "passwords are switched off for SSH, and there is no key";
        found.error(&config.place(&path), message, "add a key to `os.ssh_authorized_keys`");
    }
}

fn ssh_keys(config: &Written<'_>, found: &mut Found<'_>) {
    for key in config.texts(&["os", "ssh_authorized_keys"]) {
        let is_of_a_host = ["github:", "gitlab:"].iter().any(|host| key.value.starts_with(host));
        if !is_of_a_host && let Err(error) = key.value.parse::<SshKey>() {
            found.wrong_value(&key.origin, error);
        }
    }
}

fn written_files(config: &Written<'_>, found: &mut Found<'_>) {
    for file in config.list(&["os", "write_files"]) {
        match text(&file, "path") {
            None => found.error(file.origin(), "a file has no `path`", "write its absolute path"),
            Some(path) if !is_absolute(&path.value) => {
                let message = format!("`{}` is not an absolute path", path.value);
                found.error(&path.origin, message, "begin it with `/`, without `.` and `..`");
            }
            Some(_) => {}
        }
        if let Some(mode) = text(&file, "permissions").filter(|mode| !is_mode(&mode.value))
            && get(&file, "permissions").is_some_and(|view| view.to_json().is_string())
        {
            let message = format!("`{}` are not octal permissions", mode.value);
            found.error(&mode.origin, message, "write them in quotes, as `\"0644\"`");
        }
    }
}

fn multipath_lost(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(arguments) = config.text(&["os", "additional_kernel_arguments"]) else { return };
    let is_said = arguments
        .value
        .split_ascii_whitespace()
        .any(|word| ["multipath=", "rd.multipath="].iter().any(|begin| word.starts_with(begin)));
    if !is_said && !config.is_true(&["os", "external_storage_config", "enabled"]) {
        let words = facts().without_multipath.join(" ");
        let message = "these take the place of the installer's own, which keep multipath off the disks";
        found.warning(&arguments.origin, message, format!("add `{words}`"));
    }
}

fn is_absolute(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

fn is_mode(text: &str) -> bool {
    (3..=5).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'))
}

fn labels(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(labels) = config.at(&["os", "labels"]) else { return };
    for (name, place, value) in labels.entries() {
        let (prefix, own) = name.rsplit_once('/').map_or((None, name), |(prefix, own)| (Some(prefix), own));
        if !is_label(own) || prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
            let help =
                "write at most 63 letters, digits, `-`, `_` and `.`, after a DNS name and `/` if wanted";
            found.error(&place, format!("`{name}` is not a label's name"), help);
        }
        if let Some(text) = value.text().filter(|text| !text.value.is_empty() && !is_label(&text.value)) {
            let help =
                "write at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
            found.error(&text.origin, format!("`{}` is not a label's value", text.value), help);
        }
    }
}

fn persistent_paths(config: &Written<'_>, found: &mut Found<'_>) {
    for path in config.texts(&["os", "persistent_state_paths"]) {
        if !is_absolute(&path.value) {
            found.error(
                &path.origin,
                format!("`{}` is not an absolute path", path.value),
                "begin it with `/`",
            );
        } else if path.value == "/tmp" || path.value.starts_with("/tmp/") {
            let message = format!("`{}` lies in `/tmp`, which is never kept", path.value);
            found.error(&path.origin, message, "keep it elsewhere");
        }
    }
}

/// A qualified name's own part, or a value: as Kubernetes has them.
fn is_label(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// A DNS-1123 subdomain.
fn is_subdomain(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.bytes().all(is_right)
    };
    text.len() <= 253 && text.split('.').all(is_part)
}
