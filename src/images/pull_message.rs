//! What a node says when it cannot pull an image, in this program's words, from `pull_messages.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::TroubleKind;

static MESSAGES: LazyLock<Vec<Row>> = LazyLock::new(|| {
    // The table is part of the program; the test below holds that it can be read.
    toml::from_str::<Table>(include_str!("pull_messages.toml"))
        .map(|table| table.messages)
        .unwrap_or_default()
});

#[derive(Debug, Deserialize)]
struct Table {
    messages: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    words: Vec<String>,
    kind: TroubleKind,
}

/// The trouble that a kubelet or its runtime speaks of; nothing if its words are not known, or say no reason.
pub fn pull_trouble(message: &str) -> Option<TroubleKind> {
    let message = message.to_lowercase();
    let says = |row: &&Row| row.words.iter().all(|words| message.contains(&words.to_lowercase()));
    MESSAGES.iter().find(says).map(|row| row.kind)
}

#[cfg(test)]
mod tests {
    use super::MESSAGES;
    use super::pull_trouble;
    use crate::images::TroubleKind;

    #[test]
    fn every_row_can_be_reached() {
        assert!(MESSAGES.len() > 40);
        for row in MESSAGES.iter() {
            assert_eq!(pull_trouble(&row.words.join(" ")), Some(row.kind), "{:?} is hidden", row.words);
        }
    }

    #[test]
    fn real_messages_are_understood() {
        let resolve = "failed to pull and unpack image \"docker.io/fluent/fluent-bit:2.1.8\": failed to resolve reference \"docker.io/fluent/fluent-bit:2.1.8\": ";
        let head = "failed to do request: Head \"https://registry-1.docker.io/v2/fluent/fluent-bit/manifests/2.1.8\": ";
        for (message, kind) in [
            (format!("{resolve}{head}dial tcp: lookup registry-1.docker.io on 10.53.0.10:53: no such host"), TroubleKind::Name),
            (format!("{resolve}{head}dial tcp: lookup registry-1.docker.io: i/o timeout"), TroubleKind::Name),
            (format!("{resolve}{head}dial tcp 192.0.2.1:443: i/o timeout"), TroubleKind::Timeout),
            (format!("{resolve}{head}dial tcp 192.0.2.1:443: connect: connection refused"), TroubleKind::Connect),
            (format!("{resolve}{head}tls: failed to verify certificate: x509: certificate signed by unknown authority"), TroubleKind::UnknownAuthority),
            (format!("{resolve}{head}x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z"), TroubleKind::NotYetValid),
            (format!("{resolve}{head}x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is after 2025-01-01T00:00:00Z"), TroubleKind::Expired),
            (format!("{resolve}docker.io/fluent/fluent-bit:2.1.8: not found"), TroubleKind::NoTag),
            (format!("{resolve}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"), TroubleKind::Denied),
            (format!("{resolve}unexpected status code [manifests 2.1.8]: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."), TroubleKind::RateLimited),
            (format!("{resolve}no match for platform in manifest: not found"), TroubleKind::Platform),
            ("reading manifest 1.0 in quay.io/a/b: unauthorized: access to the requested resource is not authorized".to_owned(), TroubleKind::Unauthorized),
            ("reading manifest 1.0 in quay.io/a/b: manifest unknown".to_owned(), TroubleKind::NoTag),
        ] {
            assert_eq!(pull_trouble(&message), Some(kind), "{message}");
        }
        assert_eq!(pull_trouble("Back-off pulling image \"fluent/fluent-bit:2.1.8\""), None);
    }
}
