//! Rules that a network must keep before any file is made of it.
//!
//! To add a rule: write its function in the file of its subject, add a row here, and a case to `tests/rules.toml`.

mod addresses;
mod interfaces;
mod ports;

use crate::document::Check;
use crate::document::Rule;
use crate::network::NetworkState;

/// The rules of networks.
pub static CHECKS: &[Check<NetworkState>] = &[
    Check {
        rule: Rule {
            name: "reserved-name",
            refuses: "a name of ours from which the kernel or udev name ports themselves: eth*, en*, wl*, ww*, sl*, ib*",
            why: "the port that gets this name from udev would find it taken",
            example: "name: eno1",
        },
        by: ports::reserved_names,
    },
    Check {
        rule: Rule {
            name: "duplicate-name",
            refuses: "two ports or two interfaces of one name",
            why: "only one could have it",
            example: "two nics `mgmt0`",
        },
        by: ports::duplicate_names,
    },
    Check {
        rule: Rule {
            name: "duplicate-mac",
            refuses: "two ports with one MAC address",
            why: "only one port has it",
            example: "two nics with the same mac",
        },
        by: ports::duplicate_macs,
    },
    Check {
        rule: Rule {
            name: "mac-local",
            refuses: "(warns) a locally administered MAC address that is not said to be meant",
            why: "hypervisors and bonds make up such addresses; a port's permanent address is its maker's",
            example: "mac: \"52:54:00:12:34:56\"",
        },
        by: ports::local_macs,
    },
    Check {
        rule: Rule {
            name: "usable-address",
            refuses: "an address that no port can have: a network's own, broadcast, loopback, multicast",
            why: "NetworkManager would refuse it",
            example: "address: 192.168.50.0/24",
        },
        by: addresses::usable_addresses,
    },
    Check {
        rule: Rule {
            name: "duplicate-address",
            refuses: "one address on two interfaces",
            why: "answers would come from either",
            example: "two nics with address: 192.168.50.10/24",
        },
        by: addresses::duplicate_addresses,
    },
    Check {
        rule: Rule {
            name: "overlapping-networks",
            refuses: "(warns) two interfaces in one network",
            why: "packets leave by one of them, whichever the kernel takes",
            example: "192.168.50.10/24 and 192.168.50.11/24 on two ports",
        },
        by: addresses::overlapping_networks,
    },
    Check {
        rule: Rule {
            name: "address-or-dhcp",
            refuses: "a port with static addresses and `dhcp: true`",
            why: "nobody could say which is meant",
            example: "{address: 192.168.50.10/24, dhcp: true}",
        },
        by: addresses::address_or_dhcp,
    },
    Check {
        rule: Rule {
            name: "one-gateway",
            refuses: "a second gateway of one family on a port, and (warns) on another port",
            why: "only one of them would be used",
            example: "gateway: [192.168.50.1, 192.168.50.2]",
        },
        by: addresses::one_gateway,
    },
    Check {
        rule: Rule {
            name: "gateway-reachable",
            refuses: "a gateway in none of its port's networks, or the port's own address",
            why: "the default route could not be set",
            example: "{address: 192.168.50.10/24, gateway: 192.168.51.1}",
        },
        by: addresses::gateway_reachable,
    },
    Check {
        rule: Rule {
            name: "dns-needs-address",
            refuses: "name servers on a port that has no address of their family, and search domains on one without any",
            why: "NetworkManager refuses the whole profile, and the port has none",
            example: "{name: data0, dns: [192.168.50.1]}",
        },
        by: addresses::dns_needs_address,
    },
    Check {
        rule: Rule {
            name: "one-resolver",
            refuses: "name servers on ports and under `dns-resolver`",
            why: "one would take the other's place on the port",
            example: "nics: [{dns: 10.0.0.53, …}] and dns-resolver: {config: {server: [10.0.0.54]}}",
        },
        by: addresses::one_resolver,
    },
    Check {
        rule: Rule {
            name: "interface-type",
            refuses: "a kind of interface for which no right keyfile can be made",
            why: "nmstate would write another kind without a word",
            example: "type: wireguard",
        },
        by: interfaces::kinds,
    },
    Check {
        rule: Rule {
            name: "port-needs-mac",
            refuses: "an Ethernet port in the nmstate document that is not in `network.nics`",
            why: "it would be bound by its name, which may change",
            example: "interfaces: [{name: eno1, type: ethernet}]",
        },
        by: ports::ports_need_macs,
    },
    Check {
        rule: Rule {
            name: "nmstate-not-in-keyfiles",
            refuses: "what nmstate reads but keyfiles cannot carry: `state: absent`, `hostname`, Open vSwitch, VRF, captures",
            why: "nmstate would leave it out without a word",
            example: "hostname: {config: a}",
        },
        by: interfaces::not_in_keyfiles,
    },
    Check {
        rule: Rule {
            name: "bond-needs-ports",
            refuses: "a bond without ports, or with one twice",
            why: "it would never have a carrier",
            example: "{type: bond, link-aggregation: {mode: 802.3ad}}",
        },
        by: interfaces::bonds_need_ports,
    },
    Check {
        rule: Rule {
            name: "bond-options",
            refuses: "bond options that the mode does not have, two kinds of link monitoring, and ARP monitoring of nobody",
            why: "the kernel refuses them, and the bond does not come up",
            example: "{mode: active-backup, options: {lacp_rate: fast}}",
        },
        by: interfaces::bond_options,
    },
    Check {
        rule: Rule {
            name: "vlan",
            refuses: "a VLAN on nothing, numbered other than 1 to 4094, or twice on one interface",
            why: "the kernel refuses it",
            example: "vlan: {base-iface: bond0, id: 4095}",
        },
        by: interfaces::vlans,
    },
    Check {
        rule: Rule {
            name: "unknown-interface",
            refuses: "a port, base or route on an interface that is not there",
            why: "the profile would wait for ever",
            example: "port: [dta0]",
        },
        by: interfaces::unknown_interfaces,
    },
    Check {
        rule: Rule {
            name: "one-controller",
            refuses: "a port of two bonds or bridges, and circles",
            why: "an interface has one controller",
            example: "data0 in bond0 and br0",
        },
        by: interfaces::one_controller,
    },
    Check {
        rule: Rule {
            name: "port-has-no-address",
            refuses: "addresses on a port of a bond or bridge",
            why: "NetworkManager drops them",
            example: "data0 with an address in bond0",
        },
        by: interfaces::ports_have_no_addresses,
    },
    Check {
        rule: Rule {
            name: "mtu",
            refuses: "an interface with a greater MTU than what it stands on",
            why: "the kernel refuses it, or packets vanish",
            example: "VLAN with mtu 9000 on a bond with 1500",
        },
        by: interfaces::mtus,
    },
    Check {
        rule: Rule {
            name: "route",
            refuses: "a route to what is no network, or through a router that its interface does not reach",
            why: "the kernel refuses it",
            example: "destination: 10.0.0.0/33",
        },
        by: addresses::routes,
    },
    Check {
        rule: Rule {
            name: "bound-by-name",
            refuses: "(warns) `match: name`",
            why: "profiles bound by name lose their port when it is renamed",
            example: "match: name",
        },
        by: ports::bound_by_name,
    },
    Check {
        rule: Rule {
            name: "fallback",
            refuses: "`fallback: dhcp-by-mac` for a network in which nothing has an address",
            why: "nobody could say whether such a network is up",
            example: "{fallback: dhcp-by-mac, nics: [{name: data0, mac: …}]}",
        },
        by: ports::fallback,
    },
];
