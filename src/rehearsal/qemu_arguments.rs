//! A virtual machine as QEMU's command line.

use std::path::PathBuf;

use super::Disk;
use super::Medium;
use super::VirtualMachine;
use super::VirtualPort;

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
    /// SeaBIOS on the `pc` machine, where QEMU passes ACPI indices of ports on.
    Bios,
    /// OVMF on the `q35` machine.
    Uefi,
}

/// The files a run of QEMU reads and writes.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The medium, while installing.
    pub medium: Option<PathBuf>,
    /// The disk.
    pub disk: PathBuf,
    /// The console's text.
    pub console: PathBuf,
    /// The guest's reports.
    pub report: PathBuf,
    /// The control socket (QMP).
    pub control: PathBuf,
    /// OVMF's code and this machine's variables, for UEFI.
    pub ovmf: Option<(PathBuf, PathBuf)>,
}

/// What happens to the guest's writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// They go to the disk.
    Kept,
    /// They go to a copy that is dropped.
    Dropped,
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
    writes: Writes,
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
    line.add("-serial", format!("file:{}", escaped(&paths.console)));
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
    disk(&mut line, &machine.disk, paths, writes);
    if let Some(medium) = &paths.medium {
        line.add(
            "-drive",
            format!("if=none,id=medium,media=cdrom,format=raw,readonly=on,file={}", escaped(medium)),
        );
        line.add("-device", "scsi-cd,drive=medium,bus=scsi.0,bootindex=1");
        line.0.push("-no-reboot".to_owned());
    }
    for (index, port) in machine.ports.iter().enumerate() {
        network_port(&mut line, index, port, firmware);
    }
    line.0
}

fn disk(line: &mut Line, disk: &Disk, paths: &Paths, writes: Writes) {
    let snapshot = if writes == Writes::Dropped { "on" } else { "off" };
    let file = escaped(&paths.disk);
    line.add(
        "-drive",
        format!("if=none,id=disk,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap,snapshot={snapshot},file={file}"),
    );
    line.add(
        "-device",
        match disk {
            Disk::Scsi(Some(wwn)) => format!("scsi-hd,drive=disk,bus=scsi.0,wwn=0x{wwn},bootindex=0"),
            Disk::Scsi(None) => "scsi-hd,drive=disk,bus=scsi.0,bootindex=0".to_owned(),
            Disk::Virtio(Some(serial)) => {
                format!("virtio-blk-pci,drive=disk,addr=0x8,serial={serial},bootindex=0")
            }
            Disk::Virtio(None) => "virtio-blk-pci,drive=disk,addr=0x8,bootindex=0".to_owned(),
        },
    );
}

/// A port: 10 Gbit/s full duplex, or no 802.3ad bond would take it; a hub of its own where there is no
/// network behind it.
fn network_port(line: &mut Line, index: usize, port: &VirtualPort, firmware: Firmware) {
    let backend = match &port.network {
        // `restrict` keeps the guest off the host's network: a rehearsal must not reach real machines.
        Some(user) => format!(
            "user,id=net{index},restrict=on,ipv6=off,net={},host={},dns={}",
            user.network, user.gateway, user.name_server
        ),
        None => format!("hubport,id=net{index},hubid={index}"),
    };
    line.add("-netdev", backend);
    let acpi_index =
        if firmware == Firmware::Bios { format!(",acpi-index={}", port.acpi_index) } else { String::new() };
    line.add(
        "-device",
        format!(
            "virtio-net-pci,netdev=net{index},mac={},addr={:#x}{acpi_index},speed=10000,duplex=full,romfile=",
            port.mac, port.slot
        ),
    );
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
