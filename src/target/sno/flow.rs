//! What a single node is in each of its lives, worked out from the document of its live medium.
//!
//! Ignition applies the live document to the system in RAM. The bootstrap renders every MachineConfig that lies
//! in the installer's folders, translates the Butane file, and writes the result to the disk, where Ignition
//! applies it once. Later the operator keeps what the MachineConfigs say, and sets core's password and keys by
//! them alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::in_place::InstallCommand;
use super::installer_document::ASSETS;
use super::installer_document::IN_PLACE;
use super::installer_document::INSTALL_SCRIPT;
use super::installer_document::InstallerDocument;
use super::installer_document::MANIFEST_FOLDERS;
use super::layers;
use crate::document::Diagnostics;
use crate::ignition::Document;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::ignition::merge;
use crate::ignition::minor_of;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::Rules;
use crate::network::KEYFILE_FOLDER;
use crate::spec;
use crate::target::butane;
use crate::target::contents::Files;
use crate::verify::Life;

/// The document of the live medium, and what comes of it.
#[derive(Clone, Debug)]
pub(in crate::target) struct Flow {
    /// What the live system gets, keyfiles of its initramfs among them.
    pub(super) live: Vec<Part>,
    /// What the MachineConfigs come to that the bootstrap renders.
    pub(super) rendered: Option<Rendered>,
    /// What is wrong with them.
    pub(super) problems: Vec<Problem>,
    /// What the Butane file brings, without what the operator rendered.
    pub(super) in_place: Document,
    /// What Ignition applies on the disk.
    pub(in crate::target) first_boot: Document,
    /// The call of coreos-installer, or why there is none.
    pub(super) command: Result<InstallCommand, String>,
    after: Document,
}

impl Flow {
    /// Works it out; `keyfiles` ride in the medium's initramfs, by file name.
    pub(in crate::target) fn of(
        installer: &InstallerDocument,
        keyfiles: &BTreeMap<String, Vec<u8>>,
        rules: &Rules,
    ) -> Self {
        let live = live_parts(installer.document(), keyfiles);
        let (machine_configs, mut problems) = machine_configs(installer);
        let rendered = match machineconfig::render(&machine_configs, "master", rules) {
            Ok(rendered) => Some(rendered),
            // A cluster has the operator's own too, so none here is no fault.
            Err(_) if machine_configs.is_empty() => None,
            Err(more) => {
                problems.extend(more);
                None
            }
        };
        let config = rendered.as_ref().map_or(Value::Null, |rendered| rendered.config.clone());
        let rendered_document = Document::new(config).resolved();
        let in_place = in_place(installer);
        let mut first_boot = merge(in_place.value().clone(), rendered_document.value().clone());
        // The operator hands out what was asked for, whatever it renders.
        let version = |document: &Value| document["ignition"]["version"].as_str().and_then(minor_of);
        let asked_for = minor_of(layers::SPEC).unwrap_or_default();
        let minor = version(in_place.value()).unwrap_or_default().max(asked_for);
        first_boot["ignition"]["version"] = format!("3.{minor}.0").into();
        let first_boot = Document::new(first_boot);
        Self {
            live,
            rendered,
            problems,
            after: after_operator(&first_boot, &rendered_document),
            in_place,
            first_boot,
            command: installer
                .text(INSTALL_SCRIPT)
                .ok_or_else(|| "it is not there".to_owned())
                .and_then(|script| InstallCommand::find(&script)),
        }
    }

    /// Everything that is there in a life, as far as the document decides it.
    pub(in crate::target) fn parts(&self, life: Life) -> Vec<Part> {
        let argument = |argument: String| Part::new(PartKind::KernelArgument, argument);
        let of_installer = self.command.as_ref().map(InstallCommand::appended).unwrap_or_default();
        let of_operator = self.operator_arguments().map(str::to_owned);
        let (document, arguments): (&Document, Vec<String>) = match life {
            Life::Before => return Vec::new(),
            Life::Live => return self.live.clone(),
            Life::FirstBoot => (&self.first_boot, of_installer),
            Life::LaterBoots => (&self.first_boot, of_installer.into_iter().chain(of_operator).collect()),
            Life::AfterMco => (&self.after, of_installer.into_iter().chain(of_operator).collect()),
        };
        let mut parts = document.parts();
        parts.extend(self.copied());
        parts.extend(arguments.into_iter().map(argument));
        parts
    }

    /// Keyfiles of the live system that come to the disk by themselves: only if the installer copies them, and
    /// nothing else brings one.
    fn copied(&self) -> Vec<Part> {
        let copies = self.command.as_ref().is_ok_and(InstallCommand::copies_network);
        if !copies || self.first_boot.parts().iter().any(is_keyfile) {
            return Vec::new();
        }
        self.live.iter().filter(|part| is_keyfile(part)).cloned().collect()
    }

    /// The lives in which something is there as it should be.
    pub(in crate::target) fn lives_of(&self, part: &Part, lives: &[Life]) -> Vec<Life> {
        let is_there = |life: &Life| self.parts(*life).iter().any(|other| part.is_met_by(other));
        lives.iter().copied().filter(is_there).collect()
    }

    /// Why something is not there in a life.
    pub(in crate::target) fn why_not(&self, part: &Part, life: Life) -> String {
        let there = self.parts(life);
        if there.iter().any(|other| other.kind == part.kind && other.name == part.name) {
            return match self.last_source(part) {
                Some(name) => format!("the MachineConfig `{name}` brings another"),
                None => "there is another of that name".to_owned(),
            };
        }
        match (life, part.kind) {
            (Life::Live, _) => "the live document does not bring it".to_owned(),
            (Life::FirstBoot, PartKind::KernelArgument) if self.is_of_operator(part) => {
                WITH_FIRST_REBOOT.to_owned()
            }
            (Life::AfterMco, _) if taken_away(part).is_some() => taken_away(part).unwrap_or_default().to_owned(),
            _ if is_keyfile(part) && !self.command.as_ref().is_ok_and(InstallCommand::copies_network) => {
                "this installer hands no network profile to the disk (`coreos-installer install` without `-n`)"
                    .to_owned()
            }
            _ if is_keyfile(part) && self.first_boot.parts().iter().any(is_keyfile) => {
                "another keyfile is written on the disk, so those of the live system are dropped".to_owned()
            }
            _ => "nothing brings it to the disk: neither a MachineConfig nor master-update.fcc has it".to_owned(),
        }
    }

    /// Everything that is wrong with the MachineConfigs: for the bootstrap, and for the operator of a running node.
    pub(in crate::target) fn all_problems(&self) -> Vec<Problem> {
        let of_node = self.rendered.iter().flat_map(problems_on_node);
        self.problems.iter().cloned().chain(of_node).collect()
    }

    /// The kernel arguments that the MachineConfigs add, word by word.
    fn operator_arguments(&self) -> impl Iterator<Item = &str> {
        let arguments = self.rendered.iter().flat_map(|rendered| &rendered.kernel_arguments);
        arguments.flat_map(|argument| argument.split_whitespace())
    }

    fn is_of_operator(&self, part: &Part) -> bool {
        self.operator_arguments().any(|word| word == part.name)
    }

    /// The MachineConfig whose word counts for something.
    fn last_source(&self, part: &Part) -> Option<&str> {
        let key = match part.kind {
            PartKind::File | PartKind::Directory | PartKind::Link => {
                machineconfig::Part::Path(part.name.clone())
            }
            PartKind::Unit => machineconfig::Part::Unit(part.name.clone()),
            PartKind::User | PartKind::Password => machineconfig::Part::User(part.name.clone()),
            _ => return None,
        };
        self.rendered.as_ref()?.sources.last(&key)
    }
}

/// What a live system gets: what its document brings, and the keyfiles of its initramfs.
pub(in crate::target) fn live_parts(document: &Document, keyfiles: &BTreeMap<String, Vec<u8>>) -> Vec<Part> {
    let mut live = document.resolved().parts();
    // If Ignition writes a keyfile, the system drops those of its initramfs.
    if !live.iter().any(is_keyfile) {
        let path = |name: &String| format!("{KEYFILE_FOLDER}/{name}");
        live.extend(
            keyfiles.iter().map(|(name, bytes)| Part::new(PartKind::File, path(name)).holding(bytes)),
        );
    }
    live
}

/// Why a MachineConfig's kernel argument is not there on the first boot.
pub(in crate::target) const WITH_FIRST_REBOOT: &str =
    "kernel arguments of MachineConfigs come with the operator's own reboot after the first boot";

/// Why the operator takes something of core's away, if that is what it is.
pub(in crate::target) fn taken_away(part: &Part) -> Option<&'static str> {
    match part.kind {
        PartKind::Password if part.name == "core" => Some(
            "no MachineConfig has a password of core, so the operator locks it at its next change of users",
        ),
        PartKind::Key if part.name.starts_with("core ") => {
            Some("no MachineConfig has this key, so the operator takes it away at its next change of users")
        }
        _ => None,
    }
}

/// What the operator could not keep on a running node, or would refuse at its next change of users.
pub(in crate::target) fn problems_on_node(rendered: &Rendered) -> Vec<Problem> {
    let mut without_users = rendered.clone();
    if let Some(passwd) = without_users.config.get_mut("passwd").and_then(Value::as_object_mut) {
        passwd.shift_remove("users");
    }
    machineconfig::operator_problems(Some(&without_users), rendered)
}

/// True for a keyfile of NetworkManager's.
pub(in crate::target) fn is_keyfile(part: &Part) -> bool {
    part.kind == PartKind::File && part.name.starts_with(KEYFILE_FOLDER)
}

/// The MachineConfigs in the installer's folders, and what of them cannot be read.
fn machine_configs(installer: &InstallerDocument) -> (Vec<MachineConfig>, Vec<Problem>) {
    let (mut configs, mut problems) = (Vec::new(), Vec::new());
    for folder in MANIFEST_FOLDERS {
        for (path, text) in installer.texts_below(folder) {
            let is_manifest = [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
            if is_manifest && text.contains("MachineConfig") {
                let (more, wrong) = machineconfig::parse(&path, &text);
                configs.extend(more);
                problems.extend(wrong);
            }
        }
    }
    (configs, problems)
}

/// What the Butane file brings, with the documents that it merges, but for the one that the operator renders.
fn in_place(installer: &InstallerDocument) -> Document {
    let Some(text) = installer.text(IN_PLACE) else { return Document::new(Value::Null) };
    let (Some(file), _) = spec::parse_butane(IN_PLACE, &text) else { return Document::new(Value::Null) };
    let mut files = Files::default();
    for local in file.butane.local_files() {
        if let Some(bytes) = installer.bytes(&format!("{ASSETS}{}", local.value)) {
            files.contents.insert(local.value.clone(), bytes);
        }
    }
    // What the bootstrap itself makes is not there yet, and is none of the user's things.
    let sections = butane::sections(&file.butane, &files, &mut Diagnostics::new());
    Document::new(sections).resolved()
}

/// After the operator has taken over: what it renders is there again, and of core's password and keys only
/// what MachineConfigs say. The keys of all their users become core's.
pub(in crate::target) fn after_operator(first_boot: &Document, rendered: &Document) -> Document {
    let mut after = merge(first_boot.value().clone(), rendered.value().clone());
    let users = rendered.list("passwd", "users");
    let of_core = |key: &str| users.iter().find(|user| user["name"] == "core").map(|user| user[key].clone());
    let all_keys: Vec<Value> =
        users.iter().filter_map(|user| user["sshAuthorizedKeys"].as_array().cloned()).flatten().collect();
    for user in after.pointer_mut("/passwd/users").and_then(Value::as_array_mut).into_iter().flatten() {
        if user["name"] == "core"
            && let Some(user) = user.as_object_mut()
        {
            user.insert("passwordHash".to_owned(), of_core("passwordHash").unwrap_or(Value::Null));
            user.insert("sshAuthorizedKeys".to_owned(), all_keys.clone().into());
        }
    }
    Document::new(after)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::KEYFILE_FOLDER;
    use super::after_operator;
    use super::live_parts;
    use crate::ignition::Document;

    fn users(users: serde_json::Value) -> Document {
        Document::new(json!({"passwd": {"users": users}}))
    }

    #[test]
    fn the_operator_leaves_core_what_machine_configs_say() {
        let first_boot = users(json!([
            {"name": "core", "passwordHash": "x", "sshAuthorizedKeys": ["a", "b"], "groups": ["wheel"]},
            {"name": "admin", "passwordHash": "y", "sshAuthorizedKeys": ["c"]},
        ]));
        for (rendered, hash, keys) in [
            (json!([]), json!(null), json!([])),
            (json!([{"name": "core", "sshAuthorizedKeys": ["a"]}]), json!(null), json!(["a"])),
            (
                json!([{"name": "core", "passwordHash": "z", "sshAuthorizedKeys": ["a"]}, {"name": "other", "sshAuthorizedKeys": ["d"]}]),
                json!("z"),
                json!(["a", "d"]),
            ),
        ] {
            let after = after_operator(&first_boot, &users(rendered));
            let after = after.list("passwd", "users");
            assert_eq!((&after[0]["passwordHash"], &after[0]["sshAuthorizedKeys"]), (&hash, &keys));
            assert_eq!(after[0]["groups"], json!(["wheel"]));
            assert_eq!(after[1], first_boot.list("passwd", "users")[1], "others are nothing to the operator");
        }
    }

    #[test]
    fn a_keyfile_in_the_live_document_drops_those_of_the_initramfs() {
        let keyfiles = BTreeMap::from([("a.nmconnection".to_owned(), b"a".to_vec())]);
        let names = |paths: &[String]| {
            let files: Vec<_> = paths.iter().map(|path| json!({"path": path})).collect();
            let document = Document::new(json!({"storage": {"files": files}}));
            live_parts(&document, &keyfiles).into_iter().map(|part| part.name).collect::<Vec<String>>()
        };
        let (ours, theirs) =
            (format!("{KEYFILE_FOLDER}/b.nmconnection"), format!("{KEYFILE_FOLDER}/a.nmconnection"));
        assert_eq!(names(std::slice::from_ref(&ours)), [ours]);
        let other = "/etc/NetworkManager/conf.d/b.conf".to_owned();
        assert_eq!(names(std::slice::from_ref(&other)), [other, theirs]);
    }
}
