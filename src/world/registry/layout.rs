//! An OCI layout on disk: blobs by their digests, each whole or not under its name.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::super::Existing;
use super::super::Failure;
use super::super::inputs::read_bounded;
use super::super::write_file;
use super::halt::Halt;
use super::intake::Intake;
use super::pull::MAX_MANIFEST_BYTES;
use super::source::Manifest;
use super::source::Source;
use super::source::Stream;
use crate::images::Descriptor;
use crate::images::LAYOUT_MARK;
use crate::images::LayoutIndex;
use crate::images::Platform;
use crate::images::Reference;
use crate::images::Trouble;
use crate::images::TroubleKind;

/// The largest index.
const MAX_INDEX_BYTES: u64 = 64 << 20;
/// Where parts of blobs are until they are whole; other tools look at blobs by their digests alone.
const PARTS: &str = ".cotter-parts";

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    folder: PathBuf,
    index: Mutex<LayoutIndex>,
    /// Held as long as it is written to.
    _lock: Option<File>,
}

impl Layout {
    /// One that is read.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("index.json");
        let bytes = read_bounded(&path, MAX_INDEX_BYTES)?;
        let index = LayoutIndex::read(&bytes).ok_or_else(|| {
            let message = format!("`{}` is no index of an OCI layout", path.display());
            Failure::input(message, "name a folder with `oci-layout`, `index.json` and `blobs`")
        })?;
        Ok(Self { folder: folder.to_owned(), index: Mutex::new(index), _lock: None })
    }

    /// One that is written to, and made if it is not there.
    pub(super) fn written(folder: &Path) -> Result<Self, Failure> {
        let is_new = !folder.join("index.json").exists();
        if is_new && folder.is_dir() {
            refuse_foreign(folder)?;
        }
        let parts = folder.join(PARTS);
        for made in [&folder.join("blobs/sha256"), &parts] {
            std::fs::create_dir_all(made).map_err(|cause| Failure::io("make", made, &cause))?;
        }
        let path = parts.join("lock");
        let lock = File::create(&path).map_err(|cause| Failure::io("make", &path, &cause))?;
        if lock.try_lock().is_err() {
            let message = format!("somebody else writes to `{}`", folder.display());
            return Err(Failure::surroundings(message, "wait until they are done, or name another folder"));
        }
        if is_new {
            write_file(&folder.join("oci-layout"), LAYOUT_MARK.as_bytes(), Existing::Replace, 0o644)?;
            let index = LayoutIndex::default().to_json();
            write_file(&folder.join("index.json"), &index, Existing::Replace, 0o644)?;
        }
        Ok(Self { _lock: Some(lock), ..Self::read(folder)? })
    }

    /// Takes away what is of use only as long as something is missing.
    pub(super) fn close(self) {
        let parts = self.folder.join(PARTS);
        let is_empty = parts
            .read_dir()
            .is_ok_and(|mut parts| parts.all(|one| one.is_ok_and(|one| one.file_name() == "lock")));
        if is_empty {
            let _ = std::fs::remove_dir_all(parts);
        }
    }

    pub(super) fn place(&self) -> String {
        format!("oci:{}", self.folder.display())
    }

    pub(super) fn find(&self, image: &Reference) -> Option<Descriptor> {
        self.index().find(image)
    }

    /// All images by their whole names, and how many have none.
    pub(super) fn images(&self) -> (Vec<Reference>, usize) {
        self.index().images()
    }

    /// True if the blob is there, as large as it must be.
    pub(super) fn has(&self, blob: &Descriptor) -> bool {
        let there = self.path_of(&blob.digest).symlink_metadata();
        there.is_ok_and(|there| there.is_file() && there.len() == blob.size_bytes)
    }

    pub(super) fn open(&self, digest: &str) -> Result<File, Trouble> {
        File::open(self.path_of(digest)).map_err(|_| self.without(digest))
    }

    /// A manifest or a configuration, and how large it is.
    pub(super) fn small(&self, digest: &str) -> Result<(Vec<u8>, u64), Trouble> {
        let file = self.open(digest)?;
        let mut body = Vec::new();
        let read = file.take(MAX_MANIFEST_BYTES as u64 + 1).read_to_end(&mut body);
        if read.is_err() || body.len() > MAX_MANIFEST_BYTES {
            let words = format!("{digest} in {} is no manifest", self.place());
            return Err(Trouble::new(TroubleKind::Garbage, words));
        }
        let size = body.len() as u64;
        Ok((body, size))
    }

    /// Takes a blob, and goes on where it was broken off. Gives how many of its bytes were there.
    pub(super) fn take(
        &self,
        blob: &Descriptor,
        source: &Source<'_>,
        moved: &Arc<AtomicU64>,
    ) -> Result<u64, Halt> {
        let path = self.folder.join(PARTS).join(blob.digest.replace(':', "-"));
        let failed = |cause: io::Error| Halt::Own(Failure::io("write", &path, &cause));
        let mut file = OpenOptions::new();
        let mut file =
            file.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut intake = Intake::of(blob);
        let had = digest_of_part(&mut file, &mut intake).map_err(failed)?;
        let first = if had > blob.size_bytes { 0 } else { had };
        let mut there = first;
        if first < blob.size_bytes || blob.size_bytes == 0 || had > blob.size_bytes {
            let stream = source.blob(blob, first).map_err(Halt::Source)?;
            if stream.first_byte == 0 {
                (intake, there) = (Intake::of(blob), 0);
                file.set_len(0).and_then(|()| io::Seek::rewind(&mut file)).map_err(failed)?;
            }
            self.fill(&mut file, &mut intake, stream, source, moved).map_err(|halt| match halt {
                Ok(trouble) => Halt::Source(trouble),
                Err(cause) => failed(cause),
            })?;
        }
        if let Err(trouble) = intake.finish(&source.place()) {
            if trouble.kind == TroubleKind::DigestMismatch {
                // What is wrong must not be gone on with.
                std::fs::remove_file(&path).map_err(failed)?;
                if there > 0 {
                    return self.take(blob, source, moved);
                }
            }
            return Err(Halt::Source(trouble));
        }
        file.sync_data().map_err(failed)?;
        self.give_its_name(&path, &blob.digest).map_err(failed)?;
        Ok(there)
    }

    /// Writes what comes; the trouble is the source's or the disk's.
    fn fill(
        &self,
        file: &mut File,
        intake: &mut Intake,
        mut stream: Stream,
        source: &Source<'_>,
        moved: &Arc<AtomicU64>,
    ) -> Result<(), Result<Trouble, io::Error>> {
        let mut piece = vec![0; 256 << 10];
        loop {
            let read = match stream.bytes.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    let kind = match cause.kind() {
                        io::ErrorKind::TimedOut => TroubleKind::Timeout,
                        _ => TroubleKind::Broken,
                    };
                    return Err(Ok(Trouble::new(
                        kind,
                        format!("{} broke off within a blob", source.place()),
                    )));
                }
            };
            let came = piece.get(..read).unwrap_or_default();
            moved.fetch_add(read as u64, Ordering::Relaxed);
            if !intake.take(came) {
                // The end says that it is too much.
                return Ok(());
            }
            file.write_all(came).map_err(Err)?;
        }
    }

    pub(super) fn put_manifest(&self, manifest: &Manifest) -> Result<(), Failure> {
        let path = self.path_of(&manifest.digest);
        if self.has(&manifest.descriptor()) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|cause| Failure::io("make", folder, &cause))?;
        }
        write_file(&path, &manifest.body, Existing::Replace, 0o644)
    }

    /// Gives an image its name: after this it is there.
    pub(super) fn name(
        &self,
        image: &Reference,
        manifest: &Manifest,
        platform: Option<&Platform>,
    ) -> Result<(), Failure> {
        let mut index = self.index();
        index.put(image, &manifest.descriptor(), platform);
        write_file(&self.folder.join("index.json"), &index.to_json(), Existing::Replace, 0o644)
    }

    fn give_its_name(&self, part: &Path, digest: &str) -> io::Result<()> {
        let path = self.path_of(digest);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::rename(part, path)
    }

    /// A digest has no other characters than a file's name may have: references and descriptors hold that.
    fn path_of(&self, digest: &str) -> PathBuf {
        let (kind, hex) = digest.split_once(':').unwrap_or(("sha256", digest));
        self.folder.join("blobs").join(kind).join(hex)
    }

    fn without(&self, digest: &str) -> Trouble {
        Trouble::new(TroubleKind::NoTag, format!("{} has not {digest}", self.place()))
    }

    fn index(&self) -> MutexGuard<'_, LayoutIndex> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Digests what of a blob is there.
fn digest_of_part(file: &mut File, intake: &mut Intake) -> io::Result<u64> {
    let mut piece = vec![0; 256 << 10];
    let mut had = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(had);
        }
        intake.take(piece.get(..read).unwrap_or_default());
        had += read as u64;
    }
}

/// A folder with other things is not made a layout; one that an earlier run had begun is.
fn refuse_foreign(folder: &Path) -> Result<(), Failure> {
    let failed = |cause: io::Error| Failure::io("look into", folder, &cause);
    for entry in folder.read_dir().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if !["blobs", "oci-layout", PARTS].iter().any(|ours| name == *ours) {
            let message = format!("`{}` is there, and no OCI layout", folder.display());
            return Err(Failure::input(message, "name another folder, or an empty one"));
        }
    }
    Ok(())
}
