//! Webhooks and places to fetch from: who is told, and how.

use super::Row;
use super::url_problem;
use crate::document::Found;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::nearest;
use crate::harvester::facts::facts;
use crate::harvester::written::Written;
use crate::harvester::written::get;
use crate::harvester::written::text;

pub(super) static ROWS: &[Row] = &[
    Row {
        rule: Rule {
            name: "webhook",
            refuses: "a webhook without a known event, a method and a URL",
            why: "nobody is told of the installation",
            example: "webhooks: [{event: DONE, method: GET, url: \"http://10.0.0.9/\"}]",
        },
        by: webhooks,
    },
    Row {
        rule: Rule {
            name: "config-url",
            refuses: "a `config_url` that is no URL",
            why: "the installer tries it thirty times and stops",
            example: "install: {config_url: node1.yaml}",
        },
        by: config_url,
    },
    Row {
        rule: Rule {
            name: "time-server",
            refuses: "a time server that is no host name or address",
            why: "the node's clock is not set, and clusters do not form over clocks that differ",
            example: "os: {ntp_servers: [\"ntp://10.0.0.9\"]}",
        },
        by: time_servers,
    },
];

fn webhooks(config: &Written<'_>, found: &mut Found<'_>) {
    for hook in config.list(&["install", "webhooks"]) {
        for (key, known) in [("event", &facts().webhook_events), ("method", &facts().webhook_methods)] {
            match text(&hook, key) {
                None => found.error(
                    hook.origin(),
                    format!("a webhook has no `{key}`"),
                    format!("known: {}", known.join(", ")),
                ),
                Some(word) => one_of(&word, known, found),
            }
        }
        match text(&hook, "url") {
            None => found.error(hook.origin(), "a webhook has no `url`", "write where it is sent"),
            // Its host and path may be made of variables; the scheme is always there.
            Some(url) => {
                if let Some(problem) = url_problem(&url.value) {
                    found.error(&url.origin, format!("the URL {problem}"), "write it as `http://HOST/path`");
                }
            }
        }
        if get(&hook, "basic_auth").is_some_and(|auth| text(&auth, "user").is_none()) {
            found.error(hook.origin(), "`basic_auth` has no `user`", "write the user's name");
        }
    }
}

fn one_of(word: &Sourced<String>, known: &[String], found: &mut Found<'_>) {
    if known.contains(&word.value) {
        return;
    }
    let upper = word.value.to_ascii_uppercase();
    let help = match nearest(&upper, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    };
    found.error(&word.origin, format!("`{}` is not one of the words known here", word.value), help);
}

fn config_url(config: &Written<'_>, found: &mut Found<'_>) {
    let Some(url) = config.text(&["install", "config_url"]) else { return };
    if let Some(problem) = url_problem(&url.value) {
        let message = format!("`{}` {problem}", url.value);
        found.error(&url.origin, message, "write it as `http://HOST/node1.yaml`");
    }
}

fn time_servers(config: &Written<'_>, found: &mut Found<'_>) {
    for server in config.texts(&["os", "ntp_servers"]) {
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
        if server.value.is_empty() || !server.value.bytes().all(is_right) {
            let message = format!("`{}` is not a host name or an address", server.value);
            found.error(&server.origin, message, "write the host alone, as `192.168.50.1`");
        }
    }
}
