//! How the network gets to the machine, by what the platform delivers and the image reads.

use crate::cloud::Choice;
use crate::cloud::NetworkWay;
use crate::cloud::Platform;
use crate::cloud::Profiles;
use crate::cloud::Reader;
use crate::document::Diagnostics;
use crate::document::yaml_text;
use crate::network;
use crate::network::Pin;
use crate::spec::Machine;
use crate::target::draft::NetworkBy;

/// How the network gets to the machine.
pub(super) struct NetworkPlan {
    pub(super) by: NetworkBy,
    /// cloud-init's network-config.
    pub(super) text: Option<String>,
    pub(super) notes: Vec<String>,
}

/// Plans how the network gets there, or says why it does not.
pub(super) fn network_of(
    machine: &Machine,
    platform: &Platform,
    choice: &Choice,
    findings: &mut Diagnostics,
) -> NetworkPlan {
    let network = &machine.network;
    let mut planned = NetworkPlan { by: NetworkBy::Others, text: None, notes: Vec::new() };
    let is_said = !network.nics.is_empty() || network.nmstate().is_some();
    if !is_said {
        return planned;
    }
    let family = choice.family.as_ref();
    let has_network_manager = family.is_some_and(|family| family.network == Profiles::NetworkManager);
    let reads_config = choice.readers == [Reader::CloudInit];
    let first = network
        .nics
        .first()
        .map(|nic| &nic.origin)
        .or_else(|| network.nmstate().map(|nmstate| &nmstate.origin));
    let origin = first.unwrap_or(&machine.origin);
    let is_static = network.nics.iter().find(|nic| !nic.addresses.is_empty()).map(|nic| &nic.origin);
    let is_static = is_static.or_else(|| {
        network
            .interfaces()
            .iter()
            .find(|interface| !interface.addresses.is_empty())
            .map(|interface| &interface.origin)
    });
    match platform.network() {
        NetworkWay::File(_) | NetworkWay::Key(_) if reads_config => {
            let (value, unsaid) = network::network_config(network);
            for unsaid in unsaid {
                let message = format!("a network-config of cloud-init's cannot say {}", unsaid.what);
                findings.error(
                    "cloud-network",
                    &unsaid.origin,
                    message,
                    "leave it out, or take an image with Ignition",
                );
            }
            planned.text = Some(format!("# Written by cotter.\n{}", yaml_text(&value)));
        }
        NetworkWay::File(_) | NetworkWay::Key(_) if has_network_manager => {
            planned.by = if choice.readers == [Reader::Ignition] {
                NetworkBy::Files
            } else {
                NetworkBy::FilesAfterwards
            };
        }
        NetworkWay::No => {
            if let Some(origin) = is_static {
                let message = format!("{} gives its machines their addresses itself", platform.title);
                let help = "write `dhcp: true`, and give the address to the platform";
                findings.error("cloud-network", origin, message, help);
                return planned;
            }
            if has_network_manager {
                planned.by = if choice.readers == [Reader::Ignition] {
                    NetworkBy::Files
                } else {
                    NetworkBy::FilesAfterwards
                };
            } else if network.pin != Pin::None {
                let message = format!("nothing carries names of ports to this image on {}", platform.title);
                findings.error("cloud-network", origin, message, "write `pin: none` under `network`");
            }
        }
        NetworkWay::File(_) | NetworkWay::Key(_) => {
            let message = "nothing that is known of the image takes this network";
            let help =
                "name an image with cloud-init or NetworkManager as `cloud.image`, or leave `network` out";
            findings.error("cloud-network", origin, message, help);
        }
    }
    if planned.by == NetworkBy::FilesAfterwards {
        planned.notes.push(
            "the network's files are written when the system runs: they act from the next boot on".to_owned(),
        );
    }
    if let Some(fallback) = network.fallback.as_ref().filter(|_| planned.by == NetworkBy::Others) {
        let message = "the fallback needs profiles of NetworkManager's, and there are none";
        findings.error("cloud-network", &fallback.origin, message, "leave `fallback` out");
    }
    planned
}
