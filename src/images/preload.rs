//! Lists that k3s and rke2 pull from when they start: `agent/images/*.txt`.

use std::collections::BTreeSet;

use super::Reference;

/// A distribution that pulls what lists in a folder of its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// k3s.
    K3s,
    /// rke2.
    Rke2,
}

impl Distribution {
    /// The folder that its lists are in, on the node.
    pub fn folder(self) -> &'static str {
        match self {
            Self::K3s => "/var/lib/rancher/k3s/agent/images",
            Self::Rke2 => "/var/lib/rancher/rke2/agent/images",
        }
    }
}

/// The list: a whole reference a line, sorted, each once. Its agent knows no comments.
pub fn preload_list<'a>(images: impl IntoIterator<Item = &'a Reference>) -> String {
    let sorted: BTreeSet<String> = images.into_iter().map(Reference::to_string).collect();
    sorted.into_iter().map(|image| format!("{image}\n")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::preload_list;
    use crate::images::Reference;

    #[test]
    fn each_once_and_whole() {
        let images: Vec<Reference> =
            ["r.lab/b:1", "r.lab/a", "r.lab/b:1"].iter().map(|image| image.parse().unwrap()).collect();
        assert_eq!(preload_list(&images), "r.lab/a:latest\nr.lab/b:1\n");
    }
}
