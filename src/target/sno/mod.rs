//! Single-node OpenShift and OKD: the installer's own Ignition, with what the machine must be in every layer
//! that decides one of its lives.
//!
//! `installer_document` reads and edits what openshift-install wrote, `layers` says where each thing belongs,
//! and `flow` works out what then is there in each life. To support another generation of the installer, add
//! what it has and lacks to `generations.toml`.

mod certificates;
mod checks;
mod extras;
mod flow;
mod in_place;
mod installer_document;
mod layers;

pub(super) use certificates::check as check_certificates;
pub(super) use checks::CHECKS;
pub(super) use checks::RULES;
pub(super) use checks::profile_complaints;
pub(super) use checks::texts;
pub(super) use flow::Flow;
pub(super) use flow::WITH_FIRST_REBOOT;
pub(super) use flow::after_operator;
pub(super) use flow::is_keyfile;
pub(super) use flow::live_parts;
pub(super) use flow::problems_on_node;
pub(super) use flow::taken_away;
pub(super) use installer_document::Feature;
pub(super) use installer_document::InstallerDocument;
pub(super) use layers::CORE;

use ipnetwork::IpNetwork;

use super::contents::Files;
use super::draft;
use super::draft::Draft;
use super::on_node;
use super::on_node::Place;
use super::taken_over;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition::Config;
use crate::ignition::File;
use crate::image::Edit;
use crate::machineconfig::Rules;
use crate::network::LostNames;
use crate::plan::Artifact;
use crate::plan::Carrier;
use crate::plan::Medium;
use crate::plan::Plan;
use crate::plan::Section;
use crate::spec::Install;
use crate::spec::Machine;
use crate::spec::Sno;
use crate::value::FileMode;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::SpecDigest;

/// The document that the Butane file merges, beside it.
const IN_PLACE_NAME: &str = "cotter-in-place.ign";

/// Where everything is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    #[default]
    /// Into every layer that it belongs to.
    EveryLayer,
    /// Into the live document alone, as people do who do not know better: the control of a rehearsal.
    LiveOnly,
}

/// A plan before it is known to have no holes.
#[derive(Debug)]
struct Assembled {
    plan: Plan,
    flow: Flow,
    /// What each artifact is to be there in.
    wanted: Vec<Vec<Life>>,
}

/// Plans a single node.
pub(super) fn plan(
    machine: &Machine,
    spec: &SpecDigest,
    files: &Files,
    placement: Placement,
) -> Result<Plan, Diagnostics> {
    Ok(assemble(machine, spec, files, placement)?.plan)
}

/// Says what would be lost, and what is wrong with what the installer and the user bring.
///
/// `lost_names` is what is known to become of names that ports have now.
pub(super) fn check(machine: &Machine, files: &Files, lost_names: &LostNames, findings: &mut Diagnostics) {
    checks::check(machine, files, lost_names, findings);
}

/// Says which certificates of the installer are not valid at a time, in seconds since 1970.
pub(super) fn check_age(machine: &Machine, files: &Files, now_seconds: u64, findings: &mut Diagnostics) {
    if let Ok((sno, installer)) = installer_of(machine, files) {
        let origin = sno.installer_origin();
        certificates::check(&installer, now_seconds, origin, findings);
    }
}

fn assemble(
    machine: &Machine,
    spec: &SpecDigest,
    files: &Files,
    placement: Placement,
) -> Result<Assembled, Diagnostics> {
    Ok(judge(machine, put(machine, spec, files, placement)?))
}

/// A machine's things in the installer's document.
struct Put<'m> {
    installer: InstallerDocument,
    draft: Draft,
    manifest: Manifest,
    install: &'m Install,
    rules: &'static Rules,
}

/// Puts everything where it belongs.
fn put<'m>(
    machine: &'m Machine,
    spec: &SpecDigest,
    files: &Files,
    placement: Placement,
) -> Result<Put<'m>, Diagnostics> {
    let (sno, mut installer) = installer_of(machine, files)?;
    let rules = rules_of(sno)?;
    let (mut draft, install) = Draft::of(machine, files)?;
    extras::add(&mut draft, machine, sno, &installer)?;
    taken_over::leave_out(&mut draft.expected, &machine.network);
    let manifest = draft.verified(machine, spec, &Life::WITH_OPERATOR, Place::LiveSystem);
    draft.kernel_arguments(machine, install);
    let (append, delete) = draft::kernel_arguments(machine);
    let append: Vec<String> = append.iter().map(ToString::to_string).collect();
    match placement {
        Placement::EveryLayer => {
            let layers = layers::split(&draft.destination.document(), &append);
            let origin = sno.installer_origin();
            for (path, bytes) in write_layers(&mut installer, &layers, origin)? {
                // The live system needs them only as messengers.
                let artifact = Artifact::new(Section::Install, format!("layer {path}"), origin);
                draft.artifacts.push(artifact.at(path, &bytes).in_lives(&[Life::Live]));
            }
            let mut options: Vec<String> = Vec::new();
            for argument in append.into_iter().chain(install.console_arguments()) {
                options.extend(["--append-karg".to_owned(), in_place::quoted(&argument)]);
            }
            for argument in delete {
                options.extend(["--delete-karg".to_owned(), in_place::quoted(argument.as_str())]);
            }
            write_command(&mut installer, options, origin)?;
            installer.absorb(&draft.live);
        }
        Placement::LiveOnly => {
            // Who looks at the disk must be there to see what is lost.
            let mut observer = Config::default();
            on_node::add(&mut observer, &manifest, Place::Installed);
            write_layers(&mut installer, &layers::split(&observer.document(), &[]), &sno.origin)?;
            installer.absorb(&draft.destination);
            installer.absorb(&draft.live);
        }
    }
    Ok(Put { installer, draft, manifest, install, rules })
}

/// Works out from the finished document alone what is there in each life.
fn judge(machine: &Machine, put: Put<'_>) -> Assembled {
    let Put { installer, mut draft, manifest, install, rules } = put;
    let flow = Flow::of(&installer, &draft.live_keyfiles, rules);
    let mut wanted = Vec::new();
    for artifact in &mut draft.artifacts {
        if artifact.lives.contains(&Life::LaterBoots) {
            artifact.lives.push(Life::AfterMco);
        }
        wanted.push(artifact.lives.clone());
        if let Some(part) = &artifact.part {
            let there = flow.lives_of(part, &Life::WITH_OPERATOR);
            artifact.lives.retain(|life| there.contains(life));
        }
    }
    let plan = finished(machine, install, draft, installer, &flow, manifest);
    Assembled { plan, flow, wanted }
}

fn finished(
    machine: &Machine,
    install: &Install,
    draft: Draft,
    installer: InstallerDocument,
    flow: &Flow,
    manifest: Manifest,
) -> Plan {
    let live = installer.document().clone();
    let edit = Edit {
        config: Some(live.to_json()),
        network: draft.live_keyfiles,
        append_kernel_arguments: install.console_arguments(),
        ..Edit::default()
    };
    Plan {
        machine: machine.name.value.clone(),
        lives: &Life::WITH_OPERATOR,
        artifacts: draft.artifacts,
        destination: flow.first_boot.clone(),
        carrier: Carrier::Medium(Medium { live, edit }),
        manifest,
        ignition_minor: draft.ignition_minor,
    }
}

/// The section and the installer's document, or what is wrong with it.
/// The domain of the machine's cluster, if the installer's Ignition says it.
pub(super) fn cluster_domain(machine: &Machine, files: &Files) -> Option<Sourced<String>> {
    let (sno, installer) = installer_of(machine, files).ok()?;
    Some(Sourced { value: installer.cluster_domain()?, origin: sno.installer_origin().clone() })
}

/// The networks in the machine's cluster, as the installer's Ignition has them, each with what a person calls it.
pub(super) fn cluster_networks(machine: &Machine, files: &Files) -> Vec<(Sourced<IpNetwork>, String)> {
    let Ok((sno, installer)) = installer_of(machine, files) else { return Vec::new() };
    let networks = installer.cluster_networks().into_iter();
    let origin = sno.installer_origin();
    networks.map(|(value, called)| (Sourced { value, origin: origin.clone() }, called.to_owned())).collect()
}

fn installer_of<'m>(
    machine: &'m Machine,
    files: &Files,
) -> Result<(&'m Sno, InstallerDocument), Diagnostics> {
    let mut findings = Diagnostics::new();
    let Some(sno) = &machine.sno else { return Err(findings) };
    let origin = sno.installer_origin();
    let Some(bytes) = &files.installer else {
        let message = "the installer's Ignition is not there";
        findings.error("installer-document", origin, message, "name it, or the installer that makes it");
        return Err(findings);
    };
    match InstallerDocument::read(bytes) {
        Ok(document) => Ok((sno, document)),
        Err(why) => {
            let help = "name what `openshift-install create single-node-ignition-config` wrote";
            findings.error(
                "installer-document",
                origin,
                format!("this is not the installer's Ignition: {why}"),
                help,
            );
            Err(findings)
        }
    }
}

/// The operator's rules of the version that was named, or of the usual one.
fn rules_of(sno: &Sno) -> Result<&'static Rules, Diagnostics> {
    let named = sno.openshift.as_ref();
    Rules::of(named.map_or(Rules::default_version(), |version| version.as_str())).map_err(|problem| {
        let mut findings = Diagnostics::new();
        let origin = named.map_or(&sno.origin, |version| &version.origin);
        findings.error("openshift-version", origin, problem.what, problem.next);
        findings
    })
}

/// Writes MachineConfigs and the document beside the Butane file into the installer's folders, and says where.
fn write_layers(
    installer: &mut InstallerDocument,
    layers: &layers::Layers,
    origin: &Origin,
) -> Result<Vec<(String, Vec<u8>)>, Diagnostics> {
    let folder = installer_document::MANIFEST_FOLDERS[0];
    let mut written: Vec<(String, Vec<u8>)> = layers
        .machine_configs
        .iter()
        .map(|config| (format!("{folder}99_{}.yaml", config.name), config.to_yaml_or_json().into_bytes()))
        .collect();
    written.push((format!("{}{IN_PLACE_NAME}", installer_document::ASSETS), layers.in_place.to_json()));
    for (path, bytes) in &written {
        installer.add(File::new(path, FileMode::PRIVATE, bytes));
    }
    let text = installer.text(installer_document::IN_PLACE).unwrap_or_default();
    let edited = in_place::with_merged(&text, IN_PLACE_NAME)
        .map_err(|why| unknown_shape(installer_document::IN_PLACE, &why, origin))?;
    installer.replace(installer_document::IN_PLACE, edited.as_bytes());
    Ok(written)
}

/// Gives coreos-installer's call what it lacks.
fn write_command(
    installer: &mut InstallerDocument,
    mut options: Vec<String>,
    origin: &Origin,
) -> Result<(), Diagnostics> {
    let path = installer_document::INSTALL_SCRIPT;
    let script = installer.text(path).unwrap_or_default();
    let command = in_place::InstallCommand::find(&script).map_err(|why| unknown_shape(path, &why, origin))?;
    if !command.copies_network() {
        options.insert(0, "-n".to_owned());
    }
    if !options.is_empty() {
        installer.replace(path, command.with_options(&script, &options).as_bytes());
    }
    Ok(())
}

fn unknown_shape(path: &str, why: &str, origin: &Origin) -> Diagnostics {
    let mut findings = Diagnostics::new();
    let message = format!("`{path}` in the installer's Ignition is of a shape that is not known: {why}");
    let help = "report the version of openshift-install (`openshift-install version`); nothing is guessed";
    findings.error("installer-shape", origin, message, help);
    findings
}
