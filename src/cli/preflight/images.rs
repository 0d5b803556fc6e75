//! Which images, where the machine looks for them, and whether they can be pulled.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::Exit;
use super::super::Ui;
use super::super::kubeconfig;
use super::super::ui::counted;
use crate::document::Severity;
use crate::ignition::Document;
use crate::images::Platform;
use crate::images::Reference;
use crate::images::SeenImages;
use crate::preflight;
use crate::preflight::Node;
use crate::report::Texts;
use crate::verify::Look;
use crate::world;
use crate::world::Asking;
use crate::world::Failure;
use crate::world::ImageFiles;
use crate::world::ImageSources;

#[derive(Debug, Args)]
#[command(next_help_heading = "Images")]
pub(super) struct ImageArguments {
    /// A list of images that must be there to be pulled: text with an image a line, or the `image-references` of an
    /// OpenShift release; `-` for standard input; may be given often
    #[arg(long, value_name = "LIST", num_args = 1..)]
    images: Vec<PathBuf>,
    /// Images that need no pull: lists of what is on an ISO or in a set that was carried there; may be given often
    #[arg(long, value_name = "LIST", num_args = 1.., requires = "images")]
    have: Vec<PathBuf>,
    /// Ask no registry: every image must be in a list of `--have`, or on the node
    #[arg(long, requires = "images", conflicts_with_all = ["registries_conf", "mirror_set", "registries_yaml", "hosts_toml", "auth", "ca"])]
    air_gapped: bool,
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
    #[arg(long, value_name = "FILE")]
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
    /// How long one answer may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks where the machine's own files say, unless others are named here; gives the files that do.
    fn use_own(&self, document: &Document, sources: &mut ImageSources) -> Vec<String> {
        let is_said = self.registries_conf.is_some()
            || !self.mirror_set.is_empty()
            || self.registries_yaml.is_some()
            || self.hosts_toml.is_some();
        if is_said {
            return Vec::new();
        }
        let own = preflight::own_mirrors(document);
        sources.mirrors = own.mirrors;
        if let (None, Some(logins)) = (&self.auth, own.logins) {
            sources.logins = logins;
        }
        sources.findings.extend(own.findings.sorted());
        own.files
    }

    /// Authorities to trust, wherever HTTPS is spoken.
    pub(super) fn authorities(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// What the machine is called where there is no machine file: as its first list.
    pub(super) fn name(&self) -> String {
        let stem = self.images.first().and_then(|path| path.file_stem());
        stem.map_or_else(|| "images".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }
}

/// What is known of the machine that is to pull.
#[derive(Clone, Copy, Default)]
pub(super) struct Puller<'a> {
    /// What its file gives it.
    pub(super) document: Option<&'a Document>,
    /// What it says of itself.
    pub(super) node: Option<&'a Node>,
}

/// Whether the images can be pulled, if any are asked for.
pub(super) fn look(
    arguments: &ImageArguments,
    machine: Puller<'_>,
    texts: &mut Texts,
    ui: &mut Ui,
) -> Result<Result<Vec<Look>, Exit>, Failure> {
    if arguments.images.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let mut sources = world::read_image_files(&ImageFiles {
        lists: arguments.images.clone(),
        registries_conf: arguments.registries_conf.clone(),
        mirror_sets: arguments.mirror_set.clone(),
        registries_yaml: arguments.registries_yaml.clone(),
        hosts_folder: arguments.hosts_toml.clone(),
        auth: arguments.auth.clone(),
        ..ImageFiles::default()
    })?;
    let set =
        world::read_image_files(&ImageFiles { lists: arguments.have.clone(), ..ImageFiles::default() })?;
    sources.findings.extend(set.findings);
    let own = machine.document.map(|document| arguments.use_own(document, &mut sources)).unwrap_or_default();
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
    texts.extend(sources.texts.clone());
    let set: BTreeSet<Reference> = set.images.into_keys().collect();
    let cached = machine.node.and_then(|node| node.cached.as_ref()).and_then(|cached| cached.as_ref().ok());
    if arguments.air_gapped {
        return Ok(Ok(vec![preflight::look_at_set(&sources.images, &set, cached)]));
    }
    let (there, rest) =
        std::mem::take(&mut sources.images).into_iter().partition(|(image, _)| set.contains(image));
    sources.images = rest;
    let mut looks = vec![preflight::look_at_set(&there, &set, None)];
    let mut seen = ask(arguments, &sources, ui)?;
    looks.extend(match machine.node {
        None => vec![preflight::look_at_images(&seen, &arguments.platform)],
        Some(node) => preflight::look_at_node_images(&mut seen, &arguments.platform, node).into(),
    });
    if let (Some(look), false) = (looks.get_mut(1), own.is_empty()) {
        look.note(&format!("asked where the machine's own {} says", own.join(", ")));
    }
    Ok(Ok(looks))
}

fn ask(arguments: &ImageArguments, sources: &ImageSources, ui: &mut Ui) -> Result<SeenImages, Failure> {
    let asking = Asking {
        platform: &arguments.platform,
        authorities: arguments.ca.as_deref(),
        concurrency: usize::from(arguments.concurrency),
        timeout: arguments.timeout,
    };
    ui.begin(format!("asking for {}", counted(sources.images.len(), "image")));
    let seen =
        world::look_for_images(sources, &asking, &mut |done, all| ui.happening(format!("{done} of {all}")));
    ui.end();
    seen
}
