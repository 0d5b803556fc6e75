//! Reads the two states that a plan compares, and what decides besides.

use std::path::Path;
use std::path::PathBuf;

use super::Arguments;
use crate::cli::machineconfig::configs_at;
use crate::cli::machineconfig::rules_of;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::change::Circumstances;
use crate::machineconfig::change::Cluster;
use crate::machineconfig::change::Knobs;
use crate::machineconfig::change::State;
use crate::machineconfig::change::put;
use crate::machineconfig::change::remove;
use crate::world;
use crate::world::Failure;

/// What is asked.
pub(super) struct Asked {
    pub(super) old: State,
    pub(super) new: State,
    pub(super) around: Circumstances,
    pub(super) warnings: Vec<Problem>,
}

type Read<T> = Result<T, Vec<Problem>>;

/// Reads everything; what is wrong with what people wrote is said all at once.
pub(super) fn read(arguments: &Arguments) -> Result<Read<Asked>, Failure> {
    let mut knobs = None;
    let mut problems = Vec::new();
    if let Some(path) = &arguments.policy {
        match policy(path)? {
            Ok(read) => knobs = Some(read),
            Err(wrong) => problems.extend(wrong),
        }
    }
    let more = with(&arguments.with, &mut problems)?;
    let asked = match (&arguments.from_dump, &arguments.old) {
        (Some(dump), _) => from_dump(arguments, dump, more, knobs.as_ref())?,
        (None, Some(old)) => from_files(arguments, old, more, knobs.as_ref())?,
        (None, None) => {
            return Err(Failure::input("nothing is named", "name two files or folders, or `--from-dump`"));
        }
    };
    Ok(match asked {
        Ok(asked) if problems.is_empty() => Ok(asked),
        Ok(_) => Err(problems),
        Err(wrong) => {
            problems.extend(wrong);
            Err(problems)
        }
    })
}

fn cluster(path: &Path) -> Result<Cluster, Failure> {
    let mut cluster = Cluster::default();
    for (name, text) in world::read_objects(path)? {
        cluster.read(&name, &text);
    }
    Ok(cluster)
}

/// The `MachineConfiguration` of a file.
fn policy(path: &Path) -> Result<Read<Knobs>, Failure> {
    let cluster = cluster(path)?;
    if !cluster.problems.is_empty() {
        return Ok(Err(cluster.problems));
    }
    // A person may have fetched it and changed its spec since: what the operator once said of it does not count.
    match cluster.knobs {
        Some(knobs) => Ok(Ok(Knobs { in_force: None, ..knobs })),
        None => Err(Failure::input(
            format!("`{}` holds no MachineConfiguration", path.display()),
            "name a file with the MachineConfiguration `cluster` of `operator.openshift.io/v1`",
        )),
    }
}

fn with(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Result<Vec<MachineConfig>, Failure> {
    let mut configs = Vec::new();
    for path in paths {
        let (more, wrong) = configs_at(path)?;
        if more.is_empty() && wrong.is_empty() {
            return Err(Failure::input(
                format!("`{}` holds no MachineConfig", path.display()),
                "name a file with a MachineConfig",
            ));
        }
        configs.extend(more);
        problems.extend(wrong);
    }
    Ok(configs)
}

/// The version that is asked for, or that the dump says.
fn version<'a>(arguments: &'a Arguments, said: Option<&'a str>) -> &'a str {
    arguments.openshift.as_deref().or(said).unwrap_or(Rules::default_version())
}

fn from_dump(
    arguments: &Arguments,
    path: &Path,
    more: Vec<MachineConfig>,
    knobs: Option<&Knobs>,
) -> Result<Read<Asked>, Failure> {
    let mut cluster = cluster(path)?;
    for name in &arguments.without {
        if let Err(problem) = cluster.remove(name) {
            cluster.problems.push(*problem);
        }
    }
    put(&mut cluster.dump.configs, more);
    if let Some(knobs) = knobs {
        cluster.knobs = Some(knobs.clone());
    }
    if !cluster.problems.is_empty() {
        return Ok(Err(cluster.problems));
    }
    let rules = rules_of(version(arguments, cluster.dump.version()))?;
    let around = cluster.circumstances(&rules.version);
    Ok(cluster.pending(&arguments.pool, rules).map(|pending| Asked {
        old: pending.old,
        new: pending.new,
        around,
        warnings: pending.warnings,
    }))
}

fn from_files(
    arguments: &Arguments,
    old: &Path,
    more: Vec<MachineConfig>,
    knobs: Option<&Knobs>,
) -> Result<Read<Asked>, Failure> {
    let is_what_if = !more.is_empty() || !arguments.without.is_empty();
    let new = match &arguments.new {
        Some(new) => new.as_path(),
        None if is_what_if => old,
        None => {
            return Err(Failure::input(
                "there is nothing to compare with",
                "name NEW, or say `--with` or `--without`",
            ));
        }
    };
    let (before, mut problems) = configs_at(old)?;
    let mut after = match new == old {
        true => before.clone(),
        false => {
            let (after, wrong) = configs_at(new)?;
            problems.extend(wrong);
            after
        }
    };
    for (path, configs) in [(old, &before), (new, &after)] {
        if configs.is_empty() && problems.is_empty() {
            return Err(Failure::input(
                format!("`{}` holds no MachineConfig", path.display()),
                "name a rendered MachineConfig, or a folder of MachineConfigs",
            ));
        }
    }
    // One object is what the operator rendered, unless something is added to it.
    let old_is_whole = !old.is_dir() && before.len() == 1 && !(is_what_if && arguments.new.is_none());
    let new_is_whole = !new.is_dir() && after.len() == 1 && !is_what_if;
    for name in &arguments.without {
        if let Err(problem) = remove(&mut after, name) {
            problems.push(*problem);
        }
    }
    put(&mut after, more);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let rules = rules_of(version(arguments, None))?;
    let around = Circumstances::new(&rules.version, knobs);
    let old = state(&before, old_is_whole, &arguments.pool, rules);
    let new = state(&after, new_is_whole, &arguments.pool, rules);
    Ok(match (old, new) {
        (Ok(old), Ok(new)) => Ok(Asked { old, new, around, warnings: Vec::new() }),
        (old, new) => Err(old.err().into_iter().chain(new.err()).flatten().collect()),
    })
}

fn state(configs: &[MachineConfig], is_whole: bool, pool: &str, rules: &Rules) -> Read<State> {
    match configs {
        [config] if is_whole => State::of_config(config, rules),
        configs => {
            let rendered = machineconfig::render(configs, pool, rules)?;
            Ok(State::of_rendered(format!("rendered-{pool}"), rendered))
        }
    }
}
