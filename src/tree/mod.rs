//! A folder to look into, whoever reads it.

mod memory;

pub use memory::MemoryTree;

/// What was looked for, nothing if it is not there, or why nobody can tell.
pub type Found<T> = Result<Option<T>, String>;

/// A folder as the root of a machine: paths begin with `/`, and links are followed inside it alone.
pub trait Tree {
    /// What is at a path.
    fn look(&self, path: &str, links: Links) -> Found<Entry>;
    /// The contents of a file, its links followed; too large a one is an error. An attribute of the kernel that has no value
    /// now, as the speed of a port without a cable, is not there.
    fn read(&self, path: &str) -> Found<Vec<u8>>;
    /// The names in a directory, sorted, its links followed; too many are an error.
    fn names(&self, path: &str) -> Found<Vec<String>>;
    /// The path without links of what is at a path.
    fn real(&self, path: &str) -> Found<String>;
}

/// Whether a link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// What it leads to is looked at.
    Followed,
    /// It is looked at itself.
    Kept,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its permission bits.
    pub mode: u32,
    /// The number of its owner.
    pub user: u32,
    /// The number of its group.
    pub group: u32,
    /// When it was changed, in seconds since 1970.
    pub modified_seconds: i64,
}

/// The kinds of what is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, and what is written in it.
    Link(String),
    /// A device, pipe or socket.
    Other,
}

/// The text of a file; what is no UTF-8 in it is replaced.
pub fn text(tree: &dyn Tree, path: &str) -> Found<String> {
    Ok(tree.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
