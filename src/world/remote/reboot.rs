//! Reboots a machine, and proves by its boot id that it did.

use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use super::NOISE_BYTES;
use super::Ssh;
use super::Task;
use super::Trouble;
use super::as_root;
use super::boot_id;
use super::token;
use crate::target::REBOOT_SCRIPT;
use crate::value::SshDestination;
use crate::verify::quoted;
use crate::world::Failure;
use crate::world::rehearse::interruption;

/// How long it may take to say that it reboots.
const ORDER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one try may take to see in which boot it is.
const TRY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long to wait between two tries.
const TRY_EVERY: Duration = Duration::from_secs(2);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It still answers from the boot that is to end.
    ToGoDown,
    /// It is down.
    ToComeBack,
}

/// Reboots a machine that is in the boot `before`, and waits until it answers from another boot.
///
/// `progress` hears what is waited for, and for how long.
///
/// # Errors
/// `Unreachable` if it was not told to reboot, `Answer` if it was, and is not back after `patience`.
pub fn reboot(
    ssh: &Ssh,
    destination: &SshDestination,
    before: &str,
    patience: Duration,
    progress: &mut dyn FnMut(Waiting, Duration),
) -> Result<(), Trouble> {
    order(ssh, destination)?;
    let begin = Instant::now();
    let mut last = Err(String::new());
    let mut waiting = Waiting::ToGoDown;
    while begin.elapsed() < patience {
        progress(waiting, begin.elapsed());
        match boot_id(ssh, destination, TRY_TIMEOUT.min(patience.saturating_sub(begin.elapsed()))) {
            Ok(now) if now != before => return Ok(()),
            Ok(_) => {
                waiting = Waiting::ToGoDown;
                last = Ok(());
            }
            Err(trouble) => {
                waiting = Waiting::ToComeBack;
                last = Err(trouble.failure().message);
            }
        }
        pause(patience.saturating_sub(begin.elapsed()))?;
    }
    let seconds = patience.as_secs();
    let failure = match last {
        Ok(()) => Failure::surroundings(
            format!("`{destination}` did not reboot within {seconds} s: its boot id is still `{before}`"),
            "see `systemctl list-jobs` and `systemd-inhibit --list` there",
        ),
        Err(why) => Failure::surroundings(
            format!("`{destination}` did not come back within {seconds} s: {why}"),
            "look at its console; give it more time with `--patience MINUTES`",
        ),
    };
    Err(Trouble::Answer(failure))
}

/// Tells it to reboot. An answer that breaks off is as good as a whole one: the boot id will tell.
fn order(ssh: &Ssh, destination: &SshDestination) -> Result<(), Trouble> {
    let token = token()?;
    let script = as_root(&token) + REBOOT_SCRIPT;
    let task =
        Task { script: script.as_bytes(), token: &token, limit_bytes: NOISE_BYTES, timeout: ORDER_TIMEOUT };
    let lines = match ssh.run(destination, &task) {
        Ok(lines) => lines,
        Err(Trouble::Answer(_)) => return Ok(()),
        Err(trouble) => return Err(trouble),
    };
    match lines.iter().find(|line| line.word == "refused") {
        None => Ok(()),
        Some(refused) => Err(Trouble::Unreachable(Failure::surroundings(
            format!("`{destination}` does not reboot: {}", quoted(&refused.says)),
            "use a user that may run `sudo -n systemctl reboot` there",
        ))),
    }
}

/// Waits a little; ends at once if the user does.
fn pause(left: Duration) -> Result<(), Trouble> {
    let end = Instant::now() + TRY_EVERY.min(left);
    while Instant::now() < end {
        if interruption().load(Ordering::Relaxed) {
            let failure = Failure::surroundings("interrupted", "the machine goes on with its reboot");
            return Err(Trouble::Unreachable(failure));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
