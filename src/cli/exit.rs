//! Exit codes. They are part of the public interface.

use std::process::ExitCode;

use crate::world::Kind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and all is as it should be.
    Done,
    /// It looked, and something differs or could not be seen.
    Differs,
    /// The user's input is wrong.
    Input,
    /// The surroundings do not allow it: disk full, a missing tool, no permission.
    Surroundings,
    /// The program is wrong.
    Bug,
}

impl Exit {
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Input => Self::Input,
            Kind::Surroundings => Self::Surroundings,
            Kind::Bug => Self::Bug,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Differs => 1,
            Exit::Input => 2,
            Exit::Surroundings => 3,
            Exit::Bug => 70,
        })
    }
}
