//! The stand-in live ISO: built on demand from the recipe that is part of the program.

use std::io::BufRead;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use include_dir::Dir;
use include_dir::File;
use include_dir::include_dir;

use super::Failure;
use super::apply::private_folder;

static RECIPE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/isos/bench");

/// The folder in which cotter keeps what it can make again.
pub fn cache_folder() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = named.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let folder = folder
        .ok_or_else(|| Failure::surroundings("there is no cache folder", "set HOME or XDG_CACHE_HOME"))?;
    Ok(folder.join("cotter"))
}

/// Builds the stand-in, or takes it from the cache, and says where it is. `progress` hears each step.
pub fn stand_in(progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Failure> {
    let cache = cache_folder()?.join("bench");
    let temporary = std::env::temp_dir();
    let failed = |cause: std::io::Error| Failure::io("write the recipe to", &temporary, &cause);
    let recipe = private_folder("bench", &temporary)?;
    extract(&RECIPE, recipe.path()).map_err(failed)?;
    let build = recipe.path().join("build");
    let out = cache.join("out");
    let mut child = Command::new(&build)
        .arg("--cache")
        .arg(&cache)
        .arg("--out")
        .arg(&out)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|cause| Failure::io("run", &build, &cause))?;
    let mut said = Vec::new();
    if let Some(lines) = child.stderr.take() {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            progress(&line);
            said.push(line);
        }
    }
    let ended = child.wait().map_err(|cause| Failure::io("run", &build, &cause))?;
    if ended.success() {
        return Ok(out.join("live.iso"));
    }
    let errors: Vec<String> = said.into_iter().filter(|line| !line.starts_with('[')).collect();
    let message = format!("failed to build the stand-in: {}", errors.join("\n"));
    Err(Failure::surroundings(message, format!("the whole output is in `{}`", cache.join("log").display())))
}

/// Puts the stand-in of openshift-install into a folder, and says where it is.
pub(super) fn stand_in_installer(folder: &Path) -> std::io::Result<PathBuf> {
    let name = "single-node/openshift-install";
    let installer = RECIPE.get_file(name).ok_or(std::io::ErrorKind::NotFound)?;
    put(installer, folder)?;
    Ok(folder.join(name))
}

/// Puts the recipe's files down.
fn extract(folder: &Dir<'_>, to: &Path) -> std::io::Result<()> {
    folder.files().try_for_each(|file| put(file, to))?;
    folder.dirs().try_for_each(|inner| extract(inner, to))
}

/// Puts a file of the recipe down; scripts are to be run.
fn put(file: &File<'_>, to: &Path) -> std::io::Result<()> {
    let path = to.join(file.path());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(&path, file.contents())?;
    let mode = if file.contents().starts_with(b"#!") { 0o755 } else { 0o644 };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
}
