//! A tree as it is read: attributes as udev takes them, and what could not be seen.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::hardware::Unseen;
use crate::hardware::number::number;
use crate::hardware::number::truth;
use crate::tree::EntryKind;
use crate::tree::Links;
use crate::tree::Tree;
use crate::value::printable;

/// The longest value of an attribute: firmware's texts have at most 255 bytes, MAC addresses of InfiniBand 59.
const MAX_VALUE: usize = 512;
/// The longest text of `/proc` that becomes a value: the kernel's arguments have at most 4096 bytes.
const MAX_LINE: usize = 4096;
/// The most of what could not be seen that is told.
const MAX_UNSEEN: usize = 100;

/// A tree as it is read.
pub(super) struct Reading<'a> {
    tree: &'a dyn Tree,
    unseen: RefCell<BTreeMap<String, String>>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(tree: &'a dyn Tree) -> Self {
        Self { tree, unseen: RefCell::new(BTreeMap::new()) }
    }

    /// Something could not be seen; each thing is told once.
    pub(super) fn unseen(&self, what: &str, why: &str) {
        let mut unseen = self.unseen.borrow_mut();
        if unseen.len() < MAX_UNSEEN {
            unseen.entry(shown(what, MAX_VALUE)).or_insert_with(|| shown(why, MAX_VALUE));
        } else {
            unseen.insert("further".to_owned(), "more could not be seen than is told".to_owned());
        }
    }

    pub(super) fn all_unseen(&self) -> Vec<Unseen> {
        let unseen = self.unseen.borrow();
        unseen.iter().map(|(what, why)| Unseen { what: what.clone(), why: why.clone() }).collect()
    }

    fn told<T>(&self, path: &str, found: Result<Option<T>, String>) -> Option<T> {
        found.unwrap_or_else(|why| {
            self.unseen(path, &why);
            None
        })
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.told(path, self.tree.read(path))
    }

    /// The text of a file; what is no UTF-8 in it is replaced.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The value of an attribute: one line without blanks around it. An empty one is none.
    pub(super) fn value(&self, path: &str) -> Option<String> {
        self.trimmed(path, |letter| letter.is_whitespace() || letter == '\0')
    }

    /// The value of an attribute that becomes a part of a name as it is written, blanks and all.
    pub(super) fn written(&self, path: &str) -> Option<String> {
        self.trimmed(path, |letter| matches!(letter, '\n' | '\r' | '\0'))
    }

    fn trimmed(&self, path: &str, is_around: fn(char) -> bool) -> Option<String> {
        let text = self.text(path)?;
        let value = text.trim_matches(is_around);
        if value.len() > MAX_VALUE {
            self.unseen(path, "it is too long for what it should be");
            return None;
        }
        (!value.is_empty()).then(|| printable(value))
    }

    /// The one line of a file in `/proc`.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let line = text.trim();
        (!line.is_empty()).then(|| shown(line, MAX_LINE))
    }

    /// A number as udev reads it.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        number(&self.value(path)?)
    }

    /// A number that has at most 32 bits.
    pub(super) fn small(&self, path: &str) -> Option<u32> {
        u32::try_from(self.number(path)?).ok()
    }

    /// A word for yes or no.
    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        truth(&self.value(path)?)
    }

    /// The names in a directory; none if it is not there.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        self.told(path, self.tree.names(path)).unwrap_or_default()
    }

    /// The names in a directory that every running system has.
    pub(super) fn needed_names(&self, path: &str) -> Vec<String> {
        self.told(
            path,
            self.tree.names(path).and_then(|names| names.map(Some).ok_or("it is not there".into())),
        )
        .unwrap_or_default()
    }

    /// The path without links of what is at a path.
    pub(super) fn real(&self, path: &str) -> Option<String> {
        self.told(path, self.tree.real(path))
    }

    /// What is written in a link; nothing if there is none.
    pub(super) fn target(&self, path: &str) -> Option<String> {
        match self.told(path, self.tree.look(path, Links::Kept))?.kind {
            EntryKind::Link(target) => Some(target),
            _ => None,
        }
    }

    /// The name of what a link leads to, as in `pci` for `../../bus/pci`.
    pub(super) fn target_name(&self, path: &str) -> Option<String> {
        let target = self.target(path)?;
        let name = name_of(&target);
        (!name.is_empty() && name.len() <= MAX_VALUE).then(|| printable(name))
    }

    /// Whether a directory is there.
    pub(super) fn is_directory(&self, path: &str) -> bool {
        let entry = self.told(path, self.tree.look(path, Links::Followed));
        entry.is_some_and(|entry| entry.kind == EntryKind::Directory)
    }

    /// Whether something is there, be it a link to nothing.
    pub(super) fn is_there(&self, path: &str) -> bool {
        self.told(path, self.tree.look(path, Links::Kept)).is_some()
    }
}

/// The last part of a path.
pub(super) fn name_of(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A text that may be shown, and its beginning if it is too long.
pub(super) fn shown(text: &str, most: usize) -> String {
    printable(text).chars().take(most).collect()
}
