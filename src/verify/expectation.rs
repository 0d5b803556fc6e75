//! What must be true of a machine.

use serde::Deserialize;
use serde::Serialize;

use super::Life;
use super::Lives;
use super::Subject;
use crate::document::Origin;

/// One thing that must be true in some lives, and the line that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The subject's key, as in `port/e4:43:4b:0a:00:01/address`.
    pub subject: String,
    /// Whether the value must be among those found, or must not.
    pub wanted: Wanted,
    /// The value.
    pub value: String,
    /// What a person calls it, as in `address 192.168.50.10/24 on mgmt0`.
    pub says: String,
    /// The lives in which it must hold.
    pub lives: Lives,
    /// The line that asked for it.
    pub origin: Origin,
}

/// How the value relates to what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// The value is among those found.
    Has,
    /// It is not.
    Lacks,
}

impl Expectation {
    /// That `value` is among those found for `subject`, in every life.
    pub fn has(
        subject: &Subject,
        value: impl Into<String>,
        says: impl Into<String>,
        origin: &Origin,
    ) -> Self {
        Self {
            subject: subject.to_string(),
            wanted: Wanted::Has,
            value: value.into(),
            says: says.into(),
            lives: Life::ALL.to_vec(),
            origin: origin.clone(),
        }
    }

    /// That `value` is not among those found for `subject`, in every life.
    pub fn lacks(
        subject: &Subject,
        value: impl Into<String>,
        says: impl Into<String>,
        origin: &Origin,
    ) -> Self {
        Self { wanted: Wanted::Lacks, ..Self::has(subject, value, says, origin) }
    }

    /// The same, in these lives only.
    pub fn in_lives(mut self, lives: &[Life]) -> Self {
        self.lives = lives.to_vec();
        self
    }

    /// What one expectation is known by across boots and plans.
    pub fn key(&self) -> (&str, Wanted, &str) {
        (&self.subject, self.wanted, &self.value)
    }
}
