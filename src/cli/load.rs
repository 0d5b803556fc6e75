//! A machine file, planned and with its findings said: the first half of most commands.

use std::path::Path;
use std::path::PathBuf;

use super::Exit;
use super::Ui;
use crate::document::Diagnostics;
use crate::plan::Plan;
use crate::spec::Machine;
use crate::world;
use crate::world::Failure;
use crate::world::Spec;

/// A machine that can be built.
pub(super) struct Loaded {
    pub(super) spec: Spec,
    pub(super) machine: Machine,
    pub(super) plan: Plan,
}

/// Loads a machine to do something with it; says what is wrong, and ends if it cannot be built.
pub(super) fn load(path: &Path, ui: &mut Ui) -> Result<Result<Loaded, Exit>, Failure> {
    let planned = world::plan_machine(path)?;
    ui.findings(&planned.findings, &planned.spec.text);
    Ok(match planned.machine {
        Some((machine, plan)) => Ok(Loaded { spec: planned.spec, machine, plan }),
        None => Err(Exit::Input),
    })
}

/// Says findings that came later than loading.
pub(super) fn refuse(findings: Diagnostics, spec: &Spec, ui: &mut Ui) -> Exit {
    ui.findings(&findings.sorted(), &spec.text);
    Exit::Input
}

/// The base image: from the command line, else from the machine file; `bench` is the stand-in.
pub(super) fn base_image(named: Option<&Path>, loaded: &Loaded, ui: &mut Ui) -> Result<PathBuf, Failure> {
    let written = loaded.machine.base_image.as_ref();
    let path = match (named, written) {
        (Some(path), _) => path.to_owned(),
        (None, Some(image)) => loaded.spec.folder.join(&image.value),
        (None, None) => {
            let hint = "name one with `--base ISO` or as `base.image`; `--base bench` is the stand-in";
            return Err(Failure::input("no base image is named", hint));
        }
    };
    let is_bench = named.map_or_else(
        || written.is_some_and(|image| image.value == "bench"),
        |path| path == Path::new("bench"),
    );
    if is_bench {
        return stand_in(ui);
    }
    if let (None, Some(image), false) = (named, written, path.exists()) {
        let message = format!("there is no base image at `{}` ({})", image.value, image.origin);
        return Err(Failure::input(message, "download the live ISO there, or name one with `--base ISO`"));
    }
    Ok(path)
}

/// The stand-in, built if need be.
pub(super) fn stand_in(ui: &mut Ui) -> Result<PathBuf, Failure> {
    ui.begin("stand-in");
    let path = world::stand_in(&mut |line| {
        if line.starts_with('[') && line.ends_with(" s") { ui.note(line) } else { ui.happening(line) }
    });
    ui.end();
    path
}
