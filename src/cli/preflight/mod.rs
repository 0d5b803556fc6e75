//! `cotter preflight`: what must be true before an installation, a reboot or an upgrade.
//!
//! To look at another thing: write a file with its arguments and a function that gives [`Look`]s, flatten the
//! arguments below, and add its looks in [`run`].

mod images;
mod node;
mod surroundings;
mod upgrade;

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load;
use super::load::GivenArguments;
use super::load::Loaded;
use super::report;
use crate::report::Texts;
use crate::target;
use crate::verify::Look;
use crate::verify::REPORT_SCHEMA;
use crate::verify::Report;
use crate::world::Failure;
use crate::world::Given;

/// Say whether what must be true before an installation, a reboot or an upgrade is true
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The machine file
    spec: Option<PathBuf>,
    #[command(flatten)]
    given: GivenArguments,
    #[command(flatten)]
    images: images::ImageArguments,
    #[command(flatten)]
    node: node::NodeArguments,
    #[command(flatten)]
    upgrade: upgrade::UpgradeArguments,
    #[command(flatten)]
    surroundings: surroundings::SurroundingsArguments,
    /// Put the report (report.html, junit.xml, report.json) into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let loaded: Option<Loaded> = match &arguments.spec {
        None => None,
        Some(path) => match load::load(path, &Given { is_installed: true, ..arguments.given.given() }, ui)? {
            Ok(loaded) => Some(loaded),
            Err(exit) => return Ok(exit),
        },
    };
    let mut texts: Texts = loaded.as_ref().map(|loaded| loaded.sources.clone()).unwrap_or_default();
    let node = arguments.node.node(ui)?;
    let mut looks: Vec<Look> = Vec::new();
    if let Some(Loaded { machine, files, .. }) = &loaded {
        let kept = || target::names(machine, files).found().cloned();
        let inventory = arguments.node.inventory(node.as_ref())?.or_else(kept);
        looks.extend(inventory.map(|inventory| target::look_at_hardware(machine, &inventory)));
    }
    let around = loaded.as_ref().map(|loaded| (&loaded.machine, &loaded.files));
    let asked = arguments.node.asked();
    looks.extend(arguments.surroundings.looks(
        around,
        asked,
        arguments.images.registries.authorities(),
        ui,
    )?);
    let puller = images::Puller {
        document: loaded.as_ref().map(|loaded| &loaded.plan.destination),
        setting: loaded.as_ref().and_then(|loaded| {
            loaded.machine.harvester.as_ref()?.text(&["system_settings", "containerd-registry"])
        }),
        node: node.as_ref(),
    };
    match images::look(&arguments.images, puller, &mut texts, ui)? {
        Ok(more) => looks.extend(more),
        Err(exit) => return Ok(exit),
    }
    let mut cluster = None;
    match upgrade::look(&arguments.upgrade, arguments.images.registries.timeout, ui)? {
        Ok(Some(gates)) => {
            looks.extend(gates.looks);
            cluster = Some(gates.name);
        }
        Ok(None) => {}
        Err(exit) => return Ok(exit),
    }
    looks.retain(|look| !look.is_empty());
    let machine = match (&loaded, cluster) {
        (Some(loaded), _) => loaded.plan.machine.clone(),
        (None, Some(cluster)) => cluster,
        (None, None) => arguments.images.name(),
    };
    if looks.is_empty() {
        let help = "name a machine file, lists of images with `--images`, or an upgrade; see `cotter preflight --help`";
        return Err(Failure::input("there is nothing to look at", help));
    }
    let boots = looks.iter().map(|look| look.judge(&machine)).collect();
    let report = Report { schema: REPORT_SCHEMA.to_owned(), machine, regressions: Vec::new(), boots };
    report::end(&report, &texts, arguments.report.as_deref(), ui)
}
