//! The kernel and what comes with the operating system: arguments, the kind of kernel, extensions, firmware.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::Made;
use super::Pool;
use super::Problem;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::document::nearest;
use crate::ignition::DataUrl;
use crate::value::FileMode;
use crate::value::FilePath;
use crate::value::KernelArgument;

/// Where firmware lies that is not the image's.
const FIRMWARE_FOLDER: &str = "/var/lib/firmware";

/// Larger ones are no firmware, or do not fit into an object anyway.
const MAX_BLOB_BYTES: usize = 4 << 20;

/// The root disk by a name that multipath keeps.
const MULTIPATH: [&str; 2] = ["rd.multipath=default", "root=/dev/disk/by-label/dm-mpath-root"];

/// A MachineConfig with kernel arguments.
///
/// # Errors
///
/// Everything that is wrong with the arguments.
pub fn kernel_arguments(arguments: &[Sourced<String>], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    if arguments.is_empty() {
        problems.push(Problem::new("no kernel argument is named", "name one, as in `enforcing=0`"));
    }
    for argument in arguments {
        if let Err(error) = argument.parse::<KernelArgument>() {
            let (what, next): (String, String) = error.into();
            problems.push(words::problem(argument, what, next));
        }
    }
    for argument in repeated(arguments) {
        let what = format!("the kernel argument `{}` is named twice", argument.value);
        problems.push(words::problem(argument, what, "keep one: the operator would add it twice"));
    }
    let mut config = pool.empty("kernel-arguments");
    config.spec.kernel_arguments = arguments.iter().map(|argument| argument.value.clone()).collect();
    // Versions differ in what they check of a MachineConfig without a document.
    config.spec.config = Some(pool.document().to_value());
    let mut made = Made::of(&config).note("every node of the pool reboots");
    if let Some(first) = arguments.iter().find(|argument| argument.starts_with("enforcing=0")) {
        made =
            made.note(format!("`{}` switches SELinux to permissive; it is for debugging alone", first.value));
    }
    finish(made, problems, pool)
}

/// A MachineConfig that lets the root disk be reached over several paths.
///
/// # Errors
///
/// A pool that cannot be.
pub fn multipath(pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut config = pool.empty("multipath");
    config.spec.kernel_arguments = MULTIPATH.map(str::to_owned).to_vec();
    config.spec.config = Some(pool.document().to_value());
    let made = Made::of(&config)
        .note("every node of the pool reboots; with a single path to the disk it may not find its root")
        .note("on IBM Z and IBM Power multipath is set up when the node is installed; see the guide there");
    finish(made, Vec::new(), pool)
}

/// A MachineConfig with another kind of kernel: `realtime` or `64k-pages`.
///
/// # Errors
///
/// A word that is no kind of kernel.
pub fn kernel_type(kind: &Sourced<String>, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    const KINDS: [&str; 3] = ["default", "realtime", "64k-pages"];
    let mut problems = Vec::new();
    if !KINDS.contains(&kind.as_str()) {
        let next = match nearest(kind, KINDS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", KINDS.join(", ")),
        };
        problems.push(words::problem(kind, format!("`{}` is no kind of kernel", kind.value), next));
    }
    let mut config = pool.empty(&format!("kernel-{}", kind.value));
    config.spec.kernel_type.clone_from(&kind.value);
    config.spec.config = Some(pool.document().to_value());
    let mut made = Made::of(&config).note("every node of the pool reboots");
    made = match kind.as_str() {
        "realtime" if pool.role == "master" => {
            made.note("the guide supports the realtime kernel on workers, and on a node that is both")
        }
        "realtime" => made.note("the realtime kernel is there for x86_64 and aarch64"),
        "64k-pages" => made.note("64k-pages is there for aarch64 alone: other nodes fail"),
        _ => made.note("`default` takes no other kind of kernel back that another MachineConfig asks for"),
    };
    finish(made, problems, pool)
}

/// A MachineConfig with extensions of the operating system.
///
/// # Errors
///
/// Extensions that the version does not have.
pub fn extensions(names: &[Sourced<String>], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let known = || pool.rules.extensions.iter().map(String::as_str);
    let mut problems = Vec::new();
    if names.is_empty() {
        let known: Vec<&str> = known().collect();
        let next = format!("name one of {}", known.join(", "));
        problems.push(Problem::new("no extension is named", next));
    }
    for name in names.iter().filter(|name| !known().any(|known| known == name.value)) {
        let next = match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name one of {}", known().collect::<Vec<_>>().join(", ")),
        };
        let what = format!("OpenShift {} has no extension `{}`", pool.rules.version, name.value);
        problems.push(words::problem(name, what, next));
    }
    for name in repeated(names) {
        let what = format!("the extension `{}` is named twice", name.value);
        problems.push(words::problem(name, what, "name it once"));
    }
    let mut config = pool.empty("extensions");
    config.spec.extensions = names.iter().map(|name| name.value.clone()).collect();
    // Without a document the operator checks no extension, and the node fails instead.
    config.spec.config = Some(pool.document().to_value());
    let mut made = Made::of(&config).note("every node of the pool reboots");
    if names.iter().any(|name| name.value == "kernel-devel") {
        made = made.note("`kernel-devel` goes with the default kernel alone");
    }
    finish(made, problems, pool)
}

/// A file of firmware.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its path below the firmware folder, as the driver asks for it.
    pub name: Sourced<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A MachineConfig with files of firmware, and the argument that lets the kernel look for them.
///
/// # Errors
///
/// Names that lead elsewhere, and files that are too large.
pub fn firmware(blobs: &[Blob], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    if blobs.is_empty() {
        problems.push(Problem::new("no firmware is named", "name a file, as in `vendor/nic.bin`"));
    }
    let mut document = pool.document();
    let mut paths = BTreeSet::new();
    for Blob { name, bytes } in blobs {
        let path = format!("{FIRMWARE_FOLDER}/{}", name.value);
        let is_below = !name.starts_with('/') && name.split('/').all(|part| !["", ".", ".."].contains(&part));
        if !is_below || path.parse::<FilePath>().is_err() {
            let what = format!("`{}` is no path below {FIRMWARE_FOLDER}", name.value);
            problems.push(words::problem(
                name,
                what,
                "write it as the driver asks for it, as in `vendor/nic.bin`",
            ));
        }
        if !paths.insert(path.clone()) {
            let what = format!("`{}` is there twice", name.value);
            problems.push(words::problem(name, what, "name each file once"));
        }
        if bytes.len() > MAX_BLOB_BYTES {
            let what =
                format!("`{}` has {} bytes; at most {MAX_BLOB_BYTES} are packed", name.value, bytes.len());
            problems.push(words::problem(name, what, "put it into an image (`generate machine-os-config`)"));
            continue;
        }
        document.add("storage", "files", blob(&path, bytes, pool));
    }
    let mut config = pool.config("firmware", &document);
    config.spec.kernel_arguments = vec![format!("firmware_class.path={FIRMWARE_FOLDER}")];
    finish(Made::of(&config).note("every node of the pool reboots"), problems, pool)
}

/// A file, packed where that is smaller and where the operator can tell a later file of the same path from it.
fn blob(path: &str, bytes: &[u8], pool: &Pool<'_>) -> Value {
    let url = if pool.rules.resets_compression { DataUrl::smallest(bytes) } else { DataUrl::plain(bytes) };
    let mut contents = json!({"source": url.source});
    if let Some(compression) = url.compression {
        contents["compression"] = compression.into();
    }
    json!({"path": path, "overwrite": true, "mode": FileMode::PUBLIC.bits(), "contents": contents})
}

fn repeated(words: &[Sourced<String>]) -> impl Iterator<Item = &Sourced<String>> {
    let mut seen = BTreeSet::new();
    words.iter().filter(move |word| !seen.insert(word.value.as_str()))
}
