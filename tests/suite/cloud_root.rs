//! Roots of Debian packages with cloud-init and Google's guest agent in them, booted without a virtual machine
//! (`tests/cloud/boot`). What a boot changes stays for the next one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;

use serde_json::Value;
use serde_json::json;

use crate::tools;

/// The exit code where there can be no such root.
const NOT_HERE: i32 = 77;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cloud");
/// What systemd would start of cloud-init, one after the other.
pub const CLOUD_INIT: &str = "cloud-init init --local; cloud-init init; cloud-init modules --mode config; \
    cloud-init modules --mode final";
/// What systemd would start of Google's guest agent.
pub const STARTUP_SCRIPT: &str = "google_metadata_script_runner startup";
/// What an ssh server would start; its tools may be slow here, where many tests run at once.
pub const SHELL: &str = "export COTTER_TOOL_SECONDS=60; exec bash --norc -s";
/// The address of its only port.
pub const PORT: &str = "e4:43:4b:0a:00:01";

/// A root of a test's own.
pub struct Root {
    below: PathBuf,
    folder: tempfile::TempDir,
}

/// What came of a boot.
pub struct Booted {
    /// Standard output, and standard error after it.
    pub said: String,
}

/// What `cotter verify` says.
pub struct Verdict {
    pub code: i32,
    /// Subject, outcome, and what it says to do or why it does not know.
    pub not_met: Vec<(String, String, String)>,
}

impl Verdict {
    pub fn subjects(&self) -> Vec<&str> {
        self.not_met.iter().map(|(subject, ..)| subject.as_str()).collect()
    }

    pub fn hint(&self, subject: &str) -> &str {
        let found = self.not_met.iter().find(|(other, ..)| other == subject);
        found.map_or("", |(_, _, hint)| hint)
    }
}

impl Root {
    /// Debian's `trixie` (cloud-init 25.1) or `bookworm` (22.4, and the guest agent); nothing, aloud, where there
    /// can be none.
    pub fn of(suite: &str) -> Option<Self> {
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cloud");
        let made =
            Command::new(format!("{FOLDER}/root")).arg("--cache").arg(cache).arg(suite).output().unwrap();
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr);
            tools::skip(&format!(
                "there can be no root of {suite}: {}",
                why.lines().last().unwrap_or_default()
            ));
            return None;
        }
        let below = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Some(Self { below, folder })
    }

    /// One that finds a seed of these files, as `user-data`, and no other source.
    pub fn seeded(suite: &str, files: &[(&str, &[u8])]) -> Option<Self> {
        let root = Self::of(suite)?;
        root.seed("one", files);
        Some(root)
    }

    /// Puts a seed there for the instance with this id.
    pub fn seed(&self, instance: &str, files: &[(&str, &[u8])]) {
        self.write("/etc/cloud/cloud.cfg.d/90-seed.cfg", b"datasource_list: [ NoCloud ]\n", 0o644);
        let mut all = BTreeMap::from([("meta-data", format!("instance-id: {instance}\n").into_bytes())]);
        all.extend(files.iter().map(|(name, bytes)| (*name, bytes.to_vec())));
        for (name, bytes) in all {
            self.write(&format!("/var/lib/cloud/seed/nocloud/{name}"), &bytes, 0o600);
        }
    }

    /// What the metadata server tells of this instance.
    pub fn attributes(&self, attributes: &[(&str, &str)]) {
        let attributes: BTreeMap<_, _> = attributes.iter().copied().collect();
        let instance = json!({
            "id": 1, "zone": "projects/1/zones/z", "hostname": "cloud.internal", "attributes": attributes,
        });
        let all = json!({"instance": instance, "project": {"attributes": {}}});
        std::fs::write(self.folder.path().join("metadata.json"), all.to_string()).unwrap();
    }

    /// What is served on port 8000 of 127.0.0.1.
    pub fn serve(&self, name: &str, bytes: &[u8]) {
        let web = self.folder.path().join("web");
        std::fs::create_dir_all(&web).unwrap();
        std::fs::write(web.join(name), bytes).unwrap();
    }

    /// The lines of what was asked of that server.
    pub fn fetched(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("fetched")).unwrap_or_default()
    }

    pub fn write(&self, path: &str, bytes: &[u8], mode: u32) {
        let place = self.changed(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, bytes).unwrap();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A file that is not one of the packages'.
    pub fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.changed(path)).ok()
    }

    fn changed(&self, path: &str) -> PathBuf {
        self.folder.path().join("upper").join(path.trim_start_matches('/'))
    }

    /// What boots it and runs `commands` in it.
    pub fn command(&self, commands: &str) -> Command {
        let mut command = Command::new(format!("{FOLDER}/boot"));
        command.arg(&self.below).arg(self.folder.path()).arg(commands);
        command
    }

    /// Boots it; nothing, aloud, where that cannot be.
    pub fn boot(&self, commands: &str) -> Option<Booted> {
        let _others = tools::MOUNTS.read();
        let done = self.command(commands).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let errors = text(&done.stderr);
        if done.status.code() == Some(NOT_HERE) || errors.starts_with("unshare:") {
            tools::skip(&format!("a root cannot be booted here: {errors}"));
            return None;
        }
        Some(Booted { said: text(&done.stdout) + &errors })
    }

    /// Boots it so, and looks at it over ssh while it runs; nothing, aloud, where it cannot be booted.
    pub fn verify(&self, manifest: &Value, boots: &str, shell: &str) -> Option<Verdict> {
        // Whether any can be booted is said here.
        static CAN_BOOT: OnceLock<bool> = OnceLock::new();
        if !CAN_BOOT.get_or_init(|| self.boot("true").is_some()) {
            tools::skip("a root cannot be booted here");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.json"), manifest.to_string()).unwrap();
        let command = self.command(&format!("{{ {boots}\n}} </dev/null >/var/log/boots 2>&1; {shell}"));
        let quoted = |word: &OsStr| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''"));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words.map(quoted).collect();
        let ssh = folder.path().join("ssh");
        tools::put_program(&ssh, format!("#!/bin/bash\nexec {}\n", words.join(" ")).as_bytes());
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let _others = tools::MOUNTS.read();
        let done = Command::new(env!("CARGO_BIN_EXE_cotter"))
            .args(["verify", "m.json", "--ssh", "machine", "--format", "json", "--timeout", "600"])
            .current_dir(folder.path())
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        let report: Value =
            serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("no report:\n{errors}"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let boots = report["boots"].as_array().unwrap();
        let verdicts = boots.last().unwrap()["verdicts"].as_array().unwrap().iter();
        let not_met = verdicts.filter(|verdict| verdict["outcome"] != "met");
        let not_met = not_met
            .map(|v| (text(&v["subject"]), text(&v["outcome"]), text(&v["hint"]) + &text(&v["why"])))
            .collect();
        Some(Verdict { code: done.status.code().unwrap(), not_met })
    }

    /// Boots it with cloud-init, and then runs `commands`, of which alone the standard output is given.
    pub fn cloud_init(&self, commands: &str) -> Option<Booted> {
        self.boot(&format!("{{ {CLOUD_INIT}; }} >/var/log/boots 2>&1; {commands}"))
    }
}
