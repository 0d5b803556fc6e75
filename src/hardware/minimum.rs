//! The least hardware that a system is installed on, from `minimums.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::BootMode;

static TABLE: LazyLock<Vec<Minimum>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        minimum: Vec<Minimum>,
    }
    // The table is part of the program; the test below holds that it can be read.
    toml::from_str(include_str!("minimums.toml")).map_or_else(|_| Vec::new(), |file: File| file.minimum)
});

/// The least hardware of one system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// The word of the target.
    pub target: String,
    /// Threads of all processors.
    pub threads: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The disk that is installed to, in bytes.
    pub disk_bytes: u64,
    /// How its firmware must boot, if one way alone is taken.
    pub boot_mode: Option<BootMode>,
    /// What its makers want where it does real work.
    pub production: Option<Production>,
    /// Where that is written.
    pub source: String,
}

/// What the makers of a system want where it does real work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Production {
    /// Threads of all processors.
    pub threads: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
}

impl Minimum {
    /// The least hardware of a target; nothing if nobody says.
    pub fn of(target: &str) -> Option<&'static Self> {
        TABLE.iter().find(|minimum| minimum.target == target)
    }
}

#[cfg(test)]
mod tests {
    use super::Minimum;
    use super::TABLE;

    #[test]
    fn the_table_can_be_read() {
        assert!(TABLE.len() > 1 && TABLE.iter().all(|minimum| minimum.source.len() > 10));
        assert!(Minimum::of("sno").is_some() && Minimum::of("nothing").is_none());
    }
}
