//! `network`: ports, and the part of nmstate's format that keyfiles can carry.
//!
//! Source of nmstate's words: its serde names in nmstate 2.2; of what keyfiles carry: what `gen_conf` was
//! seen to write. Keys that nmstate reads but keyfiles cannot carry are here too, so that a check can
//! refuse them by name with the reason (`nmstate-not-in-keyfiles`).

use super::leaf;
use crate::document::Key;
use crate::document::Shape;
use crate::document::key;

const TEXT: Shape = Shape::Text(&leaf::ANY);
const TEXTS: Shape = Shape::List(&TEXT);
const IP: Shape = Shape::Text(&leaf::IP);
const NAME: Shape = Shape::Text(&leaf::INTERFACE_NAME);
const NAMES: Shape = Shape::List(&NAME);
const ANY_NUMBER: Shape = Shape::Number(0, u32::MAX as u64);
/// 68 bytes is the least that IPv4 allows (RFC 791), 65535 the most that the kernel's drivers take.
const MTU: Shape = Shape::Number(68, 65_535);

static NIC: [Key; 9] = [
    key("name", NAME, "The name the port shall have, in every life.")
        .required("name the port, as in `name: mgmt0`"),
    key("mac", Shape::Text(&leaf::MAC_ADDRESS), "Its permanent MAC address.")
        .required("give the port's permanent MAC address: `ip -d link` on the machine"),
    key(
        "locally_administered",
        Shape::Truth,
        "Says that the MAC address is meant to be one that no maker gave.",
    ),
    key(
        "address",
        Shape::OneOrMore(&Shape::Text(&leaf::ADDRESS)),
        "Static addresses with their prefix lengths.",
    ),
    key("dhcp", Shape::Truth, "Addresses by DHCP and router advertisements."),
    key("gateway", Shape::OneOrMore(&IP), "Default gateways, at most one a family."),
    key("dns", Shape::OneOrMore(&IP), "Name servers."),
    key(
        "search",
        Shape::OneOrMore(&Shape::Text(&leaf::SEARCH_DOMAIN)),
        "Domains that short names are looked up in.",
    ),
    key("mtu", MTU, "Maximum transmission unit in bytes."),
];

static IP_ADDRESS: [Key; 5] = [
    key("ip", IP, "The address.").required("give the address"),
    key("prefix-length", Shape::Number(0, 128), "Its prefix length.")
        .required("give the prefix length, as in 24"),
    key("mptcp-flags", TEXTS, "MPTCP flags."),
    key("valid-life-time", TEXT, "How long it is valid."),
    key("preferred-life-time", TEXT, "How long it is preferred."),
];
static FAMILY: [Key; 19] = [
    key("enabled", Shape::Truth, "Whether this family is used."),
    key("dhcp", Shape::Truth, "Addresses by DHCP."),
    key("autoconf", Shape::Truth, "Addresses by router advertisements."),
    key("address", Shape::List(&Shape::Map(&IP_ADDRESS)), "Static addresses."),
    key("dhcp-client-id", TEXT, "`ll`, `iaid+duid` or hexadecimal octets."),
    key("dhcp-duid", TEXT, "`ll`, `llt`, `uuid` or hexadecimal octets."),
    key("auto-dns", Shape::Truth, "Take name servers from DHCP."),
    key("auto-gateway", Shape::Truth, "Take the default gateway from DHCP."),
    key("auto-routes", Shape::Truth, "Take routes from DHCP."),
    key("auto-route-table-id", ANY_NUMBER, "The table for them."),
    key("auto-route-metric", ANY_NUMBER, "Their metric."),
    key("addr-gen-mode", Shape::Word(&["eui64", "stable-privacy"]), "How IPv6 addresses are made."),
    key("token", TEXT, "The IPv6 interface identifier."),
    key("dhcp-send-hostname", Shape::Truth, "Tell the DHCP server the host name."),
    key("dhcp-custom-hostname", TEXT, "The host name told to it."),
    key("forwarding", Shape::Truth, "Forward packets."),
    key("prefix-route-metric", ANY_NUMBER, "Metric of the routes of static addresses."),
    key("allow-extra-address", Shape::Truth, "Meaningless in a keyfile."),
    key("auto-table-id", ANY_NUMBER, "An older name of `auto-route-table-id`."),
];

static BOND_OPTIONS: [Key; 26] = [
    key("miimon", ANY_NUMBER, "Milliseconds between looks at the carrier."),
    key("updelay", ANY_NUMBER, "Milliseconds before a port with carrier is used."),
    key("downdelay", ANY_NUMBER, "Milliseconds before a port without carrier is dropped."),
    key("lacp_rate", TEXT, "`slow` or `fast`."),
    key("xmit_hash_policy", TEXT, "`layer2`, `layer2+3`, `layer3+4` …"),
    key("min_links", ANY_NUMBER, "Ports with carrier that the bond needs."),
    key("primary", NAME, "The port to prefer."),
    key("primary_reselect", TEXT, "When to go back to it."),
    key("fail_over_mac", TEXT, "Which MAC address the bond takes."),
    key("arp_interval", ANY_NUMBER, "Milliseconds between ARP probes."),
    key("arp_ip_target", TEXT, "Whom to probe."),
    key("arp_validate", TEXT, "Which probes count."),
    key("arp_all_targets", TEXT, "`any` or `all`."),
    key("ad_select", TEXT, "Which aggregator is chosen."),
    key("ad_actor_system", TEXT, "The LACP system address."),
    key("ad_actor_sys_prio", ANY_NUMBER, "The LACP system priority."),
    key("ad_user_port_key", ANY_NUMBER, "The LACP port key."),
    key("all_slaves_active", TEXT, "Take frames from inactive ports."),
    key("lp_interval", ANY_NUMBER, "Seconds between learning packets."),
    key("num_grat_arp", ANY_NUMBER, "ARP announcements after a change."),
    key("num_unsol_na", ANY_NUMBER, "IPv6 announcements after a change."),
    key("packets_per_slave", ANY_NUMBER, "Packets before the next port, in balance-rr."),
    key("resend_igmp", ANY_NUMBER, "IGMP reports after a change."),
    key("tlb_dynamic_lb", Shape::Truth, "Rebalance by load."),
    key("use_carrier", Shape::Truth, "Ask the driver for the carrier."),
    key("balance_slb", Shape::Truth, "Source load balancing."),
];
static BOND_PORT: [Key; 3] = [
    key("name", NAME, "The port.").required("name the port"),
    key("priority", ANY_NUMBER, "Its priority."),
    key("queue-id", ANY_NUMBER, "Its queue."),
];
static BOND: [Key; 6] = [
    key(
        "mode",
        Shape::Word(&[
            "balance-rr",
            "active-backup",
            "balance-xor",
            "broadcast",
            "802.3ad",
            "balance-tlb",
            "balance-alb",
        ]),
        "How the ports are used together.",
    )
    .required("say how, as in `mode: 802.3ad` or `mode: active-backup`"),
    key("options", Shape::Map(&BOND_OPTIONS), "The kernel's bonding options."),
    key("port", NAMES, "The ports, by their names."),
    key("ports", NAMES, "The same, by another word of nmstate's."),
    key("slaves", NAMES, "The same, by an old word of nmstate's."),
    key("ports-config", Shape::List(&Shape::Map(&BOND_PORT)), "More about each port."),
];

static VLAN: [Key; 8] = [
    key("base-iface", NAME, "What it stands on.")
        .required("name what it stands on, as in `base-iface: bond0`"),
    key("id", Shape::Number(0, 4095), "The VLAN's number.")
        .required("give the VLAN's number, as in `id: 100`"),
    key("protocol", Shape::Word(&["802.1q", "802.1ad"]), "The tag's protocol."),
    key("registration-protocol", Shape::Word(&["none", "gvrp", "mvrp"]), "How it is announced."),
    key("reorder-headers", Shape::Truth, "Show frames without their tag."),
    key("loose-binding", Shape::Truth, "Do not follow the state of what it stands on."),
    key("ingress-qos-map", Shape::Free, "Priorities in."),
    key("egress-qos-map", Shape::Free, "Priorities out."),
];

static STP: [Key; 5] = [
    key("enabled", Shape::Truth, "Spanning tree."),
    key("forward-delay", Shape::Number(2, 30), "Seconds before forwarding."),
    key("hello-time", Shape::Number(1, 10), "Seconds between greetings."),
    key("max-age", Shape::Number(6, 40), "Seconds before a neighbour is forgotten."),
    key("priority", Shape::Number(0, 65_535), "The bridge's priority."),
];
static BRIDGE_OPTIONS: [Key; 20] = [
    key("stp", Shape::Map(&STP), "Spanning tree."),
    key("group-forward-mask", ANY_NUMBER, "Link-local groups to forward."),
    key("group-fwd-mask", ANY_NUMBER, "The same, shorter."),
    key("group-addr", Shape::Text(&leaf::ANY), "The group address."),
    key("hash-max", ANY_NUMBER, "Size of the multicast table."),
    key("mac-ageing-time", ANY_NUMBER, "Seconds before an address is forgotten."),
    key("multicast-snooping", Shape::Truth, "Watch multicast groups."),
    key("multicast-router", TEXT, "Whether a router is near."),
    key("multicast-querier", Shape::Truth, "Ask for members."),
    key("multicast-last-member-count", ANY_NUMBER, "Questions before a group is left."),
    key("multicast-last-member-interval", ANY_NUMBER, "Time between them."),
    key("multicast-membership-interval", ANY_NUMBER, "Time before a member is forgotten."),
    key("multicast-querier-interval", ANY_NUMBER, "Time before another asks."),
    key("multicast-query-interval", ANY_NUMBER, "Time between questions."),
    key("multicast-query-response-interval", ANY_NUMBER, "Time for answers."),
    key("multicast-query-use-ifaddr", Shape::Truth, "Ask with the bridge's own address."),
    key("multicast-startup-query-count", ANY_NUMBER, "Questions at the start."),
    key("multicast-startup-query-interval", ANY_NUMBER, "Time between them."),
    key("vlan-protocol", Shape::Word(&["802.1q", "802.1ad"]), "The tag's protocol."),
    key("vlan-default-pvid", Shape::Number(0, 4094), "The VLAN of untagged frames."),
];
static BRIDGE_PORT: [Key; 5] = [
    key("name", NAME, "The port.").required("name the port"),
    key("stp-hairpin-mode", Shape::Truth, "Send frames back where they came from."),
    key("stp-path-cost", ANY_NUMBER, "The cost of this way."),
    key("stp-priority", Shape::Number(0, 63), "The port's priority."),
    key("vlan", Shape::Free, "VLAN filtering of the port."),
];
static BRIDGE: [Key; 4] = [
    key("options", Shape::Map(&BRIDGE_OPTIONS), "The bridge's options."),
    key("port", Shape::List(&Shape::Map(&BRIDGE_PORT)), "The ports."),
    key("ports", Shape::List(&Shape::Map(&BRIDGE_PORT)), "The same, by another word of nmstate's."),
    key("allow-extra-ports", Shape::Truth, "Meaningless in a keyfile."),
];
static ETHERNET: [Key; 4] = [
    key("auto-negotiation", Shape::Truth, "Negotiate speed and duplex."),
    key("speed", ANY_NUMBER, "Mb/s."),
    key("duplex", Shape::Word(&["full", "half"]), "Duplex."),
    key("sr-iov", Shape::Free, "Virtual functions."),
];
static LLDP: [Key; 1] = [key("enabled", Shape::Truth, "Listen to neighbours.")];

static INTERFACE: [Key; 29] = [
    key("name", NAME, "The interface's name.").required("name the interface"),
    key("type", TEXT, "Its kind: ethernet, bond, vlan, linux-bridge, dummy.")
        .required("say its kind, as in `type: bond`"),
    key("state", TEXT, "`up`; nothing else can be in a keyfile."),
    key(
        "identifier",
        Shape::Word(&["name", "mac-address"]),
        "How the port is found; cotter always takes the MAC address.",
    ),
    key("mac-address", Shape::Text(&leaf::MAC_ADDRESS), "Its MAC address."),
    key("mtu", MTU, "Maximum transmission unit in bytes."),
    key("ipv4", Shape::Map(&FAMILY), "IPv4."),
    key("ipv6", Shape::Map(&FAMILY), "IPv6."),
    key("link-aggregation", Shape::Map(&BOND), "A bond."),
    key("vlan", Shape::Map(&VLAN), "A VLAN."),
    key("bridge", Shape::Map(&BRIDGE), "A bridge."),
    key("ethernet", Shape::Map(&ETHERNET), "An Ethernet port."),
    key("ethtool", Shape::Free, "What ethtool sets."),
    key("802.1x", Shape::Free, "Authentication to the switch."),
    key("lldp", Shape::Map(&LLDP), "Neighbours."),
    key(
        "wait-ip",
        Shape::Word(&["any", "ipv4", "ipv6", "ipv4+ipv6"]),
        "What must be there before it counts as up.",
    ),
    key("controller", NAME, "The bond or bridge it is a port of."),
    key("accept-all-mac-addresses", Shape::Truth, "Promiscuous mode."),
    key("copy-mac-from", NAME, "Take another interface's MAC address."),
    key("mptcp", Shape::Free, "Multipath TCP."),
    key("description", TEXT, "For people."),
    key("profile-name", TEXT, "cotter names profiles by their interfaces."),
    key("permanent-mac-address", TEXT, "Only in what nmstate shows."),
    key("ovs-db", Shape::Free, "Open vSwitch."),
    key("dispatch", Shape::Free, "Scripts of NetworkManager's dispatcher."),
    key("alt-names", Shape::Free, "Alternative names."),
    key("wireguard", Shape::Free, "Not known to nmstate."),
    key("vrf", Shape::Free, "A VRF."),
    key("vxlan", Shape::Free, "A VXLAN."),
];

static ROUTE: [Key; 16] = [
    key("destination", TEXT, "Where it leads, as in 10.0.0.0/8.")
        .required("say where it leads, as in `10.0.0.0/8`"),
    key("next-hop-address", IP, "The router."),
    key("next-hop-interface", NAME, "The interface it goes through.").required("name the interface"),
    key("metric", ANY_NUMBER, "The lower one is preferred."),
    key("table-id", ANY_NUMBER, "The table; the main one if not said."),
    key("weight", Shape::Number(1, 256), "Share of a multipath route."),
    key("route-type", Shape::Word(&["blackhole", "unreachable", "prohibit"]), "A route that refuses."),
    key("source", TEXT, "The source address."),
    key("cwnd", ANY_NUMBER, "Congestion window."),
    key("initcwnd", ANY_NUMBER, "The first one."),
    key("initrwnd", ANY_NUMBER, "The first receive window."),
    key("mtu", ANY_NUMBER, "MTU of the path."),
    key("quickack", Shape::Truth, "Acknowledge at once."),
    key("advmss", ANY_NUMBER, "The segment size announced."),
    key("state", TEXT, "`absent` cannot be in a keyfile."),
    key("vrf-name", TEXT, "The VRF."),
];
static RULE: [Key; 11] = [
    key("ip-from", TEXT, "Packets from there."),
    key("ip-to", TEXT, "Packets to there."),
    key("family", Shape::Word(&["ipv4", "ipv6"]), "The family."),
    key("priority", ANY_NUMBER, "The lower one is asked first."),
    key("route-table", ANY_NUMBER, "The table they use."),
    key("fwmark", TEXT, "Packets with this mark."),
    key("fwmask", TEXT, "The part of the mark that counts."),
    key("iif", NAME, "Packets that came in there."),
    key("action", Shape::Word(&["blackhole", "unreachable", "prohibit"]), "Refuse them."),
    key("suppress-prefix-length", ANY_NUMBER, "Ignore routes that short."),
    key("state", TEXT, "`absent` cannot be in a keyfile."),
];
static RESOLVER: [Key; 3] = [
    key("server", Shape::List(&IP), "Name servers, in order."),
    key("search", Shape::List(&Shape::Text(&leaf::SEARCH_DOMAIN)), "Search domains."),
    key("options", TEXTS, "Options of resolv.conf(5)."),
];
static DNS: [Key; 2] = [
    key("config", Shape::Map(&RESOLVER), "What shall be."),
    key("running", Shape::Free, "Only in what nmstate shows."),
];
static ROUTES: [Key; 2] = [
    key("config", Shape::List(&Shape::Map(&ROUTE)), "What shall be."),
    key("running", Shape::Free, "Only in what nmstate shows."),
];
static RULES: [Key; 1] = [key("config", Shape::List(&Shape::Map(&RULE)), "What shall be.")];

/// An nmstate document.
static NMSTATE: [Key; 9] = [
    key(
        "interfaces",
        Shape::List(&Shape::Map(&INTERFACE)),
        "Interfaces beyond the ports, and more about those.",
    ),
    key("routes", Shape::Map(&ROUTES), "Routes."),
    key("route-rules", Shape::Map(&RULES), "Rules that choose a routing table."),
    key("dns-resolver", Shape::Map(&DNS), "Name servers."),
    key("description", TEXT, "For people."),
    key("hostname", Shape::Free, "Belongs to `hostname` of the machine."),
    key("ovs-db", Shape::Free, "Open vSwitch."),
    key("ovn", Shape::Free, "OVN."),
    key("capture", Shape::Free, "Only in policies."),
];

/// `network`.
pub(crate) static NETWORK: [Key; 7] = [
    key("nics", Shape::List(&Shape::Map(&NIC)), "Every port that matters, by its permanent MAC address."),
    key("nmstate", Shape::Map(&NMSTATE), "Bonds, VLANs, bridges, routes: an nmstate document."),
    key(
        "pin",
        Shape::Word(&["link", "rule", "both", "none"]),
        "What gives ports their names: a `.link` file, a udev rule, both, nothing.",
    ),
    key(
        "match",
        Shape::Word(&["mac", "name"]),
        "What binds profiles to ports: the MAC address, or the name.",
    ),
    key(
        "fallback",
        Shape::Word(&["dhcp-by-mac", "none"]),
        "What the installed system does if this network does not come up: ask for addresses by DHCP on its ports, until it does.",
    ),
    key("fallback_minutes", Shape::Number(1, 60), "How many minutes after boot that is; 5 if not said."),
    key(
        "lives",
        Shape::List(&Shape::Word(&["live", "first-boot", "later-boots"])),
        "The lives in which this network must be there; all of them if not said.",
    ),
];
