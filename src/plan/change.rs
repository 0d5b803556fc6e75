//! What is different between two plans of a machine, and what that means for one that is installed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Artifact;
use super::Secrecy;
use super::Section;
use crate::verify::Life;

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// As it was, if it was there.
    pub old: Option<&'a Artifact>,
    /// As it shall be, if it shall be there.
    pub new: Option<&'a Artifact>,
    /// What an installed machine needs.
    pub consequence: Consequence,
}

/// What an installed machine needs so that a change is there. Ignition runs once: nothing comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// Nothing: only the medium is another, or what is verified.
    Nothing,
    /// It can be put in place, and acts at once.
    InPlace,
    /// It can be put in place, and acts after a reboot.
    Reboot,
    /// The machine must be installed again.
    Reinstall,
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::InPlace => "in place",
            Self::Reboot => "reboot",
            Self::Reinstall => "reinstall",
        })
    }
}

/// Compares the artifacts of two plans, in the order of the new one and then what is gone.
pub fn changes<'a>(old: &'a [Artifact], new: &'a [Artifact]) -> Vec<Change<'a>> {
    // A thing that is there several times is told apart by its path.
    let key = |artifact: &'a Artifact| (artifact.section, artifact.what.as_str(), artifact.path.as_deref());
    let before: BTreeMap<_, &Artifact> = old.iter().map(|artifact| (key(artifact), artifact)).collect();
    let after: BTreeMap<_, &Artifact> = new.iter().map(|artifact| (key(artifact), artifact)).collect();
    let mut changes = Vec::new();
    for artifact in new {
        let was = before.get(&key(artifact)).copied();
        let is_same = was.is_some_and(|was| is_same(was, artifact) && was.lives == artifact.lives);
        if !is_same {
            changes.push(Change { old: was, new: Some(artifact), consequence: consequence(artifact, was) });
        }
    }
    for artifact in old.iter().filter(|artifact| !after.contains_key(&key(artifact))) {
        changes.push(Change { old: Some(artifact), new: None, consequence: consequence(artifact, None) });
    }
    changes
}

/// A saved plan has no digests of secrets: what cannot be compared counts as the same.
fn is_same(old: &Artifact, new: &Artifact) -> bool {
    let cannot_tell = new.secrecy == Secrecy::Secret && (old.sha256.is_none() || new.sha256.is_none());
    cannot_tell || old.sha256 == new.sha256
}

fn consequence(artifact: &Artifact, other: Option<&Artifact>) -> Consequence {
    let is_of_operator = |artifact: &Artifact| artifact.lives == Life::OF_NODE;
    let on_disk =
        |artifact: &Artifact| artifact.lives.contains(&Life::LaterBoots) || is_of_operator(artifact);
    if !on_disk(artifact) && !other.is_some_and(on_disk) {
        return match artifact.section {
            // Where the system is installed cannot be changed later.
            Section::Install if artifact.what.starts_with("installation to") => Consequence::Reinstall,
            _ => Consequence::Nothing,
        };
    }
    match artifact.section {
        Section::Verification => Consequence::Nothing,
        // The operator reboots a node for a file, unless a policy says otherwise.
        Section::Files if is_of_operator(artifact) => Consequence::Reboot,
        Section::Users | Section::Files => Consequence::InPlace,
        Section::Operator
        | Section::Identity
        | Section::Network
        | Section::Units
        | Section::KernelArguments => Consequence::Reboot,
        Section::Storage | Section::Install => Consequence::Reinstall,
    }
}

#[cfg(test)]
mod tests {
    use super::Consequence;
    use super::changes;
    use crate::document::Origin;
    use crate::plan::Artifact;
    use crate::plan::Section;
    use crate::verify::Life;

    #[test]
    fn says_what_each_change_means() {
        let artifact = |section, what: &str, contents: &[u8]| {
            Artifact::new(section, what, &Origin::of_file("x")).at(format!("/{what}"), contents)
        };
        let old = [
            artifact(Section::Network, "profile a", b"1"),
            artifact(Section::Files, "file b", b"1"),
            artifact(Section::Install, "installation to /dev/sda", b"1").in_lives(&[Life::Live]),
            artifact(Section::Verification, "script", b"1"),
            artifact(Section::Storage, "disk c", b"1"),
        ];
        let new = [
            artifact(Section::Network, "profile a", b"2"),
            artifact(Section::Files, "file b", b"1"),
            artifact(Section::Install, "installation to /dev/sdb", b"1").in_lives(&[Life::Live]),
            artifact(Section::Verification, "script", b"2"),
            artifact(Section::Users, "user d", b""),
        ];
        let found: Vec<(String, bool, Consequence)> = changes(&old, &new)
            .iter()
            .filter_map(|change| {
                Some((change.new.or(change.old)?.what.clone(), change.new.is_some(), change.consequence))
            })
            .collect();
        let expected = [
            ("profile a", true, Consequence::Reboot),
            ("installation to /dev/sdb", true, Consequence::Reinstall),
            ("script", true, Consequence::Nothing),
            ("user d", true, Consequence::InPlace),
            ("installation to /dev/sda", false, Consequence::Reinstall),
            ("disk c", false, Consequence::Reinstall),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(what, is_new, c)| (what.to_owned(), is_new, c)).collect();
        assert_eq!(found, expected);
    }
}
