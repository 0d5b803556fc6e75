//! One run of QEMU: started, asked, and ended whatever happens.

use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use super::Failure;

/// How long QEMU may take to answer on its control socket.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

const PROGRAM: &str = "qemu-system-x86_64";

/// A running QEMU. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Qemu {
    child: Child,
    control: PathBuf,
}

impl Qemu {
    /// Says so if there is no QEMU here.
    pub(super) fn find() -> Result<(), Failure> {
        let found =
            Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.map(|_| ()).map_err(|cause| {
            let message = format!("failed to run `{PROGRAM}`: {cause}");
            Failure::surroundings(message, "apt-get install qemu-system-x86")
        })
    }

    /// Starts QEMU; what it says goes to the file `said`.
    ///
    /// The kernel ends it when this program is killed: setpriv(1) asks for that, where there is one.
    pub(super) fn start(arguments: &[String], control: &Path, said: &Path) -> Result<Self, Failure> {
        let start = |program: &str, before: &[&str]| -> std::io::Result<Child> {
            Command::new(program)
                .args(before)
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(said)?)
                .spawn()
        };
        let child = start("setpriv", &["--pdeathsig", "KILL", PROGRAM])
            .or_else(|_| start(PROGRAM, &[]))
            .map_err(|cause| {
                Failure::surroundings(format!("failed to run `{PROGRAM}`: {cause}"), "try it by hand")
            })?;
        Ok(Self { child, control: control.to_owned() })
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Presses the power button: the guest shuts itself down.
    pub(super) fn press_power_button(&self) -> std::io::Result<()> {
        self.command("system_powerdown")
    }

    fn command(&self, name: &str) -> std::io::Result<()> {
        let mut socket = UnixStream::connect(&self.control)?;
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        socket.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        let mut answers = BufReader::new(socket.try_clone()?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        for command in ["qmp_capabilities", name] {
            socket.write_all(format!("{{\"execute\":\"{command}\"}}\n").as_bytes())?;
            line.clear();
            answers.read_line(&mut line)?;
        }
        Ok(())
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
