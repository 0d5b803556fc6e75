//! Lets bash read a script without running it.

use std::io::Read as _;
use std::io::Write as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use crate::cloud::Dialect;
use crate::document::Severity;

/// Reading a script takes bash some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that it may say.
const MAX_SAID_BYTES: u64 = 64 << 10;
/// More complaints about one script help nobody.
const MAX_COMPLAINTS: usize = 20;

/// What bash says of a script: the line, how much it matters, and the words. Or why it cannot be asked.
pub(super) fn syntax(script: &str, dialect: Dialect) -> Result<Vec<(usize, Severity, String)>, String> {
    let plain = |cause: std::io::Error| format!("`bash` cannot be asked: {}", super::failure::plain(&cause));
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile"]);
    if dialect == Dialect::Posix {
        command.arg("--posix");
    }
    // It reads the script from its standard input, and nothing else: no file of the user's, no variable.
    command.arg("-n").env_clear().env("LC_ALL", "C");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(plain)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let text = script.to_owned();
    std::thread::spawn(move || {
        // It stops reading at the first error.
        stdin.map(|mut stdin| stdin.write_all(text.as_bytes()))
    });
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stderr.map(|stderr| stderr.take(MAX_SAID_BYTES).read_to_end(&mut bytes));
        // Nobody waits any more: then nobody needs it.
        let _ = sender.send((read, bytes));
    });
    let Ok((_, bytes)) = said.recv_timeout(PATIENCE) else {
        end(&mut child);
        return Err(format!("`bash -n` did not end within {} s", PATIENCE.as_secs()));
    };
    // What it says has an end, or is too much: then it need not go on.
    if bytes.len() as u64 >= MAX_SAID_BYTES {
        let _ = child.kill();
    }
    let ended = child.wait().map_err(plain)?;
    let said = String::from_utf8_lossy(&bytes);
    let mut complaints: Vec<(usize, Severity, String)> = said.lines().filter_map(complaint).collect();
    if !ended.success() && complaints.is_empty() {
        complaints.push((0, Severity::Error, "bash cannot read it".to_owned()));
    }
    complaints.truncate(MAX_COMPLAINTS);
    Ok(complaints)
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// `bash: line 3: syntax error near unexpected token …`; its other lines show the script's line, which is shown anyway.
fn complaint(line: &str) -> Option<(usize, Severity, String)> {
    let (number, message) = line.strip_prefix("bash: line ")?.split_once(": ")?;
    let number = number.parse().ok()?;
    if message.starts_with('`') {
        return None;
    }
    let severity = if message.starts_with("warning: ") { Severity::Warning } else { Severity::Error };
    let message: String =
        message.trim_start_matches("warning: ").chars().filter(|letter| !letter.is_control()).collect();
    Some((number, severity, format!("bash: {}", message.replace('\'', "`"))))
}
