//! The installer's Ignition for a single node, read and edited as a document.
//!
//! Only what is edited is decoded. Everything else stays as it is: fields that nobody here knows, their
//! order, and how contents are encoded.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnetwork::IpNetwork;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::ignition;
use crate::ignition::Config;
use crate::ignition::DataUrl;
use crate::ignition::Document;
use crate::ignition::File;

/// Where the installer's MachineConfigs and other manifests lie; the bootstrap renders both folders.
pub(super) const MANIFEST_FOLDERS: [&str; 2] = ["/opt/openshift/openshift/", "/opt/openshift/manifests/"];
/// The Butane file that becomes the disk's document.
pub(super) const IN_PLACE: &str = "/opt/openshift/bootstrap-in-place/master-update.fcc";
/// The folder that the Butane file's `local` is relative to.
pub(super) const ASSETS: &str = "/opt/openshift/";
/// The script that calls coreos-installer.
pub(super) const INSTALL_SCRIPT: &str = "/usr/local/bin/install-to-disk.sh";

static TABLE: LazyLock<Table> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("generations.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Table {
    needs: Needs,
    feature: Vec<Feature>,
}

#[derive(Debug, Default, Deserialize)]
struct Needs {
    files: Vec<String>,
    units: Vec<String>,
}

/// Something that one generation of the installer has and another has not.
#[derive(Debug, Deserialize)]
pub(in crate::target) struct Feature {
    /// Its name here.
    pub(in crate::target) name: String,
    /// What it does where it is there.
    pub(in crate::target) says: String,
    /// What that means where it is not.
    pub(in crate::target) lacks: String,
    /// What brought it.
    pub(in crate::target) since: String,
    file: String,
    #[serde(default)]
    words: Vec<String>,
}

/// The installer's document.
#[derive(Clone, Debug)]
pub(in crate::target) struct InstallerDocument(Document);

impl InstallerDocument {
    /// Reads it; says what it is instead if it is no Ignition of a stable spec 3.
    pub(in crate::target) fn read(bytes: &[u8]) -> Result<Self, String> {
        Document::read(bytes).map(Self).map_err(|cause| format!("it {cause}"))
    }

    /// Takes a document that was read elsewhere.
    pub(in crate::target) fn of(document: Document) -> Self {
        Self(document)
    }

    /// The document as it is now.
    pub(in crate::target) fn document(&self) -> &Document {
        &self.0
    }

    /// What of the expected shape is not there.
    pub(in crate::target) fn unknown(&self) -> Vec<String> {
        let files = TABLE.needs.files.iter().filter(|path| self.entry(path).is_none());
        let units = TABLE.needs.units.iter().filter(|name| !self.has_unit(name));
        files.chain(units).cloned().collect()
    }

    /// True if it looks like what the installer writes for a single node at all.
    pub(in crate::target) fn is_single_node(&self) -> bool {
        self.entry(IN_PLACE).is_some() || self.entry(INSTALL_SCRIPT).is_some()
    }

    /// The features of the generation, and whether this document has each.
    pub(in crate::target) fn features(&self) -> Vec<(&'static Feature, bool)> {
        TABLE.feature.iter().map(|feature| (feature, self.has(feature))).collect()
    }

    /// True if it has the feature of this name.
    pub(in crate::target) fn has_feature(&self, name: &str) -> bool {
        TABLE.feature.iter().any(|feature| feature.name == name && self.has(feature))
    }

    fn has(&self, feature: &Feature) -> bool {
        self.text(&feature.file).is_some_and(|text| {
            // Comments and messages are no steps: the installer's message never tells of `-n`.
            let steps: Vec<&str> = text.lines().map(str::trim).filter(|line| is_step(line)).collect();
            let has_step = |word: &String| steps.iter().any(|step| step.contains(word.as_str()));
            feature.words.is_empty() || feature.words.iter().any(has_step)
        })
    }

    fn has_unit(&self, name: &str) -> bool {
        self.0.list("systemd", "units").iter().any(|unit| unit["name"] == name)
    }

    /// A file as it is written. The installer replaces a path that it writes twice, so there is one.
    fn entry(&self, path: &str) -> Option<&Value> {
        self.0.list("storage", "files").iter().find(|file| file["path"] == path)
    }

    /// What is in a file.
    pub(in crate::target) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        ignition::contents(self.entry(path)?)
    }

    /// The text of a file.
    pub(in crate::target) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.bytes(path)?).ok()
    }

    /// The files below a folder, with their texts, in the order of their names.
    pub(in crate::target) fn texts_below(&self, folder: &str) -> Vec<(String, String)> {
        let files = self.0.list("storage", "files").iter().filter_map(|file| {
            let path = file["path"].as_str().filter(|path| path.starts_with(folder))?;
            Some((path.to_owned(), String::from_utf8(ignition::contents(file)?).ok()?))
        });
        let mut files: Vec<(String, String)> = files.collect();
        files.sort();
        files
    }

    /// Puts other contents into a file that is there, encoded as they were: compressed if they were.
    pub(in crate::target) fn replace(&mut self, path: &str, bytes: &[u8]) {
        let files = self.0.value_mut().pointer_mut("/storage/files").and_then(Value::as_array_mut);
        let Some(file) = files.into_iter().flatten().find(|file| file["path"] == path) else { return };
        let is_packed = file["contents"]["compression"] == "gzip";
        let url = match is_packed {
            true => DataUrl::packed(bytes),
            false => DataUrl {
                source: format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(bytes)),
                compression: None,
            },
        };
        if let Some(contents) = file["contents"].as_object_mut() {
            contents.insert("source".to_owned(), url.source.into());
            // A digest of what was there would stop the boot.
            contents.shift_remove("verification");
        }
    }

    /// Adds a file of ours.
    pub(in crate::target) fn add(&mut self, file: File) {
        let value = self.0.value_mut();
        if let Value::Object(document) = value
            && let Value::Object(storage) = document.entry("storage").or_insert_with(|| json!({}))
            && let Value::Array(files) = storage.entry("files").or_insert_with(|| json!([]))
        {
            let file = json!(file);
            files.retain(|other| other["path"] != file["path"]);
            files.push(file);
        }
    }

    /// Merges what the live system is to have: ours wins. The version rises only if ours needs a newer one.
    pub(in crate::target) fn absorb(&mut self, live: &Config) {
        let theirs = self.0.value()["ignition"]["version"].clone();
        let minor = theirs.as_str().and_then(ignition::minor_of).unwrap_or(0);
        let mut ours = live.to_value();
        if let Some(ignition) = ours["ignition"].as_object_mut() {
            ignition.shift_remove("version");
        }
        let merged = ignition::merge(self.0.value().clone(), ours);
        *self.0.value_mut() = merged;
        if live.minor() > minor.max(Self::CARRIES_OURS) {
            self.0.value_mut()["ignition"]["version"] = format!("3.{}.0", live.minor()).into();
        }
    }

    /// Everything that cotter itself writes is known in every spec from this one on.
    const CARRIES_OURS: u8 = Config::LOWEST_MINOR;

    /// The domain of the cluster, as in `sno1.lab.example.com`, from the installer's manifests.
    pub(in crate::target) fn cluster_domain(&self) -> Option<String> {
        let manifests = MANIFEST_FOLDERS.iter().flat_map(|folder| self.texts_below(folder));
        for (path, text) in manifests {
            let (tree, _) = crate::document::parse(&path, &text);
            let Some(tree) = tree else { continue };
            let root = crate::document::View::root(&path, &tree);
            let at = |keys: &[&str]| root.at(keys).and_then(|view| view.text()).map(|text| text.value);
            match at(&["kind"]).as_deref() {
                // The DNS of the operator has none.
                Some("DNS") => {
                    if let Some(domain) = at(&["spec", "baseDomain"]) {
                        return Some(domain);
                    }
                }
                Some("Infrastructure") => {
                    let url = at(&["status", "apiServerURL"]).unwrap_or_default();
                    let host = url.strip_prefix("https://api.").and_then(|rest| rest.split(':').next());
                    if let Some(domain) = host {
                        return Some(domain.to_owned());
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The networks of the cluster's pods and services, each with what a person calls it.
    pub(in crate::target) fn cluster_networks(&self) -> Vec<(IpNetwork, &'static str)> {
        let manifests = MANIFEST_FOLDERS.iter().flat_map(|folder| self.texts_below(folder));
        let mut found = Vec::new();
        for (path, text) in manifests {
            let (tree, _) = crate::document::parse(&path, &text);
            let Some(tree) = tree else { continue };
            let root = crate::document::View::root(&path, &tree);
            let is_config =
                root.text_at("apiVersion").is_some_and(|version| version.value.starts_with("config."));
            let is_network = root.text_at("kind").is_some_and(|kind| kind.value == "Network");
            let Some(spec) = root.get("spec").filter(|_| is_network && is_config) else { continue };
            let pods =
                spec.list("clusterNetwork").into_iter().filter_map(|one| one.parse_at::<IpNetwork>("cidr"));
            found.extend(pods.map(|network| (network.value, "network of pods")));
            let services = spec.parse_list::<IpNetwork>("serviceNetwork").into_iter();
            found.extend(services.map(|network| (network.value, "network of services")));
        }
        found
    }

    /// Certificates in it: the path of each and its bytes.
    pub(in crate::target) fn certificates(&self) -> Vec<(String, Vec<u8>)> {
        let folder = "/opt/openshift/tls/";
        let certificates = self.texts_below(folder).into_iter().filter(|(path, _)| path.ends_with(".crt"));
        certificates.map(|(path, text)| (path, text.into_bytes())).collect()
    }
}

/// True for a line of a script that does something other than tell about it.
pub(super) fn is_step(line: &str) -> bool {
    !(line.is_empty() || line.starts_with('#') || line.starts_with("echo "))
}

/// A map with one entry.
pub(super) fn one(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::InstallerDocument;
    use super::TABLE;
    use super::is_step;
    use crate::ignition::DataUrl;
    use crate::ignition::Document;

    fn with_files(files: &[(&str, &str)]) -> InstallerDocument {
        let file = |(path, text): &(&str, &str)| json!({"path": path, "contents": {"source": DataUrl::plain(text.as_bytes()).source}});
        let files: Vec<Value> = files.iter().map(file).collect();
        InstallerDocument::of(Document::new(json!({"storage": {"files": files}})))
    }

    #[test]
    fn the_table_can_be_read() {
        assert!(TABLE.needs.files.len() > 3 && TABLE.feature.len() > 2);
        assert!(TABLE.needs.units.iter().all(|name| name.ends_with(".service")));
    }

    #[test]
    fn says_why_it_is_no_document() {
        for (bytes, why) in [
            ("not", "no JSON"),
            ("{}", "does not say the version"),
            (r#"{"ignition": {"version": "2.2.0"}}"#, "`2.2.0`"),
            (r#"{"ignition": {"version": "3.9.0-experimental"}}"#, "no stable spec 3"),
        ] {
            let said = InstallerDocument::read(bytes.as_bytes()).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        assert!(InstallerDocument::read(br#"{"ignition": {"version": "3.2.0"}}"#).is_ok());
    }

    #[test]
    fn other_contents_are_encoded_as_they_were() {
        let packed = DataUrl::packed(b"old");
        let mut installer = InstallerDocument::of(Document::new(json!({"storage": {"files": [
            {"path": "/a", "mode": 493, "contents": {"source": "data:,old", "verification": {"hash": "sha256-0"}}},
            {"path": "/b", "contents": {"source": packed.source, "compression": "gzip"}},
        ]}})));
        for path in ["/a", "/b", "/not-there"] {
            installer.replace(path, b"new");
        }
        assert_eq!((installer.text("/a"), installer.text("/b")), (Some("new".into()), Some("new".into())));
        let files = installer.document().list("storage", "files");
        assert_eq!(files.len(), 2);
        assert_eq!(files[0]["contents"], json!({"source": "data:text/plain;charset=utf-8;base64,bmV3"}));
        assert_eq!((&files[0]["mode"], &files[1]["contents"]["compression"]), (&json!(493), &json!("gzip")));
    }

    #[test]
    fn the_domain_is_that_of_the_cluster() {
        let operators = ("/opt/openshift/openshift/dns.yaml", "kind: DNS\nspec: {logLevel: Normal}\n");
        let dns = ("/opt/openshift/manifests/dns.yaml", "kind: DNS\nspec: {baseDomain: a.example.com}\n");
        let infrastructure = (
            "/opt/openshift/manifests/infrastructure.yaml",
            "kind: Infrastructure\nstatus: {apiServerURL: 'https://api.b.example.com:6443'}\n",
        );
        for (files, domain) in [
            (vec![operators, dns, infrastructure], Some("a.example.com")),
            (vec![operators, infrastructure], Some("b.example.com")),
            (vec![operators], None),
            (vec![("/opt/openshift/manifests/a.yaml", "[")], None),
        ] {
            assert_eq!(with_files(&files).cluster_domain().as_deref(), domain, "{files:?}");
        }
    }

    #[test]
    fn what_a_script_says_is_no_step() {
        assert!(is_step("coreos-installer install") && is_step("echoes"));
        assert!(!is_step("") && !is_step("# a") && !is_step("echo coreos-installer"));
    }
}
