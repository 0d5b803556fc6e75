//! Pools: new ones, and what is done to them.

use clap::Args;

use super::ForVersion;
use super::Generated;
use super::Outcome;
use super::Output;
use super::maybe;
use super::object;
use super::word;
use crate::machineconfig::generate;
use crate::machineconfig::generate::CustomPool;
use crate::machineconfig::generate::Pool;

/// A pool of workers with a role of their own
#[derive(Debug, Args)]
pub(super) struct NewPool {
    /// Its name, as `infra`
    #[arg(value_name = "POOL")]
    name: String,
    /// How many nodes may be away at a time: a number, or a share as `10%`
    #[arg(long, value_name = "NUMBER|SHARE")]
    max_unavailable: Option<String>,
    /// Begin paused
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    version: ForVersion,
    #[command(flatten)]
    pub(super) output: Output,
}

impl NewPool {
    pub(super) fn make(&self) -> Outcome {
        let asked = CustomPool {
            name: word("POOL", &self.name),
            max_unavailable: maybe("--max-unavailable", &self.max_unavailable),
            is_paused: self.paused,
        };
        object(generate::custom_pool(&asked, &Pool::new(&self.name, self.version.rules()?)))
    }
}

/// A patch that pauses a pool: nothing reaches its nodes
#[derive(Debug, Args)]
pub(super) struct Pause {
    #[command(flatten)]
    pool: Named,
    #[command(flatten)]
    pub(super) output: Output,
}

/// A patch that lets a paused pool go on
#[derive(Debug, Args)]
pub(super) struct Unpause {
    #[command(flatten)]
    pool: Named,
    #[command(flatten)]
    pub(super) output: Output,
}

/// A patch that has a pool's image built again
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    pool: Named,
    #[command(flatten)]
    pub(super) output: Output,
}

/// What is done by hand to take a pool back to the release's own image
#[derive(Debug, Args)]
pub(super) struct RevertLayering {
    #[command(flatten)]
    pool: Named,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Clone, Debug, Args)]
struct Named {
    /// The pool
    #[arg(value_name = "POOL")]
    pool: String,
    #[command(flatten)]
    version: ForVersion,
}

impl Pause {
    pub(super) fn make(&self) -> Outcome {
        object(generate::pause(true, &Pool::new(&self.pool.pool, self.pool.version.rules()?)))
    }
}

impl Unpause {
    pub(super) fn make(&self) -> Outcome {
        object(generate::pause(false, &Pool::new(&self.pool.pool, self.pool.version.rules()?)))
    }
}

impl Rebuild {
    pub(super) fn make(&self) -> Outcome {
        object(generate::rebuild(&Pool::new(&self.pool.pool, self.pool.version.rules()?)))
    }
}

impl RevertLayering {
    pub(super) fn make(&self) -> Outcome {
        let pool = Pool::new(&self.pool.pool, self.pool.version.rules()?);
        let name = format!("revert-layering-{}", self.pool.pool);
        Ok(generate::revert_layering(&pool).map(|text| Generated::Runbook(name, text)))
    }
}
