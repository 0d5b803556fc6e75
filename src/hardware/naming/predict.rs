//! Which of its names a port gets.

use std::collections::BTreeMap;

use super::Arguments;
use super::Name;
use super::NameFile;
use super::Names;
use super::Scheme;
use super::names;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::value::InterfaceName;

/// What systemd tries where no file says otherwise (`99-default.link`, systemd 242 and later).
const DEFAULT_POLICY: [&str; 6] = ["keep", "kernel", "database", "onboard", "slot", "path"];
/// The kernel's words for who gave a name (`name_assign_type`).
const PREDICTABLE: u32 = 2;
/// Where systemd's own rule names what nobody has named (`80-net-setup-link.rules`).
const OWN_RULE: &str = "80-net-setup-link.rules";

/// What decides which of its names a port gets.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// The scheme that names are made by.
    pub scheme: &'a Scheme,
    /// What the kernel's arguments say.
    pub arguments: &'a Arguments,
    /// The `.link` files and udev rules of the machine's own.
    pub files: &'a [NameFile],
}

/// What a port will be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The name; nothing where the kernel's stays, which depends on the order in which ports are found.
    pub name: Option<String>,
    /// Who gives it.
    pub by: By,
    /// Why it is this name: a sentence without its period.
    pub why: String,
    /// What may decide otherwise, and is not in the inventory.
    pub doubt: Option<String>,
    /// The names that udev works out, used or not.
    pub names: Names,
}

/// Who gives a port its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A `.link` file or a udev rule.
    File(String),
    /// `ifname=` among the kernel's arguments.
    Argument,
    /// The program biosdevname.
    Biosdevname,
    /// udev, by a way of its policy: `database`, `onboard`, `slot`, `path` or `mac`.
    Policy(&'static str),
    /// The kernel.
    Kernel,
}

impl By {
    /// True if the name is the owner's own, whatever the firmware, driver and scheme say.
    pub fn is_pin(&self) -> bool {
        matches!(self, Self::File(_) | Self::Argument)
    }
}

/// Says what every port of an inventory will be called, in their order.
pub fn predict(inventory: &Inventory, conditions: Conditions<'_>) -> Vec<Prediction> {
    let dells = if conditions.arguments.is_biosdevname { biosdevnames(inventory) } else { Vec::new() };
    let ports = inventory.ports.iter().enumerate();
    let mut predictions: Vec<Prediction> = ports
        .map(|(index, port)| {
            let names = names(port, inventory, conditions.scheme);
            let dells = dells.get(index).and_then(Option::as_ref);
            let mut prediction = decide(port, &names, dells, conditions);
            prediction.names = names;
            prediction
        })
        .collect();
    say_who_loses(inventory, &mut predictions);
    predictions
}

fn decide(port: &Port, names: &Names, dells: Option<&Name>, conditions: Conditions<'_>) -> Prediction {
    if let Some(prediction) = by_rule(port, conditions.files) {
        return prediction;
    }
    let argument = port.mac().and_then(|mac| conditions.arguments.names.get(&mac));
    if let Some(name) = argument {
        return Prediction::new(Some(name), By::Argument, "`ifname=` among the kernel's arguments names it");
    }
    if let Some(name) = dells {
        return Prediction::new(Some(&name.text), By::Biosdevname, &name.why);
    }
    by_link(port, names, conditions)
}

/// The name by a udev rule: one that runs before systemd's own has the first word.
fn by_rule(port: &Port, files: &[NameFile]) -> Option<Prediction> {
    let mut rules: Vec<&NameFile> = files.iter().filter(|file| !file.is_link()).collect();
    rules.sort_by_key(|file| file.order());
    let early = rules.into_iter().filter(|file| file.order() < OWN_RULE);
    let (file, says) = early.filter_map(|file| Some((file, file.says(port)?))).next_back()?;
    let mut prediction = Prediction::new(
        says.name,
        By::File(file.path.clone()),
        &format!("the rule `{}` names it", file.path),
    );
    prediction.doubt = says.doubt.map(|what| format!("`{}` matches by {what}", file.path));
    Some(prediction)
}

/// The name by the first `.link` file that matches, or by systemd's default one.
fn by_link(port: &Port, names: &Names, conditions: Conditions<'_>) -> Prediction {
    let mut links: Vec<&NameFile> = conditions.files.iter().filter(|file| file.is_link()).collect();
    links.sort_by_key(|file| file.order());
    let found = links.into_iter().find_map(|file| Some((file, file.says(port)?)));
    let (policy, name, file) = match &found {
        Some((file, says)) => {
            let policy: Vec<&str> = says.policy.unwrap_or_default().iter().map(String::as_str).collect();
            (policy, says.name, Some(file.path.as_str()))
        }
        None => (DEFAULT_POLICY.to_vec(), None, None),
    };
    let doubt =
        found.as_ref().and_then(|(file, says)| Some(format!("`{}` matches by {}", file.path, says.doubt?)));
    let mut prediction = by_policy(port, names, &policy, conditions).unwrap_or_else(|| match (name, file) {
        (Some(name), Some(file)) => {
            Prediction::new(Some(name), By::File(file.to_owned()), &format!("`{file}` names it"))
        }
        _ if conditions.arguments.keeps_kernel_names => {
            let why = "`net.ifnames=0` leaves it the kernel's name, which depends on the order in which ports are found";
            Prediction::new(None, By::Kernel, why)
        }
        _ => {
            let why = "nothing is known to name it by, so it keeps the kernel's name, which depends on the order in which ports are found";
            Prediction::new(None, By::Kernel, why)
        }
    });
    prediction.doubt = doubt;
    prediction
}

/// The first name of a policy that there is, and that the kernel takes.
fn by_policy(port: &Port, names: &Names, policy: &[&str], conditions: Conditions<'_>) -> Option<Prediction> {
    if conditions.arguments.keeps_kernel_names {
        return None;
    }
    let mut too_long: Vec<String> = Vec::new();
    for way in policy {
        let (way, name) = match *way {
            "kernel" if port.name_given_by == Some(PREDICTABLE) => {
                return Some(Prediction::new(
                    Some(&port.name),
                    By::Kernel,
                    "its driver gives it a name that lasts",
                ));
            }
            "database" => ("database", &names.database),
            "onboard" => ("onboard", &names.onboard),
            "slot" => ("slot", &names.slot),
            "path" => ("path", &names.path),
            "mac" => ("mac", &names.mac),
            // What userspace named before is not known of a boot that is to come.
            _ => continue,
        };
        let Some(name) = name else { continue };
        if name.text.parse::<InterfaceName>().is_err() {
            too_long.push(format!("`{}` is no name that the kernel takes", name.text));
            continue;
        }
        let why = std::iter::once(name.why.clone()).chain(too_long).collect::<Vec<_>>().join("; ");
        return Some(Prediction::new(Some(&name.text), By::Policy(way), &why));
    }
    None
}

impl Prediction {
    /// True if this is the name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    fn new(name: Option<&str>, by: By, why: &str) -> Self {
        let names = Names::default();
        Self { name: name.map(str::to_owned), by, why: why.to_owned(), doubt: None, names }
    }
}

/// Of ports that would have one name, the kernel lets the first have it; which that is, is chance.
fn say_who_loses(inventory: &Inventory, predictions: &mut [Prediction]) {
    let mut of_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, prediction) in predictions.iter().enumerate() {
        if let Some(name) = &prediction.name {
            of_name.entry(name.clone()).or_default().push(index);
        }
    }
    for (name, indices) in of_name.into_iter().filter(|(_, indices)| indices.len() > 1) {
        for index in &indices {
            let others = indices.iter().filter(|other| *other != index);
            let others: Vec<&str> = others.map(|other| inventory.ports[*other].known_by()).collect();
            predictions[*index].doubt = Some(format!(
                "{} would be called `{name}` too, and the first to come gets the name",
                others.join(" and ")
            ));
        }
    }
}

/// The names that the program biosdevname gives (biosdevname(1)): `em1` for the board's ports, `p3p1` for cards.
fn biosdevnames(inventory: &Inventory) -> Vec<Option<Name>> {
    // Its own tables are the firmware's, as the newest scheme reads them too.
    let Some(scheme) = Scheme::find(super::LATEST) else { return Vec::new() };
    let slot = |port: &Port| {
        let name = names(port, inventory, scheme).slot?.text;
        let digits: String = name.strip_prefix("ens")?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    };
    let slots: Vec<Option<u32>> = inventory.ports.iter().map(slot).collect();
    let place = |port: &Port| (port.pci_address().map(str::to_owned), port.dev_port);
    let name = |(port, slot): (&Port, &Option<u32>)| {
        let pci = port.pci_device()?.pci.as_ref().filter(|pci| pci.physical_function.is_none())?;
        if let Some(index) = pci.smbios_index.or(pci.acpi_index).filter(|index| *index > 0) {
            let why = format!("biosdevname: the firmware numbers it {index}");
            return Some(Name { text: format!("em{index}"), why });
        }
        let slot = (*slot)?;
        let in_slot = inventory.ports.iter().zip(&slots).filter(|(_, other)| **other == Some(slot));
        let number = in_slot.filter(|(beside, _)| place(beside) <= place(port)).count();
        Some(Name {
            text: format!("p{slot}p{number}"),
            why: format!("biosdevname: port {number} of slot {slot}"),
        })
    };
    inventory.ports.iter().zip(&slots).map(name).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::By;
    use super::Conditions;
    use super::Prediction;
    use super::predict;
    use crate::hardware::Device;
    use crate::hardware::Inventory;
    use crate::hardware::PciFunction;
    use crate::hardware::Port;
    use crate::hardware::naming::Arguments;
    use crate::hardware::naming::NameFile;
    use crate::hardware::naming::Scheme;

    fn port(number: u32, index: Option<u32>) -> Port {
        let pci = PciFunction { smbios_index: index, is_multifunction: Some(true), ..PciFunction::default() };
        let device = Device {
            subsystem: Some("pci".into()),
            name: format!("0000:3b:00.{number}"),
            pci: Some(pci),
            ..Device::default()
        };
        Port {
            name: format!("eth{number}"),
            address: Some(format!("e4:43:4b:0a:00:0{}", number + 1)),
            has_own_address: Some(true),
            hardware_type: Some(1),
            driver: Some("i40e".into()),
            devices: vec![device],
            ..Port::default()
        }
    }

    fn inventory() -> Inventory {
        let mut inventory =
            Inventory { ports: vec![port(0, Some(1)), port(1, None)], ..Inventory::default() };
        inventory.pci_slots.insert("3".into(), "0000:3b:00".into());
        inventory
    }

    fn predicted(arguments: &str, files: &[(&str, &str)], inventory: &Inventory) -> Vec<Prediction> {
        let files: Vec<NameFile> =
            files.iter().map(|(path, text)| NameFile::read(path, text, None).unwrap()).collect();
        let arguments = Arguments::read([arguments]);
        let scheme = Scheme::find("v252").unwrap();
        predict(inventory, Conditions { scheme, arguments: &arguments, files: &files })
    }

    fn names(arguments: &str, files: &[(&str, &str)]) -> Vec<Option<String>> {
        predicted(arguments, files, &inventory()).into_iter().map(|prediction| prediction.name).collect()
    }

    fn some(names: [&str; 2]) -> Vec<Option<String>> {
        names.map(|name| Some(name.to_owned())).to_vec()
    }

    #[test]
    fn tries_onboard_then_slot_then_path() {
        assert_eq!(names("", &[]), some(["eno1", "ens3f1"]));
        let mut inventory = inventory();
        inventory.pci_slots.clear();
        let second = &predicted("", &[], &inventory)[1];
        assert_eq!((second.name.as_deref(), &second.by), (Some("enp59s0f1"), &By::Policy("path")));
        assert_eq!(second.why, "it is at PCI 0000:3b:00.1, function 1");
    }

    #[test]
    fn a_name_that_the_kernel_does_not_take_is_passed_over() {
        let mut inventory = inventory();
        inventory.ports[0].phys_port_name = Some("a-name-of-many".into());
        let first = &predicted("", &[], &inventory)[0];
        assert_eq!(first.name, None, "{first:?}");
        inventory.ports[0].phys_port_name = Some("elevenchars".into());
        let first = &predicted("", &[], &inventory)[0];
        assert_eq!(first.name, None, "`eno1nelevenchars` has 16 bytes");
        inventory.ports[0].phys_port_name = Some("tenletters".into());
        assert_eq!(predicted("", &[], &inventory)[0].name.as_deref(), Some("eno1ntenletters"));
    }

    #[test]
    fn arguments_have_a_say() {
        assert_eq!(names("net.ifnames=0", &[]), [None, None]);
        assert_eq!(names("biosdevname=1", &[]), some(["em1", "p3p2"]));
        assert_eq!(names("ifname=mgmt0:e4:43:4b:0a:00:01", &[]), some(["mgmt0", "ens3f1"]));
    }

    #[test]
    fn rules_come_before_links_and_the_first_link_counts() {
        let link = |name: &str| {
            format!("[Match]\nPermanentMACAddress=e4:43:4b:0a:00:01\n[Link]\nNamePolicy=\nName={name}\n")
        };
        let (first, second) = (link("a0"), link("b0"));
        let links = [
            ("/etc/systemd/network/20-b.link", second.as_str()),
            ("/etc/systemd/network/10-a.link", first.as_str()),
        ];
        assert_eq!(names("net.ifnames=0", &links), [Some("a0".to_owned()), None]);
        let rule = (
            "/etc/udev/rules.d/70-c.rules",
            r#"SUBSYSTEM=="net", ATTR{address}=="e4:43:4b:0a:00:01", NAME="c0""#,
        );
        assert_eq!(names("", &[links[0], rule]), some(["c0", "ens3f1"]));
        let late = ("/etc/udev/rules.d/90-c.rules", rule.1);
        assert_eq!(names("", &[links[0], late]), some(["b0", "ens3f1"]));
        let policy = "[Match]\nDriver=i40e\n[Link]\nNamePolicy=path\nName=x0\n";
        assert_eq!(
            names("", &[("/etc/systemd/network/10-p.link", policy)]),
            some(["enp59s0f0", "enp59s0f1"])
        );
    }

    #[test]
    fn says_when_two_would_have_one_name() {
        let mut inventory = inventory();
        inventory.ports[1] = port(1, Some(1));
        let predictions = predicted("", &[], &inventory);
        let doubt = predictions[0].doubt.as_deref().unwrap();
        assert!(doubt.contains("e4:43:4b:0a:00:02") && doubt.contains("eno1"), "{doubt}");
    }
}
