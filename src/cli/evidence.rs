//! A cluster as somebody names it: by a kubeconfig, or by a folder with what was kept of it.

use std::path::Path;
use std::time::Duration;

use super::Exit;
use super::Ui;
use super::kubeconfig;
use crate::cluster::Ask;
use crate::cluster::Evidence;
use crate::saved::Kind;
use crate::world;
use crate::world::Depth;
use crate::world::Failure;

/// What is asked, and of what kind of cluster.
pub(super) struct Question<'a> {
    pub(super) asks: &'a [Ask],
    pub(super) depth: Depth,
    /// What a folder must be.
    pub(super) kept: Kind,
    /// How long one answer may take.
    pub(super) timeout: Duration,
}

/// What was seen, and what the cluster is called.
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) evidence: Evidence,
}

/// Asks the cluster of a kubeconfig, or reads the folder; what nobody answers is unknown.
pub(super) fn see(
    kubeconfig: Option<&Path>,
    kept: Option<&Path>,
    question: &Question,
    ui: &mut Ui,
) -> Result<Result<Seen, Exit>, Failure> {
    match (kubeconfig, kept) {
        (Some(path), None) => {
            let api = match kubeconfig::open(path, question.timeout, ui)? {
                Ok(api) => api,
                Err(exit) => return Ok(Err(exit)),
            };
            ui.begin(format!("asking {}", api.server()));
            let evidence = world::live_evidence(&api, path, question.asks, question.depth);
            ui.end();
            Ok(Ok(Seen { name: api.context().to_owned(), evidence }))
        }
        (None, Some(path)) => {
            let evidence = world::kept_evidence(path, question.asks, question.kept)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            Ok(Ok(Seen { name: name.unwrap_or_else(|| "cluster".to_owned()), evidence }))
        }
        _ => Err(Failure::input(
            "nobody says where the cluster is seen",
            "name its kubeconfig with `--kubeconfig`, or what was kept of it with `--facts`; not both",
        )),
    }
}
