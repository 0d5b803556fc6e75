//! From a machine file to its plan: reads what parsing and planning ask for, and passes all findings on.

use std::path::Path;
use std::time::SystemTime;

use super::Failure;
use super::inputs::Given;
use super::inputs::Reader;
use super::inputs::Sources;
use super::inputs::Spec;
use super::inputs::read_spec;
use crate::catalog::Reference;
use crate::document::Diagnostic;
use crate::document::Diagnostics;
use crate::plan::Plan;
use crate::spec;
use crate::spec::Machine;
use crate::target;
use crate::target::Files;

/// What a machine file says, with everything there is to say about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file.
    pub spec: Spec,
    /// The machine, as far as it could be read.
    pub machine: Option<Machine>,
    /// The local files that it names.
    pub files: Files,
    /// The texts that findings point into.
    pub sources: Sources,
    /// What is to be said.
    pub findings: Diagnostics,
}

/// What a machine file came to.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file.
    pub spec: Spec,
    /// The machine and its plan, if nothing is wrong.
    pub machine: Option<(Machine, Plan)>,
    /// The local files that it names.
    pub files: Files,
    /// The texts that findings point into.
    pub sources: Sources,
    /// Everything there is to say, by place.
    pub findings: Vec<Diagnostic>,
}

/// Reads and checks a machine file, with every finding that there is.
///
/// A program that the file names is not run: only what makes something does that.
pub fn check_machine(path: &Path, given: &Given) -> Result<Checked, Failure> {
    check(path, given, None)
}

/// Hears each line that a program says which runs meanwhile.
type Progress<'a> = &'a mut dyn FnMut(&str);

fn check(path: &Path, given: &Given, progress: Option<Progress<'_>>) -> Result<Checked, Failure> {
    let spec = read_spec(path)?;
    let (machine, mut findings) = spec::parse(&spec.name, &spec.text, &given.variables);
    let mut reader = Reader::new(given.outside);
    reader.sources.insert(spec.name.clone(), spec.text.clone());
    let mut files = Files::default();
    if let Some(machine) = &machine {
        files = reader.of_machine(machine, &spec.folder);
        // What is wrong already need not wait for the installer.
        if let (Some(progress), Some(config)) =
            (progress.filter(|_| !findings.has_errors()), &files.install_config)
        {
            let run = given.installer_for(machine);
            files.installer = reader.run_installer(machine, &spec.folder, config, run, progress);
        }
        findings.append(target::check(machine, &files));
        check_image(machine, given, &mut findings)?;
        if !given.is_installed {
            findings.append(target::check_age(machine, &files, now_seconds()));
        }
    }
    findings.append(reader.findings);
    Ok(Checked { spec, machine, files, sources: reader.sources, findings })
}

/// Adds what is wrong with the word for the base image.
fn check_image(machine: &Machine, given: &Given, findings: &mut Diagnostics) -> Result<(), Failure> {
    let Some(image) = &machine.base_image else { return Ok(()) };
    match super::fetch::catalog(given.catalog.as_deref())?.reference(&image.value) {
        Err(error) => findings.wrong_value("unknown-image", &image.origin, error),
        Ok(Reference::Url(url)) if machine.base_sha256.is_none() => {
            let message = format!("nothing says what `{url}` must be");
            findings.error("image-without-digest", &image.origin, message, "add its digest as `base.sha256`");
        }
        Ok(_) => {}
    }
    Ok(())
}

/// The time in seconds since 1970.
pub fn now_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Reads, checks and plans a machine file. `progress` hears what an installer says that the file names.
pub fn plan_machine(path: &Path, given: &Given, progress: &mut dyn FnMut(&str)) -> Result<Planned, Failure> {
    let Checked { spec, machine, files, sources, mut findings } = check(path, given, Some(progress))?;
    let mut planned = None;
    if let Some(machine) = machine.filter(|_| !findings.has_errors()) {
        match target::plan_placed(&machine, &spec.digest, &files, given.placement) {
            Ok(plan) => planned = Some((machine, plan)),
            Err(more) => findings.append(more),
        }
    }
    Ok(Planned { spec, machine: planned, files, sources, findings: findings.sorted() })
}

/// What a Butane file came to.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The document that Butane would write, if nothing is wrong.
    pub document: Option<serde_json::Value>,
    /// The texts that findings point into.
    pub sources: Sources,
    /// Everything there is to say, by place.
    pub findings: Vec<Diagnostic>,
}

/// Reads and translates a Butane file; its local files are relative to `folder`, or to the file itself.
pub fn translate_butane(path: &Path, folder: Option<&Path>, given: &Given) -> Result<Translated, Failure> {
    let spec = read_spec(path)?;
    let (file, mut findings) = spec::parse_butane(&spec.name, &spec.text);
    let mut reader = Reader::new(given.outside);
    reader.sources.insert(spec.name.clone(), spec.text.clone());
    let document = file.map(|file| {
        let files = reader.of_butane(&file.butane, folder.unwrap_or(&spec.folder));
        target::butane_document(&file, &files, &mut findings)
    });
    findings.append(reader.findings);
    let document = document.filter(|_| !findings.has_errors());
    Ok(Translated { document, sources: reader.sources, findings: findings.sorted() })
}
