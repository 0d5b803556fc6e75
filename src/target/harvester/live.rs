//! What the installer's live system is started with: kernel arguments for its ISO and for the network, and the script
//! for iPXE.
//!
//! The sources are Harvester's own: `boot/grub2/grub.cfg` of the ISO, which puts `extra_iso_cmdline` at the end of its
//! kernel line, and the documentation of installing over the network.

use tera::Context;
use tera::Tera;

use super::SCREEN;
use super::management::Management;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::network::NetworkState;
use crate::spec::Harvester;
use crate::spec::Machine;
use crate::value::KernelArgument;

const SCRIPT: &str = include_str!("../../../templates/files/harvester.ipxe");

/// Room for arguments on the kernel's line (COMMAND_LINE_SIZE on x86, less what the ISO's own line has).
const MOST_BYTES: usize = 1800;

/// `ifname=` for every port: its name, held to its permanent address in the live system and on the disk.
pub(super) fn pins(network: &NetworkState) -> Vec<String> {
    network.nics.iter().map(|nic| format!("ifname={}:{}", nic.name.value, nic.mac.value)).collect()
}

/// The console beside the screen.
pub(super) fn serial(machine: &Machine) -> Option<&str> {
    let consoles = machine.install.iter().flat_map(|install| &install.consoles);
    consoles.map(|console| console.as_str()).find(|console| *console != SCREEN)
}

/// What both ways of starting it have: names of ports, and where the config is.
fn common(machine: &Machine, section: &Harvester) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    arguments.extend(serial(machine).map(|serial| format!("console={serial}")));
    arguments.extend(pins(&machine.network));
    arguments.push("harvester.install.automatic=true".to_owned());
    let config = section.config_url.as_ref();
    arguments.extend(config.map(|url| format!("harvester.install.config_url={}", url.value)));
    arguments
}

/// The arguments for the ISO's kernel line. Its initramfs brings the network up, since the installer fetches the config
/// before it makes a network itself.
pub(super) fn for_iso(machine: &Machine, section: &Harvester, management: &Management<'_>) -> Vec<String> {
    let mut arguments = network_of_initramfs(machine, management);
    arguments.push("rd.neednet=1".to_owned());
    arguments.extend(common(machine, section));
    arguments
}

/// The network on the first port alone: the bond comes later.
fn network_of_initramfs(machine: &Machine, management: &Management<'_>) -> Vec<String> {
    let Some(port) = management.ports.first() else { return Vec::new() };
    let mut arguments = Vec::new();
    let mut interface = port.name.to_string();
    if let Some(vlan) = &management.vlan {
        // A name with the port's in it may be longer than the kernel takes.
        arguments.push(format!("vlan=vlan{}:{interface}", vlan.value));
        interface = format!("vlan{}", vlan.value);
    }
    arguments.push(match &management.address {
        None => format!("ip={interface}:dhcp"),
        Some(address) => {
            let gateway = management.gateway.as_ref().map(|gateway| gateway.to_string()).unwrap_or_default();
            let host = machine.hostname.as_ref().map_or("", |name| name.as_str());
            let servers = management.name_servers.iter().take(2).map(|server| format!(":{}", server.value));
            let servers: String = servers.collect();
            format!("ip={}::{gateway}:{}:{host}:{interface}:none{servers}", address.ip(), address.mask())
        }
    });
    arguments
}

/// The script for iPXE, if it is known where the release's files are.
pub(super) fn script(machine: &Machine, section: &Harvester) -> Option<String> {
    let url = section.artifacts_url.as_ref()?.value.trim_end_matches('/');
    let file = |name: &str, ending: &str| match &section.version {
        Some(version) => format!("{url}/harvester-{}-{name}-amd64{ending}", version.as_str()),
        None => format!("{url}/{name}{ending}"),
    };
    let mut arguments: Vec<String> =
        ["ip=dhcp", "net.ifnames=1", "rd.cos.disable", "rd.noverifyssl"].map(str::to_owned).to_vec();
    arguments.push(format!("root=live:{}", file("rootfs", ".squashfs")));
    arguments.push(format!("console={SCREEN}"));
    arguments.extend(common(machine, section));
    let mut context = Context::new();
    context.insert("machine", &machine.name.value);
    context.insert("kernel", &file("vmlinuz", ""));
    context.insert("initrd", &file("initrd", ""));
    context.insert("arguments", &arguments.join(" "));
    // The template is the program's own; a test renders it.
    Tera::one_off(SCRIPT, &context, false).ok()
}

/// Says what cannot stand on a kernel line.
pub(super) fn check(section: &Harvester, iso: &[String], pins: &Origin, findings: &mut Diagnostics) {
    for url in section.config_url.iter().chain(&section.artifacts_url) {
        if url.value.parse::<KernelArgument>().is_err() {
            let message = format!("`{}` cannot stand on a kernel's line", url.value);
            let help = "use an address without quotes, spaces and `$;|&<>\\`";
            findings.error(super::carrying::RULE, &url.origin, message, help);
        }
    }
    let local = section.iso_url.as_ref().filter(|url| url.value == "local");
    if let (Some(local), Some(_)) = (local, &section.artifacts_url) {
        let message = "a machine that is started over the network has no medium to take `local` for";
        let help = "serve the ISO and write its URL, or leave `artifacts_url` out";
        findings.error(super::carrying::RULE, &local.origin, message, help);
    }
    let length = iso.join(" ").len();
    if length > MOST_BYTES {
        let message =
            format!("the live system's kernel arguments have {length} bytes; {MOST_BYTES} have room");
        findings.error(
            super::carrying::RULE,
            pins,
            message,
            "leave ports out that the installer does not need",
        );
    }
}
