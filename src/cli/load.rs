//! A machine file, planned and with its findings said: the first half of most commands.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::fetch;
use crate::catalog::Checksum;
use crate::catalog::Part;
use crate::catalog::Reference;
use crate::document::Diagnostics;
use crate::ignition::Document;
use crate::image::Replace;
use crate::plan::Carrier;
use crate::plan::Medium;
use crate::plan::Plan;
use crate::spec::Installer;
use crate::spec::Machine;
use crate::target;
use crate::target::Files;
use crate::target::Placement;
use crate::world;
use crate::world::Failure;
use crate::world::Fitted;
use crate::world::Given;
use crate::world::InstallerRun;
use crate::world::Outside;
use crate::world::Sources;
use crate::world::Spec;
use crate::world::Trust;

/// What may come from outside a machine file; the same for every command that reads one.
#[derive(Clone, Debug, Args)]
pub(super) struct GivenArguments {
    /// A value for `${NAME}` in the machine file
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Take the value for `${NAME}` from the environment variable of this name
    #[arg(long = "env", value_name = "NAME")]
    env: Vec<String>,
    /// Let local files lie outside the machine file's folder
    #[arg(long)]
    allow_outside: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

impl GivenArguments {
    /// What is given, as the reader takes it.
    pub(super) fn given(&self) -> Given {
        let from_environment =
            self.env.iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)));
        let outside = if self.allow_outside { Outside::Allowed } else { Outside::Refused };
        Given {
            variables: from_environment.chain(self.set.iter().cloned()).collect(),
            outside,
            placement: Placement::EveryLayer,
            installer: InstallerRun::AsNamed,
            is_installed: false,
            catalog: None,
        }
    }

    /// The same, for a base image: the stand-in has an openshift-install of its own.
    pub(super) fn given_on(&self, base: &BaseArguments) -> Given {
        let is_bench = base.base.as_deref().is_some_and(is_bench);
        let installer = if is_bench { InstallerRun::StandIn } else { InstallerRun::AsNamed };
        Given { installer, catalog: base.catalog.clone(), ..self.given() }
    }
}

/// Which live image, and where it may come from; the same for every command that takes one.
#[derive(Clone, Debug, Args)]
pub(super) struct BaseArguments {
    /// The live ISO (a path, a name as `fedora-coreos/stable`, or `bench` for the stand-in) instead of `base.image`
    #[arg(long, value_name = "ISO")]
    pub(super) base: Option<PathBuf>,
    /// Download no live ISO: take it from the cache
    #[arg(long)]
    offline: bool,
    /// Look names of live ISOs up in this catalog instead of cotter's own [default: $COTTER_CATALOG]
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

/// A machine that can be built.
pub(super) struct Loaded {
    pub(super) spec: Spec,
    pub(super) machine: Machine,
    pub(super) plan: Plan,
    pub(super) files: Files,
    pub(super) sources: Sources,
}

/// Loads a machine to do something with it; says what is wrong, and ends if it cannot be built.
pub(super) fn load(path: &Path, given: &Given, ui: &mut Ui) -> Result<Result<Loaded, Exit>, Failure> {
    let planned = world::plan_machine(path, given, &mut |line| ui.happening(line))?;
    ui.findings(&planned.findings, &planned.sources);
    if let Some((machine, _)) = &planned.machine
        && let Some(Installer::Program { program, .. }) =
            machine.sno.as_ref().and_then(|sno| sno.installer.as_ref())
        && given.installer_for(machine) == InstallerRun::StandIn
    {
        ui.note(format!("note: on the stand-in, its own installer stands for `{}`", program.value));
    }
    Ok(match planned.machine {
        Some((machine, plan)) => {
            Ok(Loaded { spec: planned.spec, machine, plan, files: planned.files, sources: planned.sources })
        }
        None => Err(Exit::Input),
    })
}

/// What the installation medium brings, for what only such a machine has.
pub(super) fn medium(plan: &Plan) -> Result<&Medium, Failure> {
    plan.medium().ok_or_else(|| {
        let (what, hint) = match plan.carrier {
            Carrier::Operator(_) => {
                ("of a cluster that is there", "`cotter build SPEC -o DIR` writes what its operator is given")
            }
            Carrier::Installer(_) => (
                "that Harvester's installer makes",
                "`cotter build SPEC -o DIR` writes what the installer reads",
            ),
            _ => ("in a cloud", "`cotter build SPEC -o DIR` writes what it is given to boot with"),
        };
        Failure::input(format!("`{}` is a machine {what}: it has no installation medium", plan.machine), hint)
    })
}

/// The Ignition document of the installed system, for those that have one.
pub(super) fn destination(plan: &Plan) -> Result<&Document, Failure> {
    if plan.served().is_none() {
        return Ok(&plan.destination);
    }
    let message = format!(
        "`{}` has no Ignition document: Harvester's installer reads a config of its own",
        plan.machine
    );
    Err(Failure::input(message, "`cotter build SPEC -o DIR` writes that config"))
}

/// Says findings that came later than loading.
pub(super) fn refuse(findings: Diagnostics, sources: &Sources, ui: &mut Ui) -> Exit {
    ui.findings(&findings.sorted(), sources);
    Exit::Input
}

/// The base image: from the command line, else from the machine file; `bench` is the stand-in. One with a name or a
/// URL is taken from the cache, and downloaded if it is not there.
pub(super) fn base_image(
    base: &BaseArguments,
    machine: &Machine,
    folder: &Path,
    ui: &mut Ui,
) -> Result<PathBuf, Failure> {
    // What the machine file says of its own image is said of no other.
    let (path, written) = match (&base.base, &machine.base_image) {
        (Some(path), _) => (path.clone(), None),
        (None, Some(image)) => (PathBuf::from(&image.value), Some(image)),
        (None, None) => {
            let hint = "name one with `--base ISO` or as `base.image`; `--base bench` is the stand-in";
            return Err(Failure::input("no base image is named", hint));
        }
    };
    if is_bench(&path) {
        return stand_in(ui);
    }
    let catalog = world::catalog(base.catalog.as_deref())?;
    let meant = path.to_str().map_or(Ok(Reference::Path), |text| catalog.reference(text));
    let wanted = machine.base_sha256.as_ref().filter(|_| written.is_some());
    let checksum = wanted.and_then(|wanted| wanted.value.parse::<Checksum>().ok());
    let image = match meant.map_err(|error| Failure::input(error.message, error.help))? {
        Reference::Path => {
            let path = if written.is_some() { folder.join(path) } else { path };
            return match written.filter(|_| !path.exists()) {
                None => Ok(path),
                Some(image) => {
                    let message = format!("there is no base image at `{}` ({})", image.value, image.origin);
                    let hint = "put the live ISO there, or name another: `cotter fetch --list` shows what has a name";
                    Err(Failure::input(message, hint))
                }
            };
        }
        Reference::Name(name) => match (world::cached_image(&name, Part::Iso)?, base.offline) {
            (Some(image), _) => image,
            (None, true) => return Err(fetch::not_cached(&name.to_string())),
            (None, false) => {
                let trust = Trust { checksum: checksum.clone(), ..Trust::default() };
                let images = fetch::telling(ui, |tell| {
                    world::fetch_image(&catalog, &name, &[Part::Iso], &trust, tell)
                })?;
                let none = || Failure::bug(format!("`{name}` came to no file"));
                images.into_iter().next().ok_or_else(none)?
            }
        },
        Reference::Url(url) => match (world::cached_url(&url, checksum.as_ref())?, base.offline) {
            (Some(image), _) => image,
            (None, true) => return Err(fetch::not_cached(&url)),
            (None, false) if checksum.is_none() => {
                let hint = format!("run `cotter fetch {url} --sha256 DIGEST` first");
                return Err(Failure::input(format!("nothing says what `{url}` must be"), hint));
            }
            (None, false) => {
                let trust = Trust { checksum: checksum.clone(), ..Trust::default() };
                fetch::telling(ui, |tell| world::fetch_url(&url, &trust, tell))?
            }
        },
    };
    if let (Some(wanted), Some(checksum)) = (wanted, &checksum)
        && !image.is(checksum)
    {
        let message = format!(
            "`{}` in the cache has the SHA-256 {}, and `base.sha256` is another ({})",
            path.display(),
            image.sha256,
            wanted.origin
        );
        return Err(Failure::input(
            message,
            "pin the version that has it, as in `NAME@VERSION`, or mend the digest",
        ));
    }
    let version = image.version.as_deref().unwrap_or("without a version");
    ui.note(format!("base image `{}`: {version}, {}", path.display(), image.verified));
    Ok(image.path)
}

/// True for the word that names the stand-in.
fn is_bench(base: &Path) -> bool {
    base == Path::new("bench")
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

/// Looks at a base image beside the machine: whether its Ignition can read what the machine needs, its digest,
/// and whether there is room. Returns what is to change in it, or ends.
pub(super) fn fit(
    base: &Path,
    loaded: &Loaded,
    replace: Replace,
    ui: &mut Ui,
) -> Result<Result<Fitted, Exit>, Failure> {
    let (findings, fitted) = fitting(base, &loaded.machine, &loaded.plan, replace)?;
    match fitted.filter(|_| !findings.has_errors()) {
        Some(fitted) => Ok(Ok(fitted)),
        None => Ok(Err(refuse(findings, &loaded.sources, ui))),
    }
}

/// What does not fit, or what is to change in the base image.
pub(super) fn fitting(
    base: &Path,
    machine: &Machine,
    plan: &Plan,
    replace: Replace,
) -> Result<(Diagnostics, Option<Fitted>), Failure> {
    let mut findings = world::check_base(base, machine)?;
    let live = world::read_live_image(base)?;
    findings.append(target::check_release(&plan.ignition_minor, &live.volume_id));
    let fitted = world::fit(base, &live, plan, &medium(plan)?.edit, replace, &mut findings)?;
    Ok((findings, fitted))
}

/// True for a Butane file: it says its variant, as a machine file says its version of cotter's format.
pub(super) fn is_butane(path: &Path) -> Result<bool, Failure> {
    if path.extension().is_some_and(|extension| extension == "bu") {
        return Ok(true);
    }
    let spec = world::read_spec(path)?;
    let says = |key: &str| spec.text.lines().any(|line| line.starts_with(key));
    Ok(says("variant:") && !says("cotter:"))
}
