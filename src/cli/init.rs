//! `cotter init`: a commented starter file, filled in with what is known of the hardware, and a few answers.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;
use include_dir::Dir;
use include_dir::include_dir;

use super::Exit;
use super::Ui;
use super::ui::shown;
use crate::hardware::Inventory;
use crate::hardware::Profile;
use crate::hardware::profiles;
use crate::spec;
use crate::spec::Filled;
use crate::spec::Found;
use crate::spec::Known;
use crate::value::HostName;
use crate::value::KernelArgument;
use crate::value::MacAddress;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

static STARTERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/machine");

/// The starter if none is named, and of kinds of machines that have none of their own.
const FIRST: &str = "server";

/// The kinds of systems that there are starters for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TargetWord {
    /// Fedora CoreOS
    Fcos,
    /// Single-node OpenShift
    Sno,
    /// An image of a cloud or hypervisor
    Cloud,
    /// Nodes of an OpenShift cluster that is there
    #[value(name = "machineconfig")]
    MachineConfig,
    /// A node of Harvester
    Harvester,
}

impl TargetWord {
    fn starter(self) -> &'static str {
        match self {
            Self::Fcos => FIRST,
            Self::Sno => "dell-r640-sno",
            Self::Cloud => "cloud",
            Self::MachineConfig => "machineconfig",
            Self::Harvester => "harvester",
        }
    }
}

/// Write a commented starter file
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to write; standard output if not said
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The starter, or the kind of machine: see `--list` [default: server, and the kind that an inventory is of]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The kind of system, for a starter of it
    #[arg(long, value_enum, conflicts_with = "profile")]
    target: Option<TargetWord>,
    /// Fill in this machine's ports and disk; what is seen of it is written beside the file as NAME.inventory.json
    #[arg(long, conflicts_with = "inventory")]
    from_host: bool,
    /// Fill in the ports and disk of this inventory: what `cotter inventory` wrote or takes, or what another tool wrote
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// List the starters and kinds of machines
    #[arg(long)]
    list: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// What was found of the machine, and where it is or will be written.
struct Source {
    inventory: Inventory,
    default_route: Option<String>,
    /// The inventory's file as the machine file names it.
    named: Option<String>,
    /// The inventory's file, if it is still to be written.
    to_write: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.list {
        for (name, says) in listed() {
            ui.line(format!("{name:16} {says}"));
        }
        return Ok(Exit::Done);
    }
    let named = arguments.profile.as_deref().or(arguments.target.map(TargetWord::starter));
    let (starter, profile) = chosen(named)?;
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    if let Some(path) = &arguments.output {
        world::refuse_existing(path, existing)?;
    }
    let source = source(arguments, ui)?;
    if let Some(path) = source.as_ref().and_then(|source| source.to_write.as_ref()) {
        world::refuse_existing(path, existing)?;
    }
    let found = source.as_ref().map(|source| Found {
        inventory: &source.inventory,
        file: source.named.as_deref(),
        default_route: source.default_route.as_deref(),
    });
    let of_inventory = || {
        let system = &found?.inventory.system;
        Profile::of(system.vendor.as_deref()?, system.product.as_deref()?)
    };
    let profile = profile.or_else(of_inventory);
    let asks = arguments.output.is_some() && ui.can_ask();
    let console = profile.filter(|_| asks).and_then(|profile| asked_for_console(profile, ui));
    let filled = spec::fill_in(starter, Known { profile, found, console: console.as_deref() });
    let text = if asks { asked(filled, ui) } else { filled.text };
    let Some(path) = &arguments.output else {
        ui.write(text.as_bytes());
        return Ok(Exit::Done);
    };
    if let Some((source, file)) = source.as_ref().and_then(|source| Some((source, source.to_write.as_ref()?)))
    {
        let json = serde_json::to_string_pretty(&source.inventory)
            .map_err(|cause| Failure::bug(format!("failed to write the inventory: {cause}")))?;
        // It has serial numbers, which are nobody else's business.
        world::write_file(file, format!("{json}\n").as_bytes(), existing, 0o600)?;
        ui.note(format!("{}: what was found of the machine", file.display()));
    }
    world::write_file(path, text.as_bytes(), existing, 0o644)?;
    ui.note(format!("{}: fill it in, then `cotter check {}`", path.display(), path.display()));
    Ok(Exit::Done)
}

/// Every starter, by name.
pub(super) fn starters() -> Vec<(&'static str, &'static str)> {
    let name = |file: &'static include_dir::File<'static>| {
        Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?))
    };
    let mut starters: Vec<_> = STARTERS.files().filter_map(name).collect();
    starters.sort_unstable();
    starters
}

/// What can be named: starters with their first line, then kinds of machines without a starter of their own.
fn listed() -> Vec<(&'static str, String)> {
    let first_line =
        |text: &'static str| text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
    let starters = starters();
    let kinds = profiles()
        .iter()
        .filter(|profile| starters.iter().all(|(name, _)| *name != profile.name))
        .map(|profile| {
            (profile.name.as_str(), format!("{}: `{FIRST}` with its ports and console", profile.title))
        });
    starters.iter().map(|(name, text)| (*name, first_line(text).to_owned())).chain(kinds).collect()
}

/// The starter and the kind of machine that a name means; a name may mean both.
fn chosen(name: Option<&str>) -> Result<(&'static str, Option<&'static Profile>), Failure> {
    let starters = starters();
    let starter = |wanted: &str| starters.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
    let profile = name.and_then(Profile::find);
    match starter(name.unwrap_or(FIRST)).or_else(|| starter(FIRST).filter(|_| profile.is_some())) {
        Some(text) => Ok((text, profile)),
        None => {
            let names: Vec<&str> = listed().into_iter().map(|(name, _)| name).collect();
            let message = format!("there is no starter called `{}`", name.unwrap_or(FIRST));
            Err(Failure::input(message, format!("known: {}", names.join(", "))))
        }
    }
}

/// Looks at the hardware, if that was asked for.
fn source(arguments: &Arguments, ui: &mut Ui) -> Result<Option<Source>, Failure> {
    let output = arguments.output.as_deref();
    let beside = || {
        let name = format!("{}.inventory.json", output?.file_stem()?.to_string_lossy());
        Some((name.clone(), output?.with_file_name(name)))
    };
    let (inventory, default_route, path) = match &arguments.inventory {
        Some(path) => {
            let taken = world::kept_inventory(path)?;
            for note in &taken.notes {
                ui.note(format!("note: {}", shown(note)));
            }
            (taken.inventory, None, Some(path).filter(|path| !path.is_dir()))
        }
        None if arguments.from_host => (world::own_inventory()?, world::default_route(), None),
        None => return Ok(None),
    };
    let (named, to_write) = match path {
        Some(path) => (relative(path, output)?, None),
        None => beside().unzip(),
    };
    Ok(Some(Source { inventory, default_route, named, to_write }))
}

/// A path as it is from the folder of the machine file; nothing if it cannot be written.
fn relative(path: &Path, output: Option<&Path>) -> Result<Option<String>, Failure> {
    let whole = |path: &Path| path.canonicalize().map_err(|cause| Failure::io("find", path, &cause));
    let folder = output.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let (path, folder) = (whole(path)?, whole(folder.unwrap_or(Path::new(".")))?);
    let common = path.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(path.components().skip(common)).collect();
    Ok(relative.to_str().map(str::to_owned))
}

/// Asks which of its places the console is at, where the firmware may have it at several.
fn asked_for_console(profile: &Profile, ui: &mut Ui) -> Option<String> {
    let console = &profile.console;
    if console.choices.len() < 2 {
        return None;
    }
    for choice in &console.choices {
        ui.note(format!("{}: {}", choice.serial, choice.setting));
    }
    let is_console = |answer: &str| {
        let argument = format!("console={answer}").parse::<KernelArgument>();
        argument.map(drop).map_err(|error| error.to_string())
    };
    let question = format!("Serial console of the {} [{}]", profile.title, console.serial);
    Some(ui.ask(&question, &is_console).unwrap_or_else(|| console.serial.clone()))
}

/// Asks for the few things that every machine has of its own and that are not known yet; an empty answer keeps what is
/// there.
fn asked(filled: Filled, ui: &mut Ui) -> String {
    let is_host = |answer: &str| answer.parse::<HostName>().map(drop).map_err(|error| error.to_string());
    let is_mac = |answer: &str| answer.parse::<MacAddress>().map(drop).map_err(|error| error.to_string());
    let anything = |_: &str| Ok(());
    let mut text = filled.text;
    for (question, key, check, is_known) in [
        ("Host name", "hostname: ", &is_host as &dyn Fn(&str) -> Result<(), String>, false),
        ("MAC address of the first port", "mac: ", &is_mac, filled.has_port),
        ("Installation disk", "device: ", &anything, filled.has_disk),
    ] {
        if is_known {
            continue;
        }
        let Some(old) = value_of(&text, key) else { continue };
        let Some(answer) = ui.ask(&format!("{question} [{old}]"), check) else { continue };
        text = text.replacen(&format!("{key}{old}"), &format!("{key}{answer}"), 1);
        text = text.replacen(&format!("{key}\"{old}\""), &format!("{key}\"{answer}\""), 1);
    }
    text
}

/// The value that is written after `key`, up to where it ends.
fn value_of(text: &str, key: &str) -> Option<String> {
    let rest = text.split(key).nth(1)?;
    let value = rest.trim_start_matches('"').split(['"', ',', '}', ' ', '\n']).next()?;
    Some(value.to_owned())
}
