//! The facts in a mounted root: what is on the disk, and nothing of what only a running system has.

use std::collections::BTreeSet;

use super::accounts;
use super::accounts::Accounts;
use super::cloud;
use super::facts::Asked;
use super::facts::Facts;
use super::facts::Of;
use super::node;
use crate::tree::Entry;
use crate::tree::EntryKind;
use crate::tree::Found;
use crate::tree::Links;
use crate::tree::Tree;
use crate::tree::text;
use crate::value::Digest;
use crate::verify::BootRecord;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Subject;
use crate::verify::UserProperty;

/// Why most of it cannot be known.
const NOT_RUNNING: &str = "a mounted root does not run";
/// What is empty on a disk: a running system mounts something there.
const OF_A_RUNNING_SYSTEM: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/tmp"];
/// Where unit files are, the first that has one counts.
const UNITS: [&str; 4] = [
    "/etc/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// An ostree deployment: paths below the root of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The root of its system.
    pub system: String,
    /// Its `/var`.
    pub var: String,
}

/// The deployment that the next boot takes, on a disk that has any.
pub fn deployment(disk: &dyn Tree) -> Result<Option<Deployment>, String> {
    const DEPLOYMENTS: &str = "/ostree/deploy";
    let Some(systems) = disk.names(DEPLOYMENTS)? else { return Ok(None) };
    let system = match newest_entry(disk)? {
        Some(BootEntry { deployment: Some(link), .. }) => disk.real(&link)?,
        _ => {
            let mut all = Vec::new();
            for system in systems {
                let folder = format!("{DEPLOYMENTS}/{system}/deploy");
                for name in disk.names(&folder)?.unwrap_or_default() {
                    let path = format!("{folder}/{name}");
                    let entry = disk.look(&path, Links::Kept)?;
                    all.extend(entry.filter(|e| e.kind == EntryKind::Directory).map(|_| path));
                }
            }
            match all.as_slice() {
                [only] => Some(only.clone()),
                several => {
                    let count = several.len();
                    return Err(format!("{count} deployments are on it, and no boot entry says which boots"));
                }
            }
        }
    };
    let var = |path: &str| {
        let (stateroot, _) = path.strip_prefix(DEPLOYMENTS)?.strip_prefix('/')?.split_once("/deploy/")?;
        (!stateroot.contains('/')).then(|| format!("{DEPLOYMENTS}/{stateroot}/var"))
    };
    let found = system.and_then(|system| Some(Deployment { var: var(&system)?, system }));
    found.map(Some).ok_or_else(|| "the boot entry names a deployment that is not on it".to_owned())
}

/// Where other file systems belong: an empty directory there has nothing mounted, and says nothing.
pub fn elsewhere(system: &dyn Tree) -> Vec<String> {
    let mut places = BTreeSet::from(["/boot".to_owned(), "/var".to_owned()]);
    let fstab = text(system, "/etc/fstab").ok().flatten().unwrap_or_default();
    let lines = fstab.lines().filter(|line| !line.trim_start().starts_with('#'));
    places.extend(lines.filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned));
    for folder in UNITS {
        let names = system.names(folder).ok().flatten().unwrap_or_default();
        for name in names.iter().filter(|name| name.ends_with(".mount")) {
            let unit = text(system, &format!("{folder}/{name}")).ok().flatten().unwrap_or_default();
            places.extend(
                unit.lines().filter_map(|line| line.trim().strip_prefix("Where=")).map(str::to_owned),
            );
        }
    }
    places.retain(|place| place.starts_with('/') && place != "/");
    places.into_iter().collect()
}

/// The record of a root; `says_whose` is false if nothing in it says which machine it is.
pub fn record(tree: &dyn Tree, manifest: &Manifest) -> (BootRecord, bool) {
    let asked = Asked::by(manifest);
    let mut facts = Facts::default();
    host_name(tree, &mut facts);
    kernel_arguments(tree, manifest, &mut facts);
    node::of_root(tree, booted(tree), manifest, &mut facts);
    ignition_pending(tree, &mut facts);
    let accounts = Accounts::read(tree);
    users(tree, &accounts, &asked, &mut facts);
    for path in asked.files {
        file(tree, path, accounts.as_ref().ok(), &mut facts);
    }
    for name in asked.units {
        let subject = Subject::UnitEnabled(name.to_owned());
        match unit(tree, name) {
            Ok(word) => facts.found(&subject, word.map(str::to_owned)),
            Err(why) => facts.unknown(&subject, why),
        }
    }
    cloud::cloud(tree, manifest, cloud::Whole::Yes, &mut facts);
    let machine = text(tree, "/etc/cotter/machine").ok().flatten();
    let says_whose = machine.is_some();
    let machine = machine.map_or_else(|| manifest.machine.clone(), |name| name.trim().to_owned());
    let operator = tree.look("/etc/machine-config-daemon/currentconfig", Links::Followed);
    let life = if matches!(operator, Ok(Some(_))) { Life::AfterMco } else { Life::LaterBoots };
    (facts.record(manifest, Of { machine, boot_id: "root".to_owned(), life }, NOT_RUNNING), says_whose)
}

fn host_name(tree: &dyn Tree, facts: &mut Facts) {
    let name = text(tree, "/etc/hostname").map(|text| {
        let lines = text.as_deref().unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).next()
    });
    let absent = "/etc/hostname has none, so it comes from elsewhere";
    facts.looked(&Subject::HostName, name, absent, |name| vec![name]);
}

/// A boot entry (Boot Loader Specification, type 1).
struct BootEntry {
    version: Vec<u64>,
    options: Vec<String>,
    deployment: Option<String>,
}

impl BootEntry {
    fn parse(text: &str) -> Self {
        let values = |key: &'static str| {
            let lines = text.lines().filter_map(move |line| line.trim().strip_prefix(key));
            lines
                .filter(|rest| rest.starts_with([' ', '\t']))
                .flat_map(str::split_whitespace)
                .map(str::to_owned)
        };
        let options: Vec<String> = values("options").collect();
        let deployment = options.iter().find_map(|option| option.strip_prefix("ostree=")).map(str::to_owned);
        let version = values("version").next().unwrap_or_default();
        let version =
            version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
        Self { version, options, deployment }
    }
}

fn entries(tree: &dyn Tree) -> Found<Vec<BootEntry>> {
    const ENTRIES: &str = "/boot/loader/entries";
    let Some(names) = tree.names(ENTRIES)? else { return Ok(None) };
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".conf")) {
        found.extend(text(tree, &format!("{ENTRIES}/{name}"))?.map(|text| BootEntry::parse(&text)));
    }
    Ok(Some(found))
}

/// The entry of the newest deployment: ostree gives it the highest version.
fn newest_entry(tree: &dyn Tree) -> Found<BootEntry> {
    let entries = entries(tree)?.unwrap_or_default();
    let of_deployments = entries.into_iter().filter(|entry| entry.deployment.is_some());
    Ok(of_deployments.max_by(|a, b| a.version.cmp(&b.version)))
}

/// The deployment that the next boot takes, as a path in a root that has its disk at `/sysroot`.
fn booted(tree: &dyn Tree) -> Found<String> {
    match newest_entry(tree)?.and_then(|entry| entry.deployment) {
        Some(link) => tree.real(&format!("/sysroot{link}")),
        None => Ok(None),
    }
}

/// What the next boot gets.
fn kernel_arguments(tree: &dyn Tree, manifest: &Manifest, facts: &mut Facts) {
    let subject = Subject::KernelArguments;
    let options = newest_entry(tree).and_then(|newest| match newest {
        Some(entry) => Ok(Some(entry.options)),
        None => {
            let mut all: Vec<_> =
                entries(tree)?.unwrap_or_default().into_iter().map(|entry| entry.options).collect();
            all.dedup();
            match all.len() {
                0 | 1 => Ok(all.pop()),
                several => Err(format!(
                    "{several} boot entries differ, and which is taken is the boot loader's matter"
                )),
            }
        }
    });
    let options = options.and_then(|options| match options.iter().flatten().find(|option| is_open(option)) {
        Some(open) => Err(format!("the boot loader puts something for `{open}` in the boot entry")),
        None => Ok(options),
    });
    let absent = "there is no boot entry below /boot/loader/entries";
    node::of_arguments(options.clone(), absent, manifest, facts);
    facts.looked(&subject, options, absent, |options| options);
}

/// A variable of the boot loader's that may bring any argument; CoreOS's own brings those of the first boot alone.
fn is_open(option: &str) -> bool {
    option.starts_with('$') && option != "$ignition_firstboot"
}

fn ignition_pending(tree: &dyn Tree, facts: &mut Facts) {
    let look = |path| tree.look(path, Links::Followed);
    let pending = look("/boot/ignition.firstboot").and_then(|stamp| {
        let is_boot = look("/boot/loader")?.is_some() || look("/boot/grub2")?.is_some();
        Ok(is_boot.then_some(stamp))
    });
    let word = |stamp: Option<Entry>| vec![if stamp.is_some() { "yes" } else { "no" }.to_owned()];
    facts.looked(&Subject::IgnitionPending, pending, "the boot file system is not mounted at /boot", word);
}

fn users(tree: &dyn Tree, accounts: &Result<Accounts, String>, asked: &Asked<'_>, facts: &mut Facts) {
    use UserProperty::{Exists, Group, Key, Password};
    let accounts = match accounts {
        Ok(accounts) => accounts,
        Err(why) => {
            for name in &asked.users {
                for property in [Exists, Group, Key, Password] {
                    facts.unknown(&Subject::User((*name).to_owned(), property), why);
                }
            }
            for name in &asked.groups {
                facts.unknown(&Subject::Group((*name).to_owned()), why);
            }
            return;
        }
    };
    for name in &asked.groups {
        let word = if accounts.has_group(name) { "yes" } else { "no" };
        facts.found(&Subject::Group((*name).to_owned()), [word.to_owned()]);
    }
    for name in &asked.users {
        let subject = |property| Subject::User((*name).to_owned(), property);
        let Some(user) = accounts.user(name) else {
            facts.found(&subject(Exists), ["no".to_owned()]);
            for property in [Group, Key, Password] {
                facts.found(&subject(property), []);
            }
            continue;
        };
        facts.found(&subject(Exists), ["yes".to_owned()]);
        facts.found(&subject(Group), accounts.groups_of(user));
        facts.looked(&subject(Key), accounts::keys(tree, user).map(Some), "", |keys| keys);
        let password = text(tree, "/etc/shadow")
            .map(|shadow| shadow.and_then(|shadow| accounts::password(&shadow, name)));
        facts.looked(&subject(Password), password, "/etc/shadow does not have the user", |word| {
            vec![word.to_owned()]
        });
    }
}

/// A file, directory or link: what it is, and what its links lead to.
fn file(tree: &dyn Tree, path: &str, accounts: Option<&Accounts>, facts: &mut Facts) {
    use FileProperty::{Kind, Mode, Owner, Real, Sha256, Target};
    let subject = |property| Subject::File(path.to_owned(), property);
    let is_below = |place: &&&str| path.strip_prefix(**place).is_some_and(|rest| rest.starts_with('/'));
    let looked = match OF_A_RUNNING_SYSTEM.iter().find(is_below) {
        Some(place) => Err(format!("only a running system has what is below {place}")),
        None => {
            tree.look(path, Links::Kept).and_then(|itself| Ok((itself, tree.look(path, Links::Followed)?)))
        }
    };
    let (itself, followed) = match looked {
        Ok(looked) => looked,
        Err(why) => {
            for property in [Kind, Mode, Owner, Real, Sha256, Target] {
                facts.unknown(&subject(property), why.as_str());
            }
            return;
        }
    };
    let (kind, target) = match itself.map(|entry| entry.kind) {
        Some(EntryKind::File) => (Some("file"), None),
        Some(EntryKind::Directory) => (Some("directory"), None),
        Some(EntryKind::Link(target)) => (Some("link"), Some(target)),
        Some(EntryKind::Other) | None => (None, None),
    };
    facts.found(&subject(Kind), kind.map(str::to_owned));
    match target.as_deref() {
        // A root has no devices, and this one masks.
        Some("/dev/null") => facts.found(&subject(Real), ["/dev/null".to_owned()]),
        _ => match tree.real(path) {
            Ok(real) => facts.found(&subject(Real), real),
            Err(why) => facts.unknown(&subject(Real), why),
        },
    }
    facts.found(&subject(Target), target);
    facts.found(&subject(Mode), followed.iter().map(|entry| format!("{:04o}", entry.mode)));
    match (&followed, accounts) {
        (Some(entry), Some(accounts)) => {
            facts.found(&subject(Owner), accounts.owner(entry.user, entry.group));
        }
        (Some(_), None) => facts.unknown(&subject(Owner), "who has which number cannot be read"),
        (None, _) => facts.found(&subject(Owner), []),
    }
    match followed.map(|entry| entry.kind) {
        None => facts.found(&subject(Sha256), []),
        Some(EntryKind::File) => {
            let digest = tree.read(path).map(|bytes| bytes.map(|bytes| Digest::of(&bytes).to_string()));
            facts.looked(&subject(Sha256), digest, "it went away", |digest| vec![digest]);
        }
        Some(_) => facts.unknown(&subject(Sha256), "it cannot be read as a file"),
    }
}

/// systemd's word for whether a unit is enabled (`systemctl is-enabled`), by what is on the disk; nothing if there is no
/// such unit.
fn unit(tree: &dyn Tree, name: &str) -> Found<&'static str> {
    let machine_id = text(tree, "/etc/machine-id")?.unwrap_or_default();
    if machine_id.trim().len() != 32 {
        return Err("the root has not booted yet, and its presets will decide".to_owned());
    }
    let [of_administrator, ..] = UNITS;
    let own = format!("{of_administrator}/{name}");
    match tree.look(&own, Links::Kept)?.map(|entry| entry.kind) {
        Some(EntryKind::Link(target)) if target == "/dev/null" => return Ok(Some("masked")),
        Some(EntryKind::Link(target)) => {
            let is_of_systemd =
                UNITS.iter().any(|folder| target.starts_with(folder)) || !target.starts_with('/');
            return Ok(Some(if is_of_systemd { "alias" } else { "linked" }));
        }
        _ => {}
    }
    for folder in tree.names(of_administrator)?.unwrap_or_default() {
        if [".wants", ".requires", ".upholds"].iter().any(|ending| folder.ends_with(ending)) {
            let link = tree.look(&format!("{of_administrator}/{folder}/{name}"), Links::Kept)?;
            if matches!(link.map(|entry| entry.kind), Some(EntryKind::Link(_))) {
                return Ok(Some("enabled"));
            }
        }
    }
    // `name@instance.service` has the file of `name@.service`.
    let of_template = name.split_once('@').and_then(|(stem, rest)| {
        let (_, kind) = rest.rsplit_once('.')?;
        Some(format!("{stem}@.{kind}"))
    });
    for name in [Some(name.to_owned()), of_template].into_iter().flatten() {
        for folder in UNITS {
            if let Some(file) = text(tree, &format!("{folder}/{name}"))? {
                let is_installable = file.lines().any(|line| line.trim() == "[Install]");
                return Ok(Some(match (file.is_empty(), is_installable) {
                    (true, _) => "masked",
                    (false, true) => "disabled",
                    (false, false) => "static",
                }));
            }
        }
    }
    Ok(None)
}
