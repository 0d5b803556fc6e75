//! `cotter images pull-list`: the exact references that will be pulled.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::registries::RegistryArguments;
use crate::cli::registries::show_findings;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::document::Origin;
use crate::images::PullList;
use crate::images::Reference;
use crate::images::read_list;
use crate::world;
use crate::world::Failure;
use crate::world::ImageSources;

/// Print the exact images that lists, manifests and releases come to, each once
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Lists of images, objects with containers, folders of such files; `-` for standard input
    #[arg(required_unless_present = "release", value_name = "LIST")]
    lists: Vec<PathBuf>,
    /// An OpenShift release by its image: itself, and all that it is made of; may be given often
    #[arg(long, value_name = "IMAGE", value_parser = reference)]
    release: Vec<Reference>,
    /// What is there already, and is left out: a list, `crictl images -o json`, or Node objects; may be given often
    #[arg(long, value_name = "FILE")]
    have: Vec<PathBuf>,
    #[command(flatten)]
    registries: RegistryArguments,
}

pub(super) fn reference(text: &str) -> Result<Reference, String> {
    text.parse::<Reference>().map_err(|error| error.to_string())
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut sources = arguments.registries.read(&arguments.lists, &arguments.have)?;
    if show_findings(&sources, ui) {
        return Ok(Exit::Input);
    }
    for release in &arguments.release {
        ui.begin(format!("reading {release}"));
        let added = add_release(release, &mut sources, arguments);
        ui.end();
        added?;
    }
    let list = PullList::of(&sources.images, &sources.have, sources.left_out.clone());
    match ui.wants_json() {
        true => ui.json(&list),
        false => show(&list, ui),
    }
    Ok(Exit::Done)
}

fn add_release(
    release: &Reference,
    sources: &mut ImageSources,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let text = world::read_release(sources, &arguments.registries.asking(), release)?.map_err(|tried| {
        let last = tried.last();
        let why = last.map_or("it has no place", |last| last.why.as_str());
        let help = last.map_or("name another release", |last| last.help);
        Failure::surroundings(format!("failed to read the release `{release}`: {}", shown(why)), help)
    })?;
    let name = format!("{release}:release-manifests/image-references");
    let (images, findings) = read_list(&name, &text);
    if let Some(finding) = findings.sorted().first() {
        let message = format!("the list of images in `{release}` is wrong: {}", shown(&finding.message));
        return Err(Failure::surroundings(message, "see whether it is a release of OpenShift"));
    }
    sources.images.entry(release.clone()).or_default().push(Origin::of_file("--release"));
    for image in images {
        sources.images.entry(image.value).or_default().push(image.origin);
    }
    Ok(())
}

/// The images alone are the result: what is said of them goes beside.
fn show(list: &PullList, ui: &mut Ui) {
    for image in &list.images {
        ui.line(&image.image);
    }
    let words = [(list.twice, "asked for more than once"), (list.have.len(), "there already")];
    let words: String = words
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect();
    ui.note(format!("{}{words}", counted(list.images.len(), "image")));
    for several in &list.several_tags {
        let tags = several.wanted.join(", ");
        ui.warning(
            &format!("`{}` is asked for by several tags: {tags}", several.name),
            "see whether all are meant: a line may have been forgotten",
        );
    }
    for file in &list.left_out {
        ui.note(format!("left out `{}`: it is for another platform", shown(file)));
    }
}
