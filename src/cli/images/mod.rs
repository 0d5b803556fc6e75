//! `cotter images`: what machines will pull, copied to where they can, and pinned where they run.

mod mirror;
mod pin;
mod pull_list;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::kubeconfig;
use super::ui::shown;
use crate::document::Severity;
use crate::images::Hindrance;
use crate::images::Platform;
use crate::world;
use crate::world::Asking;
use crate::world::Failure;
use crate::world::ImageFiles;
use crate::world::ImageSources;

/// Images in registries: what will be pulled, copies of it, and what nodes keep
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    PullList(pull_list::Arguments),
    Mirror(mirror::Arguments),
    Pin(pin::Arguments),
}

/// Where images are looked for.
#[derive(Debug, Args)]
struct From {
    /// The platform of the machine
    #[arg(long, default_value = "linux/amd64", value_parser = platform)]
    platform: Platform,
    /// The `registries.conf` to read images through (CRI-O, podman)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    registries_conf: Option<PathBuf>,
    /// ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy; may be given often
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    mirror_set: Vec<PathBuf>,
    /// The `registries.yaml` to read images through (k3s, rke2)
    #[arg(long, value_name = "FILE", conflicts_with = "hosts_toml")]
    registries_yaml: Option<PathBuf>,
    /// The `certs.d` to read images through, with a folder and a `hosts.toml` for each registry (containerd)
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
    timeout: Duration,
}

impl From {
    /// Reads lists and configurations.
    fn read(&self, lists: Vec<PathBuf>, have: &[PathBuf]) -> Result<ImageSources, Failure> {
        world::read_image_files(&ImageFiles {
            lists,
            have: have.to_vec(),
            architecture: Some(self.platform.architecture.clone()),
            registries_conf: self.registries_conf.clone(),
            mirror_sets: self.mirror_set.clone(),
            registries_yaml: self.registries_yaml.clone(),
            hosts_folder: self.hosts_toml.clone(),
            auth: self.auth.clone(),
        })
    }

    fn asking(&self) -> Asking<'_> {
        Asking {
            platform: &self.platform,
            authorities: self.ca.as_deref(),
            concurrency: usize::from(self.concurrency),
            timeout: self.timeout,
        }
    }
}

fn platform(text: &str) -> Result<Platform, String> {
    text.parse::<Platform>().map_err(|error| error.to_string())
}

/// Shows what is wrong in the files; true if nothing can be done with them.
fn show_findings(sources: &ImageSources, ui: &mut Ui) -> bool {
    let is_wrong = sources.findings.iter().any(|finding| finding.severity == Severity::Error);
    match is_wrong && ui.wants_json() {
        true => {
            ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": sources.findings}));
        }
        false => ui.findings(&sources.findings, &sources.texts),
    }
    is_wrong
}

/// Why something could not be read or written, a line each, with the next step.
fn show_tried(tried: &[Hindrance], ui: &mut Ui) {
    for one in tried {
        ui.line(format!("      {}", shown(&one.why)));
        ui.line(format!("      help: {}", one.help));
    }
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::PullList(arguments) => pull_list::run(arguments, ui),
        Command::Mirror(arguments) => mirror::run(arguments, ui),
        Command::Pin(arguments) => pin::run(arguments, ui),
    }
}
