//! The virtual machine that stands for a real one.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use ipnetwork::IpNetwork;
use ipnetwork::Ipv4Network;

use super::Disk;
use super::Firmware;
use super::Hardware;
use super::Place;
use super::Scenario;
use super::disks::disks;
use super::place::FIRST_SLOT;
use super::place::MOST_PORTS;
use super::place::Wanted;
use super::place::other_indices;
use super::place::places;
use crate::document::Diagnostics;
use crate::hardware::Profile;
use crate::network::NetworkState;
use crate::network::Nic;
use crate::spec::Machine;
use crate::value::MacAddress;

/// What QEMU presents: the ports and disks of the machine file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMachine {
    /// The machine's name.
    pub name: String,
    /// The ports, in the order of the machine file.
    pub ports: Vec<VirtualPort>,
    /// The disks, in the order they are found in.
    pub disks: Vec<Disk>,
    /// What the guest needs to run the medium.
    pub medium: Medium,
}

/// What a guest needs to run a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// The stand-in: any CPU, 2 GiB.
    StandIn,
    /// A real CoreOS: x86-64-v3 for the newest, and room for a live system in RAM.
    Real,
}

/// A port and where it sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualPort {
    /// Its permanent address.
    pub mac: MacAddress,
    /// The name that the machine file gives it.
    pub name: String,
    /// Where it sits.
    pub place: Place,
    /// What the real machine's udev calls it, if that is known.
    pub real_name: Option<String>,
    /// The network behind it; nothing is behind a port without one.
    pub network: Option<UserNetwork>,
    /// Whether this is the port that is missing when one is unplugged.
    pub goes_first: bool,
}

/// A network that QEMU plays: a gateway, a name server and DHCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNetwork {
    /// The network.
    pub network: Ipv4Network,
    /// The gateway's address.
    pub gateway: Ipv4Addr,
    /// The name server's; QEMU wants another than the gateway's.
    pub name_server: Ipv4Addr,
    /// The port's own, if it is static.
    pub own: Option<Ipv4Addr>,
}

/// The naming scheme that is booted with besides the newest.
///
/// Only since the next one may a port be named by the firmware's index 0, which a port has in that boot
/// (systemd.net-naming-scheme(7), v240).
pub const OTHER_SCHEME: &str = "v238";

impl VirtualMachine {
    /// Makes the virtual machine that stands for `machine`, with what is known of its hardware, or says what cannot be
    /// presented.
    pub fn of(machine: &Machine, hardware: Hardware<'_>, medium: Medium) -> Result<Self, Diagnostics> {
        let mut findings = Diagnostics::new();
        let disks = disks(machine, &mut findings);
        let nics = &machine.network.nics;
        if let Some(nic) = nics.get(usize::from(MOST_PORTS)) {
            findings.error(
                "rehearsal-ports",
                &nic.origin,
                format!("a rehearsal has room for {MOST_PORTS} ports"),
                "leave ports out for the rehearsal",
            );
        }
        if disks.is_empty() || findings.has_errors() {
            return Err(findings);
        }
        let first_to_go = first_to_go(&machine.network);
        let profile = machine.hardware.profile.as_ref().and_then(|profile| Profile::find(&profile.value));
        let places = places(nics, hardware, profile, &disks);
        let port = |((index, nic), (place, real_name)): ((u8, &Nic), Wanted)| VirtualPort {
            mac: nic.mac.value,
            name: nic.name.to_string(),
            place,
            real_name,
            network: network(index, nic),
            goes_first: Some(nic.name.as_str()) == first_to_go,
        };
        let ports = (0..MOST_PORTS).zip(nics).zip(places).map(port).collect();
        Ok(Self { name: machine.name.value.clone(), ports, disks, medium })
    }

    /// The port that is missing when one is unplugged.
    pub fn unplugged(&self) -> Option<&VirtualPort> {
        self.ports.iter().find(|port| port.goes_first)
    }

    /// What udev calls each port by its place before and in a boot of `scenario`, where that is another name.
    pub fn name_changes(&self, scenario: Scenario, firmware: Firmware) -> Vec<(String, String)> {
        let Ok(after) = self.for_boot(scenario) else { return Vec::new() };
        let name = |port: &VirtualPort| match (scenario, port.place.index) {
            // The other scheme does not take it.
            (Scenario::Scheme, Some(0)) => Place { index: None, ..port.place }.name(firmware),
            _ => port.place.name(firmware),
        };
        let changed = self.ports.iter().filter_map(|port| {
            let other = after.ports.iter().find(|other| other.mac == port.mac)?;
            Some((port.place.name(firmware), name(other)))
        });
        changed.filter(|(old, new)| old != new).collect()
    }

    /// The ports that the real machine calls otherwise: ours, its name here, and its name there.
    pub fn other_names(&self, firmware: Firmware) -> Vec<(&str, String, &str)> {
        let named = self.ports.iter().filter_map(|port| {
            Some((port.name.as_str(), port.place.name(firmware), port.real_name.as_deref()?))
        });
        named.filter(|(_, here, there)| here != there).collect()
    }

    fn places(&self) -> Vec<Place> {
        self.ports.iter().map(|port| port.place).collect()
    }

    /// The same machine as `scenario` boots it, or why it cannot be.
    ///
    /// For `rename`, every port gets another index and, in reverse order, another slot: whatever udev makes
    /// the name from, it comes out different. For `swap`, each port gets the place of the next. For `scheme`, a port has
    /// the index 0, the only one that the other scheme does not take.
    pub fn for_boot(&self, scenario: Scenario) -> Result<Self, String> {
        let mut machine = self.clone();
        match scenario {
            Scenario::Install | Scenario::Reboot | Scenario::PowerCut => {}
            Scenario::Rename => {
                let indices = other_indices(&machine.places());
                for ((position, port), index) in (0..).zip(&mut machine.ports).zip(indices) {
                    let slot = FIRST_SLOT + 2 * MOST_PORTS - 1 - position;
                    port.place = Place { slot, function: None, index };
                }
                machine.ports.reverse();
            }
            Scenario::Swap => {
                if machine.ports.len() < 2 {
                    return Err("it takes two ports to swap their places".to_owned());
                }
                let mut places = machine.places();
                places.rotate_left(1);
                for (port, place) in machine.ports.iter_mut().zip(places) {
                    port.place = place;
                }
                machine.ports.sort_by_key(|port| port.place);
            }
            Scenario::Scheme => {
                let indexed = || machine.ports.iter().position(|port| port.place.index.is_some());
                let first =
                    machine.ports.iter().position(|port| port.place.index == Some(0)).or_else(indexed);
                let has_ports = !machine.ports.is_empty();
                match first.and_then(|first| machine.ports.get_mut(first)) {
                    Some(port) => port.place.index = Some(0),
                    None if !has_ports => {}
                    None => return Err("both schemes name its ports by slot or place alike".to_owned()),
                }
            }
            Scenario::Unplug => {
                if machine.ports.is_empty() {
                    return Err("there is no port to unplug".to_owned());
                }
                machine.ports.retain(|port| !port.goes_first);
            }
            Scenario::NoDhcp => machine.ports.iter_mut().for_each(|port| port.network = None),
        }
        Ok(machine)
    }
}

/// The port that the machine should be able to lose: the first one of a bond, else the last of all.
fn first_to_go(network: &NetworkState) -> Option<&str> {
    let bonds = network.interfaces().iter().filter(|interface| interface.kind.value == "bond");
    let mut ports = bonds.flat_map(|bond| &bond.ports);
    let of_bond = ports.find_map(|port| network.nic(&port.value));
    of_bond.or(network.nics.last()).map(|nic| nic.name.as_str())
}

/// The network behind a port: around its static IPv4 address, or one of QEMU's for DHCP.
fn network(index: u8, nic: &Nic) -> Option<UserNetwork> {
    let address = nic.addresses.iter().find_map(|address| match address.value {
        IpNetwork::V4(network) => Some(network),
        IpNetwork::V6(_) => None,
    });
    let (network, own) = match address {
        Some(address) => (Ipv4Network::new(address.network(), address.prefix()).ok()?, Some(address.ip())),
        None if nic.uses_dhcp() => (Ipv4Network::new(Ipv4Addr::new(10, 0, index, 0), 24).ok()?, None),
        None => return None,
    };
    let gateway = nic.gateways.iter().find_map(|gateway| match gateway.value {
        IpAddr::V4(gateway) => Some(gateway),
        IpAddr::V6(_) => None,
    });
    let mut free = network.iter().skip(1).filter(|ip| Some(*ip) != own && *ip != network.broadcast());
    let gateway = gateway.or_else(|| free.next())?;
    let wanted = nic.dns.iter().find_map(|server| match server.value {
        IpAddr::V4(server) if network.contains(server) && server != gateway => Some(server),
        _ => None,
    });
    let name_server = wanted.or_else(|| free.find(|ip| *ip != gateway))?;
    Some(UserNetwork { network, gateway, name_server, own })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Medium;
    use super::VirtualMachine;
    use crate::rehearsal::Bus;
    use crate::rehearsal::Hardware;
    use crate::rehearsal::Role;
    use crate::rehearsal::Scenario;
    use crate::spec;

    fn machine(device: &str, nics: &str) -> Result<VirtualMachine, Vec<&'static str>> {
        let text = format!(
            "cotter: 1\nname: a\ntarget: fcos\ninstall: {{device: {device}}}\nnetwork: {{nics: [{nics}]}}\n"
        );
        let machine = spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap();
        VirtualMachine::of(&machine, Hardware::Unknown, Medium::StandIn)
            .map_err(|findings| findings.sorted().iter().map(|finding| finding.rule).collect())
    }

    const TWO: &str = "{name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24, gateway: 10.1.0.1, dns: 10.1.0.1}, \
                       {name: a1, mac: 'e4:43:4b:0a:00:02'}";

    #[test]
    fn has_the_disk_and_the_networks_that_the_file_asks_for() {
        let machine = machine("/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", TWO).unwrap();
        assert_eq!(machine.disks[0].wwn.as_deref(), Some("5000c500a1b2c3d4"));
        let network = machine.ports[0].network.as_ref().unwrap();
        assert_eq!(network.gateway.to_string(), "10.1.0.1");
        // QEMU refuses a name server at the gateway's address, and the guest's own is taken.
        assert!(!["10.1.0.1", "10.1.0.5"].contains(&network.name_server.to_string().as_str()));
        assert_eq!(machine.ports[1].network, None);
    }

    #[test]
    fn renames_every_port_whatever_udev_takes_the_name_from() {
        let before = machine("/dev/vda", TWO).unwrap();
        let after = before.for_boot(Scenario::Rename).unwrap();
        for port in &after.ports {
            let is_new = |other: &super::VirtualPort| {
                other.place.index != port.place.index && other.place.slot != port.place.slot
            };
            assert!(before.ports.iter().all(is_new), "{port:?}");
        }
        assert_eq!(before.for_boot(Scenario::Reboot), Ok(before));
    }

    #[test]
    fn swaps_unplugs_and_silences_ports() {
        let before = machine("/dev/vda", TWO).unwrap();
        let place = |machine: &VirtualMachine, mac: &str| {
            let port = machine.ports.iter().find(|port| port.mac.to_string() == mac).unwrap();
            port.place
        };
        let swapped = before.for_boot(Scenario::Swap).unwrap();
        let (first, second) = ("e4:43:4b:0a:00:01", "e4:43:4b:0a:00:02");
        assert_eq!(place(&swapped, first), place(&before, second));
        assert_eq!(place(&swapped, second), place(&before, first));
        let unplugged = before.for_boot(Scenario::Unplug).unwrap();
        assert_eq!(unplugged.ports, before.ports[..1], "without a bond, the last one goes");
        assert!(before.for_boot(Scenario::NoDhcp).unwrap().ports.iter().all(|port| port.network.is_none()));
        let single = machine("/dev/vda", "{name: a0, mac: 'e4:43:4b:0a:00:01'}").unwrap();
        assert!(single.for_boot(Scenario::Swap).is_err());
        let bond = "{name: a0, mac: 'e4:43:4b:0a:00:01'}, {name: a1, mac: 'e4:43:4b:0a:00:02'}, {name: a2, mac: 'e4:43:4b:0a:00:03'}], \
                    nmstate: {interfaces: [{name: b0, type: bond, link-aggregation: {port: [a1, a2]}}]}, names: [";
        let bonded = machine("/dev/vda", bond).unwrap();
        assert_eq!(bonded.unplugged().unwrap().mac.to_string(), second);
    }

    fn with(install: &str, more: &str) -> Result<Vec<crate::rehearsal::Disk>, Vec<&'static str>> {
        let text = format!("cotter: 1\nname: a\ntarget: fcos\ninstall: {{{install}}}\n{more}\n");
        let machine = spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap();
        VirtualMachine::of(&machine, Hardware::Unknown, Medium::StandIn)
            .map(|machine| machine.disks)
            .map_err(|findings| findings.sorted().iter().map(|finding| finding.rule).collect())
    }

    #[test]
    fn presents_every_disk_that_the_file_tells_of_once() {
        let mirror = "boot_device: {mirror: {devices: [/dev/disk/by-id/wwn-0x5000c500a1b2c3d4, /dev/disk/by-id/wwn-0x5000c500a1b2c3d5]}}\n\
                      storage: {disks: [{device: /dev/disk/by-id/virtio-data, partitions: [{label: a}]}]}";
        let disks = with("device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4", mirror).unwrap();
        let seen: Vec<_> = disks.iter().map(|disk| (disk.bus, disk.role, disk.wwn.as_deref())).collect();
        let expected = [
            (Bus::Scsi, Role::System, Some("5000c500a1b2c3d4")),
            (Bus::Virtio, Role::Data, None),
            (Bus::Scsi, Role::Data, Some("5000c500a1b2c3d5")),
        ];
        assert_eq!(seen, expected);
        let path = "storage: {disks: [{device: /dev/disk/by-path/x, partitions: [{label: a}]}]}";
        assert_eq!(with("device: /dev/sda", path), Err(vec!["rehearsal-disk"]));
    }

    #[test]
    fn beside_a_disk_that_is_described_there_are_others_to_be_mistaken_for_it() {
        let disks = with("hints: {min_size_gib: 20, rotational: false}", "").unwrap();
        let seen: Vec<_> = disks.iter().map(|disk| (disk.role, disk.size_gib, disk.turns)).collect();
        let expected =
            [(Role::Decoy, 19, Some(false)), (Role::Decoy, 20, Some(true)), (Role::System, 20, Some(false))];
        assert_eq!(seen, expected);
        let disks = with("hints: {serial: S1, wwn: '0x5000c500a1b2c3d4', min_size_gib: 20}", "").unwrap();
        let seen: Vec<_> =
            disks.iter().map(|disk| (disk.role, disk.serial.clone(), disk.wwn.clone())).collect();
        let (serial, wwn) = (|s: &str| Some(s.to_owned()), |s: &str| Some(s.to_owned()));
        let expected = [
            (Role::Decoy, serial("S0"), wwn("5000c500a1b2c3d0")),
            (Role::System, serial("S1"), wwn("5000c500a1b2c3d4")),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn says_what_it_cannot_present() {
        assert_eq!(machine("/dev/disk/by-path/pci-0000:18:00.0", TWO), Err(vec!["rehearsal-disk"]));
        let many: Vec<String> =
            (0..8).map(|n| format!("{{name: a{n}, mac: 'e4:43:4b:0a:00:0{n}'}}")).collect();
        assert_eq!(machine("/dev/sda", &many.join(", ")), Err(vec!["rehearsal-ports"]));
    }
}
