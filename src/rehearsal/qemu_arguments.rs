//! A virtual machine as QEMU's command line.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Bus;
use super::Disk;
use super::Medium;
use super::Role;
use super::VirtualMachine;
use super::VirtualPort;

/// The first PCI slot for virtio disks.
pub(super) const FIRST_DISK_SLOT: usize = 0x8;

/// What runs the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The host's processor.
    Kvm,
    /// QEMU's translator, many times slower.
    Tcg,
}

/// What boots the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS on the `pc` machine.
    Bios,
    /// OVMF on the `q35` machine.
    Uefi,
}

/// The files a run of QEMU reads and writes.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The medium, while installing.
    pub medium: Option<PathBuf>,
    /// What is booted if both can be.
    pub first: First,
    /// A file for each disk of the machine.
    pub disks: Vec<PathBuf>,
    /// Where the console is.
    pub console: Console,
    /// The guest's reports.
    pub report: PathBuf,
    /// The control socket (QMP).
    pub control: PathBuf,
    /// OVMF's code and this machine's variables, for UEFI.
    pub ovmf: Option<(PathBuf, PathBuf)>,
}

/// What a machine boots first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The disk of the system, and the medium where that cannot be booted.
    Disk,
    /// The medium: a person has chosen it in the boot menu.
    Medium,
}

/// Where a machine's console is.
#[derive(Clone, Debug)]
pub enum Console {
    /// Its text goes to a file.
    File(PathBuf),
    /// A person sits at it, and may log in over the first network through this port of the host too.
    Person {
        /// The host's port.
        ssh_port: u16,
    },
}

/// QEMU's arguments for one run.
///
/// Every device has a fixed place, so that only what a scenario moves is moved. While installing,
/// QEMU ends when the guest reboots.
pub fn arguments(
    machine: &VirtualMachine,
    paths: &Paths,
    accelerator: Accelerator,
    firmware: Firmware,
) -> Vec<String> {
    let mut line = Line::default();
    line.add("-name", format!("cotter-{}", machine.name));
    line.add("-machine", if firmware == Firmware::Bios { "pc" } else { "q35" });
    let (cpu, memory_mib) = match (machine.medium, accelerator) {
        (_, Accelerator::Kvm) => ("host", 4096),
        // The plain model is the fastest to translate; a real CoreOS needs more than it has.
        (Medium::StandIn, Accelerator::Tcg) => ("qemu64", 2048),
        (Medium::Real, Accelerator::Tcg) => ("max", 4096),
    };
    line.add("-accel", if accelerator == Accelerator::Kvm { "kvm" } else { "tcg,thread=multi" });
    line.add("-cpu", cpu);
    line.add("-smp", "2");
    line.add("-m", memory_mib.to_string());
    for flag in ["-nodefaults", "-no-user-config"] {
        line.0.push(flag.to_owned());
    }
    line.add("-display", "none");
    line.add("-vga", "none");
    match &paths.console {
        Console::File(path) => line.add("-serial", format!("file:{}", escaped(path))),
        Console::Person { .. } => line.add("-serial", "mon:stdio"),
    }
    line.add("-qmp", format!("unix:{},server=on,wait=off", escaped(&paths.control)));
    line.add("-device", "virtio-rng-pci,addr=0x5");
    line.add("-device", "virtio-serial-pci,id=serial,addr=0x6");
    line.add("-chardev", format!("file,id=report,path={}", escaped(&paths.report)));
    line.add("-device", "virtserialport,bus=serial.0,chardev=report,name=org.cotter.report");
    if let (Firmware::Uefi, Some((code, variables))) = (firmware, &paths.ovmf) {
        line.add("-drive", format!("if=pflash,format=raw,unit=0,readonly=on,file={}", escaped(code)));
        line.add("-drive", format!("if=pflash,format=raw,unit=1,file={}", escaped(variables)));
    }
    line.add("-device", "virtio-scsi-pci,id=scsi,addr=0x7");
    for (index, (disk, file)) in machine.disks.iter().zip(&paths.disks).enumerate() {
        attach(&mut line, index, disk, file, paths.first);
    }
    if let Some(medium) = &paths.medium {
        line.add(
            "-drive",
            format!("if=none,id=medium,media=cdrom,format=raw,readonly=on,file={}", escaped(medium)),
        );
        line.add("-device", "scsi-cd,drive=medium,bus=scsi.0,bootindex=1");
        line.0.push("-no-reboot".to_owned());
    }
    for slot in headless_cards(&machine.ports) {
        line.add("-device", format!("pci-testdev,addr={}", address(slot, Some(0))));
    }
    let mut ssh_port = match paths.console {
        Console::Person { ssh_port } => Some(ssh_port),
        Console::File(_) => None,
    };
    for (index, port) in machine.ports.iter().enumerate() {
        let forwarded = if port.network.is_some() { ssh_port.take() } else { None };
        network_port(&mut line, index, port, firmware, forwarded);
    }
    line.0
}

fn attach(line: &mut Line, index: usize, disk: &Disk, file: &std::path::Path, first: First) {
    let file = escaped(file);
    line.add(
        "-drive",
        format!(
            "if=none,id=disk{index},format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap,file={file}"
        ),
    );
    let mut device = match disk.bus {
        Bus::Scsi => format!("scsi-hd,drive=disk{index},bus=scsi.0"),
        Bus::Virtio => format!("virtio-blk-pci,drive=disk{index},addr={:#x}", FIRST_DISK_SLOT + index),
    };
    let mut add = |property: &str, value: String| device.push_str(&format!(",{property}={value}"));
    if let Some(wwn) = &disk.wwn {
        add("wwn", format!("0x{wwn}"));
    }
    if let Some(serial) = &disk.serial {
        add("serial", serial.clone());
    }
    if let Some(model) = &disk.model {
        add("product", model.clone());
    }
    if let Some(turns) = disk.turns {
        // 1 stands for a disk that does not turn (SBC-3, block device characteristics).
        add("rotation_rate", if turns { "7200" } else { "1" }.to_owned());
    }
    if disk.role == Role::System {
        add("bootindex", if first == First::Disk { "0" } else { "2" }.to_owned());
    }
    line.add("-device", device);
}

/// A port: 10 Gbit/s full duplex, or no 802.3ad bond would take it; a hub of its own where there is no
/// network behind it. Its index is in SMBIOS, whatever the machine: QEMU passes ACPI's on for `pc` alone, where higher ones
/// are.
fn network_port(
    line: &mut Line,
    index: usize,
    port: &VirtualPort,
    firmware: Firmware,
    ssh_port: Option<u16>,
) {
    let backend = match &port.network {
        // `restrict` keeps the guest off the host's network: a rehearsal must not reach real machines.
        Some(user) => {
            let forward = ssh_port.map(|ssh_port| {
                let own = user.own.map(|own| own.to_string()).unwrap_or_default();
                format!(",hostfwd=tcp:127.0.0.1:{ssh_port}-{own}:22")
            });
            format!(
                "user,id=net{index},restrict=on,ipv6=off,net={},host={},dns={}{}",
                user.network,
                user.gateway,
                user.name_server,
                forward.unwrap_or_default()
            )
        }
        None => format!("hubport,id=net{index},hubid={index}"),
    };
    line.add("-netdev", backend);
    let place = port.place;
    let mut device = format!(
        "virtio-net-pci,id=port{index},netdev=net{index},mac={},addr={},speed=10000,duplex=full,romfile=",
        port.mac,
        address(place.slot, place.function)
    );
    if let (Some(acpi_index), Firmware::Bios) = (place.acpi_index(), firmware) {
        device.push_str(&format!(",acpi-index={acpi_index}"));
    }
    line.add("-device", device);
    if let Some(instance) = place.smbios_index() {
        line.add(
            "-smbios",
            format!("type=41,kind=ethernet,designation=port{index},instance={instance},pcidev=port{index}"),
        );
    }
}

/// Where a device is, in QEMU's words.
fn address(slot: u8, function: Option<u8>) -> String {
    match function {
        Some(function) => format!("{slot:#x}.{function},multifunction=on"),
        None => format!("{slot:#x}"),
    }
}

/// The slots of cards whose first function is no port of the machine: without one, the others are not seen.
fn headless_cards(ports: &[VirtualPort]) -> BTreeSet<u8> {
    let of_cards = || ports.iter().map(|port| port.place).filter(|place| place.function.is_some());
    let has_head = |slot: u8| of_cards().any(|place| place.slot == slot && place.function == Some(0));
    of_cards().map(|place| place.slot).filter(|slot| !has_head(*slot)).collect()
}

/// QEMU separates options by commas; a comma in a value is doubled.
fn escaped(path: &std::path::Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn add(&mut self, option: &str, value: impl Into<String>) {
        self.0.push(option.to_owned());
        self.0.push(value.into());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::path::PathBuf;

    use super::Accelerator;
    use super::Console;
    use super::Firmware;
    use super::First;
    use super::Paths;
    use super::arguments;
    use crate::rehearsal::Medium;
    use crate::rehearsal::Place;
    use crate::rehearsal::VirtualMachine;
    use crate::rehearsal::VirtualPort;

    fn line(places: &[Place], firmware: Firmware) -> String {
        let port = |place: &Place| VirtualPort {
            mac: "e4:43:4b:0a:00:01".parse().unwrap(),
            name: "a0".to_owned(),
            place: *place,
            real_name: None,
            network: None,
            goes_first: false,
        };
        let ports = places.iter().map(port).collect();
        let machine =
            VirtualMachine { name: "a".to_owned(), ports, disks: Vec::new(), medium: Medium::StandIn };
        let paths = Paths {
            medium: None,
            first: First::Disk,
            disks: Vec::new(),
            console: Console::File(PathBuf::new()),
            report: PathBuf::new(),
            control: PathBuf::new(),
            ovmf: None,
        };
        arguments(&machine, &paths, Accelerator::Tcg, firmware).join(" ")
    }

    #[test]
    fn ports_are_at_their_places() {
        let place = Place { slot: 3, function: None, index: None };
        let low = Place { index: Some(7), ..place };
        let high = Place { index: Some(12399), ..place };
        let said = line(&[low], Firmware::Uefi);
        assert!(said.contains("addr=0x3,speed") && said.contains("instance=7,pcidev=port0"), "{said}");
        assert!(!said.contains("acpi-index"), "{said}");
        let said = line(&[high], Firmware::Bios);
        assert!(said.contains(",acpi-index=12399") && !said.contains("-smbios"), "{said}");
        let said = line(&[high], Firmware::Uefi);
        assert!(!said.contains("12399"), "{said}");
        assert!(!line(&[place], Firmware::Bios).contains("-smbios"));
    }

    #[test]
    fn a_card_has_a_first_function_or_the_others_are_not_seen() {
        let of = |function| Place { slot: 3, function: Some(function), index: None };
        let stands_in = "pci-testdev,addr=0x3.0,multifunction=on";
        let said = line(&[of(1)], Firmware::Bios);
        assert!(said.contains("addr=0x3.1,multifunction=on") && said.contains(stands_in), "{said}");
        let said = line(&[of(1), of(0)], Firmware::Bios);
        assert!(said.contains("addr=0x3.0,multifunction=on") && !said.contains(stands_in), "{said}");
    }
}
