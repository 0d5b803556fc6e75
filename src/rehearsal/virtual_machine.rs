//! The virtual machine that stands for a real one.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use ipnetwork::IpNetwork;
use ipnetwork::Ipv4Network;

use super::Scenario;
use crate::document::Diagnostics;
use crate::network::Nic;
use crate::spec;
use crate::spec::Hints;
use crate::spec::Machine;
use crate::value::MacAddress;

/// What QEMU presents: the ports of the machine file and a disk with the identity it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMachine {
    /// The machine's name.
    pub name: String,
    /// The ports, in the order of the machine file.
    pub ports: Vec<VirtualPort>,
    /// The disk.
    pub disk: Disk,
    /// Its size in GiB; it takes room only where something is written.
    pub disk_gib: u64,
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
    /// Its index in ACPI's tables, from which udev makes `enoN`.
    pub acpi_index: usize,
    /// Its PCI slot, from which udev makes `ensN` and `enp0sN`.
    pub slot: usize,
    /// The network behind it; nothing is behind a port without one.
    pub network: Option<UserNetwork>,
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
}

/// A disk with an identity that udev shows below `/dev/disk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// SCSI; with a 64-bit World Wide Name, in hexadecimal without `0x`.
    Scsi(Option<String>),
    /// virtio; with a serial number.
    Virtio(Option<String>),
}

/// The size of a disk of which no size is said, in GiB.
const LEAST_DISK_GIB: u64 = 16;

/// The first PCI slot for ports; lower ones are for the controllers.
const FIRST_SLOT: usize = 0x10;
/// More ports than slots are left cannot be presented.
const MOST_PORTS: usize = 7;

impl VirtualMachine {
    /// Makes the virtual machine that stands for `machine`, or says what cannot be presented.
    pub fn of(machine: &Machine, medium: Medium) -> Result<Self, Diagnostics> {
        let mut findings = Diagnostics::new();
        let (disk, disk_gib) = match machine.install.as_ref().map(|install| &install.disk) {
            Some(spec::Disk::Device(device)) => {
                let disk = disk(device.as_str());
                if disk.is_none() {
                    findings.error(
                        "rehearsal-disk",
                        &device.origin,
                        format!("QEMU cannot present a disk called `{}`", device.value),
                        "a rehearsal knows `/dev/disk/by-id/wwn-0x…` (16 digits), `/dev/disk/by-id/virtio-…`, `/dev/sda` and `/dev/vda`",
                    );
                }
                (disk, LEAST_DISK_GIB)
            }
            Some(spec::Disk::Hints(hints)) => {
                let disk = described(hints);
                if disk.is_none() {
                    let message = "QEMU cannot present a disk that is like this";
                    let help = "a rehearsal knows a `wwn` of 16 digits, a `serial` of up to 20 characters, and sizes";
                    findings.error("rehearsal-disk", &hints.origin, message, help);
                }
                let most = hints.max_size_gib.unwrap_or(u64::MAX);
                (disk, hints.min_size_gib.unwrap_or(0).max(LEAST_DISK_GIB).min(most))
            }
            None => (None, LEAST_DISK_GIB),
        };
        let nics = &machine.network.nics;
        if let Some(nic) = nics.get(MOST_PORTS) {
            findings.error(
                "rehearsal-ports",
                &nic.origin,
                format!("a rehearsal has room for {MOST_PORTS} ports"),
                "leave ports out for the rehearsal",
            );
        }
        match disk {
            Some(disk) if !findings.has_errors() => {
                let ports = nics.iter().enumerate().map(|(index, nic)| port(index, nic)).collect();
                Ok(Self { name: machine.name.value.clone(), ports, disk, disk_gib, medium })
            }
            _ => Err(findings),
        }
    }

    /// The same machine as `scenario` boots it.
    ///
    /// For `rename`, every port gets another ACPI index and, in reverse order, another slot: whatever
    /// udev makes the name from, it comes out different.
    pub fn for_boot(&self, scenario: Scenario) -> Self {
        let mut machine = self.clone();
        if scenario == Scenario::Rename {
            let count = machine.ports.len();
            for (index, port) in machine.ports.iter_mut().enumerate() {
                port.acpi_index += count;
                port.slot = FIRST_SLOT + 2 * MOST_PORTS - 1 - index;
            }
            machine.ports.reverse();
        }
        machine
    }
}

fn port(index: usize, nic: &Nic) -> VirtualPort {
    VirtualPort {
        mac: nic.mac.value,
        acpi_index: index + 1,
        slot: FIRST_SLOT + index,
        network: network(index, nic),
    }
}

/// The network behind a port: around its static IPv4 address, or one of QEMU's for DHCP.
fn network(index: usize, nic: &Nic) -> Option<UserNetwork> {
    let address = nic.addresses.iter().find_map(|address| match address.value {
        IpNetwork::V4(network) => Some(network),
        IpNetwork::V6(_) => None,
    });
    let (network, own) = match address {
        Some(address) => (Ipv4Network::new(address.network(), address.prefix()).ok()?, Some(address.ip())),
        None if nic.uses_dhcp() => {
            (Ipv4Network::new(Ipv4Addr::new(10, 0, u8::try_from(index).ok()?, 0), 24).ok()?, None)
        }
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
    Some(UserNetwork { network, gateway, name_server })
}

/// A disk that is like the one described. QEMU's SCSI disks do not turn unless told to; its model is QEMU's.
fn described(hints: &Hints) -> Option<Disk> {
    if hints.model.is_some()
        || hints.rotational == Some(true)
        || (hints.wwn.is_some() && hints.serial.is_some())
    {
        return None;
    }
    match (&hints.wwn, &hints.serial) {
        (Some(wwn), _) => {
            disk(&format!("/dev/disk/by-id/wwn-0x{}", wwn.trim_start_matches("0x").to_lowercase()))
        }
        (_, Some(serial)) => disk(&format!("/dev/disk/by-id/virtio-{serial}")),
        (None, None) => Some(Disk::Virtio(None)),
    }
}

fn disk(device: &str) -> Option<Disk> {
    if let Some(wwn) = device.strip_prefix("/dev/disk/by-id/wwn-0x") {
        let is_64_bit = wwn.len() == 16 && wwn.bytes().all(|b| b.is_ascii_hexdigit());
        return is_64_bit.then(|| Disk::Scsi(Some(wwn.to_owned())));
    }
    if let Some(serial) = device.strip_prefix("/dev/disk/by-id/virtio-") {
        let is_serial = (1..=20).contains(&serial.len())
            && serial.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        return is_serial.then(|| Disk::Virtio(Some(serial.to_owned())));
    }
    match device {
        "/dev/sda" => Some(Disk::Scsi(None)),
        "/dev/vda" => Some(Disk::Virtio(None)),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Disk;
    use super::Medium;
    use super::VirtualMachine;
    use crate::rehearsal::Scenario;
    use crate::spec;

    fn machine(device: &str, nics: &str) -> Result<VirtualMachine, Vec<&'static str>> {
        let text = format!(
            "cotter: 1\nname: a\ntarget: fcos\ninstall: {{device: {device}}}\nnetwork: {{nics: [{nics}]}}\n"
        );
        let machine = spec::parse("a.yaml", &text, &spec::Variables::new()).0.unwrap();
        VirtualMachine::of(&machine, Medium::StandIn)
            .map_err(|findings| findings.sorted().iter().map(|finding| finding.rule).collect())
    }

    const TWO: &str = "{name: a0, mac: 'e4:43:4b:0a:00:01', address: 10.1.0.5/24, gateway: 10.1.0.1, dns: 10.1.0.1}, \
                       {name: a1, mac: 'e4:43:4b:0a:00:02'}";

    #[test]
    fn has_the_disk_and_the_networks_that_the_file_asks_for() {
        let machine = machine("/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", TWO).unwrap();
        assert_eq!(machine.disk, Disk::Scsi(Some("5000c500a1b2c3d4".into())));
        let network = machine.ports[0].network.as_ref().unwrap();
        assert_eq!(network.gateway.to_string(), "10.1.0.1");
        // QEMU refuses a name server at the gateway's address, and the guest's own is taken.
        assert!(!["10.1.0.1", "10.1.0.5"].contains(&network.name_server.to_string().as_str()));
        assert_eq!(machine.ports[1].network, None);
    }

    #[test]
    fn renames_every_port_whatever_udev_takes_the_name_from() {
        let before = machine("/dev/vda", TWO).unwrap();
        let after = before.for_boot(Scenario::Rename);
        for port in &before.ports {
            let moved = after.ports.iter().find(|other| other.mac == port.mac).unwrap();
            assert_ne!((port.acpi_index, port.slot), (moved.acpi_index, moved.slot));
            assert!(
                before
                    .ports
                    .iter()
                    .all(|other| other.acpi_index != moved.acpi_index && other.slot != moved.slot)
            );
        }
        assert_eq!(before.for_boot(Scenario::Reboot), before);
    }

    #[test]
    fn says_what_it_cannot_present() {
        assert_eq!(machine("/dev/disk/by-path/pci-0000:18:00.0", TWO), Err(vec!["rehearsal-disk"]));
        let many: Vec<String> =
            (0..8).map(|n| format!("{{name: a{n}, mac: 'e4:43:4b:0a:00:0{n}'}}")).collect();
        assert_eq!(machine("/dev/sda", &many.join(", ")), Err(vec!["rehearsal-ports"]));
    }
}
