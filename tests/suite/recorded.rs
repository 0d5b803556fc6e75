//! Recorded trees of `/sys` and what belongs to it: `tests/naming/README.md` says how they are written.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use cotter::tree::MemoryTree;

/// A recorded tree.
pub struct Recorded(Vec<(String, Entry)>);

enum Entry {
    Folder,
    File(Vec<u8>),
    Link(String),
    Failed(String),
}

/// Where the trees are of which real udevs said what they call the ports.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/naming")
}

/// Their names.
pub fn names() -> Vec<String> {
    let name = |tree: PathBuf| tree.file_stem().unwrap().to_str().unwrap().to_owned();
    trees(&folder()).into_iter().map(name).collect()
}

/// The recorded trees in a folder.
pub fn trees(folder: &Path) -> Vec<PathBuf> {
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut trees: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "tree")).collect();
    trees.sort();
    trees
}

impl Recorded {
    /// One of those of which udevs said something.
    pub fn named(name: &str) -> Self {
        Self::read(&folder().join(format!("{name}.tree")))
    }

    pub fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap())
    }

    pub fn parse(text: &str) -> Self {
        // Only `\n` ends a line: a text may hold other separators.
        let lines = text.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            if let Some(path) = line.strip_suffix('/').filter(|path| !path.contains(' ')) {
                return (path.to_owned(), Entry::Folder);
            }
            let mut words = line.splitn(3, ' ');
            let [path, kind, value] = [words.next(), words.next(), words.next()]
                .map(|word| word.unwrap_or_else(|| panic!("{line:?} is no entry of a tree")));
            let entry = match kind {
                "->" => Entry::Link(value.to_owned()),
                "=" => Entry::File(serde_json::from_str::<String>(value).unwrap().into_bytes()),
                ":" => Entry::File(hex::decode(value).unwrap()),
                "!" => Entry::Failed(value.to_owned()),
                _ => panic!("{line:?} is no entry of a tree"),
            };
            (path.to_owned(), entry)
        };
        Self(lines.map(entry).collect())
    }

    /// The texts in it by their paths; a link is one to `/dev/null`, which has nothing in it.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(path, entry)| match entry {
            Entry::File(bytes) => Some((path.as_str(), std::str::from_utf8(bytes).ok()?)),
            Entry::Link(target) if target == "/dev/null" => Some((path.as_str(), "")),
            _ => None,
        })
    }

    /// The tree in memory, where reading fails as it did.
    pub fn tree(&self) -> MemoryTree {
        let mut tree = MemoryTree::default();
        for (path, entry) in &self.0 {
            match entry {
                Entry::Folder => tree.directory(path),
                Entry::File(bytes) => tree.file(path, bytes.clone()),
                Entry::Link(target) => tree.link(path, target),
                Entry::Failed(name) => match name.as_str() {
                    "EINVAL" | "EOPNOTSUPP" => {}
                    "EACCES" => tree.unreadable(path, "permission denied"),
                    "EIO" => tree.unreadable(path, "input/output error"),
                    _ => panic!("{name} is not known to fail so"),
                },
            }
        }
        tree
    }

    /// Makes a real folder of it. What could not be read is left out.
    pub fn unpack(&self, folder: &Path) {
        for (path, entry) in &self.0 {
            let place = folder.join(path.trim_start_matches('/'));
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            match entry {
                Entry::Folder => std::fs::create_dir_all(place).unwrap(),
                Entry::File(bytes) => std::fs::write(place, bytes).unwrap(),
                Entry::Link(target) => symlink(target, place).unwrap(),
                Entry::Failed(_) => {}
            }
        }
    }
}
