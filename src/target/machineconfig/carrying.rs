//! What of a machine the operator could not keep on a node that is there, at the line that asks for it.

use serde_json::Value;

use crate::document::Diagnostics;
use crate::document::Origin;
use crate::ignition;
use crate::ignition::Document;
use crate::ignition::PartKind;
use crate::machineconfig::Rules;
use crate::plan::Section;
use crate::spec::Machine;
use crate::target::draft::Draft;
use crate::target::kept;

/// Documents in documents: deeper than this, nobody means it.
const MAX_DEPTH: usize = 8;

const RULE: &str = "machineconfig-carries";

/// Lists of a document that nothing but the first boot makes: section, list, what a member is, and its key.
const OF_FIRST_BOOT: [(&str, &str, &str, &str); 6] = [
    ("kernelArguments", "shouldExist", "kernel argument", ""),
    ("kernelArguments", "shouldNotExist", "kernel argument to be taken away", ""),
    ("storage", "disks", "disk", "device"),
    ("storage", "filesystems", "file system on", "device"),
    ("storage", "luks", "volume", "name"),
    ("storage", "raid", "array", "name"),
];

/// Adds everything that cannot be carried.
pub(super) fn carry(
    machine: &Machine,
    draft: &Draft,
    document: &Document,
    rules: &Rules,
    findings: &mut Diagnostics,
) {
    let asked = Asked { machine, draft };
    asked.files(document, findings);
    asked.users(document, findings);
    asked.first_boot(findings);
    asked.of_merged(document, findings);
    for argument in &machine.butane.kernel_arguments.should_not_exist {
        let message = format!("the operator takes no kernel argument away, as `{}`", argument.value);
        let help = "delete the MachineConfig that adds it; what the image has stays";
        findings.error(RULE, &argument.origin, message, help);
    }
    if draft.ignition_minor.value > rules.newest_ignition_minor {
        let message = format!(
            "this needs Ignition 3.{}.0, and OpenShift {} reads 3.{}.0 at most",
            draft.ignition_minor.value, rules.version, rules.newest_ignition_minor
        );
        findings.error(RULE, &draft.ignition_minor.origin, message, "leave it out");
    }
}

struct Asked<'a> {
    machine: &'a Machine,
    draft: &'a Draft,
}

impl Asked<'_> {
    /// The line that asks for something.
    fn origin(&self, kinds: &[PartKind], name: &str) -> &Origin {
        let is_it = |part: &ignition::Part| kinds.contains(&part.kind) && part.name == name;
        let artifact = self.draft.artifacts.iter().find(|artifact| artifact.part.as_ref().is_some_and(is_it));
        artifact.map_or(&self.machine.target.origin, |artifact| &artifact.origin)
    }

    fn files(&self, document: &Document, findings: &mut Diagnostics) {
        for file in document.list("storage", "files") {
            let path = file["path"].as_str().unwrap_or_default();
            if let Some(why) = kept::why_not_kept(file) {
                let message = format!("the operator cannot keep `{path}`: {why}");
                let help = "leave it out, write it whole below /etc or /var, or put it into an image";
                findings.error(RULE, self.origin(&[PartKind::File], path), message, help);
            }
        }
        let of_directory =
            "let a unit make it (`ExecStart=/usr/bin/mkdir -p …`); the folders of files come with them";
        let of_link = "let a unit make it (`ExecStart=/usr/bin/ln -sfn …`)";
        for (list, kind, what, help) in [
            ("directories", PartKind::Directory, "directory", of_directory),
            ("links", PartKind::Link, "link", of_link),
        ] {
            for entry in document.list("storage", list) {
                let path = entry["path"].as_str().unwrap_or_default();
                let message = format!("the operator makes no {what} on a node that is there, as `{path}`");
                findings.error(RULE, self.origin(&[kind], path), message, help);
            }
        }
    }

    fn users(&self, document: &Document, findings: &mut Diagnostics) {
        for group in document.list("passwd", "groups") {
            let name = group["name"].as_str().unwrap_or_default();
            let message = format!("the operator makes no group on a node that is there, as `{name}`");
            findings.error(RULE, self.origin(&[PartKind::Group], name), message, "leave it out");
        }
        for user in document.list("passwd", "users") {
            let name = user["name"].as_str().unwrap_or_default();
            let origin = self.origin(&[PartKind::User], name);
            if name != "core" {
                let message = format!("the operator changes no user but core, and not `{name}`");
                findings.error(RULE, origin, message, "give core the keys");
                continue;
            }
            if let (_, Some(rest)) = kept::core_user(user) {
                let keys: Vec<&String> = rest
                    .as_object()
                    .into_iter()
                    .flat_map(|rest| rest.keys())
                    .filter(|key| *key != "name")
                    .collect();
                let words: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let message = format!(
                    "the operator changes password and keys of core alone, and not {}",
                    words.join(", ")
                );
                findings.error(RULE, origin, message, "leave it out");
            }
        }
    }

    /// What files that are merged in bring, and the first boot alone makes.
    fn of_merged(&self, document: &Document, findings: &mut Diagnostics) {
        let Some(child) = self.machine.children.first() else { return };
        let mut refuse = |what: &str| {
            let message = format!("the merged files bring {what}, which is of the first boot alone");
            let help = "leave it out; kernel arguments go into `kernel_arguments` of the machine file";
            findings.error(RULE, &child.path.origin, message, help);
        };
        for (section, list, what, key) in OF_FIRST_BOOT {
            for member in document.list(section, list) {
                let name = member.as_str().or_else(|| member[key].as_str()).unwrap_or_default();
                refuse(&format!("the {what} `{name}`"));
            }
        }
        for key in ["proxy", "security", "timeouts"] {
            if document.value().pointer(&format!("/ignition/{key}")).is_some_and(|value| !value.is_null()) {
                refuse(&format!("`ignition.{key}`"));
            }
        }
    }

    /// What Ignition makes on the first boot alone.
    fn first_boot(&self, findings: &mut Diagnostics) {
        let of_storage = self.draft.artifacts.iter().filter(|artifact| artifact.section == Section::Storage);
        for artifact in of_storage {
            let message = format!("{} is Ignition's matter on the first boot alone", artifact.what);
            let help = "leave it out: the operator would refuse the whole change of a node that is there";
            findings.error(RULE, &artifact.origin, message, help);
        }
        if fetches(self.draft.destination.document().value(), 0) {
            let message = "a document is to be fetched and merged, which the operator does not do";
            findings.error(RULE, &self.machine.target.origin, message, "merge a local file");
        }
    }
}

/// True if a document names another that is not carried along, or one that it carries does.
fn fetches(document: &Value, depth: usize) -> bool {
    let config = document.pointer("/ignition/config");
    let merged = config.and_then(|config| config["merge"].as_array()).into_iter().flatten();
    let replaced = config.map(|config| &config["replace"]).filter(|replaced| replaced["source"].is_string());
    merged.chain(replaced).any(|child| {
        let source = child["source"].as_str().unwrap_or_default();
        let bytes = ignition::decode(source, child["compression"].as_str());
        let read = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        depth >= MAX_DEPTH || read.is_none_or(|child| fetches(&child, depth + 1))
    })
}
