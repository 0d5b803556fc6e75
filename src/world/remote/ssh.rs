//! The user's own ssh: one connection, one script, bounded in time and size, and nothing left running.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStderr;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::process::Pid;
use rustix::process::Signal;

use super::Trouble;
use super::frame::Frame;
use super::frame::Line;
use super::trouble;
use crate::value::SshDestination;
use crate::value::is_printable;
use crate::world::Failure;
use crate::world::failure::plain;
use crate::world::rehearse::interruption;

const PROGRAM: &str = "ssh";
const SHELL: &str = "bash";
/// How long the connection alone may take at most, in seconds.
const MAX_CONNECT_SECONDS: u64 = 20;
/// How often it is seen whether the user wants to end.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long ssh may take to end by itself.
const END_TIMEOUT: Duration = Duration::from_secs(2);
/// What ssh says is kept up to here.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// How machines are reached: the user's own ssh, with its configuration, agent, jump hosts and known hosts.
#[derive(Clone, Debug)]
pub struct Ssh {
    /// Another configuration file than the user's.
    pub config: Option<PathBuf>,
    /// Whether it may ask for a passphrase: somebody sits at the terminal.
    pub asks: bool,
}

/// One thing to run on a machine.
pub(super) struct Task<'a> {
    pub(super) script: &'a [u8],
    pub(super) token: &'a str,
    pub(super) limit_bytes: usize,
    pub(super) timeout: Duration,
}

/// How it ended.
enum End {
    Complete,
    Ended(Option<i32>),
    TimedOut,
    TooLarge,
    Interrupted,
}

impl Ssh {
    fn command(&self, destination: &SshDestination, task: &Task<'_>) -> Command {
        let mut command = Command::new(PROGRAM);
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        // What would stand in the way of one command, or hand a machine more than it needs, is switched off.
        command.args(["-T", "-a", "-x", "-o", "LogLevel=ERROR", "-o", "RemoteCommand=none"]);
        command.args(["-o", "ClearAllForwardings=yes"]);
        let seconds = task.timeout.as_secs().clamp(1, MAX_CONNECT_SECONDS);
        command.arg("-o").arg(format!("ConnectTimeout={seconds}"));
        if !self.asks {
            // In a group of its own, which can be ended as a whole: there may be jump hosts' ssh.
            command.args(["-o", "BatchMode=yes"]).process_group(0);
        }
        command.arg("--").arg(destination.as_str()).args(["bash", "--norc", "-s"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a script on a machine; gives the lines of its answer, which is whole.
    pub(super) fn run(&self, destination: &SshDestination, task: &Task<'_>) -> Result<Vec<Line>, Trouble> {
        let (end, frame, errors) = converse(PROGRAM, self.command(destination, task), !self.asks, task)?;
        let errors = printable(&errors);
        let place = destination.as_str();
        let seconds = task.timeout.as_secs();
        let unreachable =
            |message: String, hint: &str| Err(Trouble::Unreachable(Failure::surroundings(message, hint)));
        let answer = |message: String, hint: &str| Err(Trouble::Answer(Failure::surroundings(message, hint)));
        match end {
            End::Complete => Ok(frame.into_lines()),
            End::Interrupted => unreachable("interrupted".to_owned(), "nothing was left running"),
            End::TooLarge => answer(
                format!("`{place}` answers with more than {} bytes", task.limit_bytes),
                "see what its shell says at login, and what is in /var/lib/cotter/boots",
            ),
            End::TimedOut if frame.has_begun() => answer(
                format!("the answer of `{place}` was not complete within {seconds} s"),
                "give it more time with `--timeout SECONDS`, or see what hangs there",
            ),
            End::TimedOut => unreachable(
                format!("`{place}` does not answer within {seconds} s"),
                "see whether it is up, and whether `ssh` gets there by hand",
            ),
            End::Ended(_) if frame.has_begun() => answer(
                format!("the answer of `{place}` broke off: {}", trouble::last_words(&errors)),
                "look again; if it stays so, see its sshd's log",
            ),
            End::Ended(Some(0)) => answer(
                format!("`{place}` does not answer what it was asked"),
                "its account may be bound to one command: use a user that may run commands",
            ),
            End::Ended(code) => Err(trouble::of(destination, &errors, code)),
        }
    }
}

/// Runs a script on this machine; gives the lines of its answer, which is whole.
pub(super) fn run_here(task: &Task<'_>) -> Result<Vec<Line>, Trouble> {
    let mut command = Command::new(SHELL);
    command.args(["--norc", "-s"]).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (end, frame, errors) = converse(SHELL, command, true, task)?;
    let why = match end {
        End::Complete => return Ok(frame.into_lines()),
        End::Interrupted => "interrupted".to_owned(),
        End::TooLarge => format!("it says more than {} bytes", task.limit_bytes),
        End::TimedOut => format!("it took more than {} s", task.timeout.as_secs()),
        End::Ended(_) => trouble::last_words(&printable(&errors)).to_owned(),
    };
    let message = format!("failed to look at this machine: {why}");
    Err(Trouble::Answer(Failure::surroundings(message, "see what hangs or fails here by hand")))
}

/// Runs a program and gives it the script: how it ended, its answer, and what it said besides.
fn converse(
    program: &str,
    mut command: Command,
    has_group: bool,
    task: &Task<'_>,
) -> Result<(End, Frame, Vec<u8>), Trouble> {
    let child = command.spawn().map_err(|cause| {
        let message = format!("failed to run `{program}`: {}", plain(&cause));
        let hint = match cause.kind() {
            ErrorKind::NotFound if program == PROGRAM => {
                "install OpenSSH's client: `apt-get install openssh-client`"
            }
            _ => "see whether it is there, whether you may run it, and whether too many programs are running",
        };
        Trouble::Unreachable(Failure::surroundings(message, hint))
    })?;
    let mut running = Running { child, has_group };
    let mut frame = Frame::new(task.token, task.limit_bytes);
    let mut errors = Vec::new();
    let end = running.converse(task, &mut frame, &mut errors).map_err(|cause| {
        let message = format!("failed to talk with `{program}`: {}", plain(&cause));
        Trouble::Unreachable(Failure::surroundings(message, "see whether too many files are open"))
    })?;
    Ok((end, frame, errors))
}

/// A running program; it is gone when this is dropped.
struct Running {
    child: Child,
    has_group: bool,
}

impl Running {
    /// Sends the script and takes the answer, until it is complete or will never be.
    fn converse(&mut self, task: &Task<'_>, frame: &mut Frame, errors: &mut Vec<u8>) -> std::io::Result<End> {
        let deadline = Instant::now() + task.timeout;
        let is_interrupted = interruption();
        let mut script = task.script;
        let mut input = self.child.stdin.take();
        let mut output = self.child.stdout.take();
        let mut said = self.child.stderr.take();
        for pipe in fds(&input, &output, &said) {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        let mut buffer = vec![0; 16 << 10];
        loop {
            if is_interrupted.load(Ordering::Relaxed) {
                return Ok(End::Interrupted);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(End::TimedOut);
            }
            wait_for(&fds(&input, &output, &said), left.min(LOOK_EVERY))?;
            if let Some(pipe) = &mut input {
                match pipe.write(script) {
                    Ok(count) => script = script.get(count..).unwrap_or_default(),
                    Err(cause) if is_later(&cause) => {}
                    // It reads no more: what it says, or how it ends, tells why.
                    Err(_) => script = &[],
                }
                if script.is_empty() {
                    input = None;
                }
            }
            keep(errors, read_some(&mut said, &mut buffer)?);
            if !frame.take(read_some(&mut output, &mut buffer)?) {
                return Ok(End::TooLarge);
            }
            if frame.is_complete() {
                self.ends_within(END_TIMEOUT);
                return Ok(End::Complete);
            }
            if output.is_none() {
                let status = self.ends_within(END_TIMEOUT.min(left));
                keep(errors, read_some(&mut said, &mut buffer)?);
                return Ok(End::Ended(status.and_then(|status| status.code())));
            }
        }
    }

    /// How it ended, if it did. Who holds its pipes open meanwhile does not matter.
    fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if begin.elapsed() >= time {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return;
        };
        // It may have ended just now.
        let _ = match self.has_group {
            true => rustix::process::kill_process_group(pid, signal),
            false => rustix::process::kill_process(pid, signal),
        };
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // It has a control socket to take away, if the user's configuration asks for one.
        self.signal(Signal::TERM);
        if self.ends_within(Duration::from_millis(500)).is_none() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// The pipes that are still open.
fn fds<'a>(
    input: &'a Option<ChildStdin>,
    output: &'a Option<ChildStdout>,
    said: &'a Option<ChildStderr>,
) -> Vec<BorrowedFd<'a>> {
    let pipes = [
        input.as_ref().map(|pipe| pipe.as_fd()),
        output.as_ref().map(|pipe| pipe.as_fd()),
        said.as_ref().map(|pipe| pipe.as_fd()),
    ];
    pipes.into_iter().flatten().collect()
}

/// Waits until something can be read or written; the script's pipe is the only one that is written to.
fn wait_for(pipes: &[BorrowedFd<'_>], time: Duration) -> std::io::Result<()> {
    let mut polled: Vec<PollFd<'_>> =
        pipes.iter().map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN | PollFlags::OUT)).collect();
    let time = Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() };
    match rustix::event::poll(&mut polled, Some(&time)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

/// Reads what is there now; a pipe at its end is closed.
fn read_some<'b>(pipe: &mut Option<impl Read>, buffer: &'b mut [u8]) -> std::io::Result<&'b [u8]> {
    let Some(open) = pipe else { return Ok(&[]) };
    match open.read(buffer) {
        Ok(0) => {
            *pipe = None;
            Ok(&[])
        }
        Ok(count) => Ok(buffer.get(..count).unwrap_or_default()),
        Err(cause) if is_later(&cause) => Ok(&[]),
        Err(cause) => Err(cause),
    }
}

fn is_later(cause: &std::io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Keeps the end of what is said: the last words are the ones that tell.
fn keep(errors: &mut Vec<u8>, bytes: &[u8]) {
    errors.extend_from_slice(bytes);
    errors.drain(..errors.len().saturating_sub(MAX_ERROR_BYTES));
}

/// Lines without what would drive a terminal.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|letter| *letter == '\n' || is_printable(*letter)).collect()
}
