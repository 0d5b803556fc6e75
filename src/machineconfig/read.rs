//! Text to MachineConfigs: YAML of one or several documents, lists of objects, or JSON.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use super::MachineConfig;
use super::Problem;
use super::config::Spec;
use crate::document::Diagnostic;
use crate::document::Origin;
use crate::document::View;
use crate::document::parse_all;

/// The group of the operator's objects.
pub(super) const GROUP: &str = "machineconfiguration.openshift.io";
const VERSION: &str = "v1";
const KIND: &str = "MachineConfig";

/// An object of a cluster, where it stands in a file: a document, or a member of a list.
pub struct Object<'a> {
    /// What it is, as in `MachineConfig`.
    pub kind: &'a str,
    /// The group of its API; empty for those of Kubernetes itself.
    pub group: &'a str,
    /// The version of its API, as in `v1`.
    pub version: &'a str,
    /// Whether it says so itself, or the list around it does.
    pub is_implied: bool,
    /// The whole object, as Kubernetes reads it.
    pub value: &'a Value,
    /// The object with the places of its keys. A cluster's JSON is read without.
    pub view: Option<&'a View<'a>>,
    /// Where it begins.
    pub origin: &'a Origin,
}

/// Shows `visit` each object in `text`, in order: documents of YAML, members of lists, JSON.
///
/// `name_of_source` names the text in origins and problems. What is returned makes the text as such unreadable.
pub fn each_object(name_of_source: &str, text: &str, visit: &mut dyn FnMut(&Object<'_>)) -> Vec<Problem> {
    // A cluster prints large JSON, and escapes in it that YAML does not have.
    let json = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    if let Some(object) = json {
        walk(&object, None, &Origin::of_file(name_of_source), None, visit);
        return Vec::new();
    }
    let (documents, findings) = parse_all(name_of_source, text);
    for document in &documents {
        let view = View::root(name_of_source, document);
        walk(&view.to_json_1_1(), Some(&view), view.origin(), None, visit);
    }
    findings.sorted().into_iter().map(of_finding).collect()
}

/// Shows an object, or each of a list. The members of a `PodList` need not say what they are: `implied` does.
fn walk<'a>(
    value: &'a Value,
    view: Option<&'a View<'a>>,
    origin: &'a Origin,
    implied: Option<(&'a str, &'a str)>,
    visit: &mut dyn FnMut(&Object<'_>),
) {
    let own = |key| value.get(key).and_then(Value::as_str);
    let (implied_api, implied_kind) = implied.unwrap_or_default();
    let kind = own("kind").unwrap_or(implied_kind);
    let api = own("apiVersion").unwrap_or(implied_api);
    if let (Some(of), Some(items)) = (kind.strip_suffix("List"), value.get("items").and_then(Value::as_array))
    {
        let views = view.map(|view| view.list("items")).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let view = views.get(index);
            let implied = (!of.is_empty()).then_some((api, of));
            walk(item, view, view.map_or(origin, View::origin), implied, visit);
        }
        return;
    }
    let (group, version) = api.split_once('/').unwrap_or(("", api));
    let is_implied = own("kind").is_none();
    visit(&Object { kind, group, version, is_implied, value, view, origin });
}

/// Reads the MachineConfigs in `text`; `name_of_source` names it in problems.
///
/// Objects of other kinds are skipped. What is no MachineConfig though it says so is a problem, and the others
/// are still read.
pub fn parse(name_of_source: &str, text: &str) -> (Vec<MachineConfig>, Vec<Problem>) {
    let mut reader = Reader::default();
    let mut problems = each_object(name_of_source, text, &mut |object| reader.object(object));
    problems.append(&mut reader.problems);
    (reader.configs, problems)
}

/// Reads one object as a MachineConfig, if it says that it is one; what is wrong with it is a problem.
pub fn config_of(object: &Object<'_>) -> (Option<MachineConfig>, Vec<Problem>) {
    let mut reader = Reader::default();
    reader.object(object);
    (reader.configs.pop(), reader.problems)
}

/// A finding about a text as a problem.
pub(super) fn of_finding(finding: Diagnostic) -> Problem {
    Problem { config: None, origin: Some(finding.origin), what: finding.message, next: finding.help }
}

/// Reads MachineConfigs among other objects.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) configs: Vec<MachineConfig>,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn object(&mut self, object: &Object<'_>) {
        if object.kind != KIND {
            return;
        }
        if object.group == GROUP && object.version == VERSION {
            self.config(object.value, object.origin);
        } else if object.group == GROUP || object.group.is_empty() {
            let written = object.value.get("apiVersion").and_then(Value::as_str);
            let written = written.map_or("nothing".to_owned(), |version| format!("`{version}`"));
            let what = format!("a MachineConfig says {written} as `apiVersion`");
            let next = format!("write `{GROUP}/{VERSION}`");
            self.problems.push(Problem { origin: Some(object.origin.clone()), ..Problem::new(what, next) });
        }
    }

    fn config(&mut self, object: &Value, origin: &Origin) {
        let empty = Map::new();
        let metadata = object.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
        let name = metadata.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut fields = Fields { problems: Vec::new() };
        if name.is_empty() {
            let next = "write `metadata.name`, as in `99-worker-chrony`; the order of names decides who wins";
            fields.problems.push(Problem::new("a MachineConfig has no name", next));
        }
        let spec = match object.get("spec") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(spec)) => spec,
            Some(_) => {
                fields.wrong("spec", "a mapping");
                &empty
            }
        };
        let config = MachineConfig {
            name: name.to_owned(),
            labels: fields.texts_by_name(metadata, "labels"),
            annotations: fields.texts_by_name(metadata, "annotations"),
            spec: fields.spec(spec),
            origin: Some(origin.clone()),
        };
        if fields.problems.is_empty() {
            self.configs.push(config);
        }
        let named = |problem: Problem| match name {
            "" => Problem { origin: Some(origin.clone()), ..problem },
            name => problem.of(name, Some(origin)),
        };
        self.problems.extend(fields.problems.into_iter().map(named));
    }
}

/// Reads fields, and remembers which were of the wrong kind.
struct Fields {
    problems: Vec<Problem>,
}

impl Fields {
    fn spec(&mut self, spec: &Map<String, Value>) -> Spec {
        let config = match spec.get("config") {
            None | Some(Value::Null) => None,
            Some(config @ Value::Object(_)) => Some(config.clone()),
            Some(_) => {
                self.wrong("spec.config", "a mapping: an Ignition document");
                None
            }
        };
        let fips = match spec.get("fips") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(fips)) => *fips,
            Some(_) => {
                self.wrong("spec.fips", "`true` or `false`");
                false
            }
        };
        Spec {
            config,
            kernel_arguments: self.texts(spec, "kernelArguments"),
            extensions: self.texts(spec, "extensions"),
            fips,
            kernel_type: self.text(spec, "kernelType"),
            os_image_url: self.text(spec, "osImageURL"),
            base_os_extensions_container_image: self.text(spec, "baseOSExtensionsContainerImage"),
        }
    }

    fn text(&mut self, spec: &Map<String, Value>, key: &str) -> String {
        match spec.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => {
                self.wrong(&format!("spec.{key}"), "text");
                String::new()
            }
        }
    }

    fn texts(&mut self, spec: &Map<String, Value>, key: &str) -> Vec<String> {
        let list = match spec.get(key) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) => list.as_slice(),
            Some(_) => {
                self.wrong(&format!("spec.{key}"), "a list of texts");
                &[]
            }
        };
        let mut texts = Vec::new();
        for (index, member) in list.iter().enumerate() {
            match member {
                Value::String(text) => texts.push(text.clone()),
                _ => self.wrong(&format!("spec.{key}[{index}]"), "text; put it in quotes"),
            }
        }
        texts
    }

    fn texts_by_name(&mut self, metadata: &Map<String, Value>, key: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        match metadata.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    match value {
                        Value::String(text) => drop(texts.insert(name.clone(), text.clone())),
                        Value::Null => drop(texts.insert(name.clone(), String::new())),
                        _ => self.wrong(&format!("metadata.{key}.{name}"), "text; put it in quotes"),
                    }
                }
            }
            Some(_) => self.wrong(&format!("metadata.{key}"), "a mapping of texts"),
        }
        texts
    }

    fn wrong(&mut self, place: &str, wanted: &str) {
        self.problems
            .push(Problem::new(format!("`{place}` is not of the right kind"), format!("write {wanted}")));
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HEAD: &str = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: a, labels: {machineconfiguration.openshift.io/role: worker}}\n";

    #[test]
    fn reads_yaml_as_kubernetes_does() {
        let text = format!(
            "{HEAD}spec:\n  fips: yes\n  config:\n    ignition: {{version: 3.4.0}}\n    storage:\n      files:\n        - {{path: /a, mode: 0644, overwrite: on}}\n"
        );
        let (configs, problems) = parse("a.yaml", &text);
        assert_eq!(problems, []);
        assert!(configs[0].spec.fips);
        assert_eq!((configs[0].role(), configs[0].is_generated()), (Some("worker"), false));
        let file = configs[0].spec.config.as_ref().and_then(|config| config.pointer("/storage/files/0"));
        assert_eq!(file, Some(&serde_json::json!({"path": "/a", "mode": 420, "overwrite": true})));
    }

    #[test]
    fn finds_them_among_other_things() {
        let list = HEAD.replace("name: a", "name: b").replace('\n', "\n  ");
        let text = format!(
            "---\nkind: ConfigMap\nmetadata: [strange]\n---\n---\n{HEAD}---\napiVersion: v1\nkind: List\nitems:\n- {list}\n- kind: Pod\n---\ntext\n---\napiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfigList\nitems: [{{metadata: {{name: c}}}}]\n"
        );
        let (configs, problems) = parse("a.yaml", &text);
        assert_eq!(problems, []);
        let names: Vec<&str> = configs.iter().map(|config| config.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let lines: Vec<usize> = configs.iter().flat_map(|config| &config.origin).map(|o| o.line).collect();
        assert_eq!(lines, [6, 13, 23]);
        let json = format!(
            "{{\"kind\":\"List\",\"items\":[{}]}}",
            super::super::MachineConfig::new("d\u{1f600}", "master").to_yaml_or_json()
        );
        let (configs, problems) = parse("a.json", &json.replace('\u{1f600}', "\\ud83d\\ude00"));
        assert_eq!((configs.len(), problems), (1, vec![]));
        assert_eq!(configs[0].name, "d\u{1f600}");
    }

    #[test]
    fn says_what_is_malformed_and_reads_the_others() {
        let good = HEAD.replace("name: a", "name: good");
        for (text, words) in [
            (HEAD.replace("name: a, ", ""), "no name"),
            (HEAD.replace("io/v1", "io/v2"), "`apiVersion`"),
            (HEAD.replace("apiVersion: machineconfiguration.openshift.io/v1\n", ""), "says nothing"),
            (format!("{HEAD}spec: {{kernelArguments: [a, 1]}}\n"), "spec.kernelArguments[1]"),
            (format!("{HEAD}spec: {{kernelArguments: a}}\n"), "spec.kernelArguments"),
            (format!("{HEAD}spec: {{fips: 'yes'}}\n"), "spec.fips"),
            (format!("{HEAD}spec: {{config: text}}\n"), "spec.config"),
            (format!("{HEAD}spec: []\n"), "`spec`"),
            (HEAD.replace(": worker", ": yes"), "metadata.labels"),
            (format!("{HEAD}spec: {{}}\nspec: {{}}\n"), "written twice"),
        ] {
            let (configs, problems) = parse("a.yaml", &format!("{good}---\n{text}"));
            assert_eq!(configs[0].name, "good", "{text}");
            assert!(problems.len() == 1 && problems[0].what.contains(words), "{text}: {problems:?}");
            assert!(problems[0].origin.as_ref().is_some_and(|origin| origin.line > 3), "{problems:?}");
        }
        let (configs, problems) = parse("a.yaml", &format!("{good}---\na: [\n"));
        assert_eq!((configs.len(), problems.len()), (1, 1));
        let (configs, problems) = parse("a.yaml", &HEAD.replace("openshift.io/v1", "example.com/v1"));
        assert_eq!((configs.len(), problems.len()), (0, 0));
    }
}
