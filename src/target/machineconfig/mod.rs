//! Nodes of an OpenShift cluster that is there: MachineConfigs and the other objects that its operator reads.
//!
//! Everything that the machine must be is put into one document first, as for an installed system. `carrying` says what
//! of it the operator could not keep on a node, `themes` takes the rest apart into MachineConfigs, and `asked` adds what
//! the section `machineconfig` asks for. What the operator renders of them all is the judge of the whole.

mod asked;
mod carrying;
mod themes;

use std::collections::BTreeMap;

use self::asked::Asked;
use super::Files;
use super::draft;
use super::draft::Draft;
use super::draft::NetworkBy;
use super::secrets::secrets;
use super::taken_over;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Rule;
use crate::ignition::Document;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::Rules;
use crate::machineconfig::generate::Made;
use crate::machineconfig::generate::Pool;
use crate::machineconfig::generate::is_part_of_names;
use crate::machineconfig::generate::too_large;
use crate::plan::Carrier;
use crate::plan::Handover;
use crate::plan::Output;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::spec::Machine;
use crate::spec::OperatorSection;
use crate::value::Digest;
use crate::verify::Life;
use crate::verify::SpecDigest;

/// Rules whose findings are made where MachineConfigs are put together.
pub(super) const RULES: [Rule; 3] = [
    Rule {
        name: "machineconfig-carries",
        refuses: "what the operator cannot keep on a node that is there",
        why: "it would refuse the whole change, and the pool would be degraded",
        example: "storage.disks with target machineconfig",
    },
    Rule {
        name: "machineconfig-object",
        refuses: "what the cluster or its operator refuses in a MachineConfig or another object",
        why: "nothing of it would reach a node",
        example: "pinned_images: [registry.example.com/app:latest]",
    },
    Rule {
        name: "machineconfig-render",
        refuses: "MachineConfigs that the operator could not put together, or not keep on a node",
        why: "the pool would be degraded",
        example: "kernel_type: realtime, extensions: [kernel-devel]",
    },
];

/// Plans the MachineConfigs of a machine.
pub(super) fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    let mut findings = Diagnostics::new();
    let Some(section) = &machine.operator else { return Err(findings) };
    let rules = rules_of(section)?;
    let pool = Pool { infix: Some(machine.name.value.as_str()), ..Pool::new(&section.role.value, rules) };
    if !is_part_of_names(&machine.name.value) {
        let message = format!("`{}` cannot be a part of the names of objects", machine.name.value);
        let help = "use lower-case letters, digits, `-` and `.`, as in `site-1`";
        findings.error("machineconfig-object", &machine.name.origin, message, help);
    }
    let mut draft = Draft::of_image(machine, files, NetworkBy::Files)?;
    draft.installed_arguments(machine);
    taken_over::leave_out(&mut draft.expected, &machine.network);
    let document = draft.destination.document().resolved();
    carrying::carry(machine, &draft, &document, rules, &mut findings);
    let asked = asked::of_section(section, &pool, files, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    let (arguments, _) = draft::kernel_arguments(machine);
    let themes = themes::split(&document, &arguments, &pool);
    let made: Vec<Made> = themes.into_iter().chain(asked.made.iter().cloned()).collect();
    let rendered = render(&made, &pool).map_err(|problems| {
        let mut findings = Diagnostics::new();
        say("machineconfig-render", problems, &section.origin, &mut findings);
        findings
    })?;
    Ok(finished(machine, section, spec, draft, asked, &made, &rendered))
}

/// Says what cannot be carried, and what the operator would refuse.
pub(super) fn check(machine: &Machine, files: &Files, findings: &mut Diagnostics) {
    let spec = SpecDigest { file: machine.origin.file.clone(), sha256: Digest::of(b"") };
    if let Err(more) = plan(machine, &spec, files) {
        findings.append(more);
    }
}

/// Adds problems at their places, or at `origin`.
fn say(rule: &'static str, problems: Vec<Problem>, origin: &Origin, findings: &mut Diagnostics) {
    for problem in problems {
        let place = problem.origin.as_ref().filter(|place| place.file == origin.file).unwrap_or(origin);
        findings.error(rule, place, problem.what, problem.next);
    }
}

/// The operator's rules of the version that was named, or of the usual one.
fn rules_of(section: &OperatorSection) -> Result<&'static Rules, Diagnostics> {
    let named = section.openshift.as_ref();
    Rules::of(named.map_or(Rules::default_version(), |version| version.as_str())).map_err(|problem| {
        let mut findings = Diagnostics::new();
        let origin = named.map_or(&section.origin, |version| &version.origin);
        findings.error("openshift-version", origin, problem.what, problem.next);
        findings
    })
}

/// What the operator makes of the MachineConfigs, and that it could go there from a node without them.
fn render(made: &[Made], pool: &Pool<'_>) -> Result<Rendered, Vec<Problem>> {
    let mut empty = MachineConfig::new("00-before", pool.role);
    empty.spec.config = Some(pool.document().to_value());
    let mut configs = vec![empty];
    for made in made {
        let (read, problems) = machineconfig::parse(&made.name, &made.text());
        if !problems.is_empty() {
            return Err(problems);
        }
        configs.extend(read);
    }
    let problems: Vec<Problem> = made.iter().filter_map(too_large).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let before = configs.get(..1).unwrap_or_default();
    let before = machineconfig::render(before, pool.role, pool.rules)?;
    let rendered = machineconfig::render(&configs, pool.role, pool.rules)?;
    let problems = machineconfig::operator_problems(Some(&before), &rendered);
    if problems.is_empty() { Ok(rendered) } else { Err(problems) }
}

fn finished(
    machine: &Machine,
    section: &OperatorSection,
    spec: &SpecDigest,
    mut draft: Draft,
    asked: Asked,
    made: &[Made],
    rendered: &Rendered,
) -> Plan {
    draft.artifacts.extend(asked.artifacts);
    draft.expected.extend(asked.expected);
    let destination = Document::new(rendered.config.clone());
    let mut there = destination.parts();
    let arguments = rendered.kernel_arguments.iter().flat_map(|argument| argument.split_whitespace());
    there.extend(arguments.map(|argument| Part::new(PartKind::KernelArgument, argument)));
    for artifact in &mut draft.artifacts {
        let is_meant = artifact.lives.iter().any(|life| *life != Life::Live);
        let is_there =
            artifact.part.as_ref().is_none_or(|part| there.iter().any(|other| part.is_met_by(other)));
        artifact.lives = if is_meant && is_there { Life::OF_NODE.to_vec() } else { Vec::new() };
    }
    for expectation in &mut draft.expected {
        let is_meant = [Life::LaterBoots, Life::AfterMco].iter().any(|life| expectation.lives.contains(life));
        expectation.lives = if is_meant { Life::OF_NODE.to_vec() } else { Vec::new() };
    }
    draft.expected.retain(|expectation| !expectation.lives.is_empty());
    let manifest = draft.manifest(machine, spec);
    Plan {
        machine: machine.name.value.clone(),
        lives: &Life::OF_NODE,
        artifacts: draft.artifacts,
        destination,
        carrier: Carrier::Operator(Box::new(handover(machine, section, made))),
        manifest,
        ignition_minor: draft.ignition_minor,
    }
}

/// The objects as files, and what is to be known of them.
fn handover(machine: &Machine, section: &OperatorSection, made: &[Made]) -> Handover {
    let head = format!(
        "# Made by cotter of the machine file {}: change that one, and build again.\n",
        machine.name.value
    );
    let file = |made: &Made| {
        let config = made.object.pointer("/spec/config");
        let is_secret = made.is_secret || !secrets(config, &BTreeMap::new(), "").is_empty();
        let secrecy = if is_secret { Secrecy::Secret } else { Secrecy::Open };
        let bytes = format!("{head}{}", made.text()).into_bytes();
        (format!("{}.yaml", made.name), Output { bytes, secrecy, is_program: false })
    };
    let mut notes: Vec<String> = Vec::new();
    for note in made.iter().flat_map(|made| &made.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    if !machine.network.nics.is_empty() && section.nodes != Some(1) {
        notes.push(format!(
            "every node of the pool `{}` gets the files of the network; on those without such ports nothing comes of them",
            section.role.value
        ));
    }
    let openshift = section.openshift.as_ref().map_or(Rules::default_version(), |version| version.as_str());
    Handover {
        role: section.role.value.clone(),
        openshift: openshift.to_owned(),
        notes,
        files: made.iter().map(file).collect(),
    }
}
