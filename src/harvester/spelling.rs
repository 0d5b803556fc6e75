//! Which spellings of a key Harvester takes: with `_`, in camelCase, in lower case, and without a final `s` or `es`.
//!
//! As its loader does (`FuzzyNames` over the names that its structures give to JSON, which are read in any case).

/// True if Harvester takes `written` for `key`, which is in lower case with `_`.
pub(super) fn means(written: &str, key: &str) -> bool {
    if written == key {
        return true;
    }
    let plain = key.replace('_', "");
    // Names of JSON, in any case.
    if !written.contains('_') && written.eq_ignore_ascii_case(&plain) {
        return true;
    }
    ["s", "es"].iter().any(|ending| {
        let shorter = |name: &str| name.strip_suffix(ending).is_some_and(|short| short == written);
        shorter(key) || shorter(&plain)
    })
}

#[cfg(test)]
mod tests {
    use super::means;

    #[test]
    fn takes_what_harvester_takes() {
        for (written, key, right) in [
            ("server_url", "server_url", true),
            ("serverUrl", "server_url", true),
            ("serverurl", "server_url", true),
            ("hwaddr", "hw_addr", true),
            ("interface", "interfaces", true),
            ("ntp_server", "ntp_servers", true),
            ("wipe_all_disk", "wipe_all_disks", true),
            ("wipeAllDisk", "wipe_all_disks", false),
            ("server-url", "server_url", false),
            ("vip_modee", "vip_mode", false),
            ("Server_Url", "server_url", false),
        ] {
            assert_eq!(means(written, key), right, "{written}");
        }
    }
}
