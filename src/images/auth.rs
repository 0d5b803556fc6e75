//! Logins as a docker configuration or a pull secret keeps them (containers-auth.json).

use std::collections::BTreeMap;

use serde_json::Value;

use super::Login;
use super::reference::default_registry;
use super::registries_yaml::decoded;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::value::Secret;

const RULE: &str = "registry-login";

/// Logins by host, or host and namespace.
#[derive(Clone, Debug, Default)]
pub struct Logins(BTreeMap<String, Login>);

impl Logins {
    /// Reads the file `text`; `file` names it in findings, which never show what is in it.
    pub fn read(file: &str, text: &str) -> (Self, Diagnostics) {
        let mut findings = Diagnostics::new();
        let mut logins = Self::default();
        let origin = Origin::of_file(file);
        let tree: Option<Value> = serde_json::from_str(text).ok();
        let Some(auths) = tree.as_ref().and_then(|tree| tree.get("auths")).and_then(Value::as_object) else {
            let help = "name a pull secret or a docker `config.json`: JSON with `auths`";
            findings.error(RULE, &origin, "there is no `auths` in the file", help);
            return (logins, findings);
        };
        for (name, entry) in auths {
            let at = Origin { key: format!("auths.{name}"), ..origin.clone() };
            let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            let login = match (text("auth"), text("username")) {
                (Some(both), _) => decoded(both),
                (None, Some(user)) => {
                    let password = Secret::new(text("password").unwrap_or_default().to_owned());
                    Some(Login { user: user.to_owned(), password })
                }
                (None, None) => {
                    let help = "log in once more so that the file has the password: `--authfile`";
                    findings.warning(RULE, &at, format!("`{name}` has no login that can be used here"), help);
                    continue;
                }
            };
            match login {
                Some(login) => drop(logins.0.insert(key_of(name), login)),
                None => {
                    let help = "log in once more, or download the pull secret again";
                    let message = format!("the login of `{name}` is no base64 of a name and a password");
                    findings.error(RULE, &at, message, help);
                }
            }
        }
        (logins, findings)
    }

    /// The login for a repository at a host: the one of the longest namespace.
    pub fn find(&self, host: &str, repository: &str) -> Option<&Login> {
        let host = if host == default_registry().host { &default_registry().name } else { host };
        let mut name = format!("{host}/{repository}");
        loop {
            if let Some(login) = self.0.get(&name) {
                return Some(login);
            }
            let at = name.rfind('/')?;
            name.truncate(at);
        }
    }
}

/// Docker's own keys are URLs, of which the host counts.
fn key_of(name: &str) -> String {
    let name = match name.split_once("://") {
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None => name.trim_end_matches('/'),
    };
    let (host, rest) = name.split_once('/').map_or((name, ""), |(host, _)| (host, &name[host.len()..]));
    let own = default_registry();
    let is_own = own.also.iter().any(|also| also == host);
    let rest = if is_own && rest.starts_with("/v1") { "" } else { rest };
    format!("{}{rest}", if is_own { &own.name } else { host })
}

#[cfg(test)]
mod tests {
    use super::Logins;
    use crate::images::default_registry;

    #[test]
    fn the_longest_namespace_wins() {
        let own = &default_registry().name;
        let text = format!(
            r#"{{"auths": {{"reg.lab": {{"auth": "YTp4"}}, "reg.lab/team": {{"auth": "Yjp4"}},
            "https://index.{own}/v1/": {{"username": "c", "password": "x"}}, "https://m.lab:5000/v2/": {{"auth": "ZDp4"}}}}}}"#
        );
        let (logins, findings) = Logins::read("config.json", &text);
        assert!(findings.is_empty());
        for (host, repository, user) in [
            ("reg.lab", "a", Some("a")),
            ("reg.lab", "team/x/y", Some("b")),
            ("reg.lab", "teams", Some("a")),
            (default_registry().host.as_str(), "library/a", Some("c")),
            ("m.lab:5000", "a", Some("d")),
            ("other.lab", "a", None),
        ] {
            let found = logins.find(host, repository).map(|login| login.user.as_str());
            assert_eq!(found, user, "{host}/{repository}");
        }
    }

    #[test]
    fn never_shows_a_login() {
        for text in ["hunter2", r#"{"auths": {"a": {"auth": "hunter2"}}}"#, r#"{"auths": "hunter2"}"#] {
            let (logins, findings) = Logins::read("config.json", text);
            assert!(findings.has_errors(), "{text}");
            assert!(!format!("{logins:?}{findings:?}").contains("hunter2"));
        }
    }
}
