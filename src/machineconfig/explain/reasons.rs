//! What the operator's words mean, from `reasons.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

static REASONS: LazyLock<Vec<Row>> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| {
        toml::from_str::<Table>(include_str!("reasons.toml")).map(|t| t.reasons).unwrap_or_default()
    });

/// What is done about words that nobody has explained yet.
const OTHERWISE: &str = "see the logs of `machine-config-controller` and of the node's machine-config-daemon in `openshift-machine-config-operator`";

#[derive(Debug, Deserialize)]
struct Table {
    reasons: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    words: Vec<String>,
    means: String,
    next: String,
}

/// What words mean, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    means: Option<String>,
    pub(super) next: String,
}

impl Reason {
    /// The meaning as the end of a message; empty if it is not known.
    pub(super) fn means(&self) -> String {
        self.means.as_ref().map(|means| format!(" — {means}")).unwrap_or_default()
    }
}

/// Explains a message of the operator.
pub(super) fn explain(message: &str) -> Reason {
    let says = |row: &&Row| row.words.iter().all(|words| message.contains(words.as_str()));
    match REASONS.iter().find(says) {
        Some(row) => Reason { means: Some(row.means.clone()), next: row.next.clone() },
        None => Reason { means: None, next: OTHERWISE.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::REASONS;
    use super::explain;

    #[test]
    fn every_row_can_be_reached() {
        assert!(REASONS.len() > 20);
        for row in REASONS.iter() {
            let reason = explain(&row.words.join(" "));
            assert_eq!(
                reason.means.as_ref(),
                Some(&row.means),
                "{:?} is hidden by a row before it",
                row.words
            );
            assert!(!row.next.is_empty() && row.words.iter().all(|words| words.len() > 3), "{row:?}");
        }
    }

    #[test]
    fn the_more_particular_meaning_counts() {
        for (message, words) in [
            (
                "unexpected on-disk state validating against rendered-worker-1: content mismatch for file \"/etc/x\"",
                "changed a file",
            ),
            (
                "unexpected on-disk state validating against rendered-worker-1: mode mismatch for file: \"/etc/x\"",
                "changed the mode",
            ),
            (
                "machineconfig.machineconfiguration.openshift.io \"rendered-worker-1\" not found",
                "does not have",
            ),
            ("ignition disks section contains changes", "first boot alone"),
        ] {
            assert!(explain(message).means().contains(words), "{message}");
        }
        assert_eq!(explain("something else").means(), "");
    }
}
