//! What comes of all MachineConfigs of a pool.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::Found;
use crate::document::Origin;
use crate::ignition;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Part;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::lint::kinds::is_since;
use crate::machineconfig::lint::whole::Member;
use crate::machineconfig::lint::whole::OWN_POOLS;
use crate::machineconfig::lint::whole::Whole;
use crate::machineconfig::validate::OPERATORS_FILE_MODE;
use crate::machineconfig::validate::validate;

/// The version whose kubelet's target wants chronyd (OCPBUGS-52831).
const CHRONYD_WANTED_SINCE: &str = "4.19";

/// Where a MachineConfig writes a part, or is.
fn origin_of(whole: &Whole, name: &str, part: &Part) -> Option<Origin> {
    let member = whole.of("MachineConfig").find(|member| member.name == name)?;
    Some(member.parts.get(part).unwrap_or(&member.origin).clone())
}

pub(super) fn same_path(whole: &Whole, found: &mut Found<'_>) {
    for pool in whole.pools() {
        let configs = whole.of_pool(&pool);
        // A pool of one's own has what the workers have; that is said of the workers.
        let is_own = OWN_POOLS.contains(&pool.as_str());
        let mut last: BTreeMap<&Part, &Member> = BTreeMap::new();
        for (member, config) in configs {
            for (part, origin) in &member.parts {
                let before = last.insert(part, member);
                let Some(before) = before.filter(|before| before.name != member.name) else { continue };
                let both_of_workers = before.config.as_ref().and_then(MachineConfig::role) == Some("worker")
                    && config.role() == Some("worker");
                if (before.is_operators && member.is_operators) || (!is_own && both_of_workers) {
                    continue;
                }
                let message = format!(
                    "{part} is written by `{}` too; in the pool `{pool}`, `{}` wins",
                    before.name, member.name
                );
                let next = "nothing, if that is meant; what the later leaves out it takes from the earlier";
                found.note(origin, message, next);
            }
        }
    }
}

pub(super) fn gzip_inherited(whole: &Whole, found: &mut Found<'_>) {
    if whole.rules.resets_compression {
        return;
    }
    for (pool, rendered) in whole.rendered() {
        let Ok(rendered) = rendered else { continue };
        for file in rendered.members("storage", "files") {
            let contents = &file["contents"];
            let text = |key: &str| contents.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_broken = text("compression") == "gzip"
                && text("source").starts_with("data:")
                && ignition::decode(text("source"), Some("gzip")).is_none();
            let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
            let part = Part::Path(path.to_owned());
            let sources = rendered.sources.of(&part);
            let (Some(last), true, true) = (sources.last(), is_broken, sources.len() > 1) else { continue };
            let message = format!(
                "`{path}` has plain contents here, and inherits `compression: gzip` in the pool `{pool}`"
            );
            let next = "write `compression: \"\"` beside the contents";
            if let Some(origin) = origin_of(whole, last, &part) {
                found.error(&origin, message, next);
            }
        }
    }
}

pub(super) fn refused(whole: &Whole, found: &mut Found<'_>) {
    let mut said = BTreeSet::new();
    for (pool, rendered) in whole.rendered() {
        let problems: Vec<(Option<Origin>, Problem)> = match rendered {
            Ok(rendered) => of_rendered(whole, rendered),
            // Two of a name have a rule of their own.
            Err(problems) => {
                let is_name = |problem: &&Problem| problem.what.starts_with("there are two ");
                let others = problems.iter().filter(|problem| !is_name(problem)).cloned();
                others.map(|problem| (problem.origin.clone(), problem)).collect()
            }
        };
        for (origin, problem) in problems {
            let last = whole.of_pool(pool).last().map(|(member, _)| member.origin.clone());
            // A pool of one's own has the workers' mistakes too.
            if let Some(origin) = origin.or(last).filter(|_| said.insert(problem.what.clone())) {
                found.error(&origin, format!("in the pool `{pool}`, {}", problem.what), problem.next);
            }
        }
    }
}

/// What is wrong with a whole whose parts are right, each with its place.
fn of_rendered(whole: &Whole, rendered: &Rendered) -> Vec<(Option<Origin>, Problem)> {
    let mut problems = Vec::new();
    validate(&rendered.config, OPERATORS_FILE_MODE, &mut problems);
    let files = rendered.members("storage", "files");
    let path_of = |problem: &Problem| {
        let words: Vec<&str> = problem.what.split('`').skip(1).step_by(2).collect();
        words.into_iter().find(|word| word.starts_with('/')).unwrap_or_default().to_owned()
    };
    let has_append = |path: &str| {
        let file = files.iter().find(|file| file.get("path").and_then(Value::as_str) == Some(path));
        file.is_some_and(|file| file.get("append").is_some())
    };
    let with_places = problems.into_iter().map(|problem| (path_of(&problem), problem));
    with_places
        // `append` is refused for itself.
        .filter(|(path, _)| !has_append(path))
        .map(|(path, mut problem)| {
            let part = Part::Path(path);
            // Nobody wrote the `overwrite`, the operator did.
            if let Some((before, _)) = problem.what.split_once(" has `overwrite: true` and no contents") {
                problem.what =
                    format!("{before} has no contents, and the operator writes `overwrite: true` to it");
                problem.next = "give `contents.source`, `data:,` for an empty file".to_owned();
            }
            let last = rendered.sources.last(&part);
            (last.and_then(|name| origin_of(whole, name, &part)), problem)
        })
        .collect()
}

/// The units of a MachineConfig that have a name.
fn units<'a>(config: &'a MachineConfig, name: &'a str) -> impl Iterator<Item = &'a Value> {
    let units = config.spec.config.as_ref().and_then(|document| document.pointer("/systemd/units"));
    let units = units.and_then(Value::as_array).into_iter().flatten();
    units.filter(move |unit| unit.get("name").and_then(Value::as_str) == Some(name))
}

pub(super) fn chronyd_wanted(whole: &Whole, found: &mut Found<'_>) {
    if !is_since(&whole.rules.version, CHRONYD_WANTED_SINCE) {
        return;
    }
    let (chronyd, target) = ("chronyd.service", "kubelet-dependencies.target");
    for (member, config) in whole.configs().filter(|(member, _)| !member.is_operators) {
        let is_off = units(config, chronyd).any(|unit| {
            unit.get("enabled") == Some(&Value::Bool(false)) || unit.get("mask") == Some(&Value::Bool(true))
        });
        let Some(role) = config.role().filter(|_| is_off) else { continue };
        let contents = whole
            .of_pool(role)
            .into_iter()
            .filter(|(member, _)| !member.is_operators)
            .flat_map(|(_, config)| units(config, target))
            .filter_map(|unit| unit.get("contents").and_then(Value::as_str))
            .last();
        let wants = contents.is_none_or(|text| {
            text.lines().any(|line| line.starts_with("Wants=") && line.contains("chronyd"))
        });
        if wants {
            let part = Part::Unit(chronyd.to_owned());
            let origin = member.parts.get(&part).unwrap_or(&member.origin);
            let message = format!("`{target}` wants `{chronyd}`, which is off here, and starts it again");
            let next = format!("give `{target}` too, with its contents but without `Wants=chronyd.service`");
            found.warning(origin, message, next);
        }
    }
}
