//! udev rules: the name of a port where `.link` files cannot match the permanent address.

use crate::value::InterfaceName;
use crate::value::MacAddress;

/// Makes the udev rule that gives the port with `mac` the name `name`: path and text.
///
/// `DRIVERS` and `type` keep VLANs, bonds and bridges out, which have no driver above them, and
/// `addr_assign_type` 0 means the address is the port's own, not a taken-over one. The file runs before
/// systemd's `80-net-setup-link.rules`, and is never called `80-ifname.rules`: dracut's `ifname=`
/// writes that name and CoreOS copies it over ours.
pub fn rule_file(mac: MacAddress, name: &InterfaceName) -> (String, String) {
    let rule = format!(
        "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{{type}}==\"1\", ATTR{{addr_assign_type}}==\"0\", \
         ATTR{{address}}==\"{mac}\", NAME=\"{name}\"\n"
    );
    (format!("/etc/udev/rules.d/70-cotter-{name}.rules"), rule)
}
