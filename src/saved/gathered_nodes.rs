//! What a must-gather tells of each node, and of what it should be: its rendered MachineConfig, its kernel and its
//! command line. It has none of a node's files.

use serde_json::Value;

use super::facts::Facts;
use super::facts::Of;
use super::must_gather;
use super::must_gather::OBJECTS;
use super::node;
use crate::document;
use crate::document::View;
use crate::tree::Tree;
use crate::tree::text;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::Manifest;
use crate::verify::Subject;

/// Why most of it cannot be known.
const NOT_GATHERED: &str = "a must-gather has no files of nodes: look at the node (`--ssh`)";
const CURRENT: &str = "machineconfiguration.openshift.io/currentConfig";

/// A node, as a must-gather has it.
#[derive(Clone, Debug)]
pub struct GatheredNode {
    /// Its name.
    pub name: String,
    /// The rendered MachineConfig that it has, by the name of its file and as text; or why it is not known.
    pub config: Result<(String, String), String>,
    release: Option<String>,
    command_line: Option<String>,
}

/// The nodes of a must-gather, by their names.
pub fn gathered_nodes(tree: &dyn Tree) -> Result<Vec<GatheredNode>, String> {
    let folder = must_gather::folder(tree).unwrap_or_else(|| Err("it is no must-gather".to_owned()))?;
    let place = format!("{folder}/{OBJECTS}/core/nodes");
    let mut objects = Vec::new();
    for name in tree.names(&place).unwrap_or_default().unwrap_or_default() {
        if name.ends_with(".yaml") {
            objects.extend(object(tree, &format!("{place}/{name}"))?);
        }
    }
    if objects.is_empty() {
        let list = object(tree, &format!("{place}.yaml"))?.unwrap_or_default();
        objects.extend(list["items"].as_array().cloned().unwrap_or_default());
    }
    Ok(objects.iter().filter_map(|object| gathered(tree, &folder, object)).collect())
}

fn gathered(tree: &dyn Tree, folder: &str, object: &Value) -> Option<GatheredNode> {
    let name = object["metadata"]["name"].as_str().filter(|name| is_plain(name))?;
    let config = match object["metadata"]["annotations"][CURRENT].as_str().filter(|name| is_plain(name)) {
        None => Err("it does not say which rendered MachineConfig it has".to_owned()),
        Some(config) => {
            let path =
                format!("{folder}/{OBJECTS}/machineconfiguration.openshift.io/machineconfigs/{config}.yaml");
            match text(tree, &path) {
                Ok(Some(text)) => Ok((path.trim_start_matches('/').to_owned(), text)),
                Ok(None) => Err(format!("its rendered MachineConfig {config} was not gathered")),
                Err(why) => Err(why),
            }
        }
    };
    Some(GatheredNode {
        name: name.to_owned(),
        config,
        release: object["status"]["nodeInfo"]["kernelVersion"].as_str().map(str::to_owned),
        command_line: text(tree, &format!("{folder}/nodes/{name}/proc_cmdline")).ok().flatten(),
    })
}

/// True for what the API takes as a name: nothing that leads elsewhere.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
}

fn object(tree: &dyn Tree, path: &str) -> Result<Option<Value>, String> {
    let Some(text) = text(tree, path)? else { return Ok(None) };
    let (parsed, findings) = document::parse(path, &text);
    match parsed {
        Some(parsed) if findings.is_empty() => Ok(Some(View::root(path, &parsed).to_json_1_1())),
        _ => Err(format!("{path} is not whole YAML")),
    }
}

impl GatheredNode {
    /// What is known of the node.
    pub fn record(&self, manifest: &Manifest) -> BootRecord {
        let mut facts = Facts::default();
        let words = self
            .command_line
            .as_ref()
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        facts.looked(&Subject::KernelArguments, Ok(words.clone()), NOT_GATHERED, |words| words);
        node::of_arguments(Ok(words), NOT_GATHERED, manifest, &mut facts);
        let kind = self.release.as_deref().map(node::kind_of_kernel);
        facts.looked(&Subject::KernelType, Ok(kind), NOT_GATHERED, |kind| vec![kind.to_owned()]);
        let of = Of { machine: self.name.clone(), boot_id: "must-gather".to_owned(), life: Life::AfterMco };
        facts.record(manifest, of, NOT_GATHERED)
    }
}
