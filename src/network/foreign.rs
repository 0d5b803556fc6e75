//! Keyfiles and `.link` files that the user brings: what NetworkManager and udevd would make of them.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::document::Complaint;
use crate::document::nearest;
use crate::value::InterfaceName;
use crate::value::MacAddress;

/// Sections of keyfiles (nm-settings-keyfile(5), NetworkManager 1.42 to 1.54).
const SECTIONS: [&str; 57] = [
    "connection",
    "ethernet",
    "802-3-ethernet",
    "wifi",
    "802-11-wireless",
    "wifi-security",
    "802-11-wireless-security",
    "ipv4",
    "ipv6",
    "bond",
    "bond-port",
    "bridge",
    "bridge-port",
    "vlan",
    "vxlan",
    "vrf",
    "team",
    "team-port",
    "dummy",
    "infiniband",
    "ip-tunnel",
    "macsec",
    "macvlan",
    "ipvlan",
    "ovs-bridge",
    "ovs-port",
    "ovs-interface",
    "ovs-patch",
    "ovs-dpdk",
    "ovs-external-ids",
    "ovs-other-config",
    "tun",
    "veth",
    "wireguard",
    "802-1x",
    "ethtool",
    "match",
    "proxy",
    "tc",
    "user",
    "vpn",
    "vpn-secrets",
    "gsm",
    "cdma",
    "bluetooth",
    "serial",
    "ppp",
    "pppoe",
    "adsl",
    "dcb",
    "sriov",
    "hostname",
    "link",
    "loopback",
    "hsr",
    "generic",
    "olpc-mesh",
];

/// Settings of `[connection]`; the other sections have too many to list.
const CONNECTION: [&str; 37] = [
    "id",
    "uuid",
    "stable-id",
    "type",
    "interface-name",
    "autoconnect",
    "autoconnect-priority",
    "autoconnect-retries",
    "autoconnect-ports",
    "autoconnect-slaves",
    "multi-connect",
    "auth-retries",
    "timestamp",
    "read-only",
    "permissions",
    "zone",
    "master",
    "controller",
    "slave-type",
    "port-type",
    "secondaries",
    "gateway-ping-timeout",
    "metered",
    "lldp",
    "mdns",
    "llmnr",
    "dns-over-tls",
    "dnssec",
    "wait-device-timeout",
    "wait-activation-delay",
    "mptcp-flags",
    "mud-url",
    "down-on-poweroff",
    "ip-ping-addresses",
    "ip-ping-addresses-require-all",
    "ip-ping-timeout",
    "version",
];

/// Methods of `[ipv4]` and `[ipv6]`.
const METHODS: [&str; 9] =
    ["auto", "manual", "disabled", "link-local", "shared", "ignore", "dhcp", "auto6", "external"];

/// What is known to become of names that ports have now, by name: a sentence that goes on after the name.
pub type LostNames = BTreeMap<String, String>;

/// Says what is wrong with a keyfile that the user brings; `names` are those of the ports that are pinned.
pub fn check_keyfile(text: &str, names: &[String], lost: &LostNames) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut section: Option<&str> = None;
    let mut found: Vec<(&str, &str, &str, usize)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Some(name);
            if !SECTIONS.contains(&name)
                && !name.starts_with("wireguard-peer.")
                && !name.starts_with("ethtool-")
            {
                let help = match nearest(name, SECTIONS) {
                    Some(near) => format!("did you mean `[{near}]`?"),
                    None => "see nm-settings-keyfile(5)".to_owned(),
                };
                let message = format!("`[{name}]` is not a section of keyfiles");
                complaints.push(Complaint { line: number, message, help });
            }
            continue;
        }
        match (section, line.split_once('=')) {
            (Some(section), Some((key, value))) => found.push((section, key.trim(), value.trim(), number)),
            _ => {
                // Garbage has as many lines as it likes; the first says enough.
                let shown: String = line.chars().filter(|c| !c.is_control()).take(40).collect();
                let help = "NetworkManager would ignore the whole file".to_owned();
                let message = format!("`{shown}` is not a line of a keyfile");
                complaints.push(Complaint { line: number, message, help });
                return complaints;
            }
        }
    }
    complaints.extend(settings(&found, names, lost));
    complaints
}

/// The name that a keyfile binds an Ethernet profile to, and its line; nothing if it is bound by address or is no such
/// profile.
pub fn bound_name(text: &str) -> Option<(&str, usize)> {
    let mut section = "";
    let mut name = None;
    let mut is_ethernet = false;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if let Some(inner) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = inner;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        match (section, key.trim()) {
            ("connection", "type") => is_ethernet = matches!(value.trim(), "ethernet" | "802-3-ethernet"),
            ("connection", "interface-name") => name = Some((value.trim(), index + 1)),
            ("ethernet" | "802-3-ethernet", "mac-address") => return None,
            _ => {}
        }
    }
    name.filter(|_| is_ethernet)
}

fn settings(found: &[(&str, &str, &str, usize)], names: &[String], lost: &LostNames) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |line: usize, message: String, help: &str| {
        complaints.push(Complaint { line, message, help: help.to_owned() });
    };
    let get = |section: &str, key: &str| found.iter().find(|(s, k, _, _)| *s == section && *k == key);
    match get("connection", "id").or(get("connection", "type")) {
        None => complain(
            0,
            "the keyfile has no `[connection]` with `id` and `type`".into(),
            "NetworkManager would ignore it",
        ),
        Some(_) if get("connection", "type").is_none() => {
            complain(
                0,
                "the keyfile does not say its `type`".into(),
                "add `type=` to `[connection]`, as in `type=ethernet`",
            );
        }
        Some(_) => {}
    }
    for (section, key, value, line) in found {
        match (*section, *key) {
            ("connection", "uuid") if Uuid::try_parse(value).is_err() => {
                complain(*line, format!("`{value}` is not a UUID"), "make one with `uuidgen`");
            }
            ("connection", "interface-name") => {
                let kind = get("connection", "type").map_or("", |(_, _, kind, _)| kind);
                if value.parse::<InterfaceName>().is_err() {
                    complain(
                        *line,
                        format!("`{value}` is not an interface name"),
                        "use 1 to 15 letters and digits",
                    );
                } else if matches!(kind, "ethernet" | "802-3-ethernet")
                    && get("ethernet", "mac-address").or(get("802-3-ethernet", "mac-address")).is_none()
                    && !names.iter().any(|name| name == value)
                {
                    let lost = lost.get(*value).map_or("which may change", String::as_str);
                    let message = format!("the profile is bound to the port by its name `{value}`, {lost}");
                    complain(
                        *line,
                        message,
                        "bind it by `mac-address=` in `[ethernet]`, or name the port in `network.nics`",
                    );
                }
            }
            ("connection", key) if !CONNECTION.contains(&key) => {
                let help = match nearest(key, CONNECTION) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "see nm-settings-keyfile(5)".to_owned(),
                };
                complain(*line, format!("`{key}` is not a setting of `[connection]`"), &help);
            }
            ("ipv4" | "ipv6", "method") if !METHODS.contains(value) => {
                let help = match nearest(value, METHODS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", METHODS.join(", ")),
                };
                complain(*line, format!("`{value}` is not a method"), &help);
            }
            ("ethernet" | "802-3-ethernet", "mac-address") if value.parse::<MacAddress>().is_err() => {
                complain(*line, format!("`{value}` is not a port's MAC address"), "write six octets");
            }
            _ => {}
        }
    }
    complaints
}

/// Says what is wrong with a `.link` file that the user brings.
pub fn check_link_file(text: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |line: usize, message: String, help: &str| {
        complaints.push(Complaint { line, message, help: help.to_owned() });
    };
    let mut section = "";
    let mut matches_something = false;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            if !["Match", "Link", "SR-IOV", "EnergyEfficientEthernet"].contains(&name) {
                let help = match nearest(name, ["Match", "Link"]) {
                    Some(near) => format!("did you mean `[{near}]`?"),
                    None => "see systemd.link(5)".to_owned(),
                };
                complain(number, format!("`[{name}]` is not a section of `.link` files"), &help);
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            complain(number, format!("`{line}` is neither a section nor a setting"), "write `Key=Value`");
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        match (section, key) {
            ("Match", "MACAddress") => {
                matches_something = true;
                let help =
                    "match `PermanentMACAddress=` instead: bonds and VLANs take over the current address";
                complain(number, "`MACAddress=` also matches what inherits the port's address".into(), help);
            }
            ("Match", "OriginalName") => {
                matches_something = true;
                if !value.contains('*') {
                    let help = "match `PermanentMACAddress=` instead: the kernel's names change";
                    complain(number, format!("`{value}` may be another port at the next boot"), help);
                }
            }
            ("Match", _) => matches_something = true,
            ("Link", "Name") if !value.is_empty() && value.parse::<InterfaceName>().is_err() => {
                complain(
                    number,
                    format!("`{value}` is not an interface name"),
                    "use 1 to 15 letters and digits",
                );
            }
            _ => {}
        }
    }
    if !matches_something {
        complain(
            0,
            "the file matches nothing, so it would act on every port".into(),
            "add `[Match]` with `PermanentMACAddress=`",
        );
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::LostNames;
    use super::check_keyfile;
    use super::check_link_file;

    #[test]
    fn knows_good_keyfiles_from_bad() {
        let good = "# mine\n[connection]\nid=a\nuuid=0f2d3a30-3a1d-5c6a-8f3e-0b5f6f9f1a11\ntype=ethernet\n\n[ethernet]\nmac-address=E4:43:4B:0A:00:01\n\n[ipv4]\nmethod=auto\n";
        assert_eq!(check_keyfile(good, &[], &LostNames::new()), []);
        for (text, line, words) in [
            ("\u{1}garbage\n", 1, "not a line"),
            ("[connection]\nid=a\n", 0, "type"),
            ("[ipv4]\nmethod=auto\n", 0, "no `[connection]`"),
            ("[conection]\nid=a\n", 1, "connection"),
            ("[connection]\nid=a\ntype=ethernet\nuuid=1\n", 4, "UUID"),
            ("[connection]\nid=a\ntype=ethernet\nautoconect=true\n", 4, "autoconnect"),
            ("[connection]\nid=a\ntype=ethernet\ninterface-name=eno1\n", 4, "may change"),
            ("[connection]\nid=a\ntype=ethernet\n[ipv4]\nmethod=atuo\n", 5, "auto"),
            ("[connection]\nid=a\ntype=ethernet\n[ethernet]\nmac-address=xx\n", 5, "MAC"),
        ] {
            let found = check_keyfile(text, &[], &LostNames::new());
            let met =
                found.iter().any(|c| c.line == line && (c.message.contains(words) || c.help.contains(words)));
            assert!(met, "{text:?}: {found:?}");
        }
    }

    #[test]
    fn knows_good_link_files_from_bad() {
        let good = "[Match]\nPermanentMACAddress=e4:43:4b:0a:00:01\n[Link]\nName=mgmt0\n";
        assert_eq!(check_link_file(good), []);
        for (text, line) in [
            ("[Match]\nMACAddress=e4:43:4b:0a:00:01\n[Link]\nName=a\n", 2),
            ("[Match]\nOriginalName=eth0\n[Link]\nName=a\n", 2),
            ("[Link]\nName=a\n", 0),
            ("[Mtch]\n[Match]\nDriver=x\n", 1),
            ("[Match]\nDriver=x\n[Link]\nName=a/b\n", 4),
        ] {
            assert!(check_link_file(text).iter().any(|c| c.line == line), "{text:?}");
        }
    }
}
