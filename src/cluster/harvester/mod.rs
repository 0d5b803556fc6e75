//! A Harvester cluster: what must be true of it, and what its upgrade depends on.
//!
//! What its upgrade's words mean is in `upgrade.toml`; which images it is known to lack in `known_images.toml`. To look at
//! another thing:
//! 1. give it a row in [`Ask`], and add it to [`Ask::FOR_HARVESTER`] or [`Ask::FOR_HARVESTER_UPGRADE`];
//! 2. give it a property in `verify::HarvesterProperty`, and write a function here that expects it and says what was found;
//! 3. give `tests/suite/harvester_cluster.rs` a row in which it is wrong.

mod charts;
mod disks;
mod gates;
mod machines;
mod migration;
mod nodes;
mod pods;
mod upgrade;
mod versions;
mod volumes;

pub use gates::harvester_gates;

use serde_json::Value;

use super::Ask;
use super::Evidence;
use super::Looking;
use super::Source;
use super::answer::shown;
use super::evidence::certificate;
use super::marker::name;
use crate::verify::HarvesterProperty;
use crate::verify::Life;
use crate::verify::Look;
use crate::verify::Subject;

/// How long the certificate must hold, as the upgrade's webhook has it, in days.
const LEAST_DAYS: u64 = 7;

/// What the API cannot say: it knows the present addresses of ports, and the ports of a bond all have the bond's.
const NO_PORTS: &str = "the API does not say which port has which permanent address: `cotter verify MACHINE --ssh NODE` looks on the node";

/// What must be true of a Harvester cluster that runs, or ran when somebody kept it.
pub fn harvester_looks(evidence: &Evidence) -> Vec<Look> {
    let mut of_nodes = looking("nodes", Life::LaterBoots, evidence);
    nodes::ready(&mut of_nodes);
    nodes::pressed(&mut of_nodes);
    nodes::synchronized(&mut of_nodes);
    of_nodes.look.note(NO_PORTS);
    // A support bundle never has it.
    if evidence.source == Source::Live {
        certificate(&mut of_nodes, &subject(HarvesterProperty::CertificateHolds), LEAST_DAYS);
    }
    let mut of_upgrade = looking("upgrade", Life::LaterBoots, evidence);
    upgrade::state(&mut of_upgrade);
    versions::all_kept(&mut of_upgrade);
    let mut of_pods = looking("pods", Life::LaterBoots, evidence);
    pods::images(&mut of_pods);
    pods::failing(&mut of_pods);
    let mut of_charts = looking("charts", Life::LaterBoots, evidence);
    charts::ready(&mut of_charts);
    charts::addons(&mut of_charts);
    [of_nodes, of_upgrade, of_pods, of_charts].map(|looking| looking.look).into()
}

fn looking<'a>(name: &str, life: Life, evidence: &'a Evidence) -> Looking<'a> {
    Looking { look: Look::in_life(name, life), evidence }
}

fn subject(property: HarvesterProperty) -> Subject {
    Subject::Harvester(property)
}

/// The text at a place of an object, as it may be shown; empty if there is none.
fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).map(shown).unwrap_or_default()
}

/// The text under a key of a map of an object, as labels and annotations have keys with slashes.
fn keyed(object: &Value, map: &str, key: &str) -> Option<String> {
    object.pointer(map)?.get(key)?.as_str().map(shown)
}

/// The namespace and name of an object.
fn full_name(object: &Value) -> String {
    match text(object, "/metadata/namespace").as_str() {
        "" => name(object),
        namespace => format!("{namespace}/{}", name(object)),
    }
}

/// The setting of a name, or the value it has if nobody set it; nothing if that is empty or cannot be seen.
fn setting(evidence: &Evidence, wanted: &str) -> Option<String> {
    let found = evidence.items(Ask::Settings).find(|setting| name(setting) == wanted)?;
    [text(found, "/value"), text(found, "/default")].into_iter().find(|value| !value.is_empty())
}
