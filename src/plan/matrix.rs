//! The persistence matrix: for each thing asked for, in which lives it is present.

use super::Artifact;
use super::Plan;
use super::Section;

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The thing.
    pub artifact: &'a Artifact,
    /// Whether it is there, by life in the order of [`Plan::lives`].
    pub present: Vec<bool>,
}

impl Plan {
    /// The matrix, by section and in the order of the machine file.
    pub fn matrix(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = self
            .artifacts
            .iter()
            .map(|artifact| Row {
                artifact,
                present: self.lives.iter().map(|life| artifact.lives.contains(life)).collect(),
            })
            .collect();
        rows.sort_by(|a, b| {
            let key = |row: &Row<'_>| {
                (row.artifact.section, row.artifact.origin.file.clone(), row.artifact.origin.line)
            };
            key(a).cmp(&key(b))
        });
        rows
    }
}

impl std::fmt::Display for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Users => "users",
            Self::Network => "network",
            Self::Storage => "storage",
            Self::Files => "files",
            Self::Units => "units",
            Self::KernelArguments => "kernel arguments",
            Self::Install => "install",
            Self::Operator => "operator",
            Self::Verification => "verification",
        })
    }
}
