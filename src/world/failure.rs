//! What went wrong outside: what we were doing, why it failed, and the next step.

use std::fmt;
use std::io;
use std::path::Path;

use crate::image::ImageError;

/// Whose matter a failure is; each kind has an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the user gave: a file, a flag.
    Input,
    /// Where the program runs: disk full, a missing tool, no permission.
    Surroundings,
    /// The program itself.
    Bug,
}

/// Something that could not be done.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Whose matter it is.
    pub kind: Kind,
    /// What failed, as in "failed to read `a.yaml`".
    pub message: String,
    /// The next step.
    pub hint: String,
}

impl Failure {
    /// A failure that the user's input caused.
    pub fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Input, message: message.into(), hint: hint.into() }
    }

    /// A failure that the surroundings caused.
    pub fn surroundings(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Surroundings, message: message.into(), hint: hint.into() }
    }

    /// A failure of the program itself.
    pub fn bug(message: impl Into<String>) -> Self {
        Self { kind: Kind::Bug, message: message.into(), hint: "please report it, with this message".into() }
    }

    /// A failure of the operating system about a file that the user named.
    pub fn io(doing: &str, path: &Path, cause: &io::Error) -> Self {
        let message = format!("failed to {doing} `{}`: {}", path.display(), plain(cause));
        match cause.kind() {
            io::ErrorKind::NotFound => Self::input(message, "see whether the name is right"),
            io::ErrorKind::AlreadyExists => {
                Self::input(message, "name another output, or use `--force` to replace it")
            }
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => Self::input(message, "name a file"),
            io::ErrorKind::FileTooLarge => Self::input(message, "give a smaller file"),
            io::ErrorKind::PermissionDenied => {
                Self::surroundings(message, "see whether you may do that there")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::surroundings(message, "make room, or name an output elsewhere")
            }
            _ => Self::surroundings(message, "see whether the disk is sound and has room"),
        }
    }

    /// A failure about a live image that the user named.
    pub fn image(path: &Path, cause: &ImageError) -> Self {
        if let ImageError::Io(cause) = cause {
            return Self::io("read", path, cause);
        }
        Self::input(format!("`{}`: {cause}", path.display()), cause.hint())
    }
}

/// The operating system's words without Rust's number.
pub(super) fn plain(cause: &io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for Failure {}
