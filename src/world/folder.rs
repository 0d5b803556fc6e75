//! A folder as the root of a machine: read without ever leaving it, and within bounds.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::AtFlags;
use rustix::fs::CWD;
use rustix::fs::Dir;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::Stat;
use rustix::fs::fstat;
use rustix::fs::openat;
use rustix::fs::readlinkat;
use rustix::fs::statat;
use rustix::io::Errno;

use super::Failure;
use super::failure::plain;
use crate::tree::Entry;
use crate::tree::EntryKind;
use crate::tree::Found;
use crate::tree::Links;
use crate::tree::Tree;

/// The largest file that is read: nothing larger is expected of a machine.
const MAX_FILE_BYTES: u64 = 32 << 20;
/// The most bytes that are read of one folder: a file of zeros costs nothing to make, and much to read.
const MAX_BYTES: u64 = 4 << 30;
/// The most names in one directory.
const MAX_NAMES: usize = 10_000;
/// The most looks into one folder: a directory of directories of names could keep us for ever.
const MAX_LOOKS: usize = 500_000;
/// The most links on the way to one file, as in the kernel.
const MAX_LINKS: usize = 40;

/// A folder that stands for the root of a machine. Every link is followed by hand, part by part, so that none leads out of
/// it, whatever happens in it meanwhile; nothing but regular files and directories is ever opened.
pub(super) struct Folder {
    root: OwnedFd,
    /// What a running system has mounted elsewhere in it.
    mounts: Vec<(String, OwnedFd)>,
    /// Where nothing is known if the directory is empty.
    pub(super) elsewhere: Vec<String>,
    looks: Cell<usize>,
    has_read: Cell<u64>,
}

/// What a path leads to: a name in a directory, or a directory itself.
struct Place {
    folder: OwnedFd,
    name: Option<Vec<u8>>,
    path: String,
    stat: Stat,
}

const DIRECTORY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn said(errno: Errno) -> String {
    plain(&errno.into())
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        // The user's own path may be a link.
        let root = openat(CWD, path, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty());
        let root = root.map_err(|errno| Failure::io("read", path, &errno.into()))?;
        Ok(Self {
            root,
            mounts: Vec::new(),
            elsewhere: Vec::new(),
            looks: Cell::new(0),
            has_read: Cell::new(0),
        })
    }

    /// The system of a deployment on this disk, with its `/var` and the disk's `/boot`.
    pub(super) fn deployment(self, system: &str, var: &str) -> Result<Self, String> {
        let directory = |path: &str| match self.place(path, Links::Followed)? {
            Some(Place { folder, name: None, .. }) => Ok(Some(folder)),
            _ => Ok::<_, String>(None),
        };
        let root = directory(system)?.ok_or_else(|| format!("{system} is not there"))?;
        let mut mounts = Vec::new();
        for (at, path) in [("/var", var), ("/boot", "/boot"), ("/sysroot", "/")] {
            mounts.extend(directory(path)?.map(|folder| (at.to_owned(), folder)));
        }
        Ok(Self { root, mounts, elsewhere: Vec::new(), looks: Cell::new(0), has_read: Cell::new(0) })
    }

    fn place(&self, path: &str, links: Links) -> Found<Place> {
        let mut rest: VecDeque<Vec<u8>> =
            path.bytes().collect::<Vec<_>>().split(|b| *b == b'/').map(<[u8]>::to_vec).collect();
        let mut way: Vec<(Vec<u8>, OwnedFd)> = Vec::new();
        let mut followed = 0;
        while let Some(part) = rest.pop_front() {
            self.looks.set(self.looks.get() + 1);
            if self.looks.get() > MAX_LOOKS {
                return Err("there is too much in it to look at".to_owned());
            }
            match part.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    way.pop();
                    continue;
                }
                _ => {}
            }
            let path = [way.last().map_or(&b""[..], |(path, _)| path), b"/", &part].concat();
            if let Some((_, mount)) = self.mounts.iter().find(|(at, _)| at.as_bytes() == path) {
                way.push((path, mount.try_clone().map_err(|cause| plain(&cause))?));
                continue;
            }
            let folder = way.last().map_or(&self.root, |(_, folder)| folder);
            let name = OsStr::from_bytes(&part);
            let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => return self.absent(&way),
                Err(errno) => return Err(said(errno)),
            };
            let is_last = rest.iter().all(Vec::is_empty);
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink if !is_last || links == Links::Followed => {
                    followed += 1;
                    if followed > MAX_LINKS {
                        return Err("its links lead in a circle".to_owned());
                    }
                    let target = readlinkat(folder, name, Vec::new()).map_err(said)?.into_bytes();
                    if target.starts_with(b"/") {
                        way.clear();
                    }
                    for part in target.split(|byte| *byte == b'/').rev() {
                        rest.push_front(part.to_vec());
                    }
                }
                FileType::Directory => {
                    let inner = openat(folder, name, DIRECTORY, Mode::empty()).map_err(said)?;
                    way.push((path, inner));
                }
                _ if is_last => {
                    let folder = folder.try_clone().map_err(|cause| plain(&cause))?;
                    let path = String::from_utf8_lossy(&path).into_owned();
                    return Ok(Some(Place { folder, name: Some(part), path, stat }));
                }
                // What is no directory has nothing below it.
                _ => return Ok(None),
            }
        }
        let (path, folder) = match way.pop() {
            Some((path, folder)) => (String::from_utf8_lossy(&path).into_owned(), folder),
            None => ("/".to_owned(), self.root.try_clone().map_err(|cause| plain(&cause))?),
        };
        let stat = fstat(&folder).map_err(said)?;
        Ok(Some(Place { folder, name: None, path, stat }))
    }

    /// Nothing of a name is here; but where something else belongs that is not mounted, that says nothing.
    fn absent<T>(&self, way: &[(Vec<u8>, OwnedFd)]) -> Found<T> {
        let Some((path, folder)) = way.last() else { return Ok(None) };
        let belongs = self.elsewhere.iter().find(|place| place.as_bytes() == path.as_slice());
        match belongs {
            Some(place) if names_in(folder)?.is_empty() => Err(format!("nothing is mounted at {place}")),
            _ => Ok(None),
        }
    }

    pub(super) fn bytes(&self, path: &str, most: u64) -> Found<Vec<u8>> {
        let Some(place) = self.place(path, Links::Followed)? else { return Ok(None) };
        let is_file = FileType::from_raw_mode(place.stat.st_mode) == FileType::RegularFile;
        let (Some(name), true) = (&place.name, is_file) else {
            return Err("it is no file".to_owned());
        };
        // Should it be a pipe by now, opening it must not wait.
        let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&place.folder, OsStr::from_bytes(name), how, Mode::empty()).map_err(said)?;
        if FileType::from_raw_mode(fstat(&file).map_err(said)?.st_mode) != FileType::RegularFile {
            return Err("it is no file".to_owned());
        }
        let mut bytes = Vec::new();
        match File::from(file).take(most + 1).read_to_end(&mut bytes) {
            Ok(_) => {}
            // So the kernel says that an attribute has no value.
            Err(cause) if matches!(Errno::from_io_error(&cause), Some(Errno::INVAL | Errno::OPNOTSUPP)) => {
                return Ok(None);
            }
            Err(cause) => return Err(plain(&cause)),
        }
        self.has_read.set(self.has_read.get() + bytes.len() as u64);
        if self.has_read.get() > MAX_BYTES {
            return Err("there is too much in it to read".to_owned());
        }
        match bytes.len() as u64 > most {
            true => Err(format!("it has more than {most} bytes")),
            false => Ok(Some(bytes)),
        }
    }
}

fn names_in(folder: &OwnedFd) -> Result<Vec<String>, String> {
    let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(folder.as_fd(), ".", how, Mode::empty()).map_err(said)?;
    let mut names = Vec::new();
    for entry in Dir::new(opened).map_err(said)? {
        let entry = entry.map_err(said)?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        if names.len() > MAX_NAMES {
            return Err(format!("a directory has more than {MAX_NAMES} names"));
        }
    }
    names.sort();
    Ok(names)
}

impl Tree for Folder {
    fn look(&self, path: &str, links: Links) -> Found<Entry> {
        let Some(place) = self.place(path, links)? else { return Ok(None) };
        let kind = match FileType::from_raw_mode(place.stat.st_mode) {
            FileType::RegularFile => EntryKind::File,
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => {
                let name = OsStr::from_bytes(place.name.as_deref().unwrap_or_default());
                let target = readlinkat(&place.folder, name, Vec::new()).map_err(said)?;
                EntryKind::Link(target.to_string_lossy().into_owned())
            }
            _ => EntryKind::Other,
        };
        Ok(Some(Entry {
            kind,
            mode: place.stat.st_mode & 0o7777,
            user: place.stat.st_uid,
            group: place.stat.st_gid,
            modified_seconds: place.stat.st_mtime,
        }))
    }

    fn read(&self, path: &str) -> Found<Vec<u8>> {
        self.bytes(path, MAX_FILE_BYTES)
    }

    fn names(&self, path: &str) -> Found<Vec<String>> {
        match self.place(path, Links::Followed)? {
            Some(Place { folder, name: None, .. }) => names_in(&folder).map(Some),
            Some(_) => Err("it is no directory".to_owned()),
            None => Ok(None),
        }
    }

    fn real(&self, path: &str) -> Found<String> {
        Ok(self.place(path, Links::Followed)?.map(|place| place.path))
    }
}
