//! The machine itself: what its firmware tells, its processors and memory, and the system that runs.

use std::collections::BTreeSet;

use super::reading::Reading;
use super::reading::shown;
use crate::hardware::BootMode;
use crate::hardware::Management;
use crate::hardware::Processors;
use crate::hardware::Running;
use crate::hardware::System;

const DMI: &str = "/sys/class/dmi/id";
const DEVICE_TREE: &str = "/sys/firmware/devicetree/base";
const IPMI: &str = "/sys/class/ipmi/ipmi0";
/// The network adapter by which an iDRAC speaks with the system that runs.
const IDRAC: (&str, &str) = ("413c", "a102");
/// The longest name of a system or processor.
const MAX_NAME: usize = 255;

/// What the firmware tells: by SMBIOS, or where there is none by the device tree.
pub(super) fn system(reading: &Reading<'_>) -> System {
    if !reading.is_there(DMI) {
        let node = |name: &str| reading.value(&format!("{DEVICE_TREE}/{name}"));
        let product = node("model");
        if product.is_none() {
            reading.unseen(DMI, "it is not there: the firmware tells nothing");
        }
        return System {
            product,
            serial: node("serial-number"),
            management: management(reading),
            ..System::default()
        };
    }
    let value = |name: &str| reading.value(&format!("{DMI}/{name}"));
    System {
        vendor: value("sys_vendor"),
        product: value("product_name"),
        serial: value("product_serial"),
        uuid: value("product_uuid"),
        board: value("board_name"),
        bios_vendor: value("bios_vendor"),
        bios_version: value("bios_version"),
        bios_date: value("bios_date"),
        management: management(reading),
    }
}

/// A management controller, as far as the system that runs sees one.
fn management(reading: &Reading<'_>) -> Option<Management> {
    let devices = "/sys/bus/usb/devices";
    let is_idrac = reading.names(devices).iter().any(|name| {
        let id = |part: &str| reading.value(&format!("{devices}/{name}/{part}"));
        id("idVendor").as_deref() == Some(IDRAC.0) && id("idProduct").as_deref() == Some(IDRAC.1)
    });
    let controller = |name: &str| reading.value(&format!("{IPMI}/device/bmc/{name}"));
    let firmware = controller("firmware_revision");
    let ipmi = controller("ipmi_version").or_else(|| smbios_ipmi(reading));
    let has_ipmi = ipmi.is_some() || reading.is_there(IPMI) || reading.is_there("/dev/ipmi0");
    let kind = match (is_idrac, ipmi, has_ipmi) {
        (true, _, _) => "iDRAC".to_owned(),
        (false, Some(version), _) => format!("IPMI {version}"),
        (false, None, true) => "IPMI".to_owned(),
        (false, None, false) => return None,
    };
    Some(Management { kind: Some(kind), firmware, ..Management::default() })
}

/// The version of IPMI by SMBIOS type 38 (DSP0134, 7.39: at 5, two decimal digits).
fn smbios_ipmi(reading: &Reading<'_>) -> Option<String> {
    let bytes = reading.bytes("/sys/firmware/dmi/entries/38-0/raw")?;
    let version = bytes.get(5).filter(|_| bytes.first() == Some(&38))?;
    Some(format!("{}.{}", version >> 4, version & 0xf))
}

/// How the firmware booted. Where a container hides it, nobody can tell.
pub(super) fn boot_mode(reading: &Reading<'_>, system: &System) -> Option<BootMode> {
    let firmware = "/sys/firmware";
    if reading.is_there(&format!("{firmware}/efi")) {
        return Some(BootMode::Uefi);
    }
    if reading.is_there(DEVICE_TREE) {
        return None;
    }
    let is_hidden = reading.is_there(firmware) && reading.names(firmware).is_empty();
    if is_hidden || system.bios_vendor.is_none() {
        reading.unseen("/sys/firmware/efi", "nothing tells how the firmware booted");
        return None;
    }
    Some(BootMode::Bios)
}

pub(super) fn processors(reading: &Reading<'_>, kernel: Option<&str>) -> Processors {
    let text = reading.text("/proc/cpuinfo");
    if text.is_none() {
        reading.unseen("/proc/cpuinfo", "it is not there");
    }
    let text = text.unwrap_or_default();
    let mut found = Processors::default();
    let mut sockets = BTreeSet::new();
    let mut threads = 0;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key.trim() {
            "processor" if !value.is_empty() => threads += 1,
            "model name" if found.model.is_none() => found.model = Some(shown(value, MAX_NAME)),
            "physical id" => {
                sockets.insert(value.parse::<u32>().ok());
            }
            _ => {}
        }
    }
    let count = |count: usize| u32::try_from(count).ok().filter(|count| *count > 0);
    found.threads = count(threads);
    found.sockets = count(sockets.len());
    found.architecture = kernel.and_then(architecture).map(str::to_owned);
    found
}

/// What a kernel's release says of the architecture: some distributions write it at the end.
fn architecture(kernel: &str) -> Option<&'static str> {
    const ENDS: [(&str, &str); 7] = [
        (".x86_64", "x86_64"),
        ("-amd64", "x86_64"),
        (".aarch64", "aarch64"),
        ("-arm64", "aarch64"),
        (".ppc64le", "ppc64le"),
        (".s390x", "s390x"),
        ("-s390x", "s390x"),
    ];
    ENDS.iter().find(|(end, _)| kernel.ends_with(end)).map(|(_, architecture)| *architecture)
}

/// The memory that the kernel has, a little less than what is in the machine.
pub(super) fn memory_mib(reading: &Reading<'_>) -> Option<u64> {
    let Some(text) = reading.text("/proc/meminfo") else {
        reading.unseen("/proc/meminfo", "it is not there");
        return None;
    };
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

pub(super) fn running(reading: &Reading<'_>) -> Running {
    let release = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|path| reading.text(path));
    Running {
        kernel: reading.line("/proc/sys/kernel/osrelease").or_else(|| installed_kernel(reading)),
        kernel_arguments: reading.line("/proc/cmdline"),
        system: release.and_then(|text| system_name(&text)),
        naming_scheme: None,
    }
}

/// The kernel of a system that does not run, if it has one alone.
fn installed_kernel(reading: &Reading<'_>) -> Option<String> {
    const MODULES: &str = "/usr/lib/modules";
    let is_kernel = |name: &String| name.starts_with(|c: char| c.is_ascii_digit());
    let kernels: Vec<String> = reading.names(MODULES).into_iter().filter(is_kernel).collect();
    match kernels.as_slice() {
        [] => None,
        [only] => Some(shown(only, MAX_NAME)),
        several => {
            let beginning = several.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            let why = format!("it does not run, and which of its kernels will is not seen: {beginning}");
            reading.unseen("/proc/sys/kernel/osrelease", &why);
            None
        }
    }
}

/// What a system calls itself (os-release(5)).
fn system_name(text: &str) -> Option<String> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        let value = line.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| shown(value, MAX_NAME))
    };
    let named =
        || Some([value("NAME"), value("VERSION")].into_iter().flatten().collect::<Vec<_>>().join(" "));
    value("PRETTY_NAME").or_else(named).filter(|name| !name.is_empty())
}

/// The scheme that the kernel's arguments ask for by name. `latest` says nothing without the systemd that read it.
pub(super) fn asked_scheme(running: &Running) -> Option<String> {
    let words = running.kernel_arguments.as_deref()?.split_whitespace();
    let scheme = words.filter_map(|word| word.strip_prefix("net.naming-scheme=")).next_back()?;
    let is_scheme = scheme.starts_with("rhel-") || scheme.starts_with("centos-") || is_version(scheme);
    is_scheme.then(|| scheme.to_owned())
}

fn is_version(scheme: &str) -> bool {
    let digits = scheme.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
