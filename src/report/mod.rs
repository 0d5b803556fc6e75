//! Verdicts as files: JUnit XML for programs, and one HTML page for people that needs nothing else.
//!
//! What a report says comes from machines and files that may say anything: all of it goes through
//! `element::Element`, which escapes it, and `text::cut`, which bounds it.

mod console;
mod drawing;
mod element;
mod junit;
mod matrix;
mod network;
mod page;
mod quote;
mod text;
mod timeline;

pub use junit::junit;
pub use page::html;

use std::collections::BTreeMap;

use crate::verify::Outcome;

/// Texts of files by the names that origins give them, to quote their lines; there need be none.
pub type Texts = BTreeMap<String, String>;

/// What came of something, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Met,
    Unknown,
    Differs,
}

impl State {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Met => Self::Met,
            Outcome::Unknown { .. } => Self::Unknown,
            Outcome::Differs { .. } => Self::Differs,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unknown => "unknown",
            Self::Differs => "differs",
        }
    }

    /// Told apart by its shape: no colour is needed.
    fn mark(self) -> &'static str {
        match self {
            Self::Met => "✓",
            Self::Unknown => "?",
            Self::Differs => "✗",
        }
    }
}
