//! The real tools that give second opinions, found or said to be missing.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::RwLock;

/// Who makes a namespace of its own has everything in it that is mounted just then, and keeps it mounted: it reads
/// this lock, and who mounts disks that must be free again writes it.
pub static MOUNTS: RwLock<()> = RwLock::new(());

/// Finds a program on the PATH.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("there is no `{name}` here"));
    }
    found
}

/// Finds a program of a package that `.ci/packages` unpacked below `target`, or on the PATH.
pub fn unpacked(package: &str, name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(package).join("usr");
    let places = ["bin", "sbin"].map(|below| folder.join(below).join(name));
    places.into_iter().find(|file| file.is_file()).or_else(|| program(name))
}

/// coreos-installer 0.27: `COREOS_INSTALLER`, on the PATH, or the one that the stand-in was built with.
pub fn coreos_installer() -> Option<PathBuf> {
    let named = std::env::var_os("COREOS_INSTALLER").map(PathBuf::from);
    let cached =
        cotter::world::cache_folder().ok()?.join("bench/tools/coreos-installer-0.27.0/bin/coreos-installer");
    named.or_else(|| cached.is_file().then_some(cached)).or_else(|| program("coreos-installer"))
}

/// Debian's Ignition engine, which applies a document to a folder.
pub fn ignition_engine() -> Option<PathBuf> {
    let engine = PathBuf::from("/usr/lib/dracut/modules.d/30ignition/ignition");
    if engine.is_file() {
        return Some(engine);
    }
    skip("Debian's `ignition` package is not installed");
    None
}

/// Says aloud that a test does not run, and why; `make test` counts what was said.
pub fn skip(why: &str) {
    // Straight to standard error: the test runner keeps what `eprintln!` says of a test that passes.
    writeln!(std::io::stderr(), "skipped: {why}").expect("standard error can be written");
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped");
    let mut list = OpenOptions::new().create(true).append(true).open(list).expect("the list can be written");
    writeln!(list, "{why}").expect("the list can be written");
}

/// Makes a program, and the folders above it. Another process writes it: a program that was started meanwhile, by another
/// test, would hold a file open that is written here, and what is open for writing cannot be run ("text file busy").
pub fn put_program(path: &Path, text: &[u8]) {
    let mut install = Command::new("install");
    install.args(["-D", "-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped());
    let mut install = install.spawn().expect("`install` runs");
    install.stdin.take().expect("it reads").write_all(text).expect("it reads all");
    assert!(install.wait().expect("it ends").success(), "{} cannot be made", path.display());
}

/// Runs a program that must do well, and gives its standard output.
pub fn output(command: &mut Command) -> Vec<u8> {
    let done = command.output().expect("the program runs");
    assert!(
        done.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}
