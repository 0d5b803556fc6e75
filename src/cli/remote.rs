//! A machine over ssh: looked at, rebooted if that is asked for, and looked at again.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Ui;
use super::ui::counted;
use crate::value::SshDestination;
use crate::verify;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::world;
use crate::world::Failure;
use crate::world::Look;
use crate::world::Seen;
use crate::world::Ssh;
use crate::world::Trouble;
use crate::world::Waiting;

/// How long the look at one machine may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many earlier boots are of interest: as many as a machine keeps.
const EARLIER_BOOTS: usize = 20;
/// In the place of a boot's id where there is no boot.
const NO_BOOT: &str = "none";

/// How machines are reached over ssh, and whether they are rebooted.
#[derive(Debug, Args)]
pub(super) struct RemoteArguments {
    /// Let ssh read this configuration instead of yours
    #[arg(long, value_name = "FILE")]
    ssh_config: Option<PathBuf>,
    /// Reboot the machine once it is judged, and judge it again (with `--ssh`)
    #[arg(long, requires = "ssh", conflicts_with_all = ["hosts", "local", "facts"])]
    reboot: bool,
    /// How many times to reboot it
    #[arg(long, value_name = "N", default_value_t = 1, requires = "reboot", value_parser = clap::value_parser!(u16).range(1..=100))]
    boots: u16,
    /// How long it may take to come back from one reboot, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "20", requires = "reboot", value_parser = minutes)]
    patience: Duration,
    /// How many machines to look at at a time
    #[arg(long, value_name = "N", default_value_t = 256, requires = "hosts", value_parser = clap::value_parser!(u16).range(1..=4096))]
    parallel: u16,
}

fn minutes(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(minutes) if (0.1..=240.0).contains(&minutes) => Ok(Duration::from_secs_f64(60.0 * minutes)),
        _ => Err("write minutes, from 0.1 to 240".to_owned()),
    }
}

impl RemoteArguments {
    /// How ssh is run; nobody is asked on behalf of many machines.
    pub(super) fn ssh(&self, asks: bool) -> Ssh {
        Ssh { config: self.ssh_config.clone(), asks }
    }

    /// How many machines are looked at at a time.
    pub(super) fn parallel(&self) -> usize {
        self.parallel.into()
    }
}

/// How a machine is looked at, with this many earlier boots.
pub(super) fn how(timeout: Option<Duration>, earlier: usize) -> Look {
    Look { timeout: timeout.unwrap_or(TIMEOUT), patience_seconds: 0, earlier }
}

/// A boot of which nothing is known. The life is a guess: most machines that are looked at are installed.
pub(super) fn unknown(manifest: &Manifest, why: &str) -> BootRecord {
    BootRecord::unknown(&manifest.machine, NO_BOOT, Life::LaterBoots, why)
}

/// The boots of a machine, the oldest first, each with its name, and how many of them were before all this.
///
/// A machine that answers badly is a boot of which nothing is known; one that does not answer at all is a failure.
pub(super) fn boots(
    destination: &SshDestination,
    manifest: &Manifest,
    arguments: &RemoteArguments,
    timeout: Option<Duration>,
    ui: &mut Ui,
) -> Result<(Vec<(String, BootRecord)>, usize), Failure> {
    let ssh = arguments.ssh(ui.can_ask());
    let how = how(timeout, EARLIER_BOOTS);
    ui.begin(format!("looking at {destination}"));
    let seen = world::look(&ssh, destination, manifest, &how);
    ui.end();
    let seen = match seen {
        Ok(seen) => seen,
        Err(Trouble::Unreachable(failure)) => return Err(failure),
        Err(Trouble::Answer(failure)) => {
            ui.failure(&failure);
            return Ok((vec![("now".to_owned(), unknown(manifest, &failure.message))], 0));
        }
    };
    say_what_is_missing(&seen, destination, ui);
    let mut boots: Vec<(String, BootRecord)> =
        seen.earlier.into_iter().map(|record| (record.name(), record)).collect();
    let earlier = boots.len();
    if !arguments.reboot {
        boots.push((seen.now.name(), seen.now));
        return Ok((boots, earlier));
    }
    if let Some(user) = seen.limited_to {
        let message =
            format!("`{user}` may not reboot `{destination}`: sudo wants a password, or is not there");
        return Err(Failure::surroundings(
            message,
            "use root, or a user that sudo lets run commands without a password",
        ));
    }
    boots.push(("before".to_owned(), seen.now));
    // What waits for the network is judged as the machine judges itself: not before it had its time.
    let how = Look { patience_seconds: manifest.patience_seconds, earlier: 0, ..how };
    for number in 1..=arguments.boots {
        let Some(before) = boots.last().map(|(_, record)| record.clone()) else { break };
        say_verdict(manifest, &boots, ui);
        ui.note(format!("rebooting {destination} ({number} of {})", arguments.boots));
        let after =
            reboot_and_look(&ssh, destination, manifest, &how, &before.boot_id, arguments.patience, ui);
        let name = format!("after reboot {number}");
        match after {
            Ok(record) => boots.push((name, record)),
            Err(Trouble::Unreachable(failure)) if number == 1 => return Err(failure),
            Err(trouble) => {
                let failure = trouble.failure();
                ui.failure(&failure);
                let life = if before.life == Life::AfterMco { Life::AfterMco } else { Life::LaterBoots };
                let record = BootRecord::unknown(&manifest.machine, NO_BOOT, life, &failure.message);
                boots.push((name, record));
                break;
            }
        }
    }
    Ok((boots, earlier))
}

/// Reboots, and looks at what came back. Only a machine that was not told to reboot is `Unreachable`.
fn reboot_and_look(
    ssh: &Ssh,
    destination: &SshDestination,
    manifest: &Manifest,
    how: &Look,
    before: &str,
    patience: Duration,
    ui: &mut Ui,
) -> Result<BootRecord, Trouble> {
    ui.begin(format!("reboot of {destination}"));
    let mut waits = None;
    let back = world::reboot(ssh, destination, before, patience, &mut |waiting, since| {
        let words = match waiting {
            Waiting::ToGoDown => "waiting for it to go down",
            Waiting::ToComeBack => "waiting for it to come back",
        };
        let line = format!("{words}: {} s of {} s", since.as_secs(), patience.as_secs());
        if waits.replace(waiting) != Some(waiting) {
            ui.note(&line);
        }
        ui.happening(line);
    });
    let seen = back.and_then(|()| {
        ui.happening("looking at it");
        world::look(ssh, destination, manifest, how).map_err(|trouble| Trouble::Answer(trouble.failure()))
    });
    ui.end();
    let seen = seen?;
    if seen.now.boot_id == before {
        let message = format!("`{destination}` answers from the boot before its reboot");
        let hint = "see whether the name leads to several machines";
        return Err(Trouble::Answer(Failure::surroundings(message, hint)));
    }
    Ok(seen.now)
}

fn say_what_is_missing(seen: &Seen, destination: &SshDestination, ui: &mut Ui) {
    if let Some(user) = &seen.limited_to {
        ui.note(format!(
            "note: `{user}` may not become root on {destination} without a password: what only root may see stays unknown"
        ));
    }
    if seen.dropped > 0 {
        let records = counted(seen.dropped, "record");
        ui.note(format!("note: {records} of earlier boots left out: too large, or not a record"));
    }
}

/// What the last boot came to, in a line.
fn say_verdict(manifest: &Manifest, boots: &[(String, BootRecord)], ui: &mut Ui) {
    let report = verify::judge(manifest, boots);
    if let Some(boot) = report.boots.last() {
        let (met, differs, unknown) = boot.counts();
        ui.note(format!("{}: {met} met, {differs} differ, {unknown} unknown", boot.name));
    }
}
