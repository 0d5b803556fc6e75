//! Which images, where the machine looks for them, and whether they can be pulled.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::Exit;
use super::super::Ui;
use super::super::kubeconfig;
use super::super::ui::counted;
use crate::document::Severity;
use crate::images::Platform;
use crate::preflight;
use crate::preflight::Node;
use crate::report::Texts;
use crate::verify::Look;
use crate::world;
use crate::world::Asking;
use crate::world::Failure;
use crate::world::ImageFiles;

#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArguments {
    /// A list of images that must be there to be pulled: text with an image a line, or the `image-references` of an
    /// OpenShift release; `-` for standard input; may be given often
    #[arg(long, value_name = "LIST", num_args = 1..)]
    images: Vec<PathBuf>,
    /// The platform of the machine
    #[arg(long, default_value = "linux/amd64", value_parser = platform)]
    platform: Platform,
    /// The machine's `registries.conf` (CRI-O, podman)
    #[arg(long, value_name = "FILE", requires = "images", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    registries_conf: Option<PathBuf>,
    /// ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy; may be given often
    #[arg(long, value_name = "FILE", requires = "images", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    mirror_set: Vec<PathBuf>,
    /// The machine's `registries.yaml` (k3s, rke2)
    #[arg(long, value_name = "FILE", requires = "images", conflicts_with = "hosts_toml")]
    registries_yaml: Option<PathBuf>,
    /// The machine's `certs.d`, with a folder and a `hosts.toml` for each registry (containerd)
    #[arg(long, value_name = "DIR", requires = "images")]
    hosts_toml: Option<PathBuf>,
    /// Logins: a pull secret or a docker `config.json`
    #[arg(long, value_name = "FILE", requires = "images")]
    auth: Option<PathBuf>,
    /// Authorities to trust beside those of this system, as PEM
    #[arg(long, value_name = "FILE", requires = "images")]
    ca: Option<PathBuf>,
    /// How many images are asked for at a time
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "S", default_value = "20", value_parser = kubeconfig::timeout)]
    timeout: Duration,
}

fn platform(text: &str) -> Result<Platform, String> {
    text.parse::<Platform>().map_err(|error| error.to_string())
}

impl ImageArguments {
    /// What the machine is called where there is no machine file: as its first list.
    pub(super) fn name(&self) -> String {
        let stem = self.images.first().and_then(|path| path.file_stem());
        stem.map_or_else(|| "images".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }
}

/// Whether the images can be pulled, if any are asked for.
pub(super) fn look(
    arguments: &ImageArguments,
    node: Option<&Node>,
    texts: &mut Texts,
    ui: &mut Ui,
) -> Result<Result<Vec<Look>, Exit>, Failure> {
    if arguments.images.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let sources = world::read_image_files(&ImageFiles {
        lists: arguments.images.clone(),
        registries_conf: arguments.registries_conf.clone(),
        mirror_sets: arguments.mirror_set.clone(),
        registries_yaml: arguments.registries_yaml.clone(),
        hosts_folder: arguments.hosts_toml.clone(),
        auth: arguments.auth.clone(),
        ..ImageFiles::default()
    })?;
    let is_wrong = sources.findings.iter().any(|finding| finding.severity == Severity::Error);
    if is_wrong && ui.wants_json() {
        let findings = &sources.findings;
        ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": findings}));
    } else {
        ui.findings(&sources.findings, &sources.texts);
    }
    if is_wrong {
        return Ok(Err(Exit::Input));
    }
    let asking = Asking {
        platform: &arguments.platform,
        authorities: arguments.ca.as_deref(),
        concurrency: usize::from(arguments.concurrency),
        timeout: arguments.timeout,
    };
    ui.begin(format!("asking for {}", counted(sources.images.len(), "image")));
    let looked =
        world::look_for_images(&sources, &asking, &mut |done, all| ui.happening(format!("{done} of {all}")));
    ui.end();
    let mut seen = looked?;
    texts.extend(sources.texts);
    Ok(Ok(match node {
        None => vec![preflight::look_at_images(&seen, &arguments.platform)],
        Some(node) => preflight::look_at_node_images(&mut seen, &arguments.platform, node).into(),
    }))
}
