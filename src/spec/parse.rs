//! The whole machine file, section by section.

use super::After;
use super::Child;
use super::Disk;
use super::Hardware;
use super::Hints;
use super::Install;
use super::Installer;
use super::Machine;
use super::MachineName;
use super::Marker;
use super::Sno;
use super::Target;
use super::Variables;
use super::cloud;
use super::harvester;
use super::machineconfig;
use super::network;
use super::read;
use super::rules;
use super::shape;
use super::variables;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::network::NetworkState;
use crate::value::KernelArgument;

/// Parses the machine file `text`; `file` names it in findings.
///
/// What could be read is there even if something is wrong, so that later checks find more; whoever builds
/// something must look at the findings first.
pub fn parse(file: &str, text: &str, given: &Variables) -> (Option<Machine>, Diagnostics) {
    let (tree, mut findings) = document::parse(file, text);
    let Some(mut tree) = tree else {
        if findings.is_empty() {
            empty(file, "begin it with `cotter: 1`, or see `cotter init`", &mut findings);
        }
        return (None, findings);
    };
    variables::substitute(file, &mut tree, given, &mut findings);
    let root = View::root(file, &tree);
    document::check_shape(&root, &shape::MACHINE_FILE, &mut findings);
    if !root.is_map() {
        return (None, findings);
    }
    let machine = machine(&root);
    document::run(rules::butane_checks(), &machine.butane.written, &mut findings);
    document::run(rules::MACHINE_CHECKS, &machine, &mut findings);
    document::run(rules::CLOUD_CHECKS, &machine, &mut findings);
    document::run(rules::OPERATOR_CHECKS, &machine, &mut findings);
    document::run(rules::HARVESTER_CHECKS, &machine, &mut findings);
    document::run(crate::network::CHECKS, &machine.network, &mut findings);
    (Some(machine), findings)
}

/// Says that a file has nothing in it.
pub(super) fn empty(file: &str, help: &str, findings: &mut Diagnostics) {
    findings.error("missing-key", &Origin::of_file(file), "the file is empty", help);
}

/// Reads what is right. Where something that a machine cannot do without is wrong, something stands in its
/// place, so that the rest can be looked at; the findings keep it from being built.
fn machine(root: &View<'_>) -> Machine {
    let origin = root.origin().clone();
    let name = root.parse_at::<MachineName>("name").map(|name| name.map(MachineName::into_text));
    let written_target = root.word_at("target", &Target::ALL);
    let target = written_target.as_ref().map(|target| target.value);
    let network = root.get("network");
    let verify = root.get("verify");
    Machine {
        name: name.unwrap_or_else(|| Sourced { value: "machine".into(), origin: origin.clone() }),
        target: written_target.unwrap_or(Sourced { value: Target::Fcos, origin: origin.clone() }),
        hostname: root.parse_at("hostname"),
        base_image: root.get("base").and_then(|base| base.text_at("image")),
        base_sha256: root.get("base").and_then(|base| base.text_at("sha256")),
        network: network.as_ref().map_or_else(NetworkState::default, network::network),
        network_lives: network.as_ref().and_then(read::lives),
        butane: read::butane(root),
        children: root.list("ignition_files").iter().filter_map(child).collect(),
        ignition_version: root.get("ignition").and_then(|ignition| ignition.text_at("version")),
        hardware: root.get("hardware").as_ref().map(hardware).unwrap_or_default(),
        install: root.get("install").as_ref().and_then(install),
        sno: (target == Some(Target::Sno)).then(|| sno(root)),
        cloud: (target == Some(Target::Cloud)).then(|| cloud::cloud(root)).flatten(),
        operator: (target == Some(Target::MachineConfig))
            .then(|| machineconfig::machineconfig(root))
            .flatten(),
        harvester: (target == Some(Target::Harvester)).then(|| harvester::harvester(root)).flatten(),
        reach: verify.as_ref().map(|verify| verify.parse_list("reach")).unwrap_or_default(),
        clock: verify.and_then(|verify| verify.text_at("clock")).map(|clock| clock.origin),
        origin,
    }
}

fn child(view: &View<'_>) -> Option<Child> {
    let path = view.text().or_else(|| view.text_at("path"))?;
    Some(Child { path, lives: read::lives(view) })
}

fn hardware(view: &View<'_>) -> Hardware {
    Hardware { profile: view.text_at("profile"), inventory: view.text_at("inventory") }
}

fn sno(root: &View<'_>) -> Sno {
    let section = root.get("sno");
    let text = |key: &str| section.as_ref().and_then(|section| section.text_at(key));
    let installer = match (text("ignition"), text("installer"), text("install_config")) {
        (Some(file), None, None) => Some(Installer::Ignition(file)),
        (None, Some(program), Some(config)) => Some(Installer::Program { program, config }),
        _ => None,
    };
    let words = [("check", Marker::Check), ("ensure", Marker::Ensure), ("off", Marker::Off)];
    let marker = section.as_ref().and_then(|section| section.word_at("completion_marker", &words));
    let origin = section.as_ref().map_or_else(|| root.origin().clone(), |section| section.origin().clone());
    let hosts = section.as_ref().and_then(|section| section.truth_at("host_entries"));
    let servers = section.as_ref().map(|section| section.list("ntp_servers")).unwrap_or_default();
    Sno {
        installer,
        marker: marker.as_ref().map(|marker| marker.value).unwrap_or_default(),
        marker_origin: marker.map_or_else(|| origin.clone(), |marker| marker.origin),
        host_entries: hosts.filter(|hosts| hosts.value).map(|hosts| hosts.origin),
        ntp_servers: servers.iter().filter_map(View::text).collect(),
        openshift: root.at(&["machineconfig", "openshift"]).and_then(|view| view.text()),
        origin,
    }
}

fn install(view: &View<'_>) -> Option<Install> {
    let device = view.parse_at("device").map(Disk::Device);
    let disk = device.or_else(|| view.get("hints").map(|view| Disk::Hints(hints(&view))))?;
    let after = view.word_at("after", &[("reboot", After::Reboot), ("poweroff", After::PowerOff)]);
    Some(Install {
        disk,
        consoles: consoles(view),
        after: after.map(|after| after.value).unwrap_or_default(),
        origin: view.origin().clone(),
    })
}

fn hints(view: &View<'_>) -> Sourced<Hints> {
    let number = |key| view.parse_at::<u64>(key).map(|number| number.value);
    let text = |key| view.text_at(key).map(|text| text.value);
    let value = Hints {
        min_size_gib: number("min_size_gib"),
        max_size_gib: number("max_size_gib"),
        rotational: view.truth_at("rotational").map(|truth| truth.value),
        serial: text("serial"),
        wwn: text("wwn"),
        model: text("model"),
    };
    Sourced { value, origin: view.origin().clone() }
}

/// Consoles. YAML splits `[ttyS0,115200n8]` at the comma; no console begins with a digit, so what does
/// are the settings of the console before it.
fn consoles(view: &View<'_>) -> Vec<Sourced<KernelArgument>> {
    let mut consoles: Vec<Sourced<String>> = Vec::new();
    for word in view.list("console").iter().filter_map(View::text) {
        match consoles.last_mut() {
            Some(console) if word.starts_with(|c: char| c.is_ascii_digit()) && !console.contains(',') => {
                console.value = format!("{},{}", console.value, word.value);
            }
            _ => consoles.push(word),
        }
    }
    let parse = |console: Sourced<String>| {
        Some(Sourced { value: console.value.parse().ok()?, origin: console.origin })
    };
    consoles.into_iter().filter_map(parse).collect()
}
