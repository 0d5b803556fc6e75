//! What in documents that anybody made is secret, by name, so that a file with it is not for everybody.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::medium;
use super::on_node;
use crate::ignition;
use crate::machineconfig;
use crate::network::KEYFILE_FOLDER;
use crate::network::keyfile_has_secret;
use crate::value::secret_in;

/// Documents in documents in documents: deeper than this, nobody means it.
const MAX_DEPTH: usize = 8;
/// Headers that prove who asks (RFC 9110), and parts of names of those that services made up.
const HEADERS: [&str; 6] = ["authorization", "cookie", "token", "secret", "api-key", "password"];
/// Parts of the names of variables that hold secrets.
const VARIABLES: [&str; 4] = ["PASSWORD", "PASSWD", "TOKEN", "SECRET"];

/// Names what is secret in a live system's document, its keyfiles and its kernel arguments, sorted.
///
/// Nothing that it names is quoted: no name holds the secret itself.
pub fn secrets(
    document: Option<&Value>,
    keyfiles: &BTreeMap<String, Vec<u8>>,
    kernel_arguments: &str,
) -> Vec<String> {
    let mut search = Search::default();
    for (name, bytes) in keyfiles {
        search.keyfile(name, bytes);
    }
    for argument in kernel_arguments.split_ascii_whitespace() {
        let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
        if (key.contains("password") && !value.is_empty()) || has_credentials(value) {
            search.say(format!("the kernel argument `{key}`"));
        }
    }
    if let Some(document) = document {
        search.document(document, 0);
    }
    search.found.into_iter().collect()
}

#[derive(Default)]
struct Search {
    found: BTreeSet<String>,
}

impl Search {
    fn say(&mut self, what: String) {
        self.found.insert(what);
    }

    fn keyfile(&mut self, name: &str, bytes: &[u8]) {
        if keyfile_has_secret(&String::from_utf8_lossy(bytes)) {
            let name = name.strip_suffix(".nmconnection").unwrap_or(name);
            self.say(format!("the keyfile `{name}`"));
        }
    }

    fn document(&mut self, document: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let members = |section: &str, list: &str| {
            document[section][list].as_array().map(Vec::as_slice).unwrap_or_default()
        };
        for user in members("passwd", "users") {
            let hash = user["passwordHash"].as_str().unwrap_or_default();
            // `*` and `!` are no hashes: they lock.
            if !hash.trim_start_matches(['*', '!']).is_empty() {
                self.say(format!("the password hash of `{}`", name_of(user, "name")));
            }
        }
        for volume in members("storage", "luks") {
            if volume["keyFile"]["source"].as_str().is_some_and(|source| source.starts_with("data:")) {
                self.say(format!("the key of the volume `{}`", name_of(volume, "name")));
            }
        }
        for file in members("storage", "files") {
            self.file(file, depth);
        }
        for unit in members("systemd", "units") {
            let dropins = unit["dropins"].as_array().into_iter().flatten();
            for part in dropins.chain([unit]) {
                let text = part["contents"].as_str().unwrap_or_default();
                if secret_in(text).is_some() || text.lines().any(sets_secret) {
                    self.say(format!("the unit `{}`", name_of(unit, "name")));
                }
            }
        }
        let config = &document["ignition"]["config"];
        for child in config["merge"].as_array().into_iter().flatten().chain([&config["replace"]]) {
            if let Some(child) = decoded(child).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                self.document(&child, depth + 1);
            }
        }
        self.requests(document);
    }

    fn file(&mut self, file: &Value, depth: usize) {
        let path = name_of(file, "path");
        let appended = file["append"].as_array().into_iter().flatten().filter_map(decoded);
        for bytes in ignition::contents(file).into_iter().chain(appended) {
            if let Some(name) = path.strip_prefix(KEYFILE_FOLDER).and_then(|rest| rest.strip_prefix('/')) {
                self.keyfile(name, &bytes);
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            if let Some(document) = as_document(&text) {
                self.document(&document, depth + 1);
                continue;
            }
            if text.contains("MachineConfig") {
                for config in machineconfig::parse(path, &text).0 {
                    if let Some(document) = &config.spec.config {
                        self.document(document, depth + 1);
                    }
                }
            }
            // Only its owner may read it, and somebody meant that: coreos-installer's files and ours are always so.
            let is_private = file["mode"].as_u64().is_some_and(|mode| mode & 0o077 == 0)
                && !bytes.is_empty()
                && !medium::is_of_installer(path)
                && !on_node::is_of_verification(path);
            match secret_in(&text) {
                Some(what) => self.say(format!("{what} in `{path}`")),
                None if is_private => self.say(format!("`{path}`, which is its owner's alone")),
                None => {}
            }
        }
    }

    /// Headers and addresses of everything that is fetched.
    fn requests(&mut self, value: &Value) {
        match value {
            Value::Array(members) => members.iter().for_each(|member| self.requests(member)),
            Value::Object(map) => {
                for header in map.get("httpHeaders").and_then(Value::as_array).into_iter().flatten() {
                    let name = name_of(header, "name");
                    let lower = name.to_ascii_lowercase();
                    if HEADERS.iter().any(|word| lower.contains(word)) {
                        self.say(format!("the HTTP header `{name}`"));
                    }
                }
                for source in ["source", "url"].iter().filter_map(|key| map.get(*key)?.as_str()) {
                    if has_credentials(source) {
                        self.say("credentials in an address".to_owned());
                    }
                }
                map.values().for_each(|member| self.requests(member));
            }
            _ => {}
        }
    }
}

fn name_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn decoded(resource: &Value) -> Option<Vec<u8>> {
    ignition::decode(resource["source"].as_str()?, resource["compression"].as_str())
}

/// The Ignition document that a file holds, as the live system holds the disk's.
fn as_document(text: &str) -> Option<Value> {
    let is_candidate = text.trim_start().starts_with('{') && text.contains("\"ignition\"");
    let document: Value = is_candidate.then(|| serde_json::from_str(text).ok()).flatten()?;
    document["ignition"].is_object().then_some(document)
}

/// `https://user:password@host`, and addresses that are signed for whoever has them.
fn has_credentials(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let query = rest.split_once('?').map_or("", |(_, query)| query).to_ascii_lowercase();
    let is_signed = |word: &str| query.split('&').any(|pair| pair.starts_with(word));
    user.contains(':') || ["x-amz-signature=", "sig=", "signature=", "token="].into_iter().any(is_signed)
}

/// `Environment=DB_PASSWORD=x` in a unit.
fn sets_secret(line: &str) -> bool {
    let Some(assignment) = line.trim().strip_prefix("Environment=") else { return false };
    let name = assignment.trim_matches('"').split('=').next().unwrap_or_default().to_ascii_uppercase();
    VARIABLES.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;
    use serde_json::json;

    use super::secrets;
    use crate::ignition::DataUrl;

    fn found(document: &Value) -> Vec<String> {
        secrets(Some(document), &BTreeMap::new(), "")
    }

    fn carrying(path: &str, mode: u32, text: &str) -> Value {
        let url = DataUrl::packed(text.as_bytes());
        let contents = json!({"source": url.source, "compression": url.compression});
        json!({"storage": {"files": [{"path": path, "mode": mode, "contents": contents}]}})
    }

    #[test]
    fn names_every_kind_of_secret() {
        let user = json!({"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "core", "passwordHash": "$6$x"}]}});
        let nested = carrying("/etc/coreos/dest.ign", 0o600, &user.to_string());
        let merged = json!({"ignition": {"config": {"merge": [{"source": DataUrl::plain(nested.to_string().as_bytes()).source}]}}});
        let operator = format!(
            "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {{name: a, labels: {{machineconfiguration.openshift.io/role: master}}}}\nspec: {{config: {user}}}\n"
        );
        let hash = "the password hash of `core`";
        for (document, what) in [
            (user.clone(), hash),
            (nested.clone(), hash),
            (merged, hash),
            (carrying("/opt/openshift/openshift/99.yaml", 0o644, &operator), hash),
            (carrying("/etc/key", 0o644, "-----BEGIN PRIVATE KEY-----\n"), "a private key in `/etc/key`"),
            (carrying("/etc/mine", 0o600, "x"), "`/etc/mine`, which is its owner's alone"),
            (
                carrying(
                    "/etc/NetworkManager/system-connections/wifi.nmconnection",
                    0o600,
                    "[wifi-security]\npsk=x\n",
                ),
                "the keyfile `wifi`",
            ),
            (
                json!({"storage": {"luks": [{"name": "root", "keyFile": {"source": "data:,x"}}]}}),
                "the key of the volume `root`",
            ),
            (
                json!({"ignition": {"config": {"merge": [{"source": "https://a/b", "httpHeaders": [{"name": "Authorization", "value": "x"}]}]}}}),
                "the HTTP header `Authorization`",
            ),
            (
                json!({"storage": {"files": [{"path": "/a", "contents": {"source": "https://me:x@a/b"}}]}}),
                "credentials in an address",
            ),
            (
                json!({"systemd": {"units": [{"name": "a.service", "dropins": [{"contents": "[Service]\nEnvironment=DB_PASSWORD=x\n"}]}]}}),
                "the unit `a.service`",
            ),
        ] {
            assert_eq!(found(&document), [what], "{document}");
        }
    }

    #[test]
    fn what_is_no_secret_is_not_called_one() {
        let installer = "/etc/coreos/installer.d/0000-customize.yaml";
        let keyfile = "/etc/NetworkManager/system-connections/a.nmconnection";
        for document in [
            json!({"passwd": {"users": [{"name": "core", "passwordHash": "*", "sshAuthorizedKeys": ["ssh-ed25519 A"]}]}}),
            carrying(installer, 0o600, "dest-device: /dev/vda\n"),
            carrying("/usr/local/bin/pre-install-x", 0o700, "#!/bin/bash\n"),
            carrying(keyfile, 0o600, "[connection]\nid=a\n"),
            carrying("/etc/coreos/dest.ign", 0o600, r#"{"ignition": {"version": "3.3.0"}}"#),
            carrying("/etc/cotter/manifest.json", 0o600, r#"{"schema": "cotter.dev/manifest/1"}"#),
            carrying("/etc/motd", 0o644, "hello"),
            carrying("/etc/empty", 0o600, ""),
            json!({"storage": {"luks": [{"name": "root", "clevis": {"tpm2": true}}]}}),
            Value::Null,
        ] {
            assert!(found(&document).is_empty(), "{document}: {:?}", found(&document));
        }
    }

    #[test]
    fn keyfiles_and_kernel_arguments_count_too() {
        let keyfiles = BTreeMap::from([("a.nmconnection".to_owned(), b"[802-1x]\npassword=x\n".to_vec())]);
        let arguments = "quiet rd.iscsi.password=x coreos.inst.ignition_url=https://a:b@c/d";
        let expected = [
            "the kernel argument `coreos.inst.ignition_url`",
            "the kernel argument `rd.iscsi.password`",
            "the keyfile `a`",
        ];
        assert_eq!(secrets(None, &keyfiles, arguments), expected);
    }
}
