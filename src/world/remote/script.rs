//! A script that says what it sees, run here or over ssh.

use std::fmt::Write as _;
use std::time::Duration;

use super::NOISE_BYTES;
use super::Trouble;
use super::as_root;
use super::ssh::Ssh;
use super::ssh::Task;
use super::ssh::run_here;
use super::token;
use crate::value::SshDestination;

/// The most that a script may say, in bytes.
const MAX_SAID_BYTES: usize = 8 << 20;

/// Where a script runs.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// On this machine, with the rights that cotter has.
    Here,
    /// On another one; as root, if that needs no password.
    Over(&'a Ssh, &'a SshDestination),
}

/// One line of what a script says: a word, and the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is about.
    pub word: String,
    /// The rest of the line. It may be anything.
    pub rest: String,
}

/// Runs a script of cotter's own; `settings` are shell variables for it.
///
/// It says a line as `$token WORD REST`, ends with `$token end`, and leaves nothing there. What carries no token is
/// not heard.
///
/// # Errors
/// If nobody answers, or not to the end.
pub fn run_script(
    place: Place<'_>,
    script: &str,
    settings: &[(&str, &str)],
    timeout: Duration,
) -> Result<Vec<Said>, Trouble> {
    let token = token()?;
    let mut whole = match place {
        Place::Here => format!("token={token}\nprintf '\\n%s begin\\n' \"$token\"\n"),
        Place::Over(..) => as_root(&token),
    };
    for (name, value) in settings {
        let quoted = value.replace('\'', "'\\''");
        // Writing to a text does not fail.
        let _ = writeln!(whole, "{name}='{quoted}'");
    }
    whole.push_str(script);
    let limit_bytes = MAX_SAID_BYTES + NOISE_BYTES;
    let task = Task { script: whole.as_bytes(), token: &token, limit_bytes, timeout };
    let lines = match place {
        Place::Here => run_here(&task),
        Place::Over(ssh, destination) => ssh.run(destination, &task),
    }?;
    Ok(lines.into_iter().map(|line| Said { word: line.word, rest: line.says }).collect())
}
