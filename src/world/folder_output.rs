//! A folder of results: whole, or not at all.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::CWD;
use rustix::fs::RenameFlags;
use rustix::fs::renameat_with;

use super::Failure;
use super::apply::Existing;
use super::apply::refuse_existing;
use super::apply::write_file;

/// Writes files with their modes into a folder, which appears at once.
///
/// One that is there is replaced as a whole, but only if all that is in it could be ours: who mistypes the folder's
/// name loses nothing.
pub fn write_folder(
    out: &Path,
    files: &BTreeMap<&str, (&[u8], u32)>,
    existing: Existing,
) -> Result<(), Failure> {
    refuse_existing(out, existing)?;
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |cause: io::Error| Failure::io("write", out, &cause);
    let is_there = out.symlink_metadata().is_ok();
    if is_there {
        refuse_foreign(out)?;
    }
    let draft = tempfile::Builder::new().prefix(".cotter-").tempdir_in(parent).map_err(failed)?;
    for (name, (bytes, mode)) in files {
        write_file(&draft.path().join(name), bytes, Existing::Refuse, *mode)?;
    }
    std::fs::set_permissions(draft.path(), Permissions::from_mode(0o755)).map_err(failed)?;
    // What was there goes with the draft's name.
    let flags = if is_there { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    renameat_with(CWD, draft.path(), CWD, out, flags).map_err(|errno| failed(errno.into()))?;
    std::fs::File::open(parent).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Refuses a folder that cannot have been written by us: of ours, every file says what it is.
fn refuse_foreign(out: &Path) -> Result<(), Failure> {
    let failed = |cause: io::Error| Failure::io("look into", out, &cause);
    let foreign = |what: String| Failure::input(what, "name another folder, or remove this one yourself");
    if !out.symlink_metadata().map_err(failed)?.is_dir() {
        return Err(foreign(format!("`{}` is there, and no folder", out.display())));
    }
    for entry in out.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let is_file = entry.file_type().map_err(failed)?.is_file();
        let is_ours = name.to_str().is_some_and(|name| {
            OURS.contains(&name)
                || name.starts_with("guestinfo.")
                // Another kind of file is not opened: it could keep who reads it waiting.
                || name.ends_with(".yaml") && is_file && says_that_it_is_ours(&entry.path())
        });
        if !is_ours || !is_file {
            let message =
                format!("`{}` holds `{}`, which is not cotter's", out.display(), name.to_string_lossy());
            return Err(foreign(message));
        }
    }
    Ok(())
}

/// True for a file whose first line says who made it: its name says nothing.
fn says_that_it_is_ours(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MADE_BY.len() as u64).read_to_end(&mut begin));
    read.is_ok() && begin == MADE_BY
}

/// How objects of a cluster begin.
const MADE_BY: &[u8] = b"# Made by cotter ";

/// What such folders hold.
const OURS: [&str; 16] = [
    "cidata.iso",
    "config.ign",
    "config.ign.base64",
    "config.ign.gz",
    "meta-data",
    "network-config",
    "payload",
    "snippet.sh",
    "startup-script",
    "startup-script.base64",
    "startup-script.gz",
    "terraform.tf",
    "user-data",
    "user-data.base64",
    "user-data.gz",
    "vendor-data",
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    use super::write_folder;
    use crate::world::Existing;
    use crate::world::Kind;

    #[test]
    fn a_folder_is_written_whole_and_only_ours_is_replaced() {
        let below = tempfile::tempdir().unwrap();
        let out = below.path().join("web1");
        let files = BTreeMap::from([("user-data", (&b"one"[..], 0o600)), ("meta-data", (&b"m"[..], 0o644))]);
        write_folder(&out, &files, Existing::Refuse).unwrap();
        assert_eq!(out.join("user-data").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_folder(&out, &files, Existing::Refuse).unwrap_err().kind, Kind::Input);
        let other = BTreeMap::from([("user-data", (&b"two"[..], 0o644))]);
        write_folder(&out, &other, Existing::Replace).unwrap();
        assert_eq!(std::fs::read(out.join("user-data")).unwrap(), b"two");
        assert!(!out.join("meta-data").exists(), "what is no longer written is gone");
        std::fs::write(out.join("notes.txt"), "mine").unwrap();
        assert_eq!(write_folder(&out, &files, Existing::Replace).unwrap_err().kind, Kind::Input);
        assert_eq!(std::fs::read(out.join("notes.txt")).unwrap(), b"mine");
        assert_eq!(below.path().read_dir().unwrap().count(), 1, "nothing else is left");
    }
}
