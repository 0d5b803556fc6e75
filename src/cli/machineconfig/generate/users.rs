//! core: its password and its keys.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::ForPool;
use super::Outcome;
use super::Output;
use super::object;
use super::words;
use crate::ignition::hash_password;
use crate::machineconfig::generate;
use crate::value::PasswordHash;
use crate::value::Secret;
use crate::world;
use crate::world::Failure;

/// A larger file holds no password and no keys.
const MAX_BYTES: u64 = 1 << 20;

/// core's password, hashed
#[derive(Debug, Args)]
#[group(id = "source", required = true, multiple = false, args = ["password_file", "password_env"])]
pub(super) struct CorePassword {
    /// The file with the password alone; `-` for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The environment variable with the password
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,
    /// A file with a secret of your own, for the same hash each time; else the salt is another one each time
    #[arg(long, value_name = "FILE")]
    salt_seed_file: Option<PathBuf>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl CorePassword {
    pub(super) fn make(&self) -> Outcome {
        let pool = self.pool.pool()?;
        let password = match (&self.password_file, &self.password_env) {
            (Some(path), _) => one_line(path, "password")?,
            (None, Some(name)) => {
                let value = std::env::var(name).unwrap_or_default();
                let next = format!("export it, as in `{name}=… cotter …`, or name a file");
                line(&value)
                    .ok_or_else(|| Failure::input(format!("the variable `{name}` holds no password"), next))?
            }
            (None, None) => {
                return Err(Failure::input("no password is given", "name a file with `--password-file`"));
            }
        };
        let seed = match &self.salt_seed_file {
            Some(path) => one_line(path, "seed")?,
            None => Secret::new(world::random_digits()?),
        };
        let hash = hash_password(&password, &pool.named("core-password"), "core", Some(&seed));
        let hash = hash.and_then(|hash| hash.parse::<PasswordHash>().ok());
        let hash = hash.ok_or_else(|| Failure::bug("the password could not be hashed"))?;
        object(generate::core_password(&hash, &pool))
    }
}

fn one_line(path: &Path, what: &str) -> Result<Secret, Failure> {
    let refuse = || {
        let message = format!("`{}` does not hold a {what} alone, in one line", path.display());
        Failure::input(message, format!("put the {what} on its only line"))
    };
    let text = String::from_utf8(world::read_input(path, MAX_BYTES)?).map_err(|_| refuse())?;
    line(&text).ok_or_else(refuse)
}

/// A line that is not empty. Editors end files with a line break; it does not belong to the secret.
fn line(text: &str) -> Option<Secret> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    (!text.is_empty() && !text.contains(['\n', '\0'])).then(|| Secret::new(text.to_owned()))
}

/// core's SSH keys
#[derive(Debug, Args)]
pub(super) struct SshKeys {
    /// A public key, as a whole line; again for several
    #[arg(long = "key", value_name = "LINE")]
    keys: Vec<String>,
    /// A file with public keys, one a line; again for several
    #[arg(long = "key-file", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl SshKeys {
    pub(super) fn make(&self) -> Outcome {
        let mut keys = self.keys.clone();
        for path in &self.files {
            let text = String::from_utf8_lossy(&world::read_input(path, MAX_BYTES)?).into_owned();
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            let before = keys.len();
            keys.extend(lines.map(str::to_owned));
            if keys.len() == before {
                let message = format!("`{}` holds no SSH key", path.display());
                return Err(Failure::input(message, "name a `.pub` file"));
            }
        }
        object(generate::ssh_keys(&words("--key", &keys), &self.pool.pool()?))
    }
}
