//! Which layer each thing of the installed system belongs to, and the documents that carry it there.
//!
//! What OpenShift's operator can keep goes into MachineConfigs: it comes to the disk with them, and stays.
//! What the operator must not manage goes into the document that the bootstrap in place makes: the operator
//! never looks at it. Each thing is in one of the two, so there is nothing to disagree.

use serde_json::Value;
use serde_json::json;

use super::installer_document::one;
use crate::cluster::NODE_CONFIG;
use crate::ignition::Document;
use crate::ignition::merge;
use crate::machineconfig::MachineConfig;
use crate::target::kept::core_user;
use crate::target::kept::is_kept_file;

/// The MachineConfig with core's password and keys.
pub(in crate::target) const CORE: &str = "99-master-cotter-core";
/// Spec 3.2: the bootstrap asks the machine-config-server for a document of this version.
pub(super) const SPEC: &str = "3.2.0";

/// The documents of the layers.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    /// What the operator keeps.
    pub(super) machine_configs: Vec<MachineConfig>,
    /// What it must not manage, as an Ignition document.
    pub(super) in_place: Document,
}

/// Splits the installed system's document into layers.
pub(super) fn split(destination: &Document, kernel_arguments: &[String]) -> Layers {
    let (mut core, mut machine, mut in_place) = (json!({}), json!({}), json!({}));
    let document = destination.value();
    if let Some(ignition) = document.get("ignition") {
        // The version, and what is merged and fetched.
        in_place = merge(in_place, one("ignition", ignition.clone()));
    }
    for (section, lists) in document.as_object().into_iter().flatten().filter(|(name, _)| *name != "ignition")
    {
        for (list, members) in lists.as_object().into_iter().flatten() {
            for member in members.as_array().into_iter().flatten() {
                let into = |layer: &mut Value, member: Value| {
                    *layer = merge(layer.take(), one(section, one(list, json!([member]))));
                };
                match (section.as_str(), list.as_str()) {
                    ("passwd", "users") if member["name"] == "core" => {
                        let (kept, rest) = core_user(member);
                        kept.into_iter().for_each(|kept| into(&mut core, kept));
                        rest.into_iter().for_each(|rest| into(&mut in_place, rest));
                    }
                    ("storage", "files") if is_kept_file(member) => into(&mut machine, member.clone()),
                    ("systemd", "units") => into(&mut machine, member.clone()),
                    _ => into(&mut in_place, member.clone()),
                }
            }
        }
    }
    let config = |name: &str, sections: Value, arguments: &[String]| {
        let mut config = MachineConfig::new(name, "master");
        config.spec.kernel_arguments = arguments.to_vec();
        config.spec.config = Some(merge(one("ignition", one("version", SPEC.into())), sections));
        config
    };
    let mut machine_configs = Vec::new();
    if core != json!({}) {
        machine_configs.push(config(CORE, core, &[]));
    }
    machine_configs.push(config(NODE_CONFIG, machine, kernel_arguments));
    Layers { machine_configs, in_place: Document::new(in_place) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::split;
    use crate::ignition::Document;

    #[test]
    fn each_thing_is_in_one_layer() {
        let file = |path: &str, more: serde_json::Value| {
            crate::ignition::merge(json!({"path": path, "contents": {"source": "data:,x"}}), more)
        };
        let destination = Document::new(json!({
            "ignition": {"version": "3.3.0", "config": {"merge": [{"source": "data:,%7B%7D"}]}},
            "passwd": {"users": [
                {"name": "core", "passwordHash": "$6$a$b", "sshAuthorizedKeys": ["k"], "groups": ["wheel"]},
                {"name": "admin", "sshAuthorizedKeys": ["k"]},
            ], "groups": [{"name": "g"}]},
            "storage": {
                "files": [
                    file("/etc/a", json!({})),
                    file("/etc/sudoers.d/admin", json!({})),
                    file("/etc/suid", json!({"mode": 0o4755})),
                    file("/home/admin/x", json!({})),
                    {"path": "/etc/hosts", "append": [{"source": "data:,x"}]},
                    {"path": "/etc/far", "contents": {"source": "https://a/b"}},
                ],
                "directories": [{"path": "/etc/d"}],
            },
            "systemd": {"units": [{"name": "a.service"}]},
        }));
        let layers = split(&destination, &["panic=30".into()]);
        let value = |index: usize| layers.machine_configs[index].spec.config.clone();
        assert_eq!(
            value(0),
            Some(json!({"ignition": {"version": "3.2.0"},
                "passwd": {"users": [{"name": "core", "passwordHash": "$6$a$b", "sshAuthorizedKeys": ["k"]}]}}))
        );
        assert_eq!(
            value(1),
            Some(json!({"ignition": {"version": "3.2.0"}, "storage": {"files": [file("/etc/a", json!({}))]},
                "systemd": {"units": [{"name": "a.service"}]}}))
        );
        assert_eq!(layers.machine_configs[1].spec.kernel_arguments, ["panic=30"]);
        let paths: Vec<&str> =
            layers.in_place.list("storage", "files").iter().filter_map(|f| f["path"].as_str()).collect();
        assert_eq!(paths, ["/etc/sudoers.d/admin", "/etc/suid", "/home/admin/x", "/etc/hosts", "/etc/far"]);
        let users = layers.in_place.list("passwd", "users");
        assert_eq!(users[0], json!({"name": "core", "groups": ["wheel"]}));
        assert_eq!(users[1]["name"], "admin");
        assert_eq!(layers.in_place.value()["ignition"]["version"], "3.3.0");
    }

    #[test]
    fn core_without_password_and_keys_is_no_matter_of_the_operator() {
        let user = json!({"name": "core", "groups": ["wheel"]});
        let layers = split(&Document::new(json!({"passwd": {"users": [user]}})), &[]);
        let names: Vec<&str> = layers.machine_configs.iter().map(|config| config.name.as_str()).collect();
        assert_eq!(names, [crate::cluster::NODE_CONFIG]);
        assert_eq!(layers.in_place.list("passwd", "users"), [user]);
    }

    #[test]
    fn files_that_the_operator_could_not_keep_are_not_given_to_it() {
        let file = |more: serde_json::Value| {
            crate::ignition::merge(json!({"path": "/etc/a", "contents": {"source": "data:,x"}}), more)
        };
        for (file, is_kept) in [
            (file(json!({})), true),
            (file(json!({"mode": 0o777, "overwrite": true, "append": []})), true),
            (file(json!({"path": "/usr/local/bin/a"})), true),
            (file(json!({"path": "/etcetera"})), false),
            (file(json!({"path": "/usr/bin/a"})), false),
            (file(json!({"path": "/etc/sudoers"})), false),
            (file(json!({"mode": 0o1777})), false),
            (file(json!({"overwrite": false})), false),
            (file(json!({"append": [{"source": "data:,x"}]})), false),
            (json!({"path": "/etc/a"}), false),
        ] {
            let layers = split(&Document::new(json!({"storage": {"files": [file]}})), &[]);
            let is_left = layers.in_place.list("storage", "files").is_empty();
            assert_eq!(is_left, is_kept, "{file}");
        }
    }
}
