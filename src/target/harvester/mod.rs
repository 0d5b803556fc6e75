//! A node of Harvester: the config that its own installer reads, and what its live system is started with.
//!
//! `management` makes of the machine's network the one that Harvester has, `carrying` says what it has no word for, and
//! `config` puts together the rest, which Harvester's own rules then judge. What pins the ports is said three times:
//! as `name` beside `hwAddr`, as `ifname=` of the installed system, and as `ifname=` of the live one (`live`).

mod carrying;
mod config;
mod expected;
mod live;
mod management;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use self::config::Config;
use self::management::Management;
use super::Files;
use super::contents;
use super::draft::Draft;
use super::draft::NetworkBy;
use super::expect::INSTALLED;
use super::landing;
use super::landing::Landed;
use super::landing::Thing;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Rule;
use crate::harvester;
use crate::ignition;
use crate::network::NetworkState;
use crate::plan::Artifact;
use crate::plan::Carrier;
use crate::plan::Output;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::plan::Section;
use crate::plan::Served;
use crate::spec::After;
use crate::spec::Harvester;
use crate::spec::Machine;
use crate::spec::Token;
use crate::value::Digest;
use crate::verify::Life;
use crate::verify::SpecDigest;

/// The one user that there is.
const LOGIN: &str = "rancher";
/// The console that is always there.
const SCREEN: &str = "tty1";
/// Values of these hold passwords of others.
const SECRET: [&str; 3] = ["system_settings", "install.webhooks", "install.addons"];

/// Rules whose findings are made where a config is put together.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        name: "harvester-carries",
        refuses: "what Harvester's installer has no word for, and kernel arguments that have no room",
        why: "it would not happen",
        example: "systemd.units with target harvester",
    },
    Rule {
        name: "harvester-network",
        refuses: "a network that is no management network of Harvester's; (warns) search domains",
        why: "the installer makes one bond with one IPv4 address, and nothing else",
        example: "two ports with addresses",
    },
    Rule {
        name: "harvester-names",
        refuses: "(warns) names of bond and VLAN that Harvester gives otherwise, and pins by udev rules",
        why: "what hard-codes the name would not find it",
        example: "name: bond0, type: bond",
    },
    Rule {
        name: "harvester-config",
        refuses: "what Harvester's installer refuses in the config that comes of the file, and what it does not look at",
        why: "the installation stops, or the node is off the network",
        example: "a virtual address outside the node's subnet",
    },
];

/// Plans a node: what its installer reads, and what must then be true of it.
pub(super) fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    prepare(machine, spec, files).map(|(plan, _)| plan)
}

/// Says what cannot be carried, and what Harvester would refuse.
pub(super) fn check(machine: &Machine, files: &Files, findings: &mut Diagnostics) {
    let spec = SpecDigest { file: machine.origin.file.clone(), sha256: Digest::of(b"") };
    match prepare(machine, &spec, files) {
        Ok((_, warnings)) => findings.append(warnings),
        Err(more) => findings.append(more),
    }
}

/// The plan and what is doubtful, or everything that is wrong.
fn prepare(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<(Plan, Diagnostics), Diagnostics> {
    let mut findings = Diagnostics::new();
    // That it is not there is a finding already.
    let Some(section) = &machine.harvester else { return Err(findings) };
    // What local files hold has been said.
    let landed = landing::landed(machine, files, &mut Diagnostics::new());
    carrying::carry(machine, &landed, &mut findings);
    let Some(management) = management::management(machine, &mut findings) else { return Err(findings) };
    let mut config = Config::default();
    node(&mut config, machine, section, files);
    write_files(&mut config, &landed);
    network(&mut config, machine, section, &management, &mut findings);
    config.absorb(&section.config, &section.places);
    let text = config.text(&machine.name.value);
    let version = section.version.as_ref().map(|version| &version.value);
    config.judge(&text, version, &machine.origin, &mut findings);
    let iso = live::for_iso(machine, section, &management);
    live::check(section, &iso, &management.origin, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    let draft = drafted(machine, section, files, &management)?;
    Ok((finished(machine, spec, section, &management, draft, &text, &iso), findings))
}

/// Who the node is, who may log in, and how it is installed.
fn node(config: &mut Config, machine: &Machine, section: &Harvester, files: &Files) {
    config.set("scheme_version", 1, &machine.target.origin);
    match &section.token {
        Some(Token::Text(token)) => config.set("token", token.reveal(), &token.origin),
        Some(Token::File(file)) => {
            if let Some(token) = contents::one_line(file, files, "token", &mut Diagnostics::new()) {
                config.set("token", token.reveal(), &file.origin);
            }
        }
        None => {}
    }
    if let Some(name) = &machine.hostname {
        config.set("os.hostname", name.as_str(), &name.origin);
    }
    for user in machine.butane.users.iter().filter(|user| user.name.as_str() == LOGIN) {
        let keys = contents::keys(user, files, &mut Diagnostics::new());
        if !keys.is_empty() {
            let lines: Vec<&str> = keys.iter().map(|key| key.line()).collect();
            config.set("os.ssh_authorized_keys", json!(lines), &user.entry.origin);
            for (index, key) in keys.iter().enumerate() {
                config.at(&format!("os.ssh_authorized_keys[{index}]"), &key.origin);
            }
        }
        if let Some(hash) = contents::password_hash(user, machine, files) {
            config.set("os.password", hash.value, &hash.origin);
        }
    }
    config.set("install.automatic", true, &section.origin);
    if let Some(install) = &machine.install {
        if let Some(device) = install.device() {
            config.set("install.device", device.as_str(), &device.origin);
        }
        if install.after == After::PowerOff {
            config.set("install.poweroff", true, &install.origin);
        }
        if let Some(serial) = live::serial(machine) {
            config.set("install.tty", serial, &install.origin);
        }
    }
}

/// Contents so that a template of Go's gives them back: what writes files takes them for one, decoded (yip,
/// `templateSysData`).
fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"{{") {
        let (before, after) = rest.split_at(at);
        escaped.extend(before);
        escaped.extend(b"{{ \"{{\" }}");
        rest = after.get(2..).unwrap_or_default();
    }
    escaped.extend(rest);
    escaped
}

/// Files, whole.
fn write_files(config: &mut Config, landed: &Landed) {
    let mut written = Vec::new();
    for landing in &landed.things {
        let Thing::File { path, mode, owner, group, bytes: Some(bytes), .. } = &landing.thing else {
            continue;
        };
        let mut file = Map::new();
        file.insert("path".to_owned(), path.clone().into());
        file.insert("permissions".to_owned(), format!("{mode:04o}").into());
        file.insert("owner".to_owned(), format!("{owner}:{group}").into());
        let (encoding, content) = match String::from_utf8(escaped(bytes)) {
            Ok(text) => ("", text),
            Err(bytes) => ("b64", STANDARD.encode(bytes.as_bytes())),
        };
        file.insert("encoding".to_owned(), encoding.into());
        file.insert("content".to_owned(), content.into());
        config.at(&format!("os.write_files[{}]", written.len()), &landing.origin);
        written.push((Value::Object(file), landing.origin.clone()));
    }
    if let Some((_, origin)) = written.first() {
        let origin = origin.clone();
        let files: Vec<Value> = written.into_iter().map(|(file, _)| file).collect();
        config.set("os.write_files", files, &origin);
    }
}

/// The management network, and what holds its ports to their names.
fn network(
    config: &mut Config,
    machine: &Machine,
    section: &Harvester,
    management: &Management<'_>,
    findings: &mut Diagnostics,
) {
    let path = |key: &str| format!("install.management_interface.{key}");
    let ports: Vec<Value> = management
        .ports
        .iter()
        .map(|nic| json!({"name": nic.name.as_str(), "hwAddr": nic.mac.value.to_string()}))
        .collect();
    config.set(&path("interfaces"), ports, &management.origin);
    for (index, nic) in management.ports.iter().enumerate() {
        let at = path(&format!("interfaces[{index}]"));
        config.at(&at, &nic.origin);
        config.at(&format!("{at}.name"), &nic.name.origin);
        config.at(&format!("{at}.hwAddr"), &nic.mac.origin);
    }
    match &management.address {
        Some(address) => {
            config.set(&path("method"), "static", &address.origin);
            config.set(&path("ip"), address.ip().to_string(), &address.origin);
            config.set(&path("subnet_mask"), address.mask().to_string(), &address.origin);
        }
        None => config.set(&path("method"), "dhcp", &management.origin),
    }
    // With DHCP the installer passes it over, and its own rules say so.
    if let Some(gateway) = &management.gateway {
        config.set(&path("gateway"), gateway.to_string(), &gateway.origin);
    }
    for (key, value) in management.bond.iter().flatten() {
        config.set(&path(&format!("bond_options.{key}")), value.value.clone(), &value.origin);
    }
    if let Some(mtu) = &management.mtu {
        config.set(&path("mtu"), mtu.value, &mtu.origin);
    }
    if let Some(vlan) = &management.vlan {
        config.set(&path("vlan_id"), vlan.value, &vlan.origin);
    }
    if let Some(first) = management.name_servers.first() {
        let servers: Vec<String> =
            management.name_servers.iter().map(|server| server.value.to_string()).collect();
        config.set("os.dns_nameservers", json!(servers), &first.origin);
    }
    let arguments = installed_arguments(machine, section);
    let first = machine.network.nics.first().map_or(&management.origin, |nic| &nic.origin);
    if arguments.join(" ").len() > harvester::most_argument_bytes() {
        let message = format!(
            "the kernel arguments have {} bytes, and the boot loader's block has room for {}",
            arguments.join(" ").len(),
            harvester::most_argument_bytes()
        );
        findings.error(
            carrying::RULE,
            first,
            message,
            "leave out ports that are no part of the node's network",
        );
    }
    config.set("os.additional_kernel_arguments", arguments.join(" "), first);
}

/// The installed system's kernel arguments. They take the place of those that the installer would write.
fn installed_arguments(machine: &Machine, section: &Harvester) -> Vec<String> {
    let own = &machine.butane.kernel_arguments.should_exist;
    let own: Vec<String> = own.iter().map(|argument| argument.value.to_string()).collect();
    let has_multipath = section.is_true(&["os", "external_storage_config", "enabled"])
        || own.iter().any(|word| ["multipath=", "rd.multipath="].iter().any(|begin| word.starts_with(begin)));
    let without = harvester::without_multipath().iter().filter(|_| !has_multipath).cloned();
    without.chain(live::pins(&machine.network)).chain(own).collect()
}

/// What every target has, without the network: Harvester makes that of links of its own.
fn drafted(
    machine: &Machine,
    section: &Harvester,
    files: &Files,
    management: &Management<'_>,
) -> Result<Draft, Diagnostics> {
    let bare = Machine { network: NetworkState::default(), ..machine.clone() };
    let mut draft = Draft::of_image(&bare, files, NetworkBy::Others)?;
    draft.installed_arguments(&bare);
    for artifact in &mut draft.artifacts {
        artifact.lives.retain(|life| *life != Life::Live);
    }
    for expectation in &mut draft.expected {
        expectation.lives.retain(|life| *life != Life::Live);
    }
    draft.expected.retain(|expectation| !expectation.lives.is_empty());
    draft.expected.extend(expected::expected(machine, management));
    draft.artifacts.extend(artifacts(machine, section, management));
    Ok(draft)
}

/// What is Harvester's own: the pins, the network, and the words of its section.
fn artifacts(machine: &Machine, section: &Harvester, management: &Management<'_>) -> Vec<Artifact> {
    let mut artifacts = Vec::new();
    for (nic, pin) in machine.network.nics.iter().zip(live::pins(&machine.network)) {
        let what = format!("name {} by {pin}", nic.name.value);
        artifacts.push(Artifact::new(Section::Network, what, &nic.name.origin).holding(pin.as_bytes()));
    }
    let method =
        management.address.as_ref().map_or("by DHCP".to_owned(), |address| address.value.to_string());
    let what = format!("management network {method} on {}", management.interface());
    artifacts.push(Artifact::new(Section::Network, what, &management.origin).in_lives(&INSTALLED));
    if let Some(device) = machine.install.as_ref().and_then(|install| install.device()) {
        let what = format!("installation to {}", device.value);
        artifacts.push(Artifact::new(Section::Install, what, &device.origin).in_lives(&[Life::Live]));
    }
    let install = machine.install.as_ref().map_or(&section.origin, |install| &install.origin);
    if let Some(serial) = live::serial(machine) {
        artifacts.push(Artifact::new(Section::KernelArguments, format!("console {serial}"), install));
    }
    if let Some(token) = &section.token {
        let artifact = Artifact::new(Section::Install, "token of the cluster", token.origin());
        artifacts.push(artifact.secret().in_lives(&INSTALLED));
    }
    words("", &section.config, &section.places, &section.origin, &mut artifacts);
    artifacts
}

/// Each of Harvester's own words, with its value.
fn words(
    path: &str,
    map: &Map<String, Value>,
    places: &BTreeMap<String, Origin>,
    whole: &Origin,
    artifacts: &mut Vec<Artifact>,
) {
    for (key, value) in map {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if let (Value::Object(below), false) = (value, SECRET.contains(&path.as_str())) {
            words(&path, below, places, whole, artifacts);
            continue;
        }
        let origin = places.get(&path).unwrap_or(whole);
        let artifact = Artifact::new(Section::Install, format!("harvester.{path}"), origin);
        let artifact = artifact.holding(value.to_string().as_bytes()).in_lives(&INSTALLED);
        artifacts.push(if SECRET.contains(&path.as_str()) { artifact.secret() } else { artifact });
    }
}

fn finished(
    machine: &Machine,
    spec: &SpecDigest,
    section: &Harvester,
    management: &Management<'_>,
    mut draft: Draft,
    text: &str,
    iso: &[String],
) -> Plan {
    let manifest = draft.manifest(machine, spec);
    let mut files = BTreeMap::new();
    let mut add = |name: &str, text: String, secrecy: Secrecy| {
        files.insert(name.to_owned(), Output { bytes: text.into_bytes(), secrecy, is_program: false });
    };
    add("config.yaml", text.to_owned(), Secrecy::Secret);
    add("iso-kernel-arguments", format!("{}\n", iso.join(" ")), Secrecy::Open);
    if let Some(script) = live::script(machine, section) {
        add("boot.ipxe", script, Secrecy::Open);
    }
    Plan {
        machine: machine.name.value.clone(),
        lives: &Life::ALL,
        artifacts: draft.artifacts,
        destination: ignition::Config::of_minor(ignition::Config::LOWEST_MINOR).document(),
        carrier: Carrier::Installer(Box::new(Served {
            version: section.version.as_ref().map(|version| version.as_str().to_owned()),
            iso_arguments: iso.join(" "),
            by_hand: "the ISO's kernel line needs what is in iso-kernel-arguments: `cotter build --base ISO` puts it there"
                .to_owned(),
            notes: notes(section, management),
            files,
        })),
        manifest,
        ignition_minor: draft.ignition_minor,
    }
}

/// What is to be known besides, a sentence each.
fn notes(section: &Harvester, management: &Management<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(url) = &section.config_url {
        notes.push(format!(
            "serve config.yaml as {}, for the installer alone: it holds the cluster's token",
            url.value
        ));
    }
    notes.push(match &section.iso_url {
        Some(url) if url.value == "local" => {
            "the installer takes the rest from the medium that it was started from (`iso_url: local`)"
                .to_owned()
        }
        url => format!(
            "serve a copy of the ISO as {}: the installer fetches it, even if it was started from that ISO",
            url.as_ref().map_or("", |url| &url.value)
        ),
    });
    if section.artifacts_url.is_none() {
        notes.push(
            "no boot.ipxe is written: `harvester.artifacts_url` does not say where the kernel is".to_owned(),
        );
    }
    let is_lacp = |(key, value): &(String, crate::document::Sourced<String>)| {
        key == "mode" && ["802.3ad", "4"].contains(&value.value.as_str())
    };
    if management.bond.iter().flatten().any(is_lacp) {
        notes.push(
            "until the bond is up, one port alone carries the network: the switch must let it do so (LACP fallback)"
                .to_owned(),
        );
    }
    notes
}
