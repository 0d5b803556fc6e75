//! NetworkManager's keyfiles: written by nmstate, bound by us.

use std::collections::BTreeMap;
use std::net::IpAddr;

use uuid::Uuid;

use super::KEYFILE_FOLDER;
use super::Match;
use super::NetworkState;
use super::Nic;
use super::ini::Ini;
use super::keyfile_has_secret;
use super::state;
use crate::document::Diagnostics;
use crate::document::Origin;

/// A connection profile as a keyfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The interface it is for, which is also its `id`.
    pub name: String,
    /// The same in every life: version 5, of the machine and the MAC address or link name.
    pub uuid: Uuid,
    /// The file's text.
    pub text: String,
    /// What asked for it.
    pub origin: Origin,
}

impl Profile {
    /// The file's name.
    pub fn file_name(&self) -> String {
        keyfile_name(&self.name)
    }

    /// The file's path on the machine.
    pub fn path(&self) -> String {
        keyfile_path(&self.name)
    }

    /// True if a secret is in it, as a password for 802.1X.
    pub fn has_secret(&self) -> bool {
        keyfile_has_secret(&self.text)
    }
}

fn keyfile_name(profile: &str) -> String {
    format!("cotter-{profile}.nmconnection")
}

/// The path on the machine of the keyfile for the profile of this name.
pub fn keyfile_path(profile: &str) -> String {
    format!("{KEYFILE_FOLDER}/{}", keyfile_name(profile))
}

/// Renders every profile of the network, by name.
///
/// `nmstate` writes the settings. Our pass gives each profile an identity that is the same in all
/// lives, and lets VLANs and ports name the profile they belong to by its UUID: a port's name may not
/// be there yet, in an initramfs or on a port that was up before its `.link` file acted.
pub fn profiles(network: &NetworkState, machine: &str, origin: &Origin) -> Result<Vec<Profile>, Diagnostics> {
    let refuse = |cause: String| {
        let origin = network.nmstate().map_or(origin, |nmstate| &nmstate.origin);
        let mut findings = Diagnostics::new();
        findings.error(
            "nmstate",
            origin,
            format!("nmstate refuses this network: {cause}"),
            "see the nmstate documentation of the key it names",
        );
        findings
    };
    let state: nmstate::NetworkState =
        serde_json::from_value(state::document(network)).map_err(|cause| refuse(cause.to_string()))?;
    let written = state.gen_conf().map_err(|cause| refuse(cause.msg().to_owned()))?;
    let keyfiles: BTreeMap<String, Ini> = written
        .into_values()
        .flatten()
        .map(|(_, text)| Ini::parse(&text))
        .map(|ini| (ini.get("connection", "id").unwrap_or_default().to_owned(), ini))
        .collect();
    let identities: BTreeMap<&str, Uuid> =
        keyfiles.keys().map(|name| (name.as_str(), identity(network, machine, name))).collect();
    let written_uuids: BTreeMap<&str, Uuid> = keyfiles
        .iter()
        .filter_map(|(name, ini)| Some((ini.get("connection", "uuid")?, *identities.get(name.as_str())?)))
        .collect();
    let reference = |word: &str| identities.get(word).or_else(|| written_uuids.get(word)).copied();
    let bind = |(name, ini): (&String, &Ini)| Profile {
        name: name.clone(),
        uuid: identity(network, machine, name),
        text: bound(ini.clone(), name, network, machine, &reference).to_string(),
        origin: origin_of(network, name).unwrap_or_else(|| origin.clone()),
    };
    Ok(keyfiles.iter().map(bind).collect())
}

/// Gives a keyfile its identity and turns names of other profiles into their UUIDs.
fn bound(
    mut ini: Ini,
    name: &str,
    network: &NetworkState,
    machine: &str,
    reference: &dyn Fn(&str) -> Option<Uuid>,
) -> Ini {
    ini.set("connection", "uuid", identity(network, machine, name).to_string());
    for (section, key) in [("connection", "master"), ("connection", "controller"), ("vlan", "parent")] {
        if let Some(uuid) = ini.get(section, key).and_then(reference) {
            ini.set(section, key, uuid.to_string());
        }
    }
    if let Some(nic) = network.nic(name) {
        if network.matching == Match::Mac {
            ini.remove("connection", "interface-name");
            ini.set("ethernet", "mac-address", nic.mac.value.to_string().to_uppercase());
        }
        name_servers(&mut ini, nic);
    }
    ini
}

/// A port's name servers stay on the port: nmstate puts servers on an interface of its choice, and they
/// would go when that one goes.
fn name_servers(ini: &mut Ini, nic: &Nic) {
    for (section, of_family) in [("ipv4", IpAddr::is_ipv4 as fn(&IpAddr) -> bool), ("ipv6", IpAddr::is_ipv6)]
    {
        let servers: Vec<String> = nic
            .dns
            .iter()
            .filter(|server| of_family(&server.value))
            .map(|server| server.to_string())
            .collect();
        let is_used = ini.get(section, "method").is_some_and(|method| method != "disabled");
        let search: Vec<&str> = nic.search.iter().map(|domain| domain.value.as_str()).collect();
        // Where there is no address, NetworkManager would refuse the whole profile; the check has said so.
        if !servers.is_empty() && is_used {
            ini.set(section, "dns", servers.join(";"));
            // As nmstate does: before servers that DHCP brings (50), after those of a VPN (negative).
            ini.set(section, "dns-priority", "40");
        }
        if !search.is_empty() && is_used {
            ini.set(section, "dns-search", search.join(";"));
        }
    }
}

/// A port is known by its address, everything else by its name.
fn identity(network: &NetworkState, machine: &str, name: &str) -> Uuid {
    let nic = network.nic(name);
    let link = nic.map_or_else(|| name.to_owned(), |nic| nic.mac.value.to_string());
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"cotter.dev"), format!("{machine}/{link}").as_bytes())
}

fn origin_of(network: &NetworkState, name: &str) -> Option<Origin> {
    let nic = network.nic(name).map(|nic| nic.origin.clone());
    nic.or_else(|| network.interfaces().iter().find(|i| i.name.value == name).map(|i| i.origin.clone()))
}
