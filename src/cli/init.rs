//! `cotter init`: a commented starter file, filled in with a few answers.

use std::path::PathBuf;

use clap::Args;
use include_dir::Dir;
use include_dir::include_dir;

use super::Exit;
use super::Ui;
use crate::value::HostName;
use crate::value::MacAddress;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

static STARTERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/machine");

/// The starter if none is named.
const FIRST: &str = "server";

/// Write a commented starter file
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to write; standard output if not said
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The starter: see `--list`
    #[arg(long, value_name = "NAME", default_value = FIRST)]
    profile: String,
    /// List the starters
    #[arg(long)]
    list: bool,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.list {
        for (name, text) in starters() {
            ui.line(format!(
                "{name:16} {}",
                text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
            ));
        }
        return Ok(Exit::Done);
    }
    let Some((_, text)) = starters().into_iter().find(|(name, _)| *name == arguments.profile) else {
        let names: Vec<&str> = starters().into_iter().map(|(name, _)| name).collect();
        let message = format!("there is no starter called `{}`", arguments.profile);
        return Err(Failure::input(message, format!("known: {}", names.join(", "))));
    };
    let existing = if arguments.force { Existing::Replace } else { Existing::Refuse };
    if let Some(path) = &arguments.output {
        world::refuse_existing(path, existing)?;
    }
    let text = if arguments.output.is_some() && ui.can_ask() { asked(text, ui) } else { text.to_owned() };
    match &arguments.output {
        None => ui.write(text.as_bytes()),
        Some(path) => {
            world::write_file(path, text.as_bytes(), existing, 0o644)?;
            ui.note(format!("{}: fill it in, then `cotter check {}`", path.display(), path.display()));
        }
    }
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

/// Asks for the few things that every machine has of its own; an empty answer keeps what is there.
fn asked(text: &str, ui: &mut Ui) -> String {
    let is_host = |answer: &str| answer.parse::<HostName>().map(drop).map_err(|error| error.to_string());
    let is_mac = |answer: &str| answer.parse::<MacAddress>().map(drop).map_err(|error| error.to_string());
    let anything = |_: &str| Ok(());
    let mut text = text.to_owned();
    for (question, key, check) in [
        ("Host name", "hostname: ", &is_host as &dyn Fn(&str) -> Result<(), String>),
        ("MAC address of the first port", "mac: ", &is_mac),
        ("Installation disk", "device: ", &anything),
    ] {
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
