//! Where in a person's file a value was written.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::Serialize;

/// The place that asked for something: file, line, column and the key's path.
///
/// It travels with every value into artifacts, expectations and reports, so that a check that fails
/// on a machine points at the line that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The file, as it was named on the command line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The path of the key, as in `network.nics[0].address`; empty for the whole file.
    pub key: String,
    /// Length of the words in characters, within the line; for carets.
    #[serde(skip)]
    pub length: usize,
    /// Where the words begin and end in the file, in bytes; for editors.
    #[serde(skip)]
    pub bytes: (usize, usize),
}

impl Origin {
    /// A whole file: its first character.
    pub fn of_file(file: &str) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, key: String::new(), length: 1, bytes: (0, 0) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, " {}", self.key) }
    }
}

/// A value together with the place it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// Makes another value of this one, at the same place.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: make(self.value), origin: self.origin }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
