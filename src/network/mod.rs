//! What the machine's network must be, in nmstate's words, and the files that make it so.
//!
//! cotter's own part is the binding of names and profiles to permanent MAC addresses; what a profile
//! says is left to nmstate. To support another kind of interface, add it to `KINDS` in `checks/interfaces.rs`
//! once a rehearsal has shown that `nmstate` writes a right keyfile for it.

mod checks;
mod cloud_config;
mod fallback;
mod foreign;
mod ini;
mod interface;
mod keyfile;
mod link;
mod rule;
mod state;
mod summary;

pub use checks::CHECKS;
pub use cloud_config::Unsaid;
pub use cloud_config::network_config;
pub use fallback::Fallback;
pub use fallback::fallback_table;
pub use foreign::LostNames;
pub use foreign::bound_name;
pub use foreign::check_keyfile;
pub use foreign::check_link_file;
pub use interface::Interface;
pub use keyfile::Profile;
pub use keyfile::keyfile_path;
pub use keyfile::profiles;
pub use link::link_file;
pub use rule::rule_file;
pub use summary::Binding;
pub use summary::KeyfileSummary;
pub use summary::keyfile_has_secret;

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::document::Node;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::value::InterfaceName;
use crate::value::MacAddress;

/// Where keyfiles live on the installed system.
pub const KEYFILE_FOLDER: &str = "/etc/NetworkManager/system-connections";

/// What gives a port its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pin {
    /// A `.link` file (systemd 245 and later).
    #[default]
    Link,
    /// A guarded udev rule.
    Rule,
    /// Both.
    Both,
    /// Nothing: the port keeps the name that udev gives it.
    None,
}

/// What binds a profile to a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// The permanent MAC address.
    #[default]
    Mac,
    /// The interface name, which may change; for controls and for machines that must have it.
    Name,
}

/// The network of a machine.
#[derive(Clone, Debug, Default)]
pub struct NetworkState {
    /// Every port that matters.
    pub nics: Vec<Nic>,
    /// The names of all ports that are written, also of those that could not be read.
    pub names: Vec<String>,
    /// Anything beyond: an nmstate document as it was written.
    nmstate: Option<Sourced<Node>>,
    /// What it describes, read once.
    interfaces: Vec<Interface>,
    /// What gives ports their names.
    pub pin: Pin,
    /// What binds profiles to ports.
    pub matching: Match,
    /// Where `matching: name` was asked for, if it was.
    pub matching_origin: Option<Origin>,
    /// What the installed system does if this network does not come up.
    pub fallback: Option<Fallback>,
}

/// One port.
#[derive(Clone, Debug)]
pub struct Nic {
    /// The name it shall have.
    pub name: Sourced<InterfaceName>,
    /// Its permanent address.
    pub mac: Sourced<MacAddress>,
    /// Whether its address is said to be locally administered.
    pub locally_administered: bool,
    /// Static addresses.
    pub addresses: Vec<Sourced<IpNetwork>>,
    /// Whether `address` is written, right or wrong.
    pub has_address: bool,
    /// Addresses by DHCP and router advertisements.
    pub dhcp: Option<Sourced<bool>>,
    /// Default gateways, at most one a family.
    pub gateways: Vec<Sourced<IpAddr>>,
    /// Name servers.
    pub dns: Vec<Sourced<IpAddr>>,
    /// Domains that short names are looked up in.
    pub search: Vec<Sourced<String>>,
    /// Maximum transmission unit in bytes.
    pub mtu: Option<Sourced<u32>>,
    /// Where the port is written.
    pub origin: Origin,
}

impl Nic {
    /// True if addresses come by DHCP.
    pub fn uses_dhcp(&self) -> bool {
        self.dhcp.as_ref().is_some_and(|dhcp| dhcp.value)
    }
}

impl NetworkState {
    /// The port of this name.
    pub fn nic(&self, name: &str) -> Option<&Nic> {
        self.nics.iter().find(|nic| nic.name.as_str() == name)
    }

    /// True if a port has this name.
    pub fn is_nic(&self, name: &str) -> bool {
        self.nic(name).is_some()
    }

    /// True if the interface gets addresses by DHCP or router advertisements.
    pub fn is_dynamic(&self, name: &str) -> bool {
        self.nic(name).is_some_and(Nic::uses_dhcp)
            || self.interfaces().iter().any(|interface| interface.name.value == name && interface.is_dynamic)
    }

    /// Takes an nmstate document in.
    pub fn with_nmstate(mut self, nmstate: Option<Sourced<Node>>) -> Self {
        self.interfaces = nmstate.as_ref().map(interface::interfaces).unwrap_or_default();
        self.nmstate = nmstate;
        self
    }

    /// The nmstate document as it was written.
    pub fn nmstate(&self) -> Option<&Sourced<Node>> {
        self.nmstate.as_ref()
    }

    /// The routes of the nmstate document, as they were written.
    pub fn routes(&self) -> Vec<View<'_>> {
        let routes = self.nmstate().and_then(|nmstate| View::of(nmstate).get("routes"));
        routes.map(|routes| routes.list("config")).unwrap_or_default()
    }

    /// The interfaces that the nmstate document describes.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}
