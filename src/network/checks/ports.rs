//! Names and addresses of ports.

use crate::document::Found;
use crate::document::Origin;
use crate::document::repeated;
use crate::network::Match;
use crate::network::NetworkState;
use crate::network::Pin;
use crate::network::fallback::main_interfaces;

pub(super) fn reserved_names(network: &NetworkState, found: &mut Found<'_>) {
    if network.pin == Pin::None {
        return;
    }
    for nic in &network.nics {
        if let Some(namespace) = nic.name.assigned_namespace() {
            let message = format!(
                "`{}` lies in `{namespace}*`, from which the kernel or udev name ports themselves",
                nic.name.value
            );
            found.error(&nic.name.origin, message, "use a name of your own, as in `mgmt0` or `data0`");
        }
    }
}

/// Says which values are there twice.
pub(super) fn same<'a>(
    values: impl Iterator<Item = (String, &'a Origin)>,
    what: &str,
    found: &mut Found<'_>,
) {
    for (value, origin, line) in repeated(values) {
        let message = format!("the {what} `{value}` is given twice; the first is on line {line}");
        found.error(origin, message, "each needs its own");
    }
}

pub(super) fn duplicate_names(network: &NetworkState, found: &mut Found<'_>) {
    same(network.nics.iter().map(|nic| (nic.name.to_string(), &nic.name.origin)), "name", found);
    let interfaces = network.interfaces();
    same(interfaces.iter().map(|i| (i.name.value.clone(), &i.name.origin)), "interface name", found);
}

pub(super) fn duplicate_macs(network: &NetworkState, found: &mut Found<'_>) {
    same(network.nics.iter().map(|nic| (nic.mac.to_string(), &nic.mac.origin)), "MAC address", found);
}

pub(super) fn local_macs(network: &NetworkState, found: &mut Found<'_>) {
    for nic in &network.nics {
        if nic.mac.is_locally_administered() && !nic.locally_administered {
            let message = format!(
                "`{}` is a locally administered address, which no port has from its maker",
                nic.mac.value
            );
            let help = "give the permanent address (`ip -d link` shows `permaddr`), or add `locally_administered: true`";
            found.warning(&nic.mac.origin, message, help);
        }
    }
}

pub(super) fn ports_need_macs(network: &NetworkState, found: &mut Found<'_>) {
    for interface in network.interfaces() {
        let Some(nic) = network.nic(&interface.name.value) else {
            if interface.kind.value == "ethernet" && !network.names.contains(&interface.name.value) {
                let message = format!("the port `{}` is bound by its name alone", interface.name.value);
                found.error(&interface.name.origin, message, "add it to `network.nics` with its MAC address");
            }
            continue;
        };
        if let Some(mac) = &interface.mac
            && mac.parse() != Ok(nic.mac.value)
        {
            let message =
                format!("`{}` has another MAC address on line {}", interface.name.value, nic.mac.origin.line);
            found.error(&mac.origin, message, "leave it out here; `network.nics` binds the port");
        }
    }
}

pub(super) fn fallback(network: &NetworkState, found: &mut Found<'_>) {
    let Some(fallback) = &network.fallback else { return };
    if main_interfaces(network).is_empty() {
        let message = "nothing in this network has an address: it would be taken for up at once";
        found.error(
            &fallback.origin,
            message,
            "give a port an address or `dhcp: true`, or leave `fallback` out",
        );
    }
}

pub(super) fn bound_by_name(network: &NetworkState, found: &mut Found<'_>) {
    if let (Match::Name, Some(origin)) = (network.matching, &network.matching_origin) {
        found.warning(
            origin,
            "profiles bound by name lose their port when it is renamed",
            "leave out `match: name`: profiles are then bound by the permanent MAC address",
        );
    }
}
