//! Folders for what is large and private: gone with the program, whatever ends it.

use std::fs::DirBuilder;
use std::fs::File;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::FlockOperation;
use tempfile::TempDir;

use super::Failure;
use super::apply::private_folder;

const PREFIX: &str = "cotter-test-";
/// A folder that is younger may not have been locked yet by the program that has just made it.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder that is gone with this; if the program is killed before, the next one takes it away.
#[derive(Debug)]
pub struct WorkFolder {
    folder: TempDir,
    _lock: File,
}

impl WorkFolder {
    /// Makes one, after those that were left behind are taken away.
    pub fn below(parent: &Path) -> Result<Self, Failure> {
        sweep(parent);
        let folder = private_folder("test", parent)?;
        let failed = |cause: std::io::Error| Failure::io("lock", folder.path(), &cause);
        let lock = File::open(folder.path()).map_err(failed)?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared)
            .map_err(|cause| failed(cause.into()))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Takes away what nobody has locked. What cannot be taken away is left to its owner.
fn sweep(parent: &Path) {
    for entry in parent.read_dir().into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().ok().and_then(|metadata| metadata.modified().ok()?.elapsed().ok());
        if !is_ours || age.is_none_or(|age| age < YOUNG) {
            continue;
        }
        let Ok(folder) = File::open(entry.path()) else { continue };
        if rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes a folder that the user named and only the user can look into; one with something in it is refused.
pub fn make_private_folder(folder: &Path) -> Result<(), Failure> {
    let is_empty = || folder.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if folder.symlink_metadata().is_ok() && !is_empty() {
        let message = format!("`{}` is there already, with something in it", folder.display());
        return Err(Failure::input(message, "name a new folder"));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|cause| Failure::io("make", folder, &cause))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::WorkFolder;
    use super::YOUNG;

    #[test]
    fn what_was_left_behind_goes_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let in_use = WorkFolder::below(parent.path()).unwrap();
        let left = parent.path().join("cotter-test-left");
        let other = parent.path().join("something-else");
        for folder in [&left, &other] {
            std::fs::create_dir(folder).unwrap();
        }
        let long_ago = SystemTime::now() - 2 * YOUNG;
        for folder in [in_use.path(), &left, &other] {
            File::open(folder).unwrap().set_modified(long_ago).unwrap();
        }
        let young = parent.path().join("cotter-test-young");
        std::fs::create_dir(&young).unwrap();
        let next = WorkFolder::below(parent.path()).unwrap();
        assert!(in_use.path().exists() && other.exists() && young.exists() && next.path().exists());
        assert!(!left.exists());
    }
}
