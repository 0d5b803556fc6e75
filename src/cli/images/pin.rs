//! `cotter images pin`: what makes nodes pull images before they are needed, and keep them.

use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use super::show_tried;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::registries::RegistryArguments;
use crate::cli::registries::show_findings;
use crate::cli::ui::Tone;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::yaml_text;
use crate::images::Distribution;
use crate::images::preload_list;
use crate::machineconfig::Rules;
use crate::machineconfig::generate;
use crate::machineconfig::generate::Pool;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;
use crate::world::ImageSources;

/// Write what makes nodes pull images early, and keep them
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Lists of images, objects with containers, folders of such files; `-` for standard input
    #[arg(required = true, value_name = "LIST")]
    lists: Vec<PathBuf>,
    /// For whom
    #[arg(long = "as", value_name = "KIND", value_enum)]
    kind: Kind,
    /// The pool of a PinnedImageSet
    #[arg(long, value_name = "POOL", default_value = "worker")]
    role: String,
    /// The version of OpenShift for which a PinnedImageSet is written
    #[arg(long, value_name = "VERSION", default_value_t = Rules::default_version().to_owned())]
    openshift: String,
    /// Where to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    registries: RegistryArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// An object of OpenShift, with images by digest
    #[value(name = "pinnedimageset")]
    PinnedImageSet,
    /// A list for `/var/lib/rancher/rke2/agent/images`
    Rke2,
    /// A list for `/var/lib/rancher/k3s/agent/images`
    K3s,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    if let Some(path) = &arguments.output {
        world::refuse_existing(path, existing)?;
    }
    let sources = arguments.registries.read(&arguments.lists, &[])?;
    if show_findings(&sources, ui) {
        return Ok(Exit::Input);
    }
    let distribution = match arguments.kind {
        Kind::PinnedImageSet => None,
        Kind::Rke2 => Some(Distribution::Rke2),
        Kind::K3s => Some(Distribution::K3s),
    };
    let text = match distribution {
        Some(distribution) => {
            ui.note(format!("a file in {} is read when the agent starts", distribution.folder()));
            preload_list(sources.images.keys())
        }
        None => match pinned(arguments, &sources, ui)? {
            Ok(text) => text,
            Err(exit) => return Ok(exit),
        },
    };
    match &arguments.output {
        Some(path) => world::write_file(path, text.as_bytes(), existing, 0o644)?,
        None => ui.write(text.as_bytes()),
    }
    Ok(Exit::Done)
}

/// The object; tags are made the digests that they stand for now.
fn pinned(
    arguments: &Arguments,
    sources: &ImageSources,
    ui: &mut Ui,
) -> Result<Result<String, Exit>, Failure> {
    let rules =
        Rules::of(&arguments.openshift).map_err(|problem| Failure::input(problem.what, problem.next))?;
    let tagged = sources.images.keys().filter(|image| image.digest.is_none()).count();
    ui.begin(format!("asking for {}", counted(tagged, "tag")));
    let digests = world::resolve_tags(sources, &arguments.registries.asking());
    ui.end();
    let digests = digests?;
    let mut failed = 0;
    let mut images: Vec<Sourced<String>> = Vec::new();
    for (image, origins) in &sources.images {
        let digest = match digests.get(image) {
            None => image.digest.clone().unwrap_or_default(),
            Some(Ok(digest)) => {
                ui.note(format!("{image} is {digest} now"));
                digest.clone()
            }
            Some(Err(tried)) => {
                failed += 1;
                ui.line(format!("{}  {}", ui.toned(Tone::Bad, "failed"), shown(&image.to_string())));
                show_tried(tried, ui);
                continue;
            }
        };
        let origin = origins.first().cloned().unwrap_or_else(|| Origin::of_file(""));
        let value = format!("{}@{digest}", image.name());
        if images.iter().all(|other| other.value != value) {
            images.push(Sourced { value, origin });
        }
    }
    if failed > 0 {
        ui.line(format!(
            "{} of {} could not be asked for; nothing was written",
            failed,
            counted(sources.images.len(), "image")
        ));
        return Ok(Err(Exit::Differs));
    }
    let pool = Pool::new(&arguments.role, rules);
    match generate::pinned_image_set(&images, &pool) {
        Ok(made) => {
            for note in &made.notes {
                ui.note(note);
            }
            Ok(Ok(yaml_text(&made.object)))
        }
        Err(problems) => {
            for problem in &problems {
                ui.failure(&Failure::input(&problem.what, &problem.next));
            }
            Ok(Err(Exit::Input))
        }
    }
}
