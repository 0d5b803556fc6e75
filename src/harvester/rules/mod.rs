//! The rules as rows.

mod addresses;
mod cluster;
mod disks;
mod network;
mod node;
mod webhooks;

use super::written::Written;
use crate::document::Diagnostics;
use crate::document::Found;
use crate::document::Rule;

/// A rule with the function that finds what breaks it.
pub(super) struct Row {
    rule: Rule,
    by: fn(&Written<'_>, &mut Found<'_>),
}

static ROWS: [&[Row]; 6] =
    [cluster::ROWS, node::ROWS, network::ROWS, addresses::ROWS, disks::ROWS, webhooks::ROWS];

/// Adds what breaks a rule.
pub(super) fn run(config: &Written<'_>, findings: &mut Diagnostics) {
    for row in ROWS.iter().copied().flatten() {
        (row.by)(config, &mut findings.under(&row.rule));
    }
}

/// The rules.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    ROWS.iter().copied().flatten().map(|row| &row.rule)
}

/// What is wrong with a URL that is to be fetched.
fn url_problem(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once("://") else { return Some("has no scheme") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme {
        "http" | "https" if host.is_empty() || host.contains(char::is_whitespace) => Some("names no host"),
        "http" | "https" => None,
        _ => Some("is neither `http` nor `https`"),
    }
}
