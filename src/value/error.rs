//! What is wrong with a value, and what a right one looks like.

use std::fmt;

/// Why a text is not the value it should be, with the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong, with the user's words in backticks.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl ValueError {
    /// Puts the two sentences together.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for ValueError {}

/// Message and next step.
impl From<ValueError> for (String, String) {
    fn from(error: ValueError) -> Self {
        (error.message, error.help)
    }
}
