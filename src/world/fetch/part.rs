//! A file that has not come whole: its bytes so far, their digests, and what the server said of it.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use sha2::Sha512;

use super::super::Existing;
use super::super::Failure;
use super::super::apply::write_file;
use super::super::inputs::read_bounded;
use crate::catalog::Algorithm;
use crate::catalog::Checksum;

/// A larger description is none of ours.
const MAX_STATE_BYTES: u64 = 64 << 10;

/// What must still be so to go on with a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Where it comes from.
    pub(super) url: String,
    /// The server's mark of the file, if it is a strong one.
    pub(super) etag: Option<String>,
    /// When the server's file was changed.
    pub(super) last_modified: Option<String>,
    /// How long it is, in bytes.
    pub(super) length: Option<u64>,
    /// What it must be.
    pub(super) checksums: Vec<Checksum>,
}

/// The bytes so far.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    sha256: Sha256,
    sha512: Option<Sha512>,
    pub(super) have: u64,
    pub(super) state: Option<State>,
    /// True if not all of it came in one go.
    pub(super) is_pieced: bool,
}

/// What came, whole.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) sha256: String,
    pub(super) sha512: Option<String>,
}

impl Sums {
    pub(super) fn are(&self, wanted: &Checksum) -> bool {
        match wanted.algorithm() {
            Algorithm::Sha256 => self.sha256 == wanted.as_str(),
            Algorithm::Sha512 => self.sha512.as_deref() == Some(wanted.as_str()),
        }
    }
}

impl Part {
    /// Opens what is there, and digests it; nothing is left of it if it is to be another file.
    pub(super) fn open(path: &Path, checksums: &[Checksum]) -> Result<Self, Failure> {
        let failed = |cause: std::io::Error| Failure::io("write", path, &cause);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut part = Self {
            path: path.to_owned(),
            file: file.map_err(failed)?,
            sha256: Sha256::new(),
            sha512: checksums.iter().any(is_long).then(Sha512::new),
            have: 0,
            state: None,
            is_pieced: false,
        };
        let described = read_bounded(&state_path(path), MAX_STATE_BYTES).ok();
        let state: Option<State> = described.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match state.filter(|state| state.checksums == checksums) {
            None => part.begin_again()?,
            Some(state) => {
                part.state = Some(state);
                part.digest_all().map_err(failed)?;
                part.is_pieced = part.have > 0;
            }
        }
        Ok(part)
    }

    fn digest_all(&mut self) -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 20];
        self.file.rewind()?;
        loop {
            let read = self.file.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            self.sha256.update(piece);
            if let Some(sha512) = &mut self.sha512 {
                sha512.update(piece);
            }
            self.have += read as u64;
        }
        self.file.seek(SeekFrom::Start(self.have)).map(drop)
    }

    /// Forgets what came.
    pub(super) fn begin_again(&mut self) -> Result<(), Failure> {
        let failed = |cause: std::io::Error| Failure::io("write", &self.path, &cause);
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(failed)?;
        let _ = std::fs::remove_file(state_path(&self.path));
        self.sha256 = Sha256::new();
        self.sha512 = self.sha512.as_ref().map(|_| Sha512::new());
        (self.have, self.state, self.is_pieced) = (0, None, false);
        Ok(())
    }

    /// Keeps what the server says of the file, so that it can be gone on with.
    pub(super) fn describe(&mut self, state: State) -> Result<(), Failure> {
        if self.state.as_ref() != Some(&state) {
            let json = serde_json::to_vec(&state).unwrap_or_default();
            write_file(&state_path(&self.path), &json, Existing::Replace, 0o644)?;
            self.state = Some(state);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.file.write_all(piece).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => no_room(&self.path),
            _ => Failure::io("write", &self.path, &cause),
        })?;
        self.sha256.update(piece);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(piece);
        }
        self.have += piece.len() as u64;
        Ok(())
    }

    /// What came, digested.
    pub(super) fn sums(&self) -> Sums {
        Sums {
            sha256: hex::encode(self.sha256.clone().finalize()),
            sha512: self.sha512.clone().map(|digest| hex::encode(digest.finalize())),
        }
    }

    /// Takes it away.
    pub(super) fn remove(self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(state_path(&self.path));
    }

    /// Brings it to the disk and gives it its name.
    pub(super) fn place(self, out: &Path) -> Result<(), Failure> {
        let failed = |cause: std::io::Error| Failure::io("write", out, &cause);
        self.file.sync_all().map_err(failed)?;
        std::fs::rename(&self.path, out).map_err(failed)?;
        let _ = std::fs::remove_file(state_path(&self.path));
        let folder = out.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn is_long(sum: &Checksum) -> bool {
    sum.algorithm() == Algorithm::Sha512
}

pub(super) fn no_room(path: &Path) -> Failure {
    let message = format!("there is no room left for `{}`", path.display());
    let hint = "make room with `cotter fetch --prune`, or set XDG_CACHE_HOME to a folder elsewhere; then try again: \
                what came is kept";
    Failure::surroundings(message, hint)
}

/// Where it is said what a part is of.
fn state_path(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}
