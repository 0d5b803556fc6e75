//! Which images, where the machine looks for them, and whether they can be pulled.

use std::path::PathBuf;

use clap::Args;

use super::super::Exit;
use super::super::Ui;
use super::super::registries::RegistryArguments;
use super::super::registries::show_findings;
use super::super::ui::counted;
use crate::ignition::Document;
use crate::images::SeenImages;
use crate::preflight;
use crate::preflight::Node;
use crate::report::Texts;
use crate::verify::Look;
use crate::world;
use crate::world::Failure;
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
    #[command(flatten)]
    pub(super) registries: RegistryArguments,
}

impl ImageArguments {
    /// Asks where the machine's own files say, unless others are named here; gives the files that do.
    fn use_own(&self, document: &Document, setting: Option<&str>, sources: &mut ImageSources) -> Vec<String> {
        if self.registries.names_mirrors() {
            return Vec::new();
        }
        let own = preflight::own_mirrors(document, setting);
        sources.mirrors = own.mirrors;
        if let (false, Some(logins)) = (self.registries.names_logins(), own.logins) {
            sources.logins = logins;
        }
        sources.findings.extend(own.findings.sorted());
        own.files
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
    /// What its file says to Harvester, if that is installed.
    pub(super) setting: Option<&'a str>,
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
        if arguments.registries.names_mirrors() {
            let message = "mirrors are named, and no images to look for";
            return Err(Failure::input(message, "name lists of images with `--images`"));
        }
        return Ok(Ok(Vec::new()));
    }
    let mut sources = arguments.registries.read(&arguments.images, &arguments.have)?;
    let own = machine
        .document
        .map(|document| arguments.use_own(document, machine.setting, &mut sources))
        .unwrap_or_default();
    if show_findings(&sources, ui) {
        return Ok(Err(Exit::Input));
    }
    texts.extend(sources.texts.clone());
    let have = std::mem::take(&mut sources.have);
    if arguments.air_gapped {
        let cached = machine.node.and_then(|node| node.cached.as_ref()?.as_ref().ok());
        return Ok(Ok(vec![preflight::look_at_set(&sources.images, &have, cached)]));
    }
    let all = std::mem::take(&mut sources.images);
    let (there, rest) = all.into_iter().partition(|(image, _)| have.has(image));
    sources.images = rest;
    let platform = &arguments.registries.platform;
    let mut looks = vec![preflight::look_at_set(&there, &have, None)];
    let mut seen = ask(arguments, &sources, ui)?;
    looks.extend(match machine.node {
        None => vec![preflight::look_at_images(&seen, platform)],
        Some(node) => preflight::look_at_node_images(&mut seen, platform, node).into(),
    });
    if let (Some(look), false) = (looks.get_mut(1), own.is_empty()) {
        look.note(&format!("asked where the machine's own {} says", own.join(", ")));
    }
    Ok(Ok(looks))
}

fn ask(arguments: &ImageArguments, sources: &ImageSources, ui: &mut Ui) -> Result<SeenImages, Failure> {
    let asking = arguments.registries.asking();
    ui.begin(format!("asking for {}", counted(sources.images.len(), "image")));
    let seen =
        world::look_for_images(sources, &asking, &mut |done, all| ui.happening(format!("{done} of {all}")));
    ui.end();
    seen
}
