//! A tree that is not on a disk.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use super::Entry;
use super::EntryKind;
use super::Found;
use super::Links;
use super::Tree;

/// The most links on the way to one file, as in the kernel.
const MAX_LINKS: usize = 40;
/// The most parts of a path.
const MAX_PARTS: usize = 64;

/// A tree in memory. What is put into it first stays.
#[derive(Debug, Default)]
pub struct MemoryTree {
    root: BTreeMap<String, Node>,
}

#[derive(Debug)]
enum Node {
    Directory(BTreeMap<String, Node>),
    File(Vec<u8>),
    Link(String),
    Unreadable(String),
}

impl MemoryTree {
    /// Puts a file there, and the directories on the way.
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, Node::File(bytes.into()));
    }

    /// Puts a link there.
    pub fn link(&mut self, path: &str, target: &str) {
        self.put(path, Node::Link(target.to_owned()));
    }

    /// Puts a directory there.
    pub fn directory(&mut self, path: &str) {
        self.put(path, Node::Directory(BTreeMap::new()));
    }

    /// Puts something there that cannot be read, and why.
    pub fn unreadable(&mut self, path: &str, why: &str) {
        self.put(path, Node::Unreadable(why.to_owned()));
    }

    fn put(&mut self, path: &str, node: Node) {
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some(last) = parts.pop().filter(|_| parts.len() < MAX_PARTS) else { return };
        let mut folder = &mut self.root;
        for part in parts {
            let inner = folder.entry(part.to_owned()).or_insert_with(|| Node::Directory(BTreeMap::new()));
            let Node::Directory(inner) = inner else { return };
            folder = inner;
        }
        folder.entry(last.to_owned()).or_insert(node);
    }

    /// What is at a path, and its path without links; nothing for the root itself.
    fn place(&self, path: &str, links: Links) -> Found<(Vec<String>, Option<&Node>)> {
        let mut rest: VecDeque<String> = parts(path).collect();
        let mut way: Vec<String> = Vec::new();
        let mut followed = 0;
        while let Some(part) = rest.pop_front() {
            if part == ".." {
                way.pop();
                continue;
            }
            way.push(part);
            match self.at(&way) {
                None => return Ok(None),
                Some(Node::Link(target)) if !rest.is_empty() || links == Links::Followed => {
                    followed += 1;
                    if followed > MAX_LINKS {
                        return Err("its links lead in a circle".to_owned());
                    }
                    way.pop();
                    if target.starts_with('/') {
                        way.clear();
                    }
                    for part in parts(target).rev() {
                        rest.push_front(part);
                    }
                }
                Some(Node::Directory(_)) => {}
                Some(_) if rest.is_empty() => {}
                Some(_) => return Ok(None),
            }
        }
        let node = self.at(&way);
        Ok(Some((way, node)))
    }

    fn at(&self, way: &[String]) -> Option<&Node> {
        let (last, folders) = way.split_last()?;
        let mut folder = &self.root;
        for part in folders {
            let Some(Node::Directory(inner)) = folder.get(part) else { return None };
            folder = inner;
        }
        folder.get(last)
    }
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned)
}

impl Tree for MemoryTree {
    fn look(&self, path: &str, links: Links) -> Found<Entry> {
        let Some((_, node)) = self.place(path, links)? else { return Ok(None) };
        let kind = match node {
            Some(Node::Directory(_)) | None => EntryKind::Directory,
            Some(Node::File(_) | Node::Unreadable(_)) => EntryKind::File,
            Some(Node::Link(target)) => EntryKind::Link(target.clone()),
        };
        let mode = if kind == EntryKind::Directory { 0o755 } else { 0o644 };
        Ok(Some(Entry { kind, mode, user: 0, group: 0, modified_seconds: 0 }))
    }

    fn read(&self, path: &str) -> Found<Vec<u8>> {
        match self.place(path, Links::Followed)? {
            None => Ok(None),
            Some((_, Some(Node::File(bytes)))) => Ok(Some(bytes.clone())),
            Some((_, Some(Node::Unreadable(why)))) => Err(why.clone()),
            Some(_) => Err("it is no file".to_owned()),
        }
    }

    fn names(&self, path: &str) -> Found<Vec<String>> {
        let folder = match self.place(path, Links::Followed)? {
            None => return Ok(None),
            Some((_, None)) => &self.root,
            Some((_, Some(Node::Directory(inner)))) => inner,
            Some(_) => return Err("it is no directory".to_owned()),
        };
        Ok(Some(folder.keys().cloned().collect()))
    }

    fn real(&self, path: &str) -> Found<String> {
        Ok(self.place(path, Links::Followed)?.map(|(way, _)| format!("/{}", way.join("/"))))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::MemoryTree;
    use crate::tree::Links;
    use crate::tree::Tree as _;

    #[test]
    fn links_are_followed_inside_it() {
        let mut tree = MemoryTree::default();
        tree.file("/a/b/file", "x");
        tree.link("/a/up", "../../../a/./b");
        tree.link("/c", "/a/up/file");
        tree.link("/round", "/round/x");
        tree.unreadable("/a/closed", "permission denied");
        assert_eq!(tree.read("/c"), Ok(Some(b"x".to_vec())));
        assert_eq!(tree.real("/c"), Ok(Some("/a/b/file".to_owned())));
        assert_eq!(tree.names("/a").unwrap().unwrap(), ["b", "closed", "up"]);
        assert_eq!(tree.names("/").unwrap().unwrap(), ["a", "c", "round"]);
        assert!(tree.read("/round").is_err() && tree.look("/round", Links::Kept).unwrap().is_some());
        assert_eq!(tree.read("/a/closed"), Err("permission denied".to_owned()));
        assert_eq!(tree.read("/a/b/file/x"), Ok(None));
        assert_eq!(tree.read("/nothing"), Ok(None));
    }
}
