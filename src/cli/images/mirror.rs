//! `cotter images mirror`: copies that machines can pull, and the configuration that makes them do so.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::show_tried;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::registries::RegistryArguments;
use crate::cli::registries::show_findings;
use crate::cli::ui::Tone;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::document::Origin;
use crate::images::CopiedImage;
use crate::images::CopyState;
use crate::images::Destination;
use crate::images::MirrorReport;
use crate::images::Names;
use crate::images::Reference;
use crate::images::mirror_files;
use crate::world;
use crate::world::CopySource;
use crate::world::CopyTarget;
use crate::world::Copying;
use crate::world::Existing;
use crate::world::Failure;

/// How many images with the same trouble are named; the rest is counted, and in the JSON.
const MAX_NAMED: usize = 20;

/// Copy images to a registry or an OCI layout: what is there is not moved again, what is wrong never gets its name
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Lists of images, objects with containers, folders of such files; `-` for standard input
    #[arg(required_unless_present = "from_layout", value_name = "LIST")]
    lists: Vec<PathBuf>,
    /// Where to: `mirror.lab:5000/path`, or `oci:DIR` for an OCI layout
    #[arg(long, value_name = "REGISTRY|oci:DIR", value_parser = target)]
    to: CopyTarget,
    /// Copy all platforms of each image, not the machine's alone
    #[arg(long, conflicts_with = "platform")]
    all_platforms: bool,
    /// Put each registry's images below its name
    #[arg(long)]
    by_registry: bool,
    /// Copy out of an OCI layout; without a list, all that have whole names
    #[arg(long, value_name = "DIR", conflicts_with_all = ["registries_conf", "mirror_set", "registries_yaml", "hosts_toml"])]
    from_layout: Option<PathBuf>,
    /// Write the configuration that makes machines ask for the copies there
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    registries: RegistryArguments,
}

fn target(text: &str) -> Result<CopyTarget, String> {
    match text.strip_prefix("oci:") {
        Some("") => Err("`oci:` names no folder; write it as in `oci:images`".to_owned()),
        Some(folder) => Ok(CopyTarget::Layout(folder.into())),
        None => text.parse::<Destination>().map(CopyTarget::Registry).map_err(|error| error.to_string()),
    }
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut sources = arguments.registries.read(&arguments.lists, &[])?;
    if let Some(folder) = arguments.from_layout.as_ref().filter(|_| arguments.lists.is_empty()) {
        take_all(folder, &mut sources.images, ui)?;
    }
    let to = match &arguments.to {
        CopyTarget::Registry(to) if arguments.by_registry => {
            CopyTarget::Registry(Destination { names: Names::ByRegistry, ..to.clone() })
        }
        other => other.clone(),
    };
    if let CopyTarget::Registry(to) = &to {
        sources.findings.extend(to.check(&sources.images).sorted());
    }
    if show_findings(&sources, ui) {
        return Ok(Exit::Input);
    }
    if let Some(folder) = &arguments.output {
        must_be_writable(folder, &to)?;
    }
    let from = match &arguments.from_layout {
        Some(folder) => CopySource::Layout(folder.clone()),
        None => CopySource::Registries,
    };
    let platform = (!arguments.all_platforms).then_some(&arguments.registries.platform);
    let copying = Copying { from: &from, to: &to, platform };
    ui.begin(format!("copying {}", counted(sources.images.len(), "image")));
    let copied =
        world::copy_images(&sources, &arguments.registries.asking(), &copying, &mut |done, all, bytes| {
            ui.happening(format!("{done} of {all}, {}", size(bytes)));
        });
    ui.end();
    let mut report = copied?;
    if let (Some(folder), CopyTarget::Registry(to)) = (&arguments.output, &to) {
        report.files = write_configuration(folder, to, &report)?;
    }
    match ui.wants_json() {
        true => ui.json(&report),
        false => show(&report, ui),
    }
    Ok(if report.is_whole() { Exit::Done } else { Exit::Differs })
}

/// All images of a layout that say what they are.
fn take_all(
    folder: &Path,
    images: &mut BTreeMap<Reference, Vec<Origin>>,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let (named, nameless) = world::images_of_layout(folder)?;
    if nameless > 0 {
        let message = format!(
            "{} in `{}` has no whole name, and is left out",
            counted(nameless, "image"),
            folder.display()
        );
        ui.warning(&message, "give it one, as `skopeo copy … oci:DIR:registry/name:tag` does");
    }
    if named.is_empty() {
        let message = format!("there is no image with a whole name in `{}`", folder.display());
        return Err(Failure::input(message, "name another layout, or list images by their digests"));
    }
    for image in named {
        images.entry(image).or_default().push(Origin::of_file(&folder.display().to_string()));
    }
    Ok(())
}

fn must_be_writable(folder: &Path, to: &CopyTarget) -> Result<(), Failure> {
    if matches!(to, CopyTarget::Layout(_)) {
        let message = "`--output` is for copies in a registry: machines pull from no layout";
        return Err(Failure::input(message, "leave it out, or copy to a registry"));
    }
    let is_other = folder.symlink_metadata().is_ok_and(|there| !there.is_dir());
    if is_other {
        let message = format!("`{}` is there, and no folder", folder.display());
        return Err(Failure::input(message, "name another folder"));
    }
    Ok(())
}

/// Each file is whole or as it was; what was copied is in it, and nothing else.
fn write_configuration(
    folder: &Path,
    to: &Destination,
    report: &MirrorReport,
) -> Result<Vec<String>, Failure> {
    let is_there = |image: &&CopiedImage| matches!(image.state, CopyState::Copied | CopyState::There);
    let images: Vec<Reference> =
        report.images.iter().filter(is_there).filter_map(|image| image.image.parse().ok()).collect();
    let images: BTreeSet<&Reference> = images.iter().collect();
    let mut written = Vec::new();
    if images.is_empty() {
        return Ok(written);
    }
    for (name, text) in mirror_files(&images, to) {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|cause| Failure::io("make", parent, &cause))?;
        world::write_file(&path, text.as_bytes(), Existing::Replace, 0o644)?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn show(report: &MirrorReport, ui: &mut Ui) {
    let mut causes: BTreeMap<Vec<&str>, Vec<&CopiedImage>> = BTreeMap::new();
    for image in report.images.iter().filter(|image| image.state == CopyState::Failed) {
        causes.entry(image.tried.iter().map(|one| one.why.as_str()).collect()).or_default().push(image);
    }
    for images in causes.values() {
        for image in images.iter().take(MAX_NAMED) {
            ui.line(format!("{}  {}", ui.toned(Tone::Bad, "failed"), shown(&image.image)));
            if let Some(origin) = image.origins.first() {
                ui.line(format!("      --> {}", shown(&origin.to_string())));
            }
        }
        if images.len() > MAX_NAMED {
            let rest = counted(images.len() - MAX_NAMED, "more image");
            ui.line(format!("{}  {rest}; `--format json` has all", ui.toned(Tone::Bad, "failed")));
        }
        show_tried(images.first().map_or(&[], |image| &image.tried), ui);
    }
    for image in report.images.iter().filter(|image| image.state == CopyState::Changed) {
        ui.line(format!("{}  {}", ui.toned(Tone::Doubtful, "changed"), shown(&image.image)));
        let digest = image.digest.as_deref().unwrap_or_default();
        ui.line(format!("      its digest is that of all platforms; what was copied is {digest}, and who asks for the other does not find it"));
        ui.line("      help: copy all platforms of it: `--all-platforms`");
    }
    let counts = &report.counts;
    let rest = [
        (counts.there, "were there"),
        (counts.changed, "under another digest"),
        (counts.failed, "could not be copied"),
    ];
    let rest: String = rest
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect();
    let moved = &report.moved;
    let not = moved.blobs_there + moved.blobs_mounted;
    let blobs = usize::try_from(moved.blobs).unwrap_or(usize::MAX);
    ui.line(format!("{}, {}; {not} not moved again", counted(blobs, "blob"), size(moved.bytes)));
    for file in &report.files {
        ui.line(format!("wrote {}", shown(file)));
    }
    let tone = if report.is_whole() { Tone::Good } else { Tone::Bad };
    let line =
        format!("{} of {} copied to {}{rest}", counts.copied, counted(counts.images, "image"), report.to);
    ui.line(ui.toned(tone, &line));
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
