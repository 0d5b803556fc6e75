//! Machine in, Plan out: one file per kind of system.
//!
//! To add a target:
//! 1. write `src/target/<name>.rs` with a `plan` function; it knows no other target;
//! 2. give it a word in [`crate::spec::Target`] and a line in [`plan`];
//! 3. add a case to `tests/cases` and a starter to `templates/machine`.

mod before;
mod butane;
mod checks;
mod cloud;
mod contents;
mod draft;
mod expect;
mod explain;
mod fallback;
mod fcos;
mod hardware;
mod installer;
mod kept;
mod landing;
mod live_parts;
mod machineconfig;
mod marker;
mod medium;
mod name_report;
mod names;
mod on_node;
mod payload;
mod recover;
mod secrets;
mod sno;
mod taken_over;

pub use before::look_at_hardware;
pub use contents::ChildFile;
pub use contents::Entry;
pub use contents::EntryKind;
pub use contents::Files;
pub use explain::Explanation;
pub use explain::Group;
pub use explain::State;
pub use explain::Subject;
pub use explain::Thing;
pub use explain::explain;
pub use live_parts::check_live_document;
pub use live_parts::check_live_keyfile;
pub use medium::Destination;
pub use medium::Hook;
pub use medium::Installation;
pub use medium::Keyfile;
pub use medium::Medium;
pub use name_report::Binding;
pub use name_report::NICS_SCHEMA;
pub use name_report::NameQuestion;
pub use name_report::NameReport;
pub use name_report::NameThen;
pub use name_report::PortNames;
pub use names::BoundName;
pub use names::Names;
pub use names::Verdict;
pub use on_node::AS_ROOT_SCRIPT;
pub use on_node::LOOK_SCRIPT;
pub use on_node::REBOOT_SCRIPT;
pub use on_node::SCRIPT as VERIFY_SCRIPT;
pub use on_node::expectations as expectations_file;
pub use payload::Against;
pub use payload::JudgedPart;
pub use payload::PAYLOAD_SCHEMA;
pub use payload::PayloadReport;
pub use payload::ReadBy;
pub use payload::Script;
pub use payload::Size;
pub use payload::check_payload;
pub use recover::Account;
pub use recover::LeftOut;
pub use recover::RECOVER_SCRIPT;
pub use recover::Recovery;
pub use recover::RestoredFile;
pub use recover::installs_by_itself;
pub use secrets::secrets;
pub use sno::Placement;

use self::hardware::Fitting;
use self::landing::System;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Rule;
use crate::document::Sourced;
use crate::ignition;
use crate::network;
use crate::plan::Plan;
use crate::spec::ButaneFile;
use crate::spec::Machine;
use crate::spec::Target;
use crate::verify::SpecDigest;

/// Rules whose findings are made where things are put together.
const OF_PLANNING: [Rule; 11] = [
    Rule {
        name: "local-file",
        refuses: "a local file or folder that cannot be read",
        why: "what is in it would not reach the machine",
        example: "local: missing.txt",
    },
    Rule {
        name: "path-escapes",
        refuses: "a local path that leads out of the machine file's folder, unless `--allow-outside` is given",
        why: "a machine file from elsewhere could carry off any file of yours",
        example: "local: ../../etc/shadow",
    },
    Rule {
        name: "secret-file",
        refuses: "a password or seed file that is empty or has several lines",
        why: "the password would be another than meant",
        example: "an empty core.pw",
    },
    Rule {
        name: "tree-path-taken",
        refuses: "a file of a local folder that the machine file writes too",
        why: "one would overwrite the other",
        example: "trees: [{local: etc, path: /etc}] and a file /etc/motd with contents",
    },
    Rule {
        name: "ignition-child",
        refuses: "a merged file that is no Ignition of a stable spec 3",
        why: "Ignition would fail the first boot",
        example: "ignition_files: [notes.txt]",
    },
    Rule {
        name: "nmstate",
        refuses: "what nmstate itself refuses",
        why: "no keyfile could be made",
        example: "a bridge port with addresses",
    },
    Rule {
        name: "ignition-too-old",
        refuses: "what the Ignition of the base image cannot read, when the image is named",
        why: "the first boot would end in the emergency shell",
        example: "luks.discard on an image of 2022",
    },
    Rule {
        name: "payload-size",
        refuses: "a payload that does not fit into the base image's areas, when the image is named",
        why: "it cannot be embedded",
        example: "a local file of 1 MB",
    },
    Rule {
        name: "unknown-image",
        refuses: "a base image by a name that is in no catalog, or that has no such version or architecture",
        why: "nothing could be downloaded",
        example: "base: {image: fedora-coreos/stabel}",
    },
    Rule {
        name: "image-without-digest",
        refuses: "a base image by a URL without its SHA-256",
        why: "whatever is there that day would be installed",
        example: "base: {image: https://example.com/live.iso}",
    },
    Rule {
        name: "base-digest",
        refuses: "a base image with another SHA-256 than the file says",
        why: "it is another image, or a damaged one",
        example: "base: {image: a.iso, sha256: …}",
    },
];

/// Every rule that cotter knows, in the order in which they are asked.
pub fn rules() -> Vec<&'static Rule> {
    let landing = checks::CHECKS.iter().map(|check| &check.rule);
    let of_hardware =
        std::iter::once(&hardware::OF_READING).chain(hardware::CHECKS.iter().map(|check| &check.rule));
    let of_sno = sno::RULES.iter().chain(sno::CHECKS.iter().map(|check| &check.rule));
    crate::spec::rules()
        .into_iter()
        .chain(&OF_PLANNING)
        .chain(landing)
        .chain(of_hardware)
        .chain(of_sno)
        .chain(&cloud::RULES)
        .chain(&machineconfig::RULES)
        .chain(&crate::cloud::RULES)
        .collect()
}

/// Looks at what a machine's local files hold, and at what comes of the whole.
pub fn check(machine: &Machine, files: &Files) -> Diagnostics {
    let mut findings = Diagnostics::new();
    contents::check_secrets(machine, files, &mut findings);
    for user in &machine.butane.users {
        contents::keys(user, files, &mut findings);
    }
    let mut landed = landing::landed(machine, files, &mut findings);
    let names = Names::of(machine, files, &landed, &mut findings);
    landed.lost_names = names.lost();
    match machine.target.value {
        Target::Cloud => landed.system = cloud::system(machine, files),
        Target::MachineConfig => landed.system = System::ReadOnlyImage,
        Target::Fcos | Target::Sno => {}
    }
    document::run(checks::CHECKS, &landed, &mut findings);
    let fitting = Fitting { machine: machine.clone(), names };
    document::run(hardware::CHECKS, &fitting, &mut findings);
    // nmstate stops at the first thing it does not like; where the rules have spoken it has nothing to add.
    let mut of_network = Diagnostics::new();
    document::run(network::CHECKS, &machine.network, &mut of_network);
    if !of_network.has_errors()
        && let Err(more) = network::profiles(&machine.network, &machine.name.value, &machine.origin)
    {
        findings.append(more);
    }
    if machine.sno.is_some() && !findings.has_errors() {
        sno::check(machine, files, &landed.lost_names, &mut findings);
    }
    if machine.target.value == Target::Cloud && !findings.has_errors() {
        cloud::check(machine, files, &mut findings);
    }
    // What is said twice of the same place is one finding.
    if machine.target.value == Target::MachineConfig {
        machineconfig::check(machine, files, &mut findings);
    }
    findings
}

/// What is known of a machine's names: what is bound to them, and what becomes of them.
pub fn names(machine: &Machine, files: &Files) -> Names {
    // What is wrong was said by [`check`].
    let mut findings = Diagnostics::new();
    let landed = landing::landed(machine, files, &mut findings);
    Names::of(machine, files, &landed, &mut findings)
}

/// Says what is too old to be used now: `now_seconds` since 1970.
pub fn check_age(machine: &Machine, files: &Files, now_seconds: u64) -> Diagnostics {
    let mut findings = Diagnostics::new();
    sno::check_age(machine, files, now_seconds, &mut findings);
    findings
}

/// The document that Butane would write of a file that is translated alone; adds what is wrong with what comes
/// of it.
pub fn butane_document(file: &ButaneFile, files: &Files, findings: &mut Diagnostics) -> serde_json::Value {
    let landed = landing::landed_alone(file, files, findings);
    document::run(checks::CHECKS, &landed, findings);
    butane::document(file, landed.sections, findings)
}

/// Says that the system on a live image, known by its volume id, cannot read the minor version of spec 3 that
/// something needs.
pub fn check_release(needed: &Sourced<u8>, volume_id: &str) -> Diagnostics {
    let mut findings = Diagnostics::new();
    if let Some((newest, system)) =
        ignition::newest_on(volume_id).filter(|(newest, _)| needed.value > *newest)
    {
        let release =
            ignition::Release::of_minor(needed.value).map_or("", |release| release.ignition.as_str());
        let message =
            format!("{system} reads Ignition 3.{newest}.0 at most, and this needs 3.{}.0", needed.value);
        let help = format!("leave it out, or use an image with Ignition {release}");
        findings.error("ignition-too-old", &needed.origin, message, help);
    }
    findings
}

/// Plans `machine` for its target, from the local files that it named.
///
/// `spec` is the machine file itself, for the manifest. The machine was found right before.
pub fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    plan_placed(machine, spec, files, Placement::EveryLayer)
}

/// Plans as [`plan`] does, with a say in where things are put: the control of a rehearsal puts them wrong.
pub fn plan_placed(
    machine: &Machine,
    spec: &SpecDigest,
    files: &Files,
    placement: Placement,
) -> Result<Plan, Diagnostics> {
    match machine.target.value {
        Target::Fcos => fcos::plan(machine, spec, files),
        Target::Cloud => cloud::plan(machine, spec, files),
        Target::Sno => sno::plan(machine, spec, files, placement),
        Target::MachineConfig => machineconfig::plan(machine, spec, files),
    }
}
