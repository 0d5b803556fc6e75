//! Real cloud-init in roots of Debian packages.

use crate::cloud_root::PORT;
use crate::cloud_root::Root;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ ops";

/// The bench itself: what cloud-init makes of documents that were written by hand, and that a second boot runs nothing
/// again.
#[test]
fn a_seed_is_applied_once() {
    let user_data = format!(
        "#cloud-config\nusers:\n  - name: ops\n    ssh_authorized_keys: [{KEY}]\nwrite_files:\n  - path: /etc/site.conf\n    \
         permissions: '0640'\n    content: a\nruncmd:\n  - echo ran >>/var/ran\n"
    );
    let network = format!(
        "version: 2\nethernets:\n  mgmt0:\n    match: {{macaddress: \"{PORT}\"}}\n    set-name: mgmt0\n    addresses: [192.0.2.10/24]\n"
    );
    for suite in ["trixie", "bookworm"] {
        let files = [("user-data", user_data.as_bytes()), ("network-config", network.as_bytes())];
        let Some(root) = Root::seeded(suite, &files) else { return };
        let look = "cloud-init status; ip -br link show mgmt0; id ops; stat -c '%a %U' /etc/site.conf";
        for boot in 1..=2 {
            let Some(booted) = root.cloud_init(look) else { return };
            assert!(booted.said.starts_with("status: done\nmgmt0@far"), "{suite}: {}", booted.said);
            assert!(booted.said.ends_with("640 root\n"), "{suite}: {}", booted.said);
            assert_eq!(root.read("/var/ran").unwrap(), "ran\n", "{suite}: boot {boot}");
        }
        root.seed("two", &files);
        root.cloud_init("true").unwrap();
        assert_eq!(root.read("/var/ran").unwrap(), "ran\nran\n", "{suite}: another instance");
    }
}
