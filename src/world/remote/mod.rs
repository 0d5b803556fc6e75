//! A machine seen over ssh: looked at, and rebooted.

mod first_file;
mod frame;
mod many;
mod reboot;
mod script;
mod ssh;
mod trouble;

pub use first_file::first_file;
pub use many::look_at_all;
pub use reboot::Waiting;
pub use reboot::reboot;
pub use script::Place;
pub use script::Said;
pub use script::run_script;
pub use ssh::Ssh;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use frame::Line;
use rustix::rand::GetRandomFlags;
use rustix::rand::getrandom;
use ssh::Task;

use super::Failure;
use super::failure::plain;
use crate::target::AS_ROOT_SCRIPT;
use crate::target::LOOK_SCRIPT;
use crate::target::VERIFY_SCRIPT;
use crate::target::expectations_file;
use crate::value::SshDestination;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::MAX_RECORD_BYTES;
use crate::verify::Manifest;
use crate::verify::quoted;

/// How much room the record of an earlier boot has, if all are of one size: many times what one needs.
const EARLIER_BYTES: usize = 256 << 10;
/// What a shell may say besides, in bytes.
const NOISE_BYTES: usize = 512 << 10;
/// How long before its time is over the machine ends its look by itself.
const MARGIN: Duration = Duration::from_secs(5);

/// Why there is no record.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nobody answered there.
    Unreachable(Failure),
    /// Somebody answered, and not as a machine does that is looked at.
    Answer(Failure),
}

impl Trouble {
    /// What went wrong, and the next step.
    pub fn failure(self) -> Failure {
        match self {
            Self::Unreachable(failure) | Self::Answer(failure) => failure,
        }
    }
}

/// How to look.
#[derive(Clone, Debug)]
pub struct Look {
    /// How long all of it may take.
    pub timeout: Duration,
    /// How long the machine may take to come to what is expected, in seconds.
    pub patience_seconds: u32,
    /// How many records of earlier boots are of interest.
    pub earlier: usize,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The boot that the machine is in.
    pub now: BootRecord,
    /// The ones before, the oldest first.
    pub earlier: Vec<BootRecord>,
    /// The user whose rights it was seen with, if that is not root.
    pub limited_to: Option<String>,
    /// How many records of earlier boots are of no use: too large, or none.
    pub dropped: usize,
}

/// Looks at a machine: one connection, one script, which leaves nothing there.
pub fn look(
    ssh: &Ssh,
    destination: &SshDestination,
    manifest: &Manifest,
    how: &Look,
) -> Result<Seen, Trouble> {
    seen(destination, answer(ssh, destination, manifest, how)?)
}

/// The lines that a machine answers to the script that looks at it.
fn answer(
    ssh: &Ssh,
    destination: &SshDestination,
    manifest: &Manifest,
    look: &Look,
) -> Result<Vec<Line>, Trouble> {
    let token = token()?;
    let timeout = look.timeout + Duration::from_secs(look.patience_seconds.into());
    let seconds = timeout.saturating_sub(MARGIN).as_secs().max(1);
    let mut script = as_root(&token);
    let room = EARLIER_BYTES * look.earlier;
    let settings = [
        ("seconds", seconds),
        ("patience", look.patience_seconds.into()),
        ("earlier", look.earlier as u64),
        ("room", room as u64),
    ];
    for (name, value) in settings {
        // Writing to a text does not fail.
        let _ = writeln!(script, "{name}={value}");
    }
    let expectations = expectations_file(manifest, &Life::WITH_OPERATOR);
    for (name, text) in
        [("machine", manifest.machine.as_str()), ("expectations", &expectations), ("script", VERIFY_SCRIPT)]
    {
        let _ =
            writeln!(script, "{name}() {{\ncat <<'{token}'\n{}\n{token}\n}}", text.trim_end_matches('\n'));
    }
    script.push_str(LOOK_SCRIPT);
    let task = Task {
        script: script.as_bytes(),
        token: &token,
        limit_bytes: MAX_RECORD_BYTES as usize + room + NOISE_BYTES,
        timeout,
    };
    ssh.run(destination, &task)
}

/// The boot that a machine is in.
fn boot_id(ssh: &Ssh, destination: &SshDestination, timeout: Duration) -> Result<String, Trouble> {
    let token = token()?;
    let script = format!(
        "printf '\\n%s begin\\n%s boot %s\\n%s end\\n' {token} {token} \"$(cat /proc/sys/kernel/random/boot_id)\" {token}\nexit 0\n"
    );
    let task = Task { script: script.as_bytes(), token: &token, limit_bytes: NOISE_BYTES, timeout };
    let lines = ssh.run(destination, &task)?;
    let id = lines.into_iter().find(|line| line.word == "boot").map(|line| line.says).unwrap_or_default();
    if is_boot_id(&id) { Ok(id) } else { Err(no_record(destination, "it names no boot")) }
}

/// The beginning of a script: who answers is told apart from noise by a token, and becomes root if it may.
/// The shell that root gets knows nothing of the one before.
fn as_root(token: &str) -> String {
    format!("token={token}\n{AS_ROOT_SCRIPT}\ntoken={token}\n")
}

/// A word that nobody can know beforehand.
fn token() -> Result<String, Trouble> {
    let mut bytes = [0; 16];
    getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|cause| {
        let message = format!("there are no random numbers: {}", plain(&cause.into()));
        Trouble::Unreachable(Failure::surroundings(message, "see whether `/dev/urandom` can be read"))
    })?;
    Ok(hex::encode(bytes))
}

fn no_record(destination: &SshDestination, why: &str) -> Trouble {
    Trouble::Answer(Failure::surroundings(
        format!("`{destination}` answers with no record of its boot: {why}"),
        "see by hand whether it is the machine you mean, and whether it is sound",
    ))
}

/// Makes records of an answer, none of which is believed further than its types.
fn seen(destination: &SshDestination, lines: Vec<Line>) -> Result<Seen, Trouble> {
    let refuse = |why: &str| no_record(destination, why);
    let (mut now, mut earlier, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    let (mut limited_to, mut dropped) = (None, 0);
    for line in lines {
        match line.word.as_str() {
            "now" => now.push(record(&line.says)),
            "earlier" => match record(&line.says) {
                Ok(record) => earlier.push(record),
                Err(_) => dropped += 1,
            },
            "dropped" => dropped += 1,
            "hidden" => hidden.push(quoted(&line.says)),
            "limited" => limited_to = Some(quoted(&line.says)),
            "failed" => return Err(refuse(&quoted(&line.says))),
            // A newer script may say more.
            _ => {}
        }
    }
    let mut now = match (now.pop(), now.pop()) {
        (Some(record), None) => record.map_err(|why| refuse(&why))?,
        (None, _) => return Err(refuse("there is none")),
        (Some(_), Some(_)) => return Err(refuse("there are several of this boot")),
    };
    if let Some(user) = &limited_to {
        let why = format!("`{user}` may not look there, and may not become root without a password");
        now.unknown.extend(hidden.into_iter().map(|subject| (subject, why.clone())));
    }
    // They come the newest first: of two records of one boot, that one stays.
    let mut known = BTreeSet::from([now.boot_id.clone()]);
    earlier.retain(|record: &BootRecord| known.insert(record.boot_id.clone()));
    earlier.reverse();
    Ok(Seen { now, earlier, limited_to, dropped })
}

fn record(text: &str) -> Result<BootRecord, String> {
    let record = BootRecord::read(text.as_bytes())?;
    if record.machine.is_empty() {
        return Err("it does not say of which machine".to_owned());
    }
    if !is_boot_id(&record.boot_id) {
        return Err("it does not say of which boot".to_owned());
    }
    Ok(record)
}

/// True for what the kernel gives: a UUID.
fn is_boot_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Line;
    use super::Seen;
    use super::Trouble;

    const FIRST: &str = "11111111-1111-4111-8111-111111111111";
    const SECOND: &str = "22222222-2222-4222-8222-222222222222";

    fn json(boot: &str, name: &str) -> String {
        format!(
            r#"{{"schema":"cotter.dev/boot/1","machine":"a","boot_id":"{boot}","life":"later-boots","facts":{{"hostname":["{name}"]}}}}"#
        )
    }

    fn seen(lines: &[(&str, &str)]) -> Result<Seen, Trouble> {
        let lines = lines.iter().map(|(word, says)| Line { word: (*word).into(), says: (*says).into() });
        super::seen(&"host".parse().unwrap(), lines.collect())
    }

    #[test]
    fn the_look_is_the_newest_and_each_boot_is_there_once() {
        let [now, kept, first, older] =
            [json(SECOND, "now"), json(SECOND, "kept"), json(FIRST, "first"), json(FIRST, "older")];
        let lines = [
            ("now", now.as_str()),
            ("earlier", &kept),
            ("earlier", &first),
            ("earlier", &older),
            ("earlier", "{"),
        ];
        let seen = seen(&lines).unwrap();
        assert_eq!(seen.now.facts["hostname"], ["now"]);
        assert_eq!(seen.earlier.len(), 1);
        assert_eq!(seen.earlier[0].facts["hostname"], ["first"]);
        assert_eq!(seen.dropped, 1);
    }

    #[test]
    fn what_others_may_not_see_is_unknown() {
        let now = json(SECOND, "\\u001b[2J");
        let lines = [("limited", "core\u{7}"), ("hidden", "hostname"), ("now", now.as_str())];
        let seen = seen(&lines).unwrap();
        assert_eq!(seen.limited_to.as_deref(), Some("core?"));
        assert!(seen.now.look("hostname").unwrap_err().contains("`core?` may not look"));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let good = json(SECOND, "x");
        let no_machine = good.replace("\"a\"", "\"\"");
        let no_boot = good.replace(SECOND, "22222222-2222");
        let other = good.replace("boot/1", "boot/2\\u001b");
        for lines in [
            &[][..],
            &[("now", "")],
            &[("now", "[]")],
            &[("now", "{\"schema\":7}")],
            &[("now", &good[..40])],
            &[("now", &no_machine)],
            &[("now", &no_boot)],
            &[("now", &other)],
            &[("now", &good), ("now", &good)],
            &[("earlier", &good)],
            &[("dropped", "now")],
            &[("now", &good), ("failed", "full")],
        ] {
            let trouble = seen(lines).unwrap_err();
            assert!(matches!(trouble, Trouble::Answer(_)), "{lines:?}");
            assert!(!trouble.failure().message.contains('\u{1b}'), "{lines:?}");
        }
        assert!(seen(&[("now", &good)]).is_ok());
    }
}
