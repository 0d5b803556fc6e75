//! Where images are looked for: the same options for every command that asks registries.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Ui;
use super::kubeconfig;
use crate::document::Severity;
use crate::images::Platform;
use crate::world;
use crate::world::Asking;
use crate::world::Failure;
use crate::world::ImageFiles;
use crate::world::ImageSources;

/// Where images are looked for.
#[derive(Debug, Args)]
pub(super) struct RegistryArguments {
    /// The platform of the machine
    #[arg(long, default_value = "linux/amd64", value_parser = platform)]
    pub(super) platform: Platform,
    /// The machine's `registries.conf` (CRI-O, podman)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    registries_conf: Option<PathBuf>,
    /// ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy; may be given often
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    mirror_set: Vec<PathBuf>,
    /// The machine's `registries.yaml` (k3s, rke2)
    #[arg(long, value_name = "FILE", conflicts_with = "hosts_toml")]
    registries_yaml: Option<PathBuf>,
    /// The machine's `certs.d`, with a folder and a `hosts.toml` for each registry (containerd)
    #[arg(long, value_name = "DIR")]
    hosts_toml: Option<PathBuf>,
    /// Logins: a pull secret or a docker `config.json`
    #[arg(long, value_name = "FILE")]
    auth: Option<PathBuf>,
    /// Authorities to trust beside those of this system, as PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How many images at a time
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "S", default_value = "20", value_parser = kubeconfig::timeout)]
    pub(super) timeout: Duration,
}

fn platform(text: &str) -> Result<Platform, String> {
    text.parse::<Platform>().map_err(|error| error.to_string())
}

impl RegistryArguments {
    /// Reads lists of images, what is there already, and the configurations.
    pub(super) fn read(&self, lists: &[PathBuf], have: &[PathBuf]) -> Result<ImageSources, Failure> {
        world::read_image_files(&ImageFiles {
            lists: lists.to_vec(),
            have: have.to_vec(),
            architecture: Some(self.platform.architecture.clone()),
            registries_conf: self.registries_conf.clone(),
            mirror_sets: self.mirror_set.clone(),
            registries_yaml: self.registries_yaml.clone(),
            hosts_folder: self.hosts_toml.clone(),
            auth: self.auth.clone(),
        })
    }

    /// How registries are asked.
    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            platform: &self.platform,
            authorities: self.ca.as_deref(),
            concurrency: usize::from(self.concurrency),
            timeout: self.timeout,
        }
    }

    /// Authorities to trust, wherever HTTPS is spoken.
    pub(super) fn authorities(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// True if a configuration of mirrors is named.
    pub(super) fn names_mirrors(&self) -> bool {
        let files = [&self.registries_conf, &self.registries_yaml, &self.hosts_toml];
        files.iter().any(|file| file.is_some()) || !self.mirror_set.is_empty()
    }

    /// True if logins are named.
    pub(super) fn names_logins(&self) -> bool {
        self.auth.is_some()
    }
}

/// Shows what is wrong in the files; true if nothing can be done with them.
pub(super) fn show_findings(sources: &ImageSources, ui: &mut Ui) -> bool {
    let is_wrong = sources.findings.iter().any(|finding| finding.severity == Severity::Error);
    match is_wrong && ui.wants_json() {
        true => {
            ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": sources.findings}));
        }
        false => ui.findings(&sources.findings, &sources.texts),
    }
    is_wrong
}
