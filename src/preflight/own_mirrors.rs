//! Where a machine will look for images, by the files that its own document gives it.

use std::collections::BTreeMap;

use crate::document::Diagnostics;
use crate::ignition::Document;
use crate::ignition::contents;
use crate::images::Endpoints;
use crate::images::HostsFiles;
use crate::images::Logins;
use crate::images::Mirrors;
use crate::images::RegistriesConf;

/// CRI-O's and podman's.
const CONF: &str = "/etc/containers/registries.conf";
/// rke2's and k3s's.
const ENDPOINTS: [&str; 2] = ["/etc/rancher/rke2/registries.yaml", "/etc/rancher/k3s/registries.yaml"];
/// containerd's.
const HOSTS: &str = "/etc/containerd/certs.d/";
/// The kubelet's logins, and podman's.
const LOGINS: [&str; 3] =
    ["/var/lib/kubelet/config.json", "/root/.docker/config.json", "/etc/containers/auth.json"];

/// Where a machine will look, and with which logins.
#[derive(Clone, Debug, Default)]
pub struct OwnMirrors {
    /// Where.
    pub mirrors: Mirrors,
    /// The logins that it has.
    pub logins: Option<Logins>,
    /// The files that say so.
    pub files: Vec<String>,
    /// What is wrong in them. Their lines may be secrets.
    pub findings: Diagnostics,
}

/// The setting that says it on a node of Harvester.
const SETTING: &str = "system_settings.containerd-registry";

/// Reads what says where a machine's images come from: the files of its document, or else Harvester's setting.
pub fn own_mirrors(document: &Document, setting: Option<&str>) -> OwnMirrors {
    let document = document.resolved();
    let text = |file: &serde_json::Value| {
        let path = file["path"].as_str()?;
        let is_ours = path == CONF
            || path.starts_with(HOSTS)
            || ENDPOINTS.iter().chain(&LOGINS).any(|known| *known == path);
        is_ours.then(|| Some((path.to_owned(), String::from_utf8(contents(file)?).ok()?)))?
    };
    let files: BTreeMap<String, String> = document.list("storage", "files").iter().filter_map(text).collect();
    let mut own = OwnMirrors::default();
    if let Some(text) = files.get(CONF) {
        let (conf, findings) = RegistriesConf::read(CONF, text);
        own.take(Mirrors::Conf(conf), CONF, findings);
    } else if let Some((path, text)) = ENDPOINTS.iter().find_map(|path| files.get_key_value(*path)) {
        let (endpoints, findings) = Endpoints::read(path, text);
        own.take(Mirrors::Endpoints(endpoints), path, findings);
    } else {
        let mut hosts = HostsFiles::default();
        for (path, text) in &files {
            let Some(folder) = path.strip_suffix("/hosts.toml") else { continue };
            let Some(name) = folder.strip_prefix(HOSTS) else { continue };
            let findings = hosts.add(name, folder, path, text);
            own.take(Mirrors::None, path, findings);
        }
        if !own.files.is_empty() {
            own.mirrors = Mirrors::Hosts(hosts);
        }
    }
    if let (Some(json), true) = (setting.filter(|json| !json.is_empty()), own.files.is_empty()) {
        let (endpoints, findings) = Endpoints::read_setting(SETTING, json);
        own.take(Mirrors::Endpoints(endpoints), SETTING, findings);
    }
    if let Some((path, text)) = LOGINS.iter().find_map(|path| files.get_key_value(*path)) {
        let (logins, findings) = Logins::read(path, text);
        own.logins = Some(logins);
        own.files.push(path.clone());
        own.findings.append(findings);
    }
    own
}

impl OwnMirrors {
    fn take(&mut self, mirrors: Mirrors, path: &str, findings: Diagnostics) {
        self.mirrors = mirrors;
        self.files.push(path.to_owned());
        self.findings.append(findings);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::json;

    use crate::ignition::Document;

    fn places(path: &str, text: &str, image: &str) -> Vec<String> {
        let source = format!("data:,{}", text.replace('%', "%25").replace('\n', "%0A").replace(' ', "%20"));
        let files = json!([{"path": "/etc/motd"}, {"path": path, "contents": {"source": source}}]);
        let document = Document::new(json!({"ignition": {"version": "3.3.0"}, "storage": {"files": files}}));
        let own = super::own_mirrors(&document, None);
        assert!(!own.findings.has_errors(), "{:?}", own.findings);
        let candidates = own.mirrors.route(&image.parse().unwrap());
        candidates.iter().map(crate::images::Candidate::place).collect()
    }

    #[test]
    fn a_machine_looks_where_its_own_files_say() {
        let image = "registry.lab/a/b:1";
        let conf =
            "[[registry]]\nlocation = \"registry.lab\"\n[[registry.mirror]]\nlocation = \"mirror.lab/m\"\n";
        assert_eq!(
            places("/etc/containers/registries.conf", conf, image),
            ["mirror.lab/m/a/b", "registry.lab/a/b"]
        );
        let yaml = "mirrors:\n  registry.lab: {endpoint: [\"https://mirror.lab\"]}\n";
        let both = ["mirror.lab/a/b", "registry.lab/a/b"];
        assert_eq!(places("/etc/rancher/rke2/registries.yaml", yaml, image), both);
        let toml = "server = \"https://registry.lab\"\n[host.\"https://mirror.lab\"]\n";
        assert_eq!(places("/etc/containerd/certs.d/registry.lab/hosts.toml", toml, image), both);
        assert_eq!(places("/etc/hosts", "", image), ["registry.lab/a/b"]);
    }

    #[test]
    fn a_node_of_harvester_has_a_setting_for_it() {
        let json = r#"{"Mirrors": {"registry.lab": {"Endpoints": ["https://mirror.lab"], "Rewrites": null}},
            "Configs": {"mirror.lab": {"Auth": {"Username": "u", "Password": "hunter2"}, "TLS": {"CAFile": "", "InsecureSkipVerify": true}}},
            "Auths": null}"#;
        let document = Document::new(json!({"ignition": {"version": "3.3.0"}}));
        let own = super::own_mirrors(&document, Some(json));
        assert!(!own.findings.has_errors(), "{:?}", own.findings);
        let route = own.mirrors.route(&"registry.lab/a/b:1".parse().unwrap());
        let [mirror, registry] = route.as_slice() else { return assert!(route.is_empty(), "{route:?}") };
        assert_eq!(
            (mirror.place().as_str(), registry.place().as_str()),
            ("mirror.lab/a/b", "registry.lab/a/b")
        );
        assert!(mirror.tls.accepts_any && mirror.login.as_ref().is_some_and(|login| login.user == "u"));
        let wrong = super::own_mirrors(&document, Some(r#"{"Mirrors": {"registry.lab": {"Endpoint": []}}}"#));
        assert!(wrong.findings.has_errors(), "{:?}", wrong.findings);
    }
}
