//! Time and logs: chrony and journald.

use std::path::PathBuf;

use clap::Args;

use super::ForPool;
use super::Outcome;
use super::Output;
use super::object;
use super::pair;
use super::word;
use super::words;
use crate::machineconfig::generate;
use crate::world;
use crate::world::Failure;

/// A larger file of chrony's is none.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// chrony's configuration: time servers
#[derive(Debug, Args)]
pub(super) struct Chrony {
    /// A time server; again for several
    #[arg(long = "server", value_name = "HOST")]
    servers: Vec<String>,
    /// A name that leads to several time servers
    #[arg(long = "pool", value_name = "HOST")]
    pools: Vec<String>,
    /// Take the time servers that DHCP names, too
    #[arg(long)]
    dhcp: bool,
    /// The whole configuration, instead of the above; `-` for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl Chrony {
    pub(super) fn make(&self) -> Outcome {
        let text = match &self.file {
            None => None,
            Some(path) => {
                let text = String::from_utf8(world::read_input(path, MAX_TEXT_BYTES)?).map_err(|_| {
                    let message = format!("`{}` is no text", path.display());
                    Failure::input(message, "name a file as chrony.conf(5) has it")
                })?;
                Some(word("--file", &text))
            }
        };
        let asked = generate::Chrony {
            servers: words("--server", &self.servers),
            pools: words("--pool", &self.pools),
            is_by_dhcp: self.dhcp,
            text,
        };
        object(generate::chrony(&asked, &self.pool.pool()?))
    }
}

/// No chrony: for clocks that something else sets, as PTP
#[derive(Debug, Args)]
pub(super) struct ChronyDisable {
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl ChronyDisable {
    pub(super) fn make(&self) -> Outcome {
        object(generate::chrony_disabled(&self.pool.pool()?))
    }
}

/// journald's settings, under the head without which none counts
#[derive(Debug, Args)]
pub(super) struct Journald {
    /// A setting of journald.conf(5), as `Storage=persistent`; again for several
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair, required = true)]
    settings: Vec<(String, String)>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl Journald {
    pub(super) fn make(&self) -> Outcome {
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.clone(), word("--set", value))).collect();
        object(generate::journald(&settings, &self.pool.pool()?))
    }
}
