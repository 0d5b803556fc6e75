//! Folders that somebody kept of a machine: read without ever leaving them, and within bounds.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::Failure;
use super::folder::Folder;
use super::machine_facts::records;
use crate::saved;
use crate::saved::GatheredNode;
use crate::saved::Kind;
use crate::saved::RECORDS;
use crate::tree::Entry;
use crate::tree::EntryKind;
use crate::tree::Links;
use crate::tree::Tree as _;
use crate::value::printable;
use crate::verify::BootRecord;
use crate::verify::MAX_RECORD_BYTES;
use crate::verify::MAX_RECORDS;
use crate::verify::Manifest;

/// What was kept of a machine.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What it is, and what to know about it, for a person.
    pub notes: Vec<String>,
    /// The boots, each with the name a person knows it by, the oldest first.
    pub boots: Vec<(String, BootRecord)>,
    /// How many of them were before what is to be judged.
    pub earlier: usize,
    /// What was kept of the cluster that the machine is.
    pub cluster: Option<BootRecord>,
}

/// Reads what was kept of a machine: records of its boots, its mounted root, an sosreport or a must-gather.
pub fn facts(path: &Path, manifest: &Manifest) -> Result<Kept, Failure> {
    let failed = |cause: std::io::Error| Failure::io("read", path, &cause);
    let named =
        |records: Vec<BootRecord>| records.into_iter().map(|record| (record.name(), record)).collect();
    if !path.metadata().map_err(failed)?.is_dir() {
        refuse_archive(path)?;
        return Ok(Kept { notes: Vec::new(), boots: named(records(path)?), earlier: 0, cluster: None });
    }
    let folder = Folder::open(path)?;
    let shown = path.display();
    match saved::kind(&folder) {
        None => {
            let records = records(path)?;
            if records.is_empty() {
                let message = format!(
                    "`{shown}` holds no records of boots, and is no mounted root, sosreport or must-gather"
                );
                return Err(Failure::input(
                    message,
                    "name one of them, or a folder from /var/lib/cotter/boots",
                ));
            }
            Ok(Kept { notes: Vec::new(), boots: named(records), earlier: 0, cluster: None })
        }
        Some(Kind::Root) => root(path, folder, manifest),
        Some(Kind::SosReport) => {
            let record = saved::sosreport_record(&folder, manifest);
            let note = format!(
                "`{shown}` is an sosreport, which does not say which machine it is of; it is taken for `{}`",
                manifest.machine
            );
            Ok(Kept {
                notes: vec![note],
                boots: vec![("sosreport".to_owned(), record)],
                earlier: 0,
                cluster: None,
            })
        }
        Some(Kind::MustGather) => {
            if manifest.cluster.is_empty() {
                let message = format!(
                    "`{shown}` is a must-gather, and nothing is expected of a cluster: `{}` is none",
                    manifest.machine
                );
                return Err(Failure::input(
                    message,
                    "name a record, a mounted root or an sosreport of the machine",
                ));
            }
            let record = saved::cluster_record(&folder, &manifest.machine);
            let note = format!(
                "`{shown}` is a must-gather: the cluster is judged as it was then, and the machine is not"
            );
            Ok(Kept { notes: vec![note], boots: Vec::new(), earlier: 0, cluster: Some(record) })
        }
        Some(Kind::SupportBundle) => Err(Failure::input(
            format!("`{shown}` is a support bundle of Harvester, which says nothing of one machine"),
            "judge the cluster: `cotter verify --harvester --facts DIR`",
        )),
    }
}

/// The first of these files that was kept of a machine, and its bytes; nothing if none is there.
pub fn first_file(path: &Path, names: &[&str]) -> Result<Option<(String, Vec<u8>)>, Failure> {
    refuse_archive(path)?;
    let disk = Folder::open(path)?;
    let (mut system, _) = system_on(path, disk)?;
    system.elsewhere = saved::elsewhere(&system);
    for name in names {
        let refused = |why: String| {
            let message = format!("failed to read `{name}` below `{}`: {}", path.display(), printable(&why));
            Failure::input(message, "name the root of a node, with `/etc` and `/var` in it")
        };
        if let Some(bytes) = system.read(name).map_err(refused)? {
            return Ok(Some(((*name).to_owned(), bytes)));
        }
    }
    Ok(None)
}

/// What a must-gather tells of each node.
pub fn gathered_nodes(path: &Path) -> Result<Vec<GatheredNode>, Failure> {
    refuse_archive(path)?;
    let refused = |why: String| {
        let message = format!("`{}` cannot be read: {}", path.display(), printable(&why));
        Failure::input(message, "name the folder that `oc adm must-gather` made")
    };
    saved::gathered_nodes(&Folder::open(path)?).map_err(refused)
}

/// The system on a disk: of an ostree one the deployment that the next boot takes, with words that say which.
pub(super) fn system_on(path: &Path, disk: Folder) -> Result<(Folder, String), Failure> {
    let refused = |why: String| {
        Failure::input(
            format!("`{}` cannot be judged: {}", path.display(), printable(&why)),
            "mount the boot file system at `boot` in it, or name one deployment",
        )
    };
    Ok(match saved::deployment(&disk).map_err(refused)? {
        None => (disk, String::new()),
        Some(deployment) => (
            disk.deployment(&deployment.system, &deployment.var).map_err(refused)?,
            format!(", deployment `{}`", printable(&deployment.system)),
        ),
    })
}

/// The history of a mounted root, and its own facts last.
fn root(path: &Path, disk: Folder, manifest: &Manifest) -> Result<Kept, Failure> {
    let shown = path.display();
    let (mut system, which) = system_on(path, disk)?;
    system.elsewhere = saved::elsewhere(&system);
    let mut notes =
        vec![format!("`{shown}` is a mounted root{which}: what only a running system knows is unknown")];
    let mut boots = Vec::new();
    for read in history(&system) {
        match read {
            Ok(record) => boots.push((record.name(), record)),
            Err(why) => notes.push(format!("a record of a boot was left out: {why}")),
        }
    }
    let (record, says_whose) = saved::root_record(&system, manifest);
    if !says_whose {
        notes.push(format!("it does not say which machine it is; it is taken for `{}`", manifest.machine));
    }
    let earlier = boots.len();
    boots.push(("root".to_owned(), record));
    Ok(Kept { notes, boots, earlier, cluster: None })
}

/// The records in a root, the oldest first.
fn history(system: &Folder) -> Vec<Result<BootRecord, String>> {
    let names = match system.names(RECORDS) {
        Ok(names) => names.unwrap_or_default(),
        Err(why) => return vec![Err(why)],
    };
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".json")) {
        let path = format!("{RECORDS}/{name}");
        if let Ok(Some(Entry { kind: EntryKind::File, modified_seconds, .. })) =
            system.look(&path, Links::Kept)
        {
            found.push((modified_seconds, path));
        }
    }
    found.sort();
    let newest = found.len().saturating_sub(MAX_RECORDS);
    let read = |(_, path): (i64, String)| {
        let bytes = system.bytes(&path, MAX_RECORD_BYTES)?.ok_or("it went away")?;
        // The name is the machine's too, and is not shown.
        BootRecord::read(&bytes)
    };
    found.into_iter().skip(newest).map(read).collect()
}

/// What is packed is not read: unpacking is for programs that do it well.
pub(super) fn refuse_archive(path: &Path) -> Result<(), Failure> {
    // A pipe gives its bytes once, and what cannot be read is said by whoever reads it.
    if !path.metadata().is_ok_and(|data| data.is_file()) {
        return Ok(());
    }
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(262).read_to_end(&mut beginning));
    if read.is_err() {
        return Ok(());
    }
    let packers: [&[u8]; 5] = [b"\xfd7zXZ\0", b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"];
    if packers.iter().any(|magic| beginning.starts_with(magic)) || beginning.ends_with(b"ustar") {
        let message = format!("`{}` is an archive", path.display());
        return Err(Failure::input(message, "unpack it (`tar xf`), and name the folder"));
    }
    Ok(())
}
