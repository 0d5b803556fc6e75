//! Kernel arguments of a disk that is installed already: its boot entries are edited in place, without root.
//!
//! The disk was written by a guest: everything read here is bounded, and what is not as it should be is said.

use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// How long one look into the file system may take, and the most it may say.
const LOOK_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: u64 = 256 << 10;
/// The most boot entries.
const MAX_ENTRIES: usize = 16;
/// A partition table has at most this many bytes (UEFI 2.10, 5.3.2: 128 entries of 128 bytes are usual).
const MAX_TABLE_BYTES: usize = 128 << 10;
const SECTOR_BYTES: u64 = 512;
const ENTRIES: &str = "/loader/entries";

/// Adds `argument` to every boot entry of the disk, or says why that cannot be done.
///
/// It knows CoreOS's layout: GPT, and an ext4 file system in the partition called `boot`. `work` is a folder for
/// files on the way.
pub(super) fn add_argument(disk: &Path, argument: &str, work: &Path) -> Result<(), String> {
    let begin = boot_partition(disk)?;
    let system = format!("{}?offset={begin}", disk.display());
    let listing = debugfs(&["-R", &format!("ls -p {ENTRIES}")], &system, work)?;
    let names: Vec<&str> =
        listing.lines().filter_map(|line| line.split('/').nth(5)).filter(|n| is_entry(n)).collect();
    if names.is_empty() || names.len() > MAX_ENTRIES {
        return Err(format!(
            "{} boot entries in the disk's `boot`, which is not an ext4 as on CoreOS",
            names.len()
        ));
    }
    for name in names {
        let path = format!("{ENTRIES}/{name}");
        let entry = debugfs(&["-R", &format!("cat {path}")], &system, work)?;
        let edited = with_argument(&entry, argument)
            .ok_or_else(|| format!("the boot entry `{name}` has no line of options"))?;
        let on_the_way = "boot-entry";
        File::create(work.join(on_the_way))
            .and_then(|mut file| file.write_all(edited.as_bytes()))
            .map_err(|cause| format!("failed to write a boot entry: {cause}"))?;
        debugfs(&["-w", "-R", &format!("rm {path}")], &system, work)?;
        debugfs(&["-w", "-R", &format!("write {on_the_way} {path}")], &system, work)?;
        if debugfs(&["-R", &format!("cat {path}")], &system, work)? != edited {
            return Err(format!("the boot entry `{name}` could not be edited"));
        }
    }
    Ok(())
}

fn is_entry(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    name.ends_with(".conf") && name.len() < 256 && name.bytes().all(is_plain)
}

fn with_argument(entry: &str, argument: &str) -> Option<String> {
    let is_options = |line: &str| line.starts_with("options ");
    entry.lines().any(is_options).then(|| {
        let line = |line| if is_options(line) { format!("{line} {argument}\n") } else { format!("{line}\n") };
        entry.lines().map(line).collect()
    })
}

/// Where the partition called `boot` begins, in bytes.
fn boot_partition(disk: &Path) -> Result<u64, String> {
    let unreadable = |cause: std::io::Error| format!("the disk's partition table cannot be read: {cause}");
    let file = File::open(disk).map_err(unreadable)?;
    let mut header = [0; 92];
    file.read_exact_at(&mut header, SECTOR_BYTES).map_err(unreadable)?;
    let (size_bytes, begin) = table(&header).ok_or("the disk has no partition table (GPT)")?;
    let mut entries = vec![0; size_bytes.0 * size_bytes.1];
    file.read_exact_at(&mut entries, begin).map_err(unreadable)?;
    let disk_bytes = file.metadata().map_err(unreadable)?.len();
    entries
        .chunks_exact(size_bytes.0)
        .find(|entry| partition_name(entry) == "boot")
        .and_then(|entry| number(entry, 32)?.checked_mul(SECTOR_BYTES))
        .filter(|begin| *begin < disk_bytes)
        .ok_or_else(|| "the disk has no partition called `boot`".to_owned())
}

/// The size and number of a table's entries, and where they begin in bytes.
fn table(header: &[u8]) -> Option<((usize, usize), u64)> {
    if !header.starts_with(b"EFI PART") {
        return None;
    }
    // Both are numbers of four bytes, beside each other.
    let both = number(header, 80)?;
    let (count, entry_bytes) = (usize::try_from(both & 0xffff_ffff).ok()?, usize::try_from(both >> 32).ok()?);
    let fits = entry_bytes >= 128 && entry_bytes.checked_mul(count)? <= MAX_TABLE_BYTES;
    fits.then_some(((entry_bytes, count), number(header, 72)?.checked_mul(SECTOR_BYTES)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

fn partition_name(entry: &[u8]) -> String {
    let letters = entry.get(56..128).unwrap_or_default().chunks_exact(2);
    let letters =
        letters.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|letter| *letter != 0);
    char::decode_utf16(letters).map(|letter| letter.unwrap_or('?')).collect()
}

/// Asks debugfs(8), which is not always where users look for programs.
fn debugfs(request: &[&str], system: &str, work: &Path) -> Result<String, String> {
    let start = |program: &str| {
        Command::new(program)
            .args(request)
            .arg(system)
            .current_dir(work)
            .env("DEBUGFS_PAGER", "cat")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    };
    let mut child = start("debugfs")
        .or_else(|_| start("/usr/sbin/debugfs"))
        .map_err(|_| "there is no debugfs(8) here to edit the boot entry with (e2fsprogs)")?;
    let answer = child.stdout.take().map(|output| {
        std::thread::spawn(move || {
            let mut answer = Vec::new();
            output.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).map(|_| answer)
        })
    });
    let begin = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && begin.elapsed() < LOOK_TIMEOUT {
        std::thread::sleep(Duration::from_millis(10));
    }
    // It has ended, or it never will.
    let _ = child.kill();
    let is_done = child.wait().is_ok_and(|status| status.success());
    let answer = answer.and_then(|answer| answer.join().ok()).and_then(Result::ok);
    match answer.map(String::from_utf8) {
        Some(Ok(answer)) if is_done => Ok(answer),
        _ => Err("debugfs(8) cannot read the disk's `boot`: it is not an ext4, as on CoreOS".to_owned()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::os::unix::fs::FileExt as _;
    use std::process::Command;

    use super::File;
    use super::add_argument;
    use super::debugfs;
    use super::with_argument;

    #[test]
    fn adds_an_argument_to_the_options_alone() {
        let entry = "title a\noptions root=x $ignition_firstboot\nlinux /vmlinuz\n";
        let edited = "title a\noptions root=x $ignition_firstboot quiet\nlinux /vmlinuz\n";
        assert_eq!(with_argument(entry, "quiet").unwrap(), edited);
        assert_eq!(with_argument("title a\nlinux /vmlinuz\n", "quiet"), None);
    }

    /// A partition table with one partition, as far as it is read.
    fn disk(path: &std::path::Path, name: &str, sizes: (u32, u32), first: u64) -> File {
        let file = File::options().create(true).truncate(true).read(true).write(true).open(path).unwrap();
        file.set_len(16 << 20).unwrap();
        let mut header = [0; 92];
        header[..8].copy_from_slice(b"EFI PART");
        header[72..80].copy_from_slice(&2_u64.to_le_bytes());
        header[80..84].copy_from_slice(&sizes.1.to_le_bytes());
        header[84..88].copy_from_slice(&sizes.0.to_le_bytes());
        file.write_all_at(&header, 512).unwrap();
        let mut entry = [0; 128];
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        for (index, letter) in name.encode_utf16().enumerate() {
            entry[56 + 2 * index..58 + 2 * index].copy_from_slice(&letter.to_le_bytes());
        }
        file.write_all_at(&entry, 1024 + 128).unwrap();
        file
    }

    #[test]
    fn a_disk_that_is_not_as_it_should_be_is_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        for (name, sizes, first, why) in [
            ("root", (128, 4), 2048, "no partition called `boot`"),
            ("boot", (64, 4), 2048, "no partition table"),
            ("boot", (128, u32::MAX), 2048, "no partition table"),
            ("boot", (128, 4), u64::MAX, "no partition called `boot`"),
            ("boot", (128, 4), 2048, "ext4"),
        ] {
            disk(&path, name, sizes, first);
            let said = add_argument(&path, "quiet", folder.path()).unwrap_err();
            assert!(said.contains(why) || said.contains("no debugfs"), "{name} {sizes:?} {first}: {said}");
        }
        std::fs::write(&path, b"short").unwrap();
        assert!(add_argument(&path, "quiet", folder.path()).unwrap_err().contains("partition table"));
    }

    #[test]
    fn edits_the_entry_of_a_disk_like_that_of_coreos() {
        let folder = tempfile::tempdir().unwrap();
        let (path, boot) = (folder.path().join("disk"), folder.path().join("boot.img"));
        let tree = folder.path().join("tree/loader.1/entries");
        std::fs::create_dir_all(&tree).unwrap();
        std::fs::write(tree.join("ostree-1.conf"), "title a\noptions root=x\n").unwrap();
        std::os::unix::fs::symlink("loader.1", folder.path().join("tree/loader")).unwrap();
        let made = Command::new("mke2fs")
            .args(["-q", "-t", "ext4", "-d"])
            .arg(folder.path().join("tree"))
            .arg(&boot)
            .arg("8M")
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: there is no mke2fs(8) here");
            return;
        }
        let file = disk(&path, "boot", (128, 4), 2048);
        file.write_all_at(&std::fs::read(&boot).unwrap(), 2048 * 512).unwrap();
        add_argument(&path, "net.naming-scheme=v238", folder.path()).unwrap();
        let system = format!("{}?offset={}", path.display(), 2048 * 512);
        let entry = debugfs(&["-R", "cat /loader.1/entries/ostree-1.conf"], &system, folder.path()).unwrap();
        assert_eq!(entry, "title a\noptions root=x net.naming-scheme=v238\n");
    }
}
