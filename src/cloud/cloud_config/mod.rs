//! cloud-config, held against cloud-init's own JSON schema, and what of it runs at every boot.
//!
//! The schema is that of cloud-init 25.1.4; beside it is its licence. To take a newer one, put it in its place and say so in
//! its licence file; `tests/suite/cloud_check.rs` has what it must find.

mod meaning;
mod problem;
mod schema;

use std::sync::LazyLock;

use jsonschema::Draft;
use jsonschema::Validator;
use serde_json::Value;

use self::problem::Problem;
use crate::document::Diagnostics;
use crate::document::View;
use crate::document::parse;

/// More findings about one document help nobody.
const MAX_FINDINGS: usize = 200;
/// Keys whose modules run at every boot (the modules' `frequency`, cloud-init 25.1.4).
const EVERY_BOOT: [&str; 10] = [
    "bootcmd",
    "chef",
    "disable_ec2_metadata",
    "final_message",
    "fqdn",
    "growpart",
    "hostname",
    "manage_etc_hosts",
    "resize_rootfs",
    "zypper",
];

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    // It is a part of the program; a test holds that it can be read.
    serde_json::from_str(include_str!("schema-cloud-config-v1.json")).unwrap_or_default()
});

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
    // cloud-init asks for draft 4, and yet takes what stands beside a `$ref` seriously, as later drafts do.
    let options = jsonschema::options().with_draft(Draft::Draft201909).should_validate_formats(false);
    options.build(&SCHEMA).ok()
});

/// What was found of a cloud-config.
#[derive(Clone, Debug, Default)]
pub struct CloudConfig {
    /// Its keys that do something at every boot, in their order.
    pub every_boot: Vec<String>,
    /// Its keys, each with its line.
    pub keys: Vec<(String, usize)>,
    /// It says how it is merged with earlier parts.
    pub says_how_to_merge: bool,
}

/// Reads a cloud-config and says everything that is wrong with it; `file` names it in findings.
pub fn check(file: &str, text: &str) -> (CloudConfig, Diagnostics) {
    let (tree, mut findings) = parse(file, text);
    let Some(tree) = tree else {
        if findings.is_empty() {
            nothing(file, &mut findings);
        }
        return (CloudConfig::default(), findings);
    };
    let root = View::root(file, &tree);
    if root.is_null() {
        nothing(file, &mut findings);
        return (CloudConfig::default(), findings);
    }
    if !root.is_map() {
        findings.error(
            "cloud-config-value",
            root.origin(),
            "it is no mapping, and cloud-init passes over the whole part",
            "write keys: `runcmd:` and so on",
        );
        return (CloudConfig::default(), findings);
    }
    let keys: Vec<&str> = root.entries().map(|(key, _, _)| key).collect();
    let every_boot =
        EVERY_BOOT.iter().filter(|key| keys.contains(key)).map(|key| (*key).to_owned()).collect();
    let json = root.to_json_by(meaning::meaning);
    let mut problems: Vec<Problem> = Vec::new();
    if let Some(validator) = VALIDATOR.as_ref() {
        problems.extend(
            validator.iter_errors(&json).take(MAX_FINDINGS).flat_map(|error| problem::of(&SCHEMA, &error)),
        );
    }
    problems.extend(schema::old(&SCHEMA, &json));
    for problem in problems {
        problem.tell(&root, &mut findings);
    }
    let says_how_to_merge = keys.contains(&"merge_how") || keys.contains(&"merge_type");
    let keys = root.entries().map(|(key, origin, _)| (key.to_owned(), origin.line)).collect();
    (CloudConfig { every_boot, keys, says_how_to_merge }, findings)
}

/// True if `text` has keys of cloud-config, whatever it begins with.
pub fn looks_like_one(text: &str) -> bool {
    let (tree, _) = parse("", text);
    let known = SCHEMA["properties"].as_object();
    tree.as_ref().is_some_and(|tree| {
        let is_known = |key: &str| known.is_some_and(|known| known.contains_key(key));
        View::root("", tree).entries().any(|(key, _, _)| is_known(key))
    })
}

fn nothing(file: &str, findings: &mut Diagnostics) {
    let origin = crate::document::Origin::of_file(file);
    let message = "there is nothing in it, and cloud-init passes over the part";
    findings.error("cloud-config-value", &origin, message, "write what it is to do, or leave the part out");
}

#[cfg(test)]
mod tests {
    use super::VALIDATOR;
    use super::check;

    fn said(text: &str) -> Vec<String> {
        let found = check("a", text).1.sorted();
        found
            .iter()
            .map(|f| format!("{}:{} {}: {} | {}", f.origin.line, f.origin.column, f.rule, f.message, f.help))
            .collect()
    }

    #[test]
    fn the_schema_can_be_read() {
        assert!(VALIDATOR.is_some());
    }

    #[test]
    fn good_documents_have_no_finding() {
        let text = "#cloud-config\nhostname: a\nusers: [default, {name: b, ssh_authorized_keys: [ssh-ed25519 AAAA], sudo: 'ALL=(ALL) NOPASSWD:ALL', groups: [wheel]}]\nruncmd: [ls, [ls, -l]]\nwrite_files: [{path: /a, content: b, permissions: '0644', encoding: b64}]\npackages: [jq, [bash, '5.2']]\nntp: {enabled: true, servers: [a]}\nchpasswd: {expire: false, users: [{name: b, type: text, password: x}]}\nmounts: [[/dev/vdb, /data]]\npower_state: {mode: reboot, delay: now, condition: true}\nbootcmd: [ls]\n";
        assert_eq!(said(text), [""; 0]);
        assert_eq!(check("a", text).0.every_boot, ["bootcmd", "hostname"]);
    }

    #[test]
    fn faults_are_at_their_place_with_the_next_step() {
        for (text, expected) in [
            ("userz: []", "1:1 cloud-config-key: `userz` is no key of cloud-config | did you mean `users`?"),
            ("hostname: [node1]", "1:11 cloud-config-value: `hostname` is a list, not a text"),
            (
                "runcmd: ls",
                "1:9 cloud-config-value: `runcmd` is a text, not a list | write a list, each member of which is a command",
            ),
            (
                "write_files:\n  - path: /a\n    permissions: 0644",
                "3:18 cloud-config-value: `permissions` is the number 420, not a text | put it in quotes: `'0644'`",
            ),
            ("write_files:\n  - content: x", "2:5 cloud-config-value: `path` is missing"),
            (
                "write_files:\n  - path: /a\n    permisions: '0644'",
                "3:5 cloud-config-key: `permisions` is no key of `write_files[0]` | did you mean `permissions`?",
            ),
            (
                "users:\n  - name: a\n    shel: /bin/sh",
                "3:5 cloud-config-key: `shel` is no key of `users[0]` | did you mean `shell`?",
            ),
            (
                "users:\n  - name: a\n    ssh_authorized_keys: x",
                "3:26 cloud-config-value: `ssh_authorized_keys` is a text, not a list",
            ),
            (
                "users: [5]",
                "1:9 cloud-config-value: `users[0]` is the number 5, not a text, a list or a mapping",
            ),
            ("write_files:\n  - path: /a\n    encoding: b46", "3:15 cloud-config-value: `b46` is none of"),
            ("ssh_pwauth: 'yes'", "1:13 cloud-config-old: `ssh_pwauth`"),
            ("apt_update: true", "1:1 cloud-config-old: `apt_update`"),
            ("- a", "1:1 cloud-config-value: it is no mapping"),
            ("#cloud-config\n", "1:1 cloud-config-value: there is nothing in it"),
            ("a: b: c", "1:5 yaml-syntax"),
            ("users:\n\t- a", "2:2 yaml-syntax"),
            ("runcmd: [ls]\nruncmd: [ls]", "2:1 duplicate-key"),
            (
                "hostname: 2024-01-31",
                "1:11 cloud-config-value: `hostname` is a date, not a text | put it in quotes: `'2024-01-31'`",
            ),
        ] {
            let said = said(text);
            assert!(
                said.len() == 1 && said[0].starts_with(expected) || said[0].contains(expected),
                "{text}: {said:#?}"
            );
        }
    }
}
