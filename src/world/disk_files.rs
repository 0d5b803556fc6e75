//! The files that are a virtual machine's disks: sparse, copied as such, and watched.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::Failure;
use super::copy::copy_data;
use crate::rehearsal::VirtualMachine;

/// What one installation lives on.
#[derive(Clone, Debug)]
pub(super) struct DiskFiles {
    /// A file for each disk.
    pub(super) disks: Vec<PathBuf>,
    /// The firmware's variables, for UEFI.
    pub(super) variables: Option<PathBuf>,
}

impl DiskFiles {
    /// Blank disks, called by `name`; the firmware's variables are copied.
    pub(super) fn blank(
        machine: &VirtualMachine,
        name: &str,
        variables: Option<&Path>,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let mut disks = Vec::new();
        for (index, disk) in machine.disks.iter().enumerate() {
            let path = folder.join(format!("{name}{index}.raw"));
            let size_bytes = disk.size_gib.saturating_mul(1 << 30);
            File::create(&path)
                .and_then(|file| file.set_len(size_bytes))
                .map_err(|cause| Failure::io("make", &path, &cause))?;
            disks.push(path);
        }
        let files = Self { disks, variables: variables.map(Path::to_path_buf) };
        files.with_variables(name, folder)
    }

    /// A copy of all, called by `name`.
    pub(super) fn copy(&self, name: &str, folder: &Path) -> Result<Self, Failure> {
        let mut disks = Vec::new();
        for (index, from) in self.disks.iter().enumerate() {
            let to = folder.join(format!("{name}{index}.raw"));
            copy_disk(from, &to).map_err(|cause| Failure::io("write", &to, &cause))?;
            disks.push(to);
        }
        Self { disks, variables: self.variables.clone() }.with_variables(name, folder)
    }

    fn with_variables(mut self, name: &str, folder: &Path) -> Result<Self, Failure> {
        if let Some(from) = &self.variables {
            let to = folder.join(format!("{name}.uefi-variables"));
            std::fs::copy(from, &to).map_err(|cause| Failure::io("write", &to, &cause))?;
            self.variables = Some(to);
        }
        Ok(self)
    }

    /// How many bytes they really take.
    pub(super) fn used_bytes(&self) -> u64 {
        let used = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.blocks() * 512);
        self.disks.iter().map(used).sum()
    }

    /// Takes them away.
    pub(super) fn remove(&self) {
        for path in self.disks.iter().chain(&self.variables) {
            // The folder goes too, in the end.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Disks are mostly holes: how much room their copy takes is not told by their size.
fn copy_disk(from: &Path, to: &Path) -> std::io::Result<()> {
    let (from, to) = (File::open(from)?, File::create(to)?);
    copy_data(&from, &to, from.metadata()?.len())
}

/// Whether the disk's first sector ends with the mark by which a BIOS knows what it may boot.
pub(super) fn has_boot_mark(disk: &Path) -> bool {
    let mut mark = [0; 2];
    let read = File::open(disk).and_then(|file| file.read_exact_at(&mut mark, 510));
    read.is_ok() && mark == [0x55, 0xaa]
}

/// How many bytes are left for files in this folder.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|room| room.f_bavail.saturating_mul(room.f_frsize))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::DiskFiles;
    use super::File;
    use super::has_boot_mark;

    #[test]
    fn a_copy_has_the_same_bytes_and_the_same_holes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk0.raw");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 30).unwrap();
        for position in [0, 5 << 20, (1 << 30) - 4096] {
            file.write_all_at(&[7; 4096], position).unwrap();
        }
        let files = DiskFiles { disks: vec![path], variables: None };
        let copy = files.copy("other", folder.path()).unwrap();
        assert!(copy.used_bytes() <= files.used_bytes() && files.used_bytes() < 1 << 20);
        let copied = File::open(&copy.disks[0]).unwrap();
        assert_eq!(copied.metadata().unwrap().len(), 1 << 30);
        for (position, expected) in [(0, 7), (4096, 0), (5 << 20, 7), ((1 << 30) - 4096, 7)] {
            let mut byte = [1];
            copied.read_exact_at(&mut byte, position).unwrap();
            assert_eq!(byte[0], expected, "at {position}");
        }
        assert!(!has_boot_mark(&copy.disks[0]));
        let written = File::options().write(true).open(&copy.disks[0]).unwrap();
        written.write_all_at(&[0x55, 0xaa], 510).unwrap();
        assert!(has_boot_mark(&copy.disks[0]));
        copy.remove();
        assert!(!copy.disks[0].exists() && files.disks[0].exists());
    }
}
