//! What a machine must be made of before anything is installed on it: what was found beside what its file and its
//! system ask for.

use super::hardware::Meant;
use super::hardware::meant;
use super::hardware::said;
use crate::hardware::BootMode;
use crate::hardware::Disk as FoundDisk;
use crate::hardware::Inventory;
use crate::hardware::Minimum;
use crate::hardware::Port;
use crate::hardware::Profile;
use crate::spec::Disk;
use crate::spec::Machine;
use crate::verify::Expectation;
use crate::verify::HardwareProperty;
use crate::verify::Look;
use crate::verify::Subject;

const ENOUGH: &str = "enough";
const THERE: &str = "there";
/// A kernel keeps some memory for itself: this much less than is wanted will do.
const MEMORY_SLACK_PERCENT: u64 = 10;

/// Holds what was found of a machine against its file, its profile, and the least that its system is installed on.
pub fn look_at_hardware(machine: &Machine, inventory: &Inventory) -> Look {
    let mut looking = Looking { machine, inventory, look: Look::new("hardware") };
    looking.ports();
    let disk = looking.disk();
    looking.profile();
    if let Some(minimum) = Minimum::of(&machine.target.value.to_string()) {
        looking.minimum(minimum, disk);
    }
    looking.look
}

struct Looking<'a> {
    machine: &'a Machine,
    inventory: &'a Inventory,
    look: Look,
}

impl<'a> Looking<'a> {
    fn ports(&mut self) {
        for nic in &self.machine.network.nics {
            let mac = nic.mac.value;
            let subject = Subject::Hardware(HardwareProperty::Port(mac));
            self.look.expect(Expectation::has(&subject, THERE, format!("the port {mac}"), &nic.mac.origin));
            if self.inventory.ports.is_empty() {
                self.look.cannot(&subject, "no ports were seen");
            } else if self.inventory.port(mac).is_some() {
                self.look.found(&subject, [THERE]);
            } else {
                self.look.found::<String>(&subject, []);
                let name = |port: &Port| Some(format!("{} ({})", port.mac()?, port.name));
                let ports: Vec<String> = self.inventory.ports.iter().filter_map(name).collect();
                self.look.explain(&subject, format!("the machine has {}", ports.join(", ")));
            }
        }
    }

    /// The disk that is installed to, if it can be told.
    fn disk(&mut self) -> Option<&'a FoundDisk> {
        let install = self.machine.install.as_ref()?;
        let subject = Subject::Hardware(HardwareProperty::Disk);
        let (says, origin) = match &install.disk {
            Disk::Device(device) => (format!("the disk {}", device.value), &device.origin),
            Disk::Hints(hints) => ("one disk that fits its description".to_owned(), &hints.origin),
        };
        self.look.expect(Expectation::has(&subject, THERE, says, origin));
        let disks = &self.inventory.disks;
        let found = if disks.is_empty() { Meant::NotTold } else { meant(&install.disk, disks) };
        match found {
            Meant::One(disk) => {
                self.look.found(&subject, [THERE]);
                return Some(disk);
            }
            Meant::NotTold if disks.is_empty() => self.look.cannot(&subject, "no disks were seen"),
            Meant::NotTold => self.look.cannot(&subject, "names of this kind were not seen of any disk"),
            Meant::Several(several) => {
                self.look.found(&subject, several.into_iter().map(said));
                self.look.explain(&subject, "several disks fit: say more of the one that is meant");
            }
            Meant::None => {
                self.look.found(&subject, disks.iter().map(said));
                self.look.explain(&subject, "the disk is not there, or it is another machine");
            }
        }
        None
    }

    fn profile(&mut self) {
        let Some(written) = &self.machine.hardware.profile else { return };
        let Some(profile) = Profile::find(&written.value) else { return };
        // A kind that is known by no name is no kind.
        if profile.system.vendor.is_empty() {
            return;
        }
        let subject = Subject::Hardware(HardwareProperty::Profile);
        self.look.expect(Expectation::has(&subject, "yes", format!("a {}", profile.title), &written.origin));
        let system = &self.inventory.system;
        match (&system.vendor, &system.product) {
            (Some(vendor), Some(product)) if profile.is_of(vendor, product) => {
                self.look.found(&subject, ["yes"])
            }
            (Some(vendor), Some(product)) => {
                self.look.found(&subject, [format!("{vendor} {product}")]);
                self.look.explain(&subject, "it is another machine, or the file has another profile than it");
            }
            _ => self.look.cannot(&subject, "the machine does not say what it is, or not to this user"),
        }
    }

    fn minimum(&mut self, minimum: &Minimum, disk: Option<&FoundDisk>) {
        let target = &minimum.target;
        let threads = self.inventory.processors.threads;
        let wanted = minimum.threads;
        self.at_least(
            HardwareProperty::Processors,
            format!("{wanted} threads for {target}"),
            threads.map(|threads| (threads >= wanted, format!("{threads} threads"))),
        );
        let (memory, wanted) = (self.inventory.memory_mib, minimum.memory_mib);
        let enough = |memory: u64, wanted: u64| memory >= wanted / 100 * (100 - MEMORY_SLACK_PERCENT);
        self.at_least(
            HardwareProperty::Memory,
            format!("{} GiB of memory for {target}", wanted / 1024),
            memory.map(|memory| (enough(memory, wanted), format!("{memory} MiB"))),
        );
        if self.machine.install.is_some() {
            let (size, wanted) = (disk.and_then(|disk| disk.size_bytes), minimum.disk_bytes);
            let gb = |bytes: u64| format!("{} GB", bytes / 1_000_000_000);
            self.at_least(
                HardwareProperty::DiskSize,
                format!("{} on the disk for {target}", gb(wanted)),
                size.map(|size| (size >= wanted, gb(size))),
            );
        }
        if let Some(mode) = minimum.boot_mode {
            let word = |mode: BootMode| if mode == BootMode::Uefi { "uefi" } else { "bios" };
            let subject = Subject::Hardware(HardwareProperty::Firmware);
            let says = format!("firmware that boots as {target} does");
            self.look.expect(Expectation::has(&subject, word(mode), says, &self.machine.target.origin));
            match self.inventory.boot_mode {
                Some(found) => self.look.found(&subject, [word(found)]),
                None => self.look.cannot(&subject, "it was not seen how the firmware boots"),
            }
            self.look.explain(&subject, "set the boot mode in the firmware's setup, before the installation");
        }
        if let Some(more) = &minimum.production
            && threads.zip(memory).is_some_and(|(t, m)| t < more.threads || !enough(m, more.memory_mib))
        {
            self.look.note(&format!(
                "where it does real work, {target} wants {} threads and {} GiB of memory",
                more.threads,
                more.memory_mib / 1024
            ));
        }
    }

    /// That there is enough of something; `seen` is whether it is, and how much in words.
    fn at_least(&mut self, property: HardwareProperty, says: String, seen: Option<(bool, String)>) {
        let subject = Subject::Hardware(property);
        self.look.expect(Expectation::has(&subject, ENOUGH, says, &self.machine.target.origin));
        match seen {
            Some((true, _)) => self.look.found(&subject, [ENOUGH]),
            Some((false, words)) => {
                self.look.found(&subject, [words]);
                self.look.explain(
                    &subject,
                    "its makers install on no less: take another machine or disk, or give it more",
                );
            }
            None => self.look.cannot(&subject, "it was not seen how much there is"),
        }
    }
}
