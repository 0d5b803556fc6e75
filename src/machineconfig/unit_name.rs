//! Names of units as Ignition and the cluster's API take them.

/// The kinds of units that both know, by their suffix; systemd itself knows fewer.
const UNIT_KINDS: [&str; 12] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "snapshot",
    "slice",
    "scope",
];

/// The longest name of a unit in a policy.
const MAX_BYTES: usize = 255;

/// True for a name that ends with the kind of a unit, which is all that Ignition looks at.
pub(super) fn has_kind(name: &str) -> bool {
    UNIT_KINDS.contains(&name.rsplit_once('.').map_or("", |(_, kind)| kind))
}

/// True for a name that a node disruption policy can hold (openshift/api, `operator/v1/types_machineconfiguration.go`).
pub(super) fn is_for_policies(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._\\-".contains(&byte);
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    name.len() <= MAX_BYTES && has_kind(name) && !stem.is_empty() && stem.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::has_kind;
    use super::is_for_policies;

    #[test]
    fn names_of_units() {
        for (name, ends_right, is_policys) in [
            ("chronyd.service", true, true),
            ("a:b_c-d.e.timer", true, true),
            ("a\\x2db.mount", true, true),
            ("chronyd", false, false),
            (".service", true, false),
            ("a@.service", true, false),
            ("a b.service", true, false),
            ("a.conf", false, false),
        ] {
            assert_eq!((has_kind(name), is_for_policies(name)), (ends_right, is_policys), "{name}");
        }
        assert!(!is_for_policies(&format!("{}.service", "a".repeat(255))));
    }
}
