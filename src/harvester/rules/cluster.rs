//! What kind of node it is, and how it finds its cluster.

use super::Row;
use super::url_problem;
use crate::document::Found;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::nearest;
use crate::harvester::facts::facts;
use crate::harvester::written::Mode;
use crate::harvester::written::Written;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "scheme-version",
            refuses: "a config without `scheme_version: 1`",
            why: "the installer refuses it",
            example: "scheme_version: 2",
        },
        by: scheme_version,
    },
    Row {
        rule: Rule {
            name: "mode-needed",
            refuses: "a config without `install.mode`",
            why: "the installer says `unknown mode` and stops",
            example: "install: {automatic: true}",
        },
        by: mode_needed,
    },
    Row {
        rule: Rule {
            name: "server-url",
            refuses: "a node that joins without `server_url`, one that creates a cluster with it, and a URL that is none",
            why: "the installer refuses it, or joins nothing",
            example: "{server_url: \"https://10.0.0.5:443\", install: {mode: create}}",
        },
        by: server_url,
    },
    Row {
        rule: Rule {
            name: "token",
            refuses: "a missing token, and letters that the installer does not take in one",
            why: "no node joins without it",
            example: "token: grün",
        },
        by: token,
    },
    Row {
        rule: Rule {
            name: "iso-url",
            refuses: "an unattended installation without `install.iso_url`, a URL that is none, and (warns) `local` for a release that may not know it",
            why: "the installer fetches the ISO a second time, even if it was started from one",
            example: "install: {automatic: true, mode: create}",
        },
        by: iso_url,
    },
    Row {
        rule: Rule {
            name: "cordoned",
            refuses: "`install.cordoned` for the first node and for a witness",
            why: "the installer refuses it",
            example: "install: {mode: create, cordoned: true}",
        },
        by: cordoned,
    },
    Row {
        rule: Rule {
            name: "system-setting",
            refuses: "a setting that is not in the installer's list, and registries that are no JSON",
            why: "the installer refuses the config",
            example: "system_settings: {log-leve: Debug}",
        },
        by: system_settings,
    },
    Row {
        rule: Rule {
            name: "only-in-create",
            refuses: "(warns) settings of the cluster for a node that joins one",
            why: "only the first node's are taken",
            example: "{system_settings: {log-level: Debug}, install: {mode: join}}",
        },
        by: only_in_create,
    },
];

fn scheme_version(config: &Written<'_>, found: &mut Found<'_>) {
    let wanted = facts().scheme_version.to_string();
    let help = format!("write `scheme_version: {wanted}`");
    match config.at(&["scheme_version"]) {
        None => found.error(&config.place(&[]), "`scheme_version` is missing", help),
        Some(view) => {
            // What is no number at all has been said.
            if let Some(text) = view.text()
                && text.value != wanted
                && text.value.parse::<u32>().is_ok()
            {
                found.error(
                    &text.origin,
                    format!("`{}` is not the version that Harvester reads", text.value),
                    help,
                );
            }
        }
    }
}

fn mode_needed(config: &Written<'_>, found: &mut Found<'_>) {
    if config.at(&["install", "mode"]).is_none() {
        let place = config.place(&["install"]);
        found.error(
            &place,
            "`install.mode` is missing",
            "write `mode: create` for the first node, else `mode: join`",
        );
    }
}

fn server_url(config: &Written<'_>, found: &mut Found<'_>) {
    let url = config.text(&["server_url"]);
    match (config.mode(), url) {
        (Mode::Create, Some(url)) => {
            let help = "leave it out, or write `install.mode: join`";
            found.error(
                &url.origin,
                "`server_url` is for nodes that join, and this one creates the cluster",
                help,
            );
        }
        (Mode::Join, None) => {
            let help = "write `server_url: https://VIP:443` with the virtual address of the cluster";
            found.error(
                &config.place(&["install", "mode"]),
                "`server_url` is missing: the node would join nothing",
                help,
            );
        }
        (_, Some(url)) => {
            if let Some(problem) = url_problem(&url.value) {
                let message = format!("`{}` {problem}", url.value);
                found.error(&url.origin, message, "write it as `https://VIP:443`");
            }
        }
        _ => {}
    }
}

fn token(config: &Written<'_>, found: &mut Found<'_>) {
    match config.text(&["token"]) {
        None if config.makes_a_node() => {
            found.error(
                &config.place(&["install", "mode"]),
                "`token` is missing",
                "write the secret that all nodes share",
            );
        }
        Some(token) => {
            // The installer's own pattern: all that ASCII prints.
            let is_right = token.value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if !is_right {
                let message = "the token has letters that the installer does not take";
                found.error(&token.origin, message, "use letters and digits of ASCII, and its punctuation");
            }
        }
        None => {}
    }
}

fn iso_url(config: &Written<'_>, found: &mut Found<'_>) {
    match config.text(&["install", "iso_url"]) {
        None if config.makes_a_node() && config.is_true(&["install", "automatic"]) => {
            let message = "`install.iso_url` is missing: an unattended installation fetches the ISO over HTTP, even \
                           if it was started from one";
            let help = "serve the ISO over HTTP and write its URL here";
            found.error(&config.place(&["install", "automatic"]), message, help);
        }
        Some(url) if url.value == "local" => local_iso(config, &url, found),
        Some(url) => {
            if let Some(problem) = url_problem(&url.value) {
                let message = format!("`{}` {problem}", url.value);
                found.error(
                    &url.origin,
                    message,
                    "write the URL of the served ISO, as `http://HOST/harvester.iso`",
                );
            }
        }
        None => {}
    }
}

/// The medium itself: newer releases take it.
fn local_iso(config: &Written<'_>, url: &Sourced<String>, found: &mut Found<'_>) {
    let facts = facts();
    let help = "serve the ISO over HTTP and write its URL here; a medium's `/usr/sbin/harv-install` says whether it knows `local`";
    match config.version {
        Some(version) if version.is_since(&facts.local_iso_since) => {}
        Some(version) if !version.is_since(&facts.local_iso_not_before) => {
            let message = format!(
                "Harvester {} does not take `local`: it looks for a file of that name",
                version.as_str()
            );
            found.error(&url.origin, message, help);
        }
        _ => found.warning(&url.origin, "not every release takes `local` for the medium itself", help),
    }
}

fn cordoned(config: &Written<'_>, found: &mut Found<'_>) {
    if !config.is_true(&["install", "cordoned"]) {
        return;
    }
    let place = config.place(&["install", "cordoned"]);
    let is_witness = config.text(&["install", "role"]).is_some_and(|role| role.value == "witness");
    if config.mode() == Mode::Create {
        found.error(
            &place,
            "the first node cannot be cordoned: nothing would run anywhere",
            "leave `cordoned` out",
        );
    } else if is_witness {
        found.error(&place, "a witness cannot be cordoned", "leave `cordoned` out");
    }
}

fn system_settings(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(settings) = config.at(&["system_settings"]) else { return };
    let known = &facts().system_settings;
    for (name, place, value) in settings.entries() {
        if !known.iter().any(|known| known == name) {
            let help = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "set it in the running cluster instead; the installer takes only some of the settings"
                        .into()
                }
            };
            found.error(&place, format!("`{name}` is not a setting that the installer takes"), help);
        } else if name == "containerd-registry"
            && let Some(text) = value.text()
            && let Err(error) =
                serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text.value)
        {
            // The value may hold passwords: the error says only where.
            let message = format!(
                "the registries are no JSON object: line {}, column {}",
                error.line(),
                error.column()
            );
            found.error(
                &text.origin,
                message,
                "write one JSON object, as `'{\"Mirrors\": {…}, \"Configs\": {…}}'`",
            );
        }
    }
}

fn only_in_create(config: &Written<'_>, found: &mut Found<'_>) {
    if config.mode() != Mode::Join {
        return;
    }
    for path in [
        &["system_settings"] as &[&str],
        &["install", "vip"],
        &["install", "vip_mode"],
        &["install", "vip_hw_addr"],
        &["install", "addons"],
        &["install", "cluster_pod_cidr"],
        &["install", "cluster_service_cidr"],
        &["install", "cluster_dns"],
    ] {
        if config.at(path).is_some() {
            let message = format!("`{}` does nothing on a node that joins", path.join("."));
            found.warning(
                &config.place(path),
                message,
                "write it in the first node's config, and leave it out here",
            );
        }
    }
}
