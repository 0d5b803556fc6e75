//! The container runtime: what is asked of it, and the files that the operator makes of that.

use serde_json::Value;
use serde_json::json;

use super::GROUP;
use super::Made;
use super::Pool;
use super::Problem;
use super::finish;
use super::quantity::Quantity;
use super::words;
use crate::document::Sourced;
use crate::document::nearest;

/// Bounds of the operator (pkg/controller/container-runtime-config/helpers.go).
const MIN_LOG_BYTES: i128 = 8192;
const MIN_PIDS: i64 = 20;
const LOG_LEVELS: [&str; 7] = ["error", "fatal", "panic", "warn", "info", "debug", "trace"];
const RUNTIMES: [&str; 2] = ["crun", "runc"];

/// Where the operator puts what is asked for, a file each.
const FOLDER: &str = "/etc/crio/crio.conf.d";

/// What is asked of the container runtime.
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    /// How much CRI-O logs.
    pub log_level: Option<Sourced<String>>,
    /// Processes of one container.
    pub pids_limit: Option<Sourced<String>>,
    /// Bytes of one container's log.
    pub log_size_max: Option<Sourced<String>>,
    /// Bytes that a container may write into its own layer.
    pub overlay_size: Option<Sourced<String>>,
    /// What runs containers.
    pub default_runtime: Option<Sourced<String>>,
}

/// What was read of it, in the order in which the operator makes its files.
#[derive(Default)]
struct Read {
    log_level: Option<String>,
    pids_limit: Option<i64>,
    log_size_max: Option<Quantity>,
    overlay_size: Option<Quantity>,
    default_runtime: Option<String>,
}

/// A ContainerRuntimeConfig.
///
/// # Errors
///
/// Everything that the operator would refuse.
pub fn container_runtime_config(asked: &Runtime, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let (read, problems) = read(asked);
    let mut config = json!({});
    let entries: [(&str, Option<Value>); 5] = [
        ("logLevel", read.log_level.map(Value::from)),
        ("pidsLimit", read.pids_limit.map(Value::from)),
        ("logSizeMax", read.log_size_max.map(|size| size.to_string().into())),
        ("overlaySize", read.overlay_size.map(|size| size.to_string().into())),
        ("defaultRuntime", read.default_runtime.map(Value::from)),
    ];
    for (key, value) in entries.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        config[key] = value;
    }
    let name = pool.object_named("container-runtime");
    let object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "ContainerRuntimeConfig",
        "metadata": {"name": name},
        "spec": {"machineConfigPoolSelector": pool.selector(), "containerRuntimeConfig": config},
    });
    let made = Made::new(name, object)
        .note("the operator makes a MachineConfig of the ContainerRuntimeConfig, and every node of the pool reboots")
        .note("a second ContainerRuntimeConfig for the same pool is not merged with it: the newest wins")
        .note_all(pool.label_note());
    finish(made, problems, pool)
}

/// The files that the operator makes of it: path and text.
///
/// # Errors
///
/// Everything that the operator would refuse.
pub fn drop_ins(asked: &Runtime) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let (read, problems) = read(asked);
    if !problems.is_empty() {
        return Err(problems);
    }
    let one = |name: &str, key: &str, value: String| {
        (format!("{FOLDER}/01-ctrcfg-{name}"), format!("[crio]\n  [crio.runtime]\n    {key} = {value}\n"))
    };
    let mut files = Vec::new();
    files.extend(read.log_level.map(|level| one("logLevel", "log_level", format!("\"{level}\""))));
    files.extend(read.pids_limit.map(|limit| one("pidsLimit", "pids_limit", limit.to_string())));
    let log_size = read.log_size_max.filter(|size| size.bytes != 0);
    files.extend(log_size.map(|size| one("logSizeMax", "log_size_max", size.bytes.to_string())));
    let runtime = read.default_runtime;
    files.extend(runtime.map(|runtime| one("defaultRuntime", "default_runtime", format!("\"{runtime}\""))));
    // The rest of this file is the release's own.
    let overlay = read.overlay_size.filter(|size| size.bytes != 0);
    files.extend(overlay.map(|size| {
        let text = format!("[storage]\n  [storage.options]\n    size = \"{size}\"\n");
        ("/etc/containers/storage.conf".to_owned(), text)
    }));
    Ok(files)
}

fn read(asked: &Runtime) -> (Read, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut read = Read::default();
    let all = [
        &asked.log_level,
        &asked.pids_limit,
        &asked.log_size_max,
        &asked.overlay_size,
        &asked.default_runtime,
    ];
    if all.iter().all(|one| one.is_none()) {
        let next = "say how much it logs, how many processes a container has, or the like";
        problems.push(Problem::new("nothing is asked of the container runtime", next));
    }
    for (word, known, what, into) in [
        (&asked.log_level, &LOG_LEVELS[..], "log level of CRI-O", &mut read.log_level),
        (&asked.default_runtime, &RUNTIMES[..], "container runtime", &mut read.default_runtime),
    ] {
        let Some(word) = word else { continue };
        if known.contains(&word.as_str()) {
            *into = Some(word.value.clone());
            continue;
        }
        let next = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        problems.push(words::problem(word, format!("`{}` is no {what}", word.value), next));
    }
    if let Some(limit) = &asked.pids_limit {
        match limit.parse::<i64>().ok().filter(|number| *number == 0 || *number >= MIN_PIDS) {
            Some(number) => read.pids_limit = Some(number),
            None => {
                let what = format!("`{}` is no number of processes", limit.value);
                let next = format!("write {MIN_PIDS} or more, or 0 for no limit");
                problems.push(words::problem(limit, what, next));
            }
        }
    }
    let log_size = |bytes: i128| bytes <= 0 || bytes > MIN_LOG_BYTES;
    read.log_size_max =
        size(&asked.log_size_max, log_size, "more than 8192 bytes, as in `50Mi`", &mut problems);
    read.overlay_size = size(&asked.overlay_size, |bytes| bytes >= 0, "0 or more, as in `8G`", &mut problems);
    (read, problems)
}

fn size(
    asked: &Option<Sourced<String>>,
    is_right: fn(i128) -> bool,
    wanted: &str,
    problems: &mut Vec<Problem>,
) -> Option<Quantity> {
    let word = asked.as_ref()?;
    let read = word.parse::<Quantity>().ok().filter(|quantity| is_right(quantity.bytes));
    if read.is_none() {
        let what = format!("`{}` is no size that it can have", word.value);
        problems.push(words::problem(word, what, format!("write {wanted}")));
    }
    read
}
