//! `cotter machineconfig render`: the one MachineConfig that the operator makes of all of a pool.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::Exit;
use super::Ui;
use super::of_problem;
use super::provenance;
use super::rules_of;
use super::tell;
use super::write_result;
use crate::machineconfig;
use crate::machineconfig::Asked;
use crate::machineconfig::Choice;
use crate::machineconfig::Dump;
use crate::machineconfig::Images;
use crate::machineconfig::Rendered;
use crate::machineconfig::RenderedObject;
use crate::machineconfig::Rules;
use crate::machineconfig::go_yaml;
use crate::machineconfig::spec_differences;
use crate::world;
use crate::world::Failure;

/// Put all MachineConfigs of a pool together, as the operator does, under the name that it gives them
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// A folder or file of MachineConfigs, what `oc get -o yaml` printed, or a must-gather; `-` for standard input
    path: PathBuf,
    /// The pool
    #[arg(long, value_name = "POOL", default_value = "worker")]
    pool: String,
    #[arg(long, value_name = "VERSION", help = openshift_help())]
    openshift: Option<String>,
    /// The release's own image of the operating system, instead of the dump's ControllerConfig
    #[arg(long, value_name = "IMAGE")]
    os_image: Option<String>,
    /// The release's own image that extensions come from, instead of the dump's ControllerConfig
    #[arg(long, value_name = "IMAGE")]
    extensions_image: Option<String>,
    /// Compare with what the dump's pool has: exit code 1 if it has another name
    #[arg(long, conflicts_with_all = ["output", "explain"])]
    check: bool,
    /// Say which MachineConfig supplied each part of a path, unit, user, kernel argument or extension, and what it overrode
    #[arg(long, value_name = "WORD", conflicts_with = "output")]
    explain: Option<String>,
    /// Write to this file instead of standard output; only you can read it, for it may hold secrets
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it is there
    #[arg(long)]
    force: bool,
}

fn openshift_help() -> String {
    let default = Rules::default_version();
    format!(
        "The version of OpenShift whose operator's rules hold [default: what the dump says, or else {default}]"
    )
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (dump, mut problems) = read(&arguments.path)?;
    let rules = rules(arguments, &dump, ui)?;
    let choice = choice(arguments, &dump)?;
    if let Some(word) = arguments.explain.as_deref().filter(|_| problems.is_empty()) {
        let explained = machineconfig::provenance(&dump.configs, &choice, rules, &Asked::new(word));
        return provenance::show(word, choice.pool(), rules, explained, ui);
    }
    if problems.is_empty() {
        match machineconfig::render_chosen(&dump.configs, &choice, rules) {
            Ok(rendered) => return finish(arguments, &dump, rules, &rendered, ui),
            Err(wrong) => problems = wrong,
        }
    }
    tell(&problems, ui);
    Ok(Exit::Input)
}

fn read(path: &Path) -> Result<(Dump, Vec<machineconfig::Problem>), Failure> {
    let (mut dump, mut problems) = (Dump::default(), Vec::new());
    for (name, text) in world::read_cluster_objects(path)? {
        problems.extend(dump.add(&name, &text));
    }
    Ok((dump, problems))
}

fn rules(arguments: &Arguments, dump: &Dump, ui: &mut Ui) -> Result<&'static Rules, Failure> {
    let version = match (&arguments.openshift, dump.version()) {
        (Some(version), _) => version.as_str(),
        (None, Some(version)) => {
            ui.note(format!("note: the dump is of OpenShift {version}"));
            version
        }
        (None, None) => Rules::default_version(),
    };
    rules_of(version)
}

fn choice<'a>(arguments: &'a Arguments, dump: &'a Dump) -> Result<Choice<'a>, Failure> {
    match dump.pool(&arguments.pool) {
        Some(pool) => Ok(Choice::Pool(pool)),
        None if dump.pools.is_empty() => Ok(Choice::Role(&arguments.pool)),
        None => {
            let names: Vec<String> = dump.pools.iter().map(|pool| format!("`{}`", pool.name)).collect();
            Err(Failure::input(
                format!("there is no MachineConfigPool `{}` among those given", arguments.pool),
                format!("name one of {} by `--pool`", names.join(", ")),
            ))
        }
    }
}

fn finish(
    arguments: &Arguments,
    dump: &Dump,
    rules: &Rules,
    rendered: &Rendered,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let given = Images { os: arguments.os_image.clone(), extensions: arguments.extensions_image.clone() };
    let pool = dump.pool(&arguments.pool);
    let stream = pool.and_then(|pool| pool.image_stream.as_deref());
    let images = given.or(pool.map_or_else(|| dump.images.clone(), |pool| dump.images_of(pool)));
    let mut object = RenderedObject::new(rendered, &images).map_err(|problem| of_problem(&problem))?;
    object.pool_uid = pool.map(|pool| pool.uid.clone()).unwrap_or_default();
    object.controller = dump.controller().unwrap_or_default().to_owned();
    object.release = dump.release.clone().unwrap_or_default();
    if let (Some(stream), None) = (stream, &object.name) {
        ui.note(format!(
            "note: the pool takes its images from the stream `{stream}`, not from the ControllerConfig"
        ));
    }
    for problem in &object.missing {
        ui.warning(&problem.what, &problem.next);
    }
    if arguments.check {
        return check(arguments, dump, &object, ui);
    }
    let value = object.to_value();
    if ui.wants_json() {
        ui.json(&as_json(&object, rules, &value));
        return Ok(Exit::Done);
    }
    let text = go_yaml(&value).map_err(|what| Failure::input(what, "take the character out"))?;
    write_result(arguments.output.as_deref(), arguments.force, &text, ui)?;
    if let Some(name) = &object.name {
        ui.note(format!("note: its name is `{name}`"));
    }
    Ok(Exit::Done)
}

fn as_json(object: &RenderedObject, rules: &Rules, value: &Value) -> Value {
    json!({
        "schema": "cotter.dev/machineconfig-render/1",
        "pool": object.pool,
        "openshift": rules.version,
        "name": object.name,
        "object": value,
    })
}

/// Holds the name against the pool's own.
fn check(arguments: &Arguments, dump: &Dump, object: &RenderedObject, ui: &mut Ui) -> Result<Exit, Failure> {
    let pool = dump.pool(&arguments.pool);
    let theirs = pool.and_then(|pool| pool.wanted.as_deref().or(pool.current.as_deref()));
    let Some(theirs) = theirs else {
        return Err(Failure::input(
            format!("nothing says what the pool `{}` has", arguments.pool),
            "give a dump that holds its MachineConfigPool with `spec.configuration` or `status.configuration`",
        ));
    };
    let Some(ours) = &object.name else {
        return Err(Failure::input(
            "the name is not known, so it cannot be compared",
            "name the release's images by `--os-image` and `--extensions-image`",
        ));
    };
    let current = pool.and_then(|pool| pool.current.as_deref()).filter(|current| *current != theirs);
    let differences = match dump.rendered_as(theirs) {
        _ if theirs == ours => Vec::new(),
        Some(rendered) => spec_differences(
            &rendered.spec.to_value(),
            &object.spec,
            &format!("the cluster's `{theirs}`"),
            &format!("`{ours}`"),
        ),
        None => vec![format!("`{theirs}` is not in the dump, so nothing more can be said")],
    };
    if ui.wants_json() {
        ui.json(&json!({
            "schema": "cotter.dev/machineconfig-check/1",
            "pool": object.pool,
            "rendered": ours,
            "wanted": theirs,
            "current": current.unwrap_or(theirs),
            "equal": theirs == ours,
            "differences": differences,
        }));
    } else if theirs == ours {
        ui.line(format!("`{ours}` is what the pool `{}` is to have", object.pool));
        if let Some(current) = current {
            ui.line(format!("its machines still have `{current}`"));
        }
    } else {
        ui.line(format!("`{ours}` is rendered, and the pool `{}` is to have `{theirs}`", object.pool));
        differences.iter().for_each(|difference| ui.line(format!("  {difference}")));
    }
    Ok(if theirs == ours { Exit::Done } else { Exit::Differs })
}
