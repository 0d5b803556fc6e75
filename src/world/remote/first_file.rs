//! A file of a machine, read over ssh.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::NOISE_BYTES;
use super::Ssh;
use super::Trouble;
use super::as_root;
use super::no_record;
use super::ssh::Task;
use super::token;
use crate::value::SshDestination;
use crate::world::Failure;

/// The largest file, as it comes.
const LIMIT_BYTES: usize = 64 << 20;

/// The first of these files that is on a machine, and its bytes; nothing if none is there.
///
/// The paths are the program's own: they stand in a script as they are.
pub fn first_file(
    ssh: &Ssh,
    destination: &SshDestination,
    paths: &[&str],
    timeout: Duration,
) -> Result<Option<(String, Vec<u8>)>, Trouble> {
    let token = token()?;
    let mut script = as_root(&token);
    // Writing to a text does not fail.
    let _ = writeln!(
        script,
        "main() {{
    for file in {}; do
        [ -e \"$file\" ] || continue
        [ -r \"$file\" ] || {{ printf '%s hidden %s\\n' \"$token\" \"$file\"; break; }}
        printf '%s path %s\\n' \"$token\" \"$file\"
        base64 -w 60000 \"$file\" | sed \"s/^/$token part /\"
        break
    done
}}
main </dev/null 2>/dev/null
printf '\\n%s end\\n' \"$token\"
exit 0",
        paths.join(" ")
    );
    let task =
        Task { script: script.as_bytes(), token: &token, limit_bytes: LIMIT_BYTES + NOISE_BYTES, timeout };
    let (mut path, mut encoded) = (None, String::new());
    for line in ssh.run(destination, &task)? {
        match line.word.as_str() {
            "path" => path = paths.iter().find(|known| **known == line.says).copied(),
            "part" => encoded.push_str(&line.says),
            "hidden" => {
                let message = format!("`{destination}` does not let this user read `{}`", line.says);
                return Err(Trouble::Answer(Failure::surroundings(
                    message,
                    "use root, or a user that sudo lets run commands without a password",
                )));
            }
            _ => {}
        }
    }
    let Some(path) = path else { return Ok(None) };
    let bytes = STANDARD.decode(&encoded).map_err(|_| no_record(destination, "a file of it came broken"))?;
    Ok(Some((path.to_owned(), bytes)))
}
