//! Which of its names a port gets.

use super::Arguments;
use super::Name;
use super::NameFile;
use super::Names;
use super::Scheme;
use super::biosdevname::biosdevnames;
use super::clash::say_who_loses;
use super::name_file::Acting;
use super::names;
use super::rule_file::Given;
use super::rule_file::State;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::value::InterfaceName;

/// The kernel's words for who gave a name (`name_assign_type`).
const PREDICTABLE: u32 = 2;

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
    let acting = Acting::of(conditions.files);
    let dells = if conditions.arguments.is_biosdevname { biosdevnames(inventory) } else { Vec::new() };
    let ports = inventory.ports.iter().enumerate();
    let mut predictions: Vec<Prediction> = ports
        .map(|(index, port)| {
            let names = if acting.are_described {
                names(port, inventory, conditions.scheme)
            } else {
                Names::default()
            };
            let dells = dells.get(index).and_then(Option::as_ref);
            let mut prediction = decide(port, &names, dells, &acting, conditions.arguments);
            prediction.names = names;
            prediction
        })
        .collect();
    say_who_loses(inventory, &mut predictions);
    predictions
}

/// The name by rules, which come one after the other: the last that gives one counts, and systemd's own, which asks the
/// `.link` files, gives none where there is one.
fn decide(
    port: &Port,
    names: &Names,
    dells: Option<&Name>,
    acting: &Acting<'_>,
    arguments: &Arguments,
) -> Prediction {
    let mut state = State::default();
    acting.rules.iter().filter(|file| file.is_early()).for_each(|file| file.act(port, names, &mut state));
    let by_link = by_link(port, names, acting, arguments);
    state.by_link = Some(by_link.name.clone().unwrap_or_default());
    let prediction = match state.given.take() {
        Some(given) => by_rule(given),
        None => by_argument(port, dells, arguments).unwrap_or(by_link),
    };
    state.name.clone_from(&prediction.name);
    acting.rules.iter().filter(|file| !file.is_early()).for_each(|file| file.act(port, names, &mut state));
    state.given.map(by_rule).unwrap_or(prediction)
}

/// The name by a udev rule.
fn by_rule(given: Given) -> Prediction {
    let Given { name, path, doubt } = given;
    let mut prediction = match name {
        Some(name) if name.parse::<InterfaceName>().is_err() => {
            let why = format!("the rule `{path}` gives it the name `{name}`, which the kernel does not take");
            Prediction::new(None, By::Kernel, &why)
        }
        name => {
            let why = format!("the rule `{path}` names it");
            Prediction::new(name.as_deref(), By::File(path.clone()), &why)
        }
    };
    prediction.doubt = doubt.map(|what| format!("`{path}` goes by {what}"));
    prediction
}

/// The name that `ifname=` or biosdevname gives, whose rules come before systemd's own.
fn by_argument(port: &Port, dells: Option<&Name>, arguments: &Arguments) -> Option<Prediction> {
    let argument = port.mac().and_then(|mac| arguments.names.get(&mac));
    if let Some(name) = argument {
        let why = "`ifname=` among the kernel's arguments names it";
        return Some(Prediction::new(Some(name), By::Argument, why));
    }
    dells.map(|name| Prediction::new(Some(&name.text), By::Biosdevname, &name.why))
}

/// The name by the first `.link` file that matches; systemd's own default is the last.
fn by_link(port: &Port, names: &Names, acting: &Acting<'_>, arguments: &Arguments) -> Prediction {
    let kernels = |why: &str| {
        let why = format!("{why} the kernel's name, which depends on the order in which ports are found");
        Prediction::new(None, By::Kernel, &why)
    };
    if !acting.are_links_read {
        return kernels("systemd's own rule for names is replaced, so it keeps");
    }
    let found = acting.links.iter().find_map(|link| match link.matches(port, names) {
        (Some(false), _) => None,
        (_, doubt) => Some((link, doubt)),
    });
    let Some((link, doubt)) = found else { return kernels("no `.link` file matches, so it keeps") };
    let mut prediction =
        by_policy(port, names, &link.policy, arguments).unwrap_or_else(|| match &link.name {
            Some(name) => {
                let why = format!("`{}` names it", link.path);
                Prediction::new(Some(name), By::File(link.path.clone()), &why)
            }
            None if arguments.keeps_kernel_names => kernels("`net.ifnames=0` leaves it"),
            None => kernels("nothing is known to name it by, so it keeps"),
        });
    prediction.doubt = doubt.map(|what| format!("`{}` matches by {what}", link.path));
    prediction
}

/// The first name of a policy that there is, and that the kernel takes.
fn by_policy(port: &Port, names: &Names, policy: &[String], arguments: &Arguments) -> Option<Prediction> {
    if arguments.keeps_kernel_names {
        return None;
    }
    let mut too_long: Vec<String> = Vec::new();
    for way in policy {
        let (way, name) = match way.as_str() {
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
        assert_eq!(names("", &[links[0], late]), some(["c0", "ens3f1"]));
        let careful = ("/etc/udev/rules.d/90-c.rules", r#"ATTR{address}=="?*", NAME=="", NAME="c0""#);
        assert_eq!(names("", &[links[0], careful]), some(["b0", "ens3f1"]));
        let too_long = ("/etc/udev/rules.d/70-c.rules", r#"NAME="a-name-of-too-many-letters""#);
        assert_eq!(names("", &[links[0], too_long]), [None, None]);
        let policy = "[Match]\nDriver=i40e\n[Link]\nNamePolicy=path\nName=x0\n";
        assert_eq!(
            names("", &[("/etc/systemd/network/10-p.link", policy)]),
            some(["enp59s0f0", "enp59s0f1"])
        );
    }

    #[test]
    fn says_when_a_name_may_be_taken() {
        let link =
            |name: &str| format!("[Match]\nPermanentMACAddress=e4:43:4b:0a:00:02\n[Link]\nName={name}\n");
        let doubt = |name: &str| {
            let files = [("/etc/systemd/network/10-a.link", link(name))];
            let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
            predicted("", &files, &inventory())[1].doubt.clone().unwrap_or_default()
        };
        assert!(doubt("ens3f0").contains("e4:43:4b:0a:00:01"), "{}", doubt("ens3f0"));
        assert!(doubt("eth7").contains("kernel"), "{}", doubt("eth7"));
        assert_eq!((doubt("mgmt0"), doubt("ens3f1")), (String::new(), String::new()));
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
