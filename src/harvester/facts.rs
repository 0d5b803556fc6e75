//! What Harvester takes, from `facts.toml`.

use std::sync::OnceLock;

use serde::Deserialize;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub scheme_version: u64,
    pub default_pod_cidr: String,
    pub default_service_cidr: String,
    pub least_persistent_gib: u64,
    pub least_mtu: u64,
    pub most_mtu: u64,
    pub bond_modes: Vec<String>,
    pub webhook_events: Vec<String>,
    pub webhook_methods: Vec<String>,
    pub own_links: Vec<String>,
    pub without_multipath: Vec<String>,
    pub most_argument_bytes: usize,
    pub local_iso_not_before: String,
    pub local_iso_since: String,
    pub system_settings: Vec<String>,
}

/// The program's own table; a test holds that it can be read.
pub(super) fn facts() -> &'static Facts {
    static FACTS: OnceLock<Facts> = OnceLock::new();
    FACTS.get_or_init(|| toml::from_str(include_str!("facts.toml")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::facts;

    #[test]
    fn the_table_can_be_read() {
        assert_eq!(facts().scheme_version, 1);
        assert!(facts().system_settings.iter().any(|name| name == "containerd-registry"));
    }
}
