//! The facts in an unpacked sosreport (sos 4): outputs of commands, and the files that it collected.
//!
//! It is no copy of a machine: a file that it does not have may be there, its secrets are blanked, and who unpacks it owns
//! everything in it.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::cloud;
use super::facts::Asked;
use super::facts::Facts;
use super::facts::Of;
use super::node;
use crate::tree::EntryKind;
use crate::tree::Links;
use crate::tree::Tree;
use crate::tree::text;
use crate::value::Digest;
use crate::value::MacAddress;
use crate::verify::BootRecord;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::PortProperty;
use crate::verify::Subject;
use crate::verify::UserProperty;

const NOT_COLLECTED: &str = "the sosreport does not have it";

/// The record of an sosreport.
pub fn record(tree: &dyn Tree, manifest: &Manifest) -> BootRecord {
    let asked = Asked::by(manifest);
    let mut facts = Facts::default();
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let command_line = text(tree, "/proc/cmdline");
    let life = life(tree, command_line.as_ref().ok().and_then(Option::as_deref).unwrap_or_default());
    facts.looked(&Subject::HostName, text(tree, "/sos_commands/host/hostname"), NOT_COLLECTED, words);
    node::of_arguments(command_line.clone().map(|line| line.map(words)), NOT_COLLECTED, manifest, &mut facts);
    node::of_sosreport(tree, NOT_COLLECTED, manifest, &mut facts);
    facts.looked(&Subject::KernelArguments, command_line, NOT_COLLECTED, words);
    name_servers(tree, &mut facts);
    gateways(tree, &mut facts);
    network(tree, &mut facts, manifest);
    accounts(tree, &asked, &mut facts);
    for path in &asked.files {
        file(tree, path, &mut facts);
    }
    units(tree, &asked, &mut facts);
    cloud::cloud(tree, manifest, cloud::Whole::No, &mut facts);
    let kernel = text(tree, "/sos_commands/kernel/sysctl_-a").ok().flatten().unwrap_or_default();
    let boot_id = kernel.lines().find_map(|line| line.strip_prefix("kernel.random.boot_id = "));
    let boot_id = boot_id.unwrap_or("sosreport").trim().to_owned();
    facts.record(manifest, Of { machine: manifest.machine.clone(), boot_id, life }, NOT_COLLECTED)
}

fn life(tree: &dyn Tree, command_line: &str) -> Life {
    let has = |beginning: &str| command_line.split_whitespace().any(|word| word.starts_with(beginning));
    let operator = tree.look("/etc/machine-config-daemon/currentconfig", Links::Kept);
    if has("coreos.liveiso=") || has("coreos.live.rootfs_url=") {
        Life::Live
    } else if has("ignition.firstboot") {
        Life::FirstBoot
    } else if matches!(operator, Ok(Some(_))) {
        Life::AfterMco
    } else {
        Life::LaterBoots
    }
}

fn name_servers(tree: &dyn Tree, facts: &mut Facts) {
    let resolved = text(tree, "/run/systemd/resolve/resolv.conf");
    let found = match resolved {
        Ok(Some(text)) => Ok(Some(text)),
        _ => text(tree, "/etc/resolv.conf"),
    };
    let servers = found.and_then(|text| {
        let lines = text.as_deref().unwrap_or_default().lines();
        let servers: Vec<String> = lines
            .filter_map(|line| line.trim().strip_prefix("nameserver"))
            .map(|server| server.trim().to_owned())
            .collect();
        match servers.iter().any(|server| server == "127.0.0.53") {
            true => Err("only the stub of systemd-resolved is in it, not the servers behind it".to_owned()),
            false => Ok(text.map(|_| servers)),
        }
    });
    facts.looked(&Subject::NameServers, servers, NOT_COLLECTED, |servers| servers);
}

/// Gateways of the main table, which `ip route show table all` does not name.
fn gateways(tree: &dyn Tree, facts: &mut Facts) {
    let read = |path| text(tree, path);
    let routes = read("/sos_commands/networking/ip_route_show_table_all").and_then(|all| {
        let further = read("/sos_commands/networking/ip_-6_route_show_table_all")?.unwrap_or_default();
        Ok(all.map(|all| format!("{all}\n{further}")))
    });
    facts.looked(&Subject::DefaultGateway, routes, NOT_COLLECTED, |routes| {
        let mut found = Vec::new();
        let mut is_default = false;
        for line in routes.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            // The ways of a route with several stand below it.
            is_default = match words.first() {
                Some(&"default") => !words.contains(&"table"),
                Some(&"nexthop") => is_default,
                _ => false,
            };
            let via = words
                .iter()
                .position(|word| *word == "via")
                .and_then(|at| words[at + 1..].iter().find(|word| !matches!(**word, "inet" | "inet6")));
            found.extend(via.filter(|_| is_default).map(|via| (*via).to_owned()));
        }
        found.sort();
        found.dedup();
        found
    });
}

/// What `ip -d link` says of one interface.
#[derive(Default)]
pub(super) struct Interface {
    pub(super) name: String,
    mtu: Option<String>,
    controller: Option<String>,
    /// The permanent address where there is one, else the current.
    pub(super) mac: Option<MacAddress>,
    pub(super) is_physical: bool,
}

/// Reads `ip -s -d link`: two lines for each interface, then one that names its kind, if it is no physical port.
pub(super) fn interfaces(text: &str) -> Vec<Interface> {
    let mut found: Vec<Interface> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |key: &str| {
            let at = words.iter().position(|word| *word == key)?;
            words.get(at + 1).map(|word| (*word).to_owned())
        };
        let mac = |key: &str| after(key).and_then(|mac| mac.parse::<MacAddress>().ok());
        if !line.starts_with([' ', '\t']) {
            let name = words.get(1).map(|name| name.trim_end_matches(':')).unwrap_or_default();
            let (name, is_on_another) = match name.split_once('@') {
                Some((name, _)) => (name, true),
                None => (name, false),
            };
            found.push(Interface {
                name: name.to_owned(),
                mtu: after("mtu"),
                controller: after("master"),
                mac: None,
                is_physical: !is_on_another,
            });
            continue;
        }
        let Some(interface) = found.last_mut() else { continue };
        match words.first().copied().unwrap_or_default() {
            "link/ether" => interface.mac = mac("permaddr").or_else(|| mac("link/ether")),
            word if word.starts_with("link/") => interface.is_physical = false,
            // A bond gives its ports its own address, and remembers theirs.
            "bond_slave" => interface.mac = mac("perm_hwaddr").or(interface.mac),
            "bridge_slave" | "openvswitch_slave" | "vrf_slave" | "team_slave" | "altname" | "alias"
            | "vf" | "addrgenmode" | "parentbus" | "RX:" | "TX:" => {}
            word if word.starts_with(|c: char| c.is_ascii_lowercase()) => interface.is_physical = false,
            _ => {}
        }
        if let Some(address) = mac("permaddr") {
            interface.mac = Some(address);
        }
    }
    found
}

fn network(tree: &dyn Tree, facts: &mut Facts, manifest: &Manifest) {
    use PortProperty::{Address, Controller, Mtu, Name, Profile};
    let read = |path| match text(tree, path) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(NOT_COLLECTED.to_owned()),
        Err(why) => Err(why),
    };
    let links = read("/sos_commands/networking/ip_-s_-d_link").map(|text| interfaces(&text));
    let addresses = read("/sos_commands/networking/ip_-o_addr").map(|text| addresses(&text));
    let profiles = read("/sos_commands/networkmanager/nmcli_con_show_--active").map(|text| profiles(&text));
    // No machine is without its loopback: an output without it broke off, or is none.
    let links = links.and_then(|links| match links.iter().any(|link| link.name == "lo") {
        true => Ok(links),
        false => Err("the output of `ip link` in it is not whole".to_owned()),
    });
    for expectation in &manifest.expectations {
        let Some((key, _)) = expectation.subject.rsplit_once('/') else { continue };
        let (known_by, subject): (Known<'_>, &dyn Fn(PortProperty) -> Subject) =
            match (key.strip_prefix("port/").map(str::parse::<MacAddress>), key.strip_prefix("interface/")) {
                (Some(Ok(mac)), _) => (Known::Mac(mac), &move |property| Subject::Port(mac, property)),
                (_, Some(name)) => {
                    (Known::Name(name), &move |property| Subject::Interface(name.to_owned(), property))
                }
                _ => continue,
            };
        let links = match &links {
            Ok(links) => links,
            Err(why) => {
                for property in [Name, Address, Controller, Mtu, Profile] {
                    facts.unknown(&subject(property), why);
                }
                continue;
            }
        };
        let of_it: Vec<&Interface> = links.iter().filter(|link| known_by.is(link)).collect();
        facts.found(&subject(Name), of_it.iter().map(|link| link.name.clone()));
        facts.found(&subject(Mtu), of_it.iter().filter_map(|link| link.mtu.clone()));
        facts.found(&subject(Controller), of_it.iter().filter_map(|link| link.controller.clone()));
        let of_name = |values: &BTreeMap<String, Vec<String>>| -> Vec<String> {
            let names = of_it.iter().flat_map(|link| {
                // OVN-Kubernetes moves the addresses of the port that it takes to its bridge.
                let bridge = link.controller.as_deref().filter(|name| *name == "ovs-system");
                [Some(link.name.as_str()), bridge.map(|_| "br-ex")].into_iter().flatten()
            });
            names.filter_map(|name| values.get(name)).flatten().cloned().collect()
        };
        match &addresses {
            Ok(all) => facts.found(&subject(Address), of_name(all)),
            Err(why) => facts.unknown(&subject(Address), why),
        }
        match &profiles {
            Ok(all) => facts.found(&subject(Profile), of_name(all)),
            Err(why) => facts.unknown(&subject(Profile), why),
        }
    }
}

/// What an interface is known by: a physical port by its address, anything else by its name.
enum Known<'a> {
    Mac(MacAddress),
    Name(&'a str),
}

impl Known<'_> {
    fn is(&self, link: &Interface) -> bool {
        match self {
            Self::Mac(mac) => link.is_physical && link.mac == Some(*mac),
            Self::Name(name) => link.name == *name,
        }
    }
}

/// The addresses in `ip -o addr`, by interface.
fn addresses(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [_, name, "inet" | "inet6", address, ..] = words.as_slice() {
            found.entry((*name).to_owned()).or_default().push((*address).to_owned());
        }
    }
    found
}

/// The UUIDs of active profiles in `nmcli con show --active`, a table: NAME UUID TYPE DEVICE.
fn profiles(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // A name may have blanks in it; the words after it have none.
        if let [.., uuid, _, device] = words.as_slice()
            && uuid::Uuid::try_parse(uuid).is_ok()
        {
            found.entry((*device).to_owned()).or_default().push((*uuid).to_owned());
        }
    }
    found
}

fn accounts(tree: &dyn Tree, asked: &Asked<'_>, facts: &mut Facts) {
    // Which of a system's users come from elsewhere is not in it, so only presence can be told.
    let Ok(accounts) = Accounts::read(tree) else { return };
    for name in &asked.users {
        if let Some(user) = accounts.user(name) {
            let subject = |property| Subject::User((*name).to_owned(), property);
            facts.found(&subject(UserProperty::Exists), ["yes".to_owned()]);
            facts.found(&subject(UserProperty::Group), accounts.groups_of(user));
        }
    }
    for name in asked.groups.iter().filter(|name| accounts.has_group(name)) {
        facts.found(&Subject::Group((*name).to_owned()), ["yes".to_owned()]);
    }
}

fn file(tree: &dyn Tree, path: &str, facts: &mut Facts) {
    use FileProperty::{Kind, Mode, Owner, Sha256, Target};
    let subject = |property| Subject::File(path.to_owned(), property);
    for property in [Mode, Owner, Target] {
        facts.unknown(&subject(property), "a sosreport does not keep it, and unpacking one may change it");
    }
    let kind = tree.look(path, Links::Kept).map(|entry| {
        entry.and_then(|entry| match entry.kind {
            EntryKind::File => Some("file"),
            EntryKind::Directory => Some("directory"),
            EntryKind::Link(_) => Some("link"),
            EntryKind::Other => None,
        })
    });
    facts.looked(&subject(Kind), kind, "the sosreport did not collect it", |kind| vec![kind.to_owned()]);
    let digest = match tree.look(path, Links::Followed) {
        Ok(Some(entry)) if entry.kind == EntryKind::File => tree.read(path),
        Ok(_) => Ok(None),
        Err(why) => Err(why),
    };
    let digest = digest.and_then(|bytes| match bytes {
        Some(bytes) if String::from_utf8_lossy(&bytes).contains("***") => {
            Err("sos blanks secrets, as it seems in this file too".to_owned())
        }
        bytes => Ok(bytes.map(|bytes| Digest::of(&bytes).to_string())),
    });
    facts.looked(&subject(Sha256), digest, "the sosreport did not collect it", |digest| vec![digest]);
}

/// The words of `systemctl list-unit-files`, which ends with a count if it is whole.
fn units(tree: &dyn Tree, asked: &Asked<'_>, facts: &mut Facts) {
    let listed = text(tree, "/sos_commands/systemd/systemctl_list-unit-files").and_then(|text| match text {
        Some(text) if !text.contains("unit files listed.") => {
            Err("the list of unit files in it is not whole".to_owned())
        }
        text => Ok(text),
    });
    for name in &asked.units {
        let word = listed.clone().map(|text| {
            let lines =
                text.as_deref().unwrap_or_default().lines().map(|l| l.split_whitespace().collect::<Vec<_>>());
            let mut of_it = lines.filter(|words| words.first() == Some(name));
            of_it.find_map(|words| words.get(1).map(|word| (*word).to_owned()))
        });
        let absent = "the list of unit files in the sosreport does not have it";
        facts.looked(&Subject::UnitEnabled((*name).to_owned()), word, absent, |word| vec![word]);
    }
}

#[cfg(test)]
mod tests {
    use super::interfaces;
    use super::profiles;

    /// As iproute2 6 prints them.
    const LINKS: &str = "\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0  allmulti 0 minmtu 0 maxmtu 0 addrgenmode eui64
    RX:  bytes packets errors dropped  missed   mcast
2: data0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 9000 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:00:00:02 brd ff:ff:ff:ff:ff:ff permaddr 52:54:00:00:00:03 promiscuity 0  allmulti 0 minmtu 68 maxmtu 9000
    bond_slave state ACTIVE mii_status UP link_failure_count 0 perm_hwaddr 52:54:00:00:00:03 queue_id 0 addrgenmode none
    altname enp2s0
3: bond0: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 9000 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535
    bond mode 802.3ad miimon 100 updelay 0 downdelay 0
4: bond0.100@bond0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 0 maxmtu 65535
    vlan protocol 802.1Q id 100 <REORDER_HDR> addrgenmode none
";

    #[test]
    fn tells_ports_from_what_inherits_their_addresses() {
        let found: Vec<_> = interfaces(LINKS)
            .into_iter()
            .map(|link| (link.name, link.is_physical, link.mac.map(|mac| mac.to_string()), link.controller))
            .collect();
        let mac = |last: &str| Some(format!("52:54:00:00:00:{last}"));
        assert_eq!(
            found,
            [
                ("lo".into(), false, None, None),
                ("data0".into(), true, mac("03"), Some("bond0".into())),
                ("bond0".into(), false, mac("02"), None),
                ("bond0.100".into(), false, mac("02"), None),
            ]
        );
    }

    #[test]
    fn profiles_with_blanks_in_their_names_are_read() {
        let text = "NAME  UUID  TYPE  DEVICE\nWired connection 1  1b0ad1d8-7a3c-4a4e-9d0e-3a9a0e6d7b11  ethernet  eth0\n";
        let found = profiles(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found["eth0"], ["1b0ad1d8-7a3c-4a4e-9d0e-3a9a0e6d7b11"]);
    }
}
