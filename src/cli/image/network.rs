//! `cotter image network`: the keyfiles of the live system's initramfs.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::Output;
use super::extract::write_files;
use super::open;
use super::parts::Wanted;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::shown;
use crate::ignition::Document;
use crate::image;
use crate::image::Edit;
use crate::image::EmbeddedPart;
use crate::image::ImageError;
use crate::image::Replace;
use crate::network::Binding;
use crate::target::Keyfile;
use crate::target::Medium;
use crate::world::Failure;

/// Show and change the network profiles of the live system
///
/// An embedded Ignition document and the kernel arguments stay as they are.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Show(Image),
    Embed(Embed),
    Extract(Extract),
    Remove(Remove),
}

/// Show each profile, and what binds it to a port
#[derive(Debug, Args)]
pub(in crate::cli) struct Image {
    /// The live ISO
    iso: PathBuf,
}

/// Embed keyfiles; with `--force` in the place of those that are embedded
#[derive(Debug, Args)]
pub(in crate::cli) struct Embed {
    /// The live ISO
    iso: PathBuf,
    /// A NetworkManager keyfile
    #[arg(short, long = "keyfile", value_name = "FILE", required = true)]
    keyfiles: Vec<PathBuf>,
    /// Embed what NetworkManager could not read, too
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    output: Output,
}

/// Take the keyfiles out: to a folder, else to standard output
#[derive(Debug, Args)]
pub(in crate::cli) struct Extract {
    /// The live ISO
    iso: PathBuf,
    /// The folder
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Remove the keyfiles
#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// The live ISO
    iso: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => show(&arguments.iso, ui),
        Command::Embed(arguments) => embed(arguments, ui),
        Command::Extract(arguments) => extract(arguments, ui),
        Command::Remove(Remove { iso, output }) => {
            let edit = Edit { keep: Some(EmbeddedPart::Config), ..Edit::default() };
            let (mut file, live) = output.open(iso, ui)?;
            let overlay = image::embed(&live, &mut file, &edit, Replace::Yes)
                .map_err(|cause| Failure::image(iso, &cause))?;
            output.put(iso, &mut file, &overlay, ui)
        }
    }
}

fn embedded(iso: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let (mut file, live) = open(iso)?;
    let archive = image::embedded(&live, &mut file).map_err(|cause| Failure::image(iso, &cause))?;
    Ok(Edit::of(&archive).network)
}

fn embed(arguments: &Embed, ui: &mut Ui) -> Result<Exit, Failure> {
    let Embed { iso, keyfiles, raw, output } = arguments;
    let (mut file, live) = output.open(iso, ui)?;
    let wanted = Wanted::keyfiles(keyfiles, *raw);
    let (parts, edit) = wanted.read()?;
    let edit = Edit { keep: Some(EmbeddedPart::Config), ..edit };
    if let Err(exit) = parts.check(&wanted, &edit, &live.volume_id, ui) {
        return Ok(exit);
    }
    let overlay = image::embed(&live, &mut file, &edit, output.replace()).map_err(|cause| match cause {
        ImageError::Occupied => Failure::input(
            format!("`{}` has embedded network profiles already", iso.display()),
            "see `cotter image network show`; replace them with `--force`",
        ),
        cause => Failure::image(iso, &cause),
    })?;
    output.put(iso, &mut file, &overlay, ui)
}

fn extract(arguments: &Extract, ui: &mut Ui) -> Result<Exit, Failure> {
    let network = embedded(&arguments.iso)?;
    if network.is_empty() {
        let message = format!("`{}` has no network profiles in it", arguments.iso.display());
        return Err(Failure::input(message, "see `cotter image show` for what it has"));
    }
    match &arguments.directory {
        Some(folder) => write_files(folder, &network, ui)?,
        None => {
            for (name, bytes) in &network {
                ui.line(format!("# {}", shown(name)));
                ui.write(bytes);
            }
        }
    }
    Ok(Exit::Done)
}

fn show(iso: &Path, ui: &mut Ui) -> Result<Exit, Failure> {
    if ui.wants_json() {
        // Programs get one shape, with the profiles in it.
        return super::show::run(&super::show::Arguments { iso: iso.to_owned() }, ui);
    }
    let network = embedded(iso)?;
    let keyfiles = Medium::of(&Document::new(serde_json::Value::Null), &network).keyfiles;
    print(&keyfiles, "", ui);
    warn_of_names(&keyfiles, ui);
    Ok(Exit::Done)
}

/// A line for each keyfile.
pub(super) fn print(keyfiles: &[Keyfile], margin: &str, ui: &mut Ui) {
    for Keyfile { file, summary } in keyfiles {
        let id = summary.id.as_deref().unwrap_or("without a name");
        let kind = summary.kind.as_deref().unwrap_or("of no kind");
        let binding = match &summary.binding {
            Binding::Mac(mac) => format!("bound to the port {mac}"),
            Binding::Path(path) => format!("bound to the port at {path}"),
            Binding::Name(name) => format!("bound to the port by its name {name}"),
            Binding::Own(name) => format!("makes {name}"),
            Binding::Nothing => "for any port".to_owned(),
        };
        ui.line(format!("{margin}{}  {} ({}), {}", shown(file), shown(id), shown(kind), shown(&binding)));
    }
}

/// Says which profiles are lost if ports get other names.
pub(super) fn warn_of_names(keyfiles: &[Keyfile], ui: &mut Ui) {
    for Keyfile { file, summary } in keyfiles {
        if let Binding::Name(name) = &summary.binding {
            let message = format!(
                "`{}` is bound to the port by its name `{}`, which may change",
                shown(file),
                shown(name)
            );
            ui.warning(&message, "bind it by `mac-address=` in `[ethernet]`");
        }
    }
}
