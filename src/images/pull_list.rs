//! What a machine will pull: the images of several lists, each once, without those that it has.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use super::Reference;
use crate::document::Origin;

/// The schema of the list.
pub const PULL_LIST_SCHEMA: &str = "cotter.dev/images-pull-list/1";

/// What is there already.
#[derive(Clone, Debug, Default)]
pub struct Have(pub BTreeSet<Reference>);

impl Have {
    /// True if `image` is there: a digest by its repository and digest, a tag by its name.
    pub fn has(&self, image: &Reference) -> bool {
        self.0.contains(image)
            || image.digest.is_some()
                && self.0.iter().any(|have| have.digest == image.digest && have.name() == image.name())
    }

    /// What has the name of an image, whatever its tag or digest.
    pub fn named(&self, image: &Reference) -> Vec<&Reference> {
        self.0.iter().filter(|have| have.name() == image.name()).collect()
    }
}

/// An image of the list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The whole reference.
    pub image: String,
    /// The lines that ask for it.
    pub origins: Vec<Origin>,
}

/// A repository of which several things are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Several {
    /// Registry and repository.
    pub name: String,
    /// The tags, or digests.
    pub wanted: Vec<String>,
}

/// The images that will be pulled.
#[derive(Clone, Debug, Serialize)]
pub struct PullList {
    /// `cotter.dev/images-pull-list/1`.
    pub schema: &'static str,
    /// The images, sorted, each once.
    pub images: Vec<Listed>,
    /// How many lines named an image that another line had named.
    pub twice: usize,
    /// Those that are there already.
    pub have: Vec<String>,
    /// Repositories of which several tags are asked for: one of them may be a line that was forgotten.
    pub several_tags: Vec<Several>,
    /// Files of the lists that are for other platforms, and were left out.
    pub left_out: Vec<String>,
}

impl PullList {
    /// Puts lists together.
    pub fn of(images: &BTreeMap<Reference, Vec<Origin>>, have: &Have, left_out: Vec<String>) -> Self {
        let (there, missing): (Vec<_>, Vec<_>) = images.iter().partition(|(image, _)| have.has(image));
        let listed = |(image, origins): &(&Reference, &Vec<Origin>)| Listed {
            image: image.to_string(),
            origins: (*origins).clone(),
        };
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (image, _) in images.iter().filter(|(image, _)| image.digest.is_none()) {
            tags.entry(image.name()).or_default().insert(image.wanted().to_owned());
        }
        let several = tags.into_iter().filter(|(_, tags)| tags.len() > 1);
        Self {
            schema: PULL_LIST_SCHEMA,
            images: missing.iter().map(listed).collect(),
            twice: images.values().map(|origins| origins.len().saturating_sub(1)).sum(),
            have: there.iter().map(|(image, _)| image.to_string()).collect(),
            several_tags: several
                .map(|(name, tags)| Several { name, wanted: tags.into_iter().collect() })
                .collect(),
            left_out,
        }
    }
}

/// True if a list with this name is for another architecture than the machine's, as `rke2-images.linux-arm64.txt` is.
pub fn is_for_other(name: &str, architecture: &str) -> bool {
    const KNOWN: [(&str, &str); 7] = [
        ("amd64", "amd64"),
        ("x86_64", "amd64"),
        ("arm64", "arm64"),
        ("aarch64", "arm64"),
        ("s390x", "s390x"),
        ("ppc64le", "ppc64le"),
        ("riscv64", "riscv64"),
    ];
    let words: Vec<&str> = name.split(['-', '.', '+']).collect();
    let named: Vec<&str> =
        KNOWN.iter().filter(|(word, _)| words.contains(word)).map(|(_, own)| *own).collect();
    !named.is_empty() && !named.contains(&architecture)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Have;
    use super::PullList;
    use super::is_for_other;
    use crate::document::Origin;

    #[test]
    fn takes_away_what_is_there_and_names_what_is_asked_for_twice() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let other = format!("sha256:{}", "b".repeat(64));
        let origin = Origin::of_file("l");
        let images = [
            "r.lab/a:1".to_owned(),
            "r.lab/a:2".to_owned(),
            format!("r.lab/b@{digest}"),
            format!("r.lab/c@{other}"),
        ];
        let images =
            images.map(|image| (image.parse().unwrap(), vec![origin.clone(), origin.clone()])).into();
        let have = ["r.lab/a:1".to_owned(), format!("r.lab/b:x@{digest}"), format!("r.lab/c@{digest}")];
        let have = Have(have.iter().map(|image| image.parse().unwrap()).collect());
        let list = PullList::of(&images, &have, vec![]);
        let names: Vec<&str> = list.images.iter().map(|image| image.image.as_str()).collect();
        assert_eq!(names, ["r.lab/a:2".to_owned(), format!("r.lab/c@{other}")]);
        assert_eq!((list.twice, list.have.len(), list.several_tags.len()), (4, 2, 1));
        assert_eq!(list.several_tags[0].wanted, ["1", "2"]);
    }

    #[test]
    fn names_of_files_tell_the_architecture() {
        for (name, is_other) in [
            ("rke2-images.linux-amd64-v1.32.4+rke2r1.txt", false),
            ("rke2-images.linux-arm64-v1.32.4+rke2r1.txt", true),
            ("harvester-images-v1.5.0.txt", false),
            ("images-x86_64.txt", false),
            ("farm64s.txt", false),
        ] {
            assert_eq!(is_for_other(name, "amd64"), is_other, "{name}");
        }
    }
}
