//! What is put back on the disk of a machine that came up without network or users: by its own plan.
//!
//! [`Recovery`] says what; `medium` makes the live system that does it, `runbook` the words for a person who
//! does it by hand. The script that does it is `templates/files/cotter-recover`.

mod account;
mod medium;
mod runbook;

pub use account::Account;
pub use medium::SCRIPT as RECOVER_SCRIPT;
pub use medium::installs_by_itself;

use serde_json::Value;

use super::kept;
use crate::ignition;
use crate::ignition::Document;
use crate::network::KEYFILE_FOLDER;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::spec::Disk;
use crate::spec::Machine;
use crate::spec::Target;
use crate::value::FileMode;
use crate::value::FilePath;

/// Folders of `.link` files and of udev rules, with what the names of files end in that count there.
const NAMING: [(&str, &str); 2] = [("/etc/systemd/network/", ".link"), ("/etc/udev/rules.d/", ".rules")];
const HOST_NAME: &str = "/etc/hostname";

/// What is put back on a machine's disk.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// The machine's name.
    pub machine: String,
    /// The kind of system.
    pub target: Target,
    /// The disk that it is installed on.
    pub disk: Disk,
    /// Files of the network and of names.
    pub files: Vec<RestoredFile>,
    /// Groups that are made if they are missing.
    pub groups: Vec<(String, Option<u64>)>,
    /// Users.
    pub users: Vec<Account>,
    /// What is not put back, and why.
    pub left_out: Vec<LeftOut>,
    /// File systems of their own below the places that are written: path and device.
    mounts: Vec<(String, String)>,
    /// Encrypted volumes: name and device.
    volumes: Vec<(String, String)>,
}

/// A file that is put back.
#[derive(Clone, Debug)]
pub struct RestoredFile {
    /// Where, on the installed system.
    pub path: String,
    /// Permission bits. The owner is root.
    pub mode: u32,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it may be shown.
    pub secrecy: Secrecy,
    /// Whether OpenShift's operator keeps it.
    pub is_kept_by_operator: bool,
}

/// Something that is not put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What a person calls it.
    pub what: String,
    /// Why.
    pub why: &'static str,
}

impl Recovery {
    /// Works out what is put back; nothing if the machine is not installed to a disk.
    pub fn of(machine: &Machine, plan: &Plan) -> Option<Self> {
        // Harvester's node gets what it has from its own disk, at every boot.
        let install = machine.install.as_ref().filter(|_| plan.served().is_none())?;
        let installed = plan.destination.resolved();
        let mut left_out = Vec::new();
        let files = files(&installed, machine.target.value, plan, &mut left_out);
        let groups = installed.list("passwd", "groups").iter().filter_map(account::group).collect();
        let mut users: Vec<Account> = Vec::new();
        for user in installed.list("passwd", "users").iter().filter(|user| user["shouldExist"] != false) {
            match Account::read(user) {
                Ok(account) => users.push(account),
                Err(out) => left_out.push(out),
            }
        }
        let mounts = mounts(&installed, &users);
        let volume = |volume: &Value| {
            Some((volume["name"].as_str()?.to_owned(), volume["device"].as_str()?.to_owned()))
        };
        Some(Self {
            machine: machine.name.value.clone(),
            target: machine.target.value,
            disk: install.disk.clone(),
            files,
            groups,
            users,
            left_out,
            mounts,
            volumes: installed.list("storage", "luks").iter().filter_map(volume).collect(),
        })
    }
}

/// True for files that decide what ports are called and what addresses they have, and for the host name.
fn is_restored(path: &str) -> bool {
    let names = NAMING.iter().any(|(folder, ending)| path.starts_with(folder) && path.ends_with(ending));
    names || is_keyfile(path) || path == HOST_NAME
}

fn is_keyfile(path: &str) -> bool {
    path.strip_prefix(KEYFILE_FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

fn files(
    installed: &Document,
    target: Target,
    plan: &Plan,
    left_out: &mut Vec<LeftOut>,
) -> Vec<RestoredFile> {
    let mut files = Vec::new();
    for file in installed.list("storage", "files") {
        let Some(path) = file["path"].as_str().filter(|path| is_restored(path)) else { continue };
        let mut leave_out = |why| left_out.push(LeftOut { what: path.to_owned(), why });
        if path.parse::<FilePath>().is_err() || path.contains(char::is_control) {
            leave_out("its name has characters that no file of this kind has");
            continue;
        }
        let Some(bytes) = ignition::contents(file) else {
            leave_out("its contents are fetched or added to, and are not known here");
            continue;
        };
        let bits = file["mode"].as_u64().and_then(|bits| u32::try_from(bits).ok());
        let mode = match is_keyfile(path) {
            true => FileMode::PRIVATE.bits(),
            false => bits.unwrap_or(FileMode::PUBLIC.bits()) & 0o777,
        };
        let asked = plan.artifacts.iter().find(|artifact| artifact.path.as_deref() == Some(path));
        files.push(RestoredFile {
            path: path.to_owned(),
            mode,
            bytes,
            // What no line of the machine file asked for came with a document that may hold anything.
            secrecy: asked.map_or(Secrecy::Secret, |artifact| artifact.secrecy),
            is_kept_by_operator: target == Target::Sno && kept::is_kept_file(file),
        });
    }
    files
}

/// The file systems that must be mounted to reach homes and cotter's own folder.
fn mounts(installed: &Document, users: &[Account]) -> Vec<(String, String)> {
    let homes = users.iter().filter_map(|user| user.home.clone());
    let places: Vec<String> =
        homes.chain(["/var/home", "/home", "/var/lib/cotter"].map(str::to_owned)).collect();
    let mut mounts: Vec<(String, String)> = Vec::new();
    for system in installed.list("storage", "filesystems") {
        let (Some(path), Some(device)) = (system["path"].as_str(), system["device"].as_str()) else {
            continue;
        };
        let is_above = |place: &String| {
            place.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if path != "/" && places.iter().any(is_above) && !format!("{path}{device}").contains(char::is_control)
        {
            mounts.push((path.to_owned(), device.to_owned()));
        }
    }
    mounts.sort();
    mounts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Account;
    use super::is_restored;
    use super::mounts;
    use crate::ignition::Document;

    #[test]
    fn only_network_names_and_the_host_name_are_put_back() {
        for path in [
            "/etc/NetworkManager/system-connections/cotter-mgmt0.nmconnection",
            "/etc/systemd/network/10-cotter-mgmt0.link",
            "/etc/udev/rules.d/70-cotter-mgmt0.rules",
            "/etc/hostname",
        ] {
            assert!(is_restored(path), "{path}");
        }
        for path in [
            "/etc/NetworkManager/NetworkManager.conf",
            "/etc/NetworkManager/system-connections",
            "/etc/systemd/network/20-lan.network",
            "/etc/motd",
            "/etc/cotter/machine",
        ] {
            assert!(!is_restored(path), "{path}");
        }
    }

    #[test]
    fn mounts_what_the_homes_are_on_and_nothing_else() {
        let at = |path: &str| json!({"path": path, "device": format!("/dev/disk/by-label{path}")});
        let document = Document::new(json!({"storage": {"filesystems": [
            at("/var/lib/containers"), at("/var/home"), at("/srv"), at("/"), at("/var"), {"device": "/dev/x"},
        ]}}));
        let user = |home: &str| Account::read(&json!({"name": "a", "homeDir": home}));
        let of = |home: &str| mounts(&document, &user(home).into_iter().collect::<Vec<_>>());
        let paths = |home: &str| of(home).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(paths("/var/home/a"), ["/var", "/var/home"]);
        assert_eq!(paths("/srv/a"), ["/srv", "/var", "/var/home"]);
    }
}
