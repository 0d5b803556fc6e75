//! Parts of a live system that somebody embeds by hand: what its Ignition and its NetworkManager would make of them.

use crate::document::Complaint;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition;
use crate::ignition::Document;
use crate::ignition::NoDocument;
use crate::network::LostNames;
use crate::network::bound_name;
use crate::network::check_keyfile;

/// Says what is wrong with the Ignition document in `file`, which goes onto an image of this volume id.
///
/// Documents that it merges are looked at too, as far as they ride in it.
pub fn check_live_document(file: &str, bytes: &[u8], volume_id: &str) -> Diagnostics {
    let mut findings = Diagnostics::new();
    let origin = Origin::of_file(file);
    let document = match Document::read(bytes) {
        Ok(document) => document,
        Err(cause) => {
            findings.error("ignition-child", &origin, format!("`{file}` {cause}"), cause.hint());
            return findings;
        }
    };
    let value = document.minor().unwrap_or(0);
    findings.append(super::check_release(&Sourced { value, origin: origin.clone() }, volume_id));
    let children = document.value().pointer("/ignition/config/merge").and_then(|merged| merged.as_array());
    for (index, child) in children.into_iter().flatten().enumerate() {
        let source = child["source"].as_str().unwrap_or_default();
        if !source.starts_with("data:") {
            continue;
        }
        let read = ignition::decode(source, child["compression"].as_str())
            .ok_or_else(|| NoDocument::NoJson("its `data:` URL cannot be read".to_owned()))
            .and_then(|bytes| Document::read(&bytes));
        if let Err(cause) = read {
            let key = format!("ignition.config.merge[{index}]");
            let message = format!("the document that `{file}` merges {cause}");
            findings.error("ignition-child", &Origin { key, ..origin.clone() }, message, cause.hint());
        }
    }
    findings
}

/// Says what is wrong with the keyfile in `file`, which is embedded as `name`.
pub fn check_live_keyfile(file: &str, name: &str, bytes: &[u8]) -> Diagnostics {
    let mut findings = Diagnostics::new();
    let origin = |line: usize| {
        // A line as a whole is as long as it is.
        let length = if line == 0 { 1 } else { usize::MAX };
        Origin { line: line.max(1), length, ..Origin::of_file(file) }
    };
    if !name.ends_with(".nmconnection") {
        let message = format!("NetworkManager would not read `{name}`");
        findings.error("keyfile", &origin(0), message, "give it a name that ends in `.nmconnection`");
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.error(
            "keyfile",
            &origin(0),
            format!("`{file}` is no text"),
            "NetworkManager would ignore it",
        );
        return findings;
    };
    let line_of_name = bound_name(text).map(|(_, line)| line);
    for Complaint { line, message, help } in check_keyfile(text, &[], &LostNames::new()) {
        match line_of_name {
            Some(of_name) if of_name == line => {
                let help = "bind it by `mac-address=` in `[ethernet]`";
                findings.warning("keyfile", &origin(line), message, help);
            }
            _ => findings.error("keyfile", &origin(line), message, help),
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check_live_document;
    use super::check_live_keyfile;
    use crate::document::Severity;

    #[test]
    fn documents_are_those_that_the_image_reads() {
        let merging = |child: &str| {
            format!(
                r#"{{"ignition":{{"version":"3.3.0","config":{{"merge":[{{"source":"data:,{child}"}}]}}}}}}"#
            )
        };
        let child = "%7B%22ignition%22%3A%7B%22version%22%3A%223.0.0%22%7D%7D";
        for (text, volume, words) in [
            ("not json".to_owned(), "x", "no JSON"),
            ("{}".to_owned(), "x", "does not say"),
            (r#"{"ignition":{"version":"2.2.0"}}"#.to_owned(), "x", "`2.2.0`"),
            (
                r#"{"ignition":{"version":"3.5.0"}}"#.to_owned(),
                "fedora-coreos-36.20220906.3.2",
                "3.3.0 at most",
            ),
            (merging("x"), "x", "merges is no JSON"),
            (merging(child), "x", ""),
            (r#"{"ignition":{"version":"3.5.0"}}"#.to_owned(), "rhcos-417", ""),
        ] {
            let said: Vec<String> = check_live_document("c.ign", text.as_bytes(), volume)
                .sorted()
                .into_iter()
                .map(|f| f.message)
                .collect();
            assert_eq!(said.is_empty(), words.is_empty(), "{text}: {said:?}");
            assert!(said.iter().all(|message| message.contains(words)), "{text}: {said:?}");
        }
    }

    #[test]
    fn a_name_is_a_warning_and_garbage_an_error() {
        let port = "[connection]\nid=a\ntype=ethernet\n";
        for (name, text, severity) in [
            ("a.nmconnection", format!("{port}[ethernet]\nmac-address=52:54:00:00:00:01\n"), None),
            ("a.nmconnection", format!("{port}interface-name=eno1\n"), Some(Severity::Warning)),
            ("a.nmconnection", "garbage".to_owned(), Some(Severity::Error)),
            ("a.conf", port.to_owned(), Some(Severity::Error)),
        ] {
            let found = check_live_keyfile("a", name, text.as_bytes()).sorted();
            assert_eq!(found.first().map(|finding| finding.severity), severity, "{text}: {found:?}");
        }
    }
}
