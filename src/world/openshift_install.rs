//! Runs the user's own openshift-install, which alone can make the cluster's part of a single node.

use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use super::apply::private_folder;
use super::bench::stand_in_installer;
use super::inputs::read_at_most;

/// What the installer writes.
const WRITTEN: &str = "bootstrap-in-place-for-live-iso.ign";
/// It has some 300 kB; a release image's manifests make it no larger than this.
const MAX_BYTES: u64 = 32 << 20;
/// It fetches nothing, but it makes many keys.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many of its last lines are shown if it fails.
const LAST_LINES: usize = 12;

/// Lets `program` make the Ignition of a single node of `config`, in a folder of its own that is gone afterwards.
///
/// Without a program it is the stand-in's, whose result boots on the stand-in live ISO and nowhere else.
/// `progress` hears each line that it says. Says what went wrong, with its last lines.
pub(super) fn single_node_ignition(
    program: Option<&Path>,
    config: &[u8],
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<u8>, String> {
    let plain = |cause: std::io::Error| super::failure::plain(&cause);
    // The configuration has the pull secret.
    let folder = private_folder("installer", &std::env::temp_dir()).map_err(|failure| failure.message)?;
    let assets = folder.path().join("assets");
    std::fs::create_dir(&assets).map_err(plain)?;
    std::fs::write(assets.join("install-config.yaml"), config).map_err(plain)?;
    let program = match program {
        Some(program) => program.to_owned(),
        None => stand_in_installer(folder.path()).map_err(plain)?,
    };
    let mut child = Command::new(program)
        .args(["create", "single-node-ignition-config", "--dir"])
        .arg(&assets)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|cause| format!("it does not start: {}", plain(cause)))?;
    let (sender, lines) = mpsc::channel();
    if let Some(said) = child.stderr.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // Nobody listens any more: then nobody needs the rest.
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    let begin = Instant::now();
    let mut last: Vec<String> = Vec::new();
    // The channel closes when the installer has closed its output, as it does when it ends.
    loop {
        let left = PATIENCE.saturating_sub(begin.elapsed());
        match lines.recv_timeout(left) {
            Ok(line) => {
                let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
                progress(&line);
                last.push(line);
                if last.len() > LAST_LINES {
                    last.remove(0);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "it did not end within {} s; it said:\n{}",
                    PATIENCE.as_secs(),
                    last.join("\n")
                ));
            }
        }
    }
    let ended = child.wait().map_err(plain)?;
    if !ended.success() {
        return Err(format!("it failed ({ended}); it said:\n{}", last.join("\n")));
    }
    read_at_most(&assets.join(WRITTEN), MAX_BYTES)
        .map_err(|cause| format!("it wrote no {WRITTEN}: {}", plain(cause)))
}
