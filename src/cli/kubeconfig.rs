//! A cluster's API, by the kubeconfig that the user names.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::Exit;
use super::Ui;
use crate::world;
use crate::world::ClusterApi;
use crate::world::Failure;
use crate::world::Sources;

/// How long one answer may take, if nobody says.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);

/// The time that one answer may take.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("write seconds, from 0.1 to 600".to_owned()),
    }
}

/// The kubeconfig that is named, else the one of the environment.
pub(super) fn chosen(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let help = "name one with `--kubeconfig FILE`";
    let Some(listed) = std::env::var_os("KUBECONFIG").filter(|listed| !listed.is_empty()) else {
        return Err(Failure::input("no kubeconfig is named, and `KUBECONFIG` is not set", help));
    };
    let mut paths = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty());
    match (paths.next(), paths.next()) {
        (Some(path), None) => Ok(path),
        _ => Err(Failure::input("`KUBECONFIG` names several files, which are not put together here", help)),
    }
}

/// Makes ready to ask the cluster of a kubeconfig; says what is wrong with the file, and ends if it is of no use.
pub(super) fn open(path: &Path, timeout: Duration, ui: &mut Ui) -> Result<Result<ClusterApi, Exit>, Failure> {
    let opened = world::cluster_api(path, timeout)?;
    Ok(opened.map_err(|findings| {
        // Without the sources: the lines of a kubeconfig may be secrets.
        ui.findings(&findings.sorted(), &Sources::new());
        Exit::Input
    }))
}
