//! The section `network`.

use crate::document::Sourced;
use crate::document::View;
use crate::network::Fallback;
use crate::network::Match;
use crate::network::NetworkState;
use crate::network::Nic;
use crate::network::Pin;

const PINS: [(&str, Pin); 4] =
    [("link", Pin::Link), ("rule", Pin::Rule), ("both", Pin::Both), ("none", Pin::None)];
const MATCHES: [(&str, Match); 2] = [("mac", Match::Mac), ("name", Match::Name)];

/// Reads what is right; the shape has said what is wrong.
pub(super) fn network(view: &View<'_>) -> NetworkState {
    let matching = view.word_at("match", &MATCHES);
    let nics = view.list("nics");
    let mut network = NetworkState::default().with_nmstate(view.get("nmstate").map(|view| view.aside()));
    network.names = nics.iter().filter_map(|nic| nic.text_at("name")).map(|name| name.value).collect();
    network.nics = nics.iter().filter_map(nic).collect();
    network.pin = view.word_at("pin", &PINS).map(|pin| pin.value).unwrap_or_default();
    network.matching = matching.as_ref().map(|matching| matching.value).unwrap_or_default();
    network.matching_origin = matching.map(|matching| matching.origin);
    network.fallback = fallback(view);
    network
}

fn fallback(view: &View<'_>) -> Option<Fallback> {
    let asked = view.text_at("fallback").filter(|word| word.value == "dhcp-by-mac")?;
    let after_minutes =
        view.parse_at("fallback_minutes").map_or(Fallback::AFTER_MINUTES, |minutes| minutes.value);
    Some(Fallback { after_minutes, origin: asked.origin })
}

fn nic(view: &View<'_>) -> Option<Nic> {
    Some(Nic {
        name: view.parse_at("name")?,
        mac: view.parse_at("mac")?,
        locally_administered: view.is_true_at("locally_administered"),
        // Without a prefix length the crate assumes one host; nobody means that, and the shape has said so.
        addresses: one_or_more(view, "address")
            .into_iter()
            .filter(|address: &Sourced<String>| address.contains('/'))
            .filter_map(|address| {
                Some(Sourced { value: address.value.parse().ok()?, origin: address.origin })
            })
            .collect(),
        has_address: view.get("address").is_some(),
        dhcp: view.truth_at("dhcp"),
        gateways: one_or_more(view, "gateway"),
        dns: one_or_more(view, "dns"),
        search: one_or_more(view, "search"),
        mtu: view.parse_at("mtu"),
        origin: view.origin().clone(),
    })
}

/// A value alone or a list of them.
fn one_or_more<T: std::str::FromStr>(view: &View<'_>, key: &str) -> Vec<Sourced<T>> {
    let values = view.get(key).map(|view| view.one_or_more()).unwrap_or_default();
    values.iter().filter_map(View::parse).collect()
}
