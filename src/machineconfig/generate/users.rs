//! core: the only user that the operator changes on a running node.

use serde_json::json;

use super::Made;
use super::Pool;
use super::Problem;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::value::PasswordHash;
use crate::value::SshKey;

/// A MachineConfig with core's password, by its hash.
///
/// # Errors
///
/// A pool that cannot be.
pub fn core_password(hash: &PasswordHash, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut document = pool.document();
    document.user(json!({"name": "core", "passwordHash": hash.reveal()}));
    let mut made = Made::of(&pool.config("core-password", &document))
        .note("the password is for the console and `su`; core cannot log in with it by SSH")
        .note("nodes take it without a reboot");
    made.is_secret = true;
    finish(made, Vec::new(), pool)
}

/// A MachineConfig with core's SSH keys.
///
/// # Errors
///
/// Everything that is wrong with the keys.
pub fn ssh_keys(keys: &[Sourced<String>], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for key in keys {
        match key.parse::<SshKey>() {
            Ok(read) if !lines.iter().any(|line| line == read.line()) => lines.push(read.line().to_owned()),
            Ok(_) => {}
            Err(error) => {
                let (what, next): (String, String) = error.into();
                problems.push(words::problem(key, what, next));
            }
        }
    }
    if keys.is_empty() {
        problems.push(Problem::new("no SSH key is named", "name a `.pub` file, or give the line itself"));
    }
    let mut document = pool.document();
    document.user(json!({"name": "core", "sshAuthorizedKeys": lines}));
    let made = Made::of(&pool.config("ssh", &document)).note(
        "the keys come to those of other MachineConfigs; taking one away means taking it out of all of them",
    );
    finish(made, problems, pool)
}
