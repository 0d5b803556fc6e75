//! A Harvester cluster's objects in an unpacked support bundle, as answers of its API.
//!
//! rancher/support-bundle-kit writes one list for each resource: `yamls/cluster/GROUP/VERSION/RESOURCE.yaml` and
//! `yamls/namespaced/NAMESPACE/GROUP/VERSION/RESOURCE.yaml`, the core group without a name. It replaces what is empty by
//! the word `null` (`pkg/manager/collectors/common.go`), and has some namespaces alone.

use serde_json::Value;
use serde_json::json;

use super::folders_with;
use super::kept_answers;
use crate::cluster;
use crate::cluster::Answer;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::cluster::ONLY_OF;
use crate::document;
use crate::document::View;
use crate::tree::Tree;
use crate::tree::text;

const OF_CLUSTER: &str = "yamls/cluster";
const NAMESPACED: &str = "yamls/namespaced";
/// The most namespaces that are looked into.
const MAX_NAMESPACES: usize = 500;
/// The most text of one question.
const MAX_BYTES: usize = 64 << 20;
/// How deep objects are mended; deeper ones are not read by the parser.
const MAX_DEPTH: usize = 100;

/// Where its objects are: in the folder itself, or in the one folder in it. Nothing if it is no support bundle.
pub(super) fn folder(tree: &dyn Tree) -> Option<String> {
    match folders_with(tree, &[OF_CLUSTER, NAMESPACED]).as_mut_slice() {
        [one] => Some(std::mem::take(one)),
        _ => None,
    }
}

/// What its API would have answered, as far as the bundle has it.
pub fn answers(tree: &dyn Tree, asks: &[Ask]) -> Answers {
    let folder = folder(tree).ok_or_else(|| "it is no support bundle".to_owned());
    kept_answers(asks, &folder, |folder, ask| Bundle { tree, folder, ask }.answer())
}

/// What the bundle has of one question.
struct Bundle<'a> {
    tree: &'a dyn Tree,
    folder: &'a str,
    ask: Ask,
}

/// A path of the API, taken apart.
struct Parts<'a> {
    group: Option<&'a str>,
    version: &'a str,
    namespace: Option<&'a str>,
    resource: &'a str,
    name: Option<&'a str>,
}

impl Bundle<'_> {
    fn answer(&self) -> Result<Answer, String> {
        let path = self.ask.path().split('?').next().unwrap_or_default();
        let parts = parts(path).ok_or("a support bundle does not have it")?;
        let kind = self.ask.kind().ok_or("a support bundle does not have it")?;
        let object = match parts.namespace {
            Some(namespace) => {
                let list = self.list(&format!("{NAMESPACED}/{namespace}"), &parts)?;
                let list = list.ok_or_else(|| format!("the bundle has no {}", parts.resource))?;
                match parts.name {
                    None => json!({"kind": kind, "items": list}),
                    Some(name) => {
                        let found = list.iter().find(|item| item["metadata"]["name"] == name);
                        let mut found = found.cloned().ok_or_else(|| format!("the bundle has no {name}"))?;
                        if let Value::Object(found) = &mut found {
                            found.insert("kind".to_owned(), kind.into());
                        }
                        found
                    }
                }
            }
            None if self.ask.is_everywhere() => self.everywhere(kind, &parts)?,
            None => {
                let list = self.list(OF_CLUSTER, &parts)?;
                let list = list.ok_or_else(|| format!("the bundle has no {}", parts.resource))?;
                json!({"kind": kind, "items": list})
            }
        };
        Ok(cluster::understand(self.ask, 200, object.to_string().as_bytes()))
    }

    /// The lists of all namespaces as one, which says which namespaces those are.
    fn everywhere(&self, kind: &str, parts: &Parts) -> Result<Value, String> {
        let names = self.tree.names(&format!("{}/{NAMESPACED}", self.folder))?.unwrap_or_default();
        if names.len() > MAX_NAMESPACES {
            return Err(format!("the bundle has more than {MAX_NAMESPACES} namespaces"));
        }
        let (mut all, mut kept) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for namespace in names {
            let Some(list) = self.list(&format!("{NAMESPACED}/{namespace}"), parts)? else { continue };
            bytes += list.iter().map(|item| item.to_string().len()).sum::<usize>();
            if bytes > MAX_BYTES {
                return Err(format!("there are more than {MAX_BYTES} bytes of them"));
            }
            all.extend(list);
            kept.push(namespace);
        }
        if kept.is_empty() {
            return Err(format!("the bundle has no {}", parts.resource));
        }
        Ok(json!({"kind": kind, "items": all, "metadata": {ONLY_OF: kept}}))
    }

    /// The items of a list below a folder, whatever the version of their group; nothing if there is no such list.
    fn list(&self, below: &str, parts: &Parts) -> Result<Option<Vec<Value>>, String> {
        let group = match parts.group {
            Some(group) => format!("{}/{below}/{group}", self.folder),
            None => format!("{}/{below}", self.folder),
        };
        let wanted = format!("{group}/{}/{}.yaml", parts.version, parts.resource);
        if let Some(list) = self.items(&wanted)? {
            return Ok(Some(list));
        }
        if parts.group.is_some() {
            for version in self.tree.names(&group)?.unwrap_or_default() {
                if let Some(list) = self.items(&format!("{group}/{version}/{}.yaml", parts.resource))? {
                    return Ok(Some(list));
                }
            }
        }
        Ok(None)
    }

    fn items(&self, path: &str) -> Result<Option<Vec<Value>>, String> {
        let Some(text) = text(self.tree, path)? else { return Ok(None) };
        // As large as what a cluster prints of itself.
        let (documents, findings) = document::parse_all(path, &text);
        let (Some(tree), true) = (documents.first(), documents.len() == 1 && findings.is_empty()) else {
            return Err(format!("{path} is not whole YAML"));
        };
        let mut read = View::root(path, tree).to_json_1_1();
        let items = read.get_mut("items").map(Value::take).unwrap_or_default();
        match items {
            Value::Array(mut items) => {
                items.iter_mut().for_each(|item| mend(item, MAX_DEPTH));
                Ok(Some(items))
            }
            // So Go writes an empty list.
            Value::Null if read["kind"].is_string() => Ok(Some(Vec::new())),
            _ => Err(format!("{path} is no list")),
        }
    }
}

/// Makes empty again what the bundle calls `null`.
fn mend(value: &mut Value, depth: usize) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) if text == "null" => text.clear(),
        Value::Array(values) => values.iter_mut().for_each(|value| mend(value, depth - 1)),
        Value::Object(values) => values.iter_mut().for_each(|(_, value)| mend(value, depth - 1)),
        _ => {}
    }
}

fn parts(path: &str) -> Option<Parts<'_>> {
    let all: Vec<&str> = path.split('/').skip(1).collect();
    let (group, version, rest) = match all.as_slice() {
        ["api", version, rest @ ..] => (None, *version, rest),
        ["apis", group, version, rest @ ..] => (Some(*group), *version, rest),
        _ => return None,
    };
    let (namespace, resource, name) = match rest {
        ["namespaces", namespace, resource] => (Some(*namespace), *resource, None),
        ["namespaces", namespace, resource, name] => (Some(*namespace), *resource, Some(*name)),
        [resource] => (None, *resource, None),
        _ => return None,
    };
    Some(Parts { group, version, namespace, resource, name })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::answers;
    use super::folder;
    use crate::cluster::Ask;
    use crate::cluster::ONLY_OF;
    use crate::tree::MemoryTree;

    fn bundle(files: &[(&str, &str)]) -> MemoryTree {
        let mut tree = MemoryTree::default();
        tree.directory("/yamls/cluster");
        tree.directory("/yamls/namespaced");
        for (path, text) in files {
            tree.file(path, text.as_bytes());
        }
        tree
    }

    fn answer(tree: &MemoryTree, ask: Ask) -> Result<Value, String> {
        answers(tree, &[ask]).remove(&ask).unwrap().map_err(|trouble| trouble.to_string())
    }

    const NODES: &str =
        "apiVersion: v1\nkind: List\nitems:\n- kind: Node\n  metadata: {name: a, note: \"null\"}\n";

    #[test]
    fn lists_are_where_the_kit_puts_them() {
        let pod = |name: &str| format!("kind: List\nitems:\n- kind: Pod\n  metadata: {{name: {name}}}\n");
        let tree = bundle(&[
            ("/yamls/cluster/v1/nodes.yaml", NODES),
            ("/yamls/namespaced/cattle-system/v1/pods.yaml", &pod("one")),
            ("/yamls/namespaced/harvester-system/v1/pods.yaml", &pod("two")),
            (
                "/yamls/namespaced/harvester-system/harvesterhci.io/v1beta1/versions.yaml",
                "kind: List\nitems: []\n",
            ),
            (
                "/yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta2/clusters.yaml",
                "kind: List\nitems:\n- metadata: {name: local}\n",
            ),
        ]);
        let nodes = answer(&tree, Ask::Nodes).unwrap();
        assert_eq!(nodes["items"][0]["metadata"]["note"], "", "the kit writes null for what is empty");
        let pods = answer(&tree, Ask::Pods).unwrap();
        assert_eq!(pods["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(pods["metadata"][ONLY_OF], json!(["cattle-system", "harvester-system"]));
        assert_eq!(answer(&tree, Ask::HarvesterVersions).unwrap()["items"], json!([]));
        assert_eq!(
            answer(&tree, Ask::LocalCluster).unwrap()["kind"],
            "Cluster",
            "another version of its group"
        );
    }

    #[test]
    fn what_is_not_there_or_not_whole_is_unknown() {
        let tree = bundle(&[
            ("/yamls/cluster/v1/nodes.yaml", "kind: List\nitems: [\n"),
            ("/yamls/cluster/harvesterhci.io/v1beta1/settings.yaml", "kind: List\nitems: {a: b}\n"),
            ("/yamls/namespaced/fleet-local/cluster.x-k8s.io/v1beta1/machines.yaml", "[1]\n"),
            ("/yamls/namespaced/fleet-local/management.cattle.io/v3/managedcharts.yaml", ""),
        ]);
        for (ask, why) in [
            (Ask::Nodes, "not whole YAML"),
            (Ask::Settings, "is no list"),
            (Ask::Machines, "is no list"),
            (Ask::ManagedCharts, "is not whole YAML"),
            (Ask::Pods, "has no pods"),
            (Ask::LocalCluster, "has no clusters"),
            (Ask::Ready, "does not have it"),
        ] {
            let said = answer(&tree, ask).unwrap_err();
            assert!(said.contains(why), "{ask:?}: {said}");
        }
        let said = answer(&MemoryTree::default(), Ask::Nodes).unwrap_err();
        assert!(said.contains("no support bundle"), "{said}");
    }

    #[test]
    fn the_folder_may_be_in_one_other() {
        let mut tree = MemoryTree::default();
        assert_eq!(folder(&tree), None);
        for name in ["a", "b"] {
            tree.directory(&format!("/{name}/yamls/cluster"));
            tree.directory(&format!("/{name}/yamls/namespaced"));
            assert_eq!(folder(&tree).as_deref(), (name == "a").then_some("/a"), "of two, neither");
        }
    }
}
