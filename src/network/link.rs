//! `.link` files: the name of a port, by its permanent address.

use super::ini::Ini;
use crate::value::InterfaceName;
use crate::value::MacAddress;

/// Makes the `.link` file that gives the port with `mac` the name `name`: path and text.
///
/// It matches the permanent address, because bonds, VLANs and bridges take over the current one
/// (`MACAddress=` renames a VLAN that comes up before its port has its name). The first `.link` file
/// that matches is the only one that acts, so the alternative names and the address policy of
/// systemd's `99-default.link` are said again here. Needs systemd 245 (systemd.link(5)).
pub fn link_file(mac: MacAddress, name: &InterfaceName) -> (String, String) {
    let ini = Ini::default()
        .with("Match", "PermanentMACAddress", mac.to_string())
        .with("Match", "Type", "ether")
        .with("Link", "NamePolicy", "")
        .with("Link", "Name", name.as_str())
        .with("Link", "AlternativeNamesPolicy", "database onboard slot path")
        .with("Link", "MACAddressPolicy", "persistent");
    (format!("/etc/systemd/network/10-cotter-{name}.link"), ini.to_string())
}
