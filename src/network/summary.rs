//! What a keyfile is, in few words: its profile, what binds it to a port, and whether a secret is in it.

use serde::Serialize;

use super::ini::Ini;

/// Settings of keyfiles that are secrets (nm-settings-keyfile(5) and the `secret` flags of the D-Bus settings).
const SECRETS: [&str; 16] = [
    "password",
    "password-raw",
    "psk",
    "wep-key0",
    "wep-key1",
    "wep-key2",
    "wep-key3",
    "leap-password",
    "private-key-password",
    "phase2-private-key-password",
    "ca-cert-password",
    "client-cert-password",
    "pin",
    "mka-cak",
    "preshared-key",
    "passwd",
];

/// What a keyfile says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyfileSummary {
    /// The profile's name.
    pub id: Option<String>,
    /// Its kind, as in `ethernet`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What binds it to a port.
    pub binding: Binding,
}

/// What binds a profile to a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", content = "value", rename_all = "kebab-case")]
pub enum Binding {
    /// The port's permanent address.
    Mac(String),
    /// Where the port sits.
    Path(String),
    /// The name of a port, which another kernel or firmware may give to none or to another.
    Name(String),
    /// The name of an interface that the profile makes itself.
    Own(String),
    /// Nothing: any port of its kind.
    Nothing,
}

impl KeyfileSummary {
    /// Reads a keyfile.
    pub fn of(text: &str) -> Self {
        let ini = Ini::parse(text);
        let first = |keys: &[(&str, &str)]| {
            let found = keys.iter().find_map(|(section, key)| ini.get(section, key));
            found.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let kind = first(&[("connection", "type")]);
        let is_port = matches!(
            kind.as_deref(),
            None | Some("ethernet" | "802-3-ethernet" | "wifi" | "802-11-wireless" | "infiniband")
        );
        let mac = first(&[
            ("ethernet", "mac-address"),
            ("802-3-ethernet", "mac-address"),
            ("wifi", "mac-address"),
            ("802-11-wireless", "mac-address"),
            ("infiniband", "mac-address"),
        ]);
        let path = first(&[("match", "path")]);
        let name = first(&[("connection", "interface-name"), ("match", "interface-name")]);
        let binding = match (mac, path, name) {
            (Some(mac), ..) => Binding::Mac(mac),
            (None, Some(path), _) => Binding::Path(path),
            (None, None, Some(name)) if is_port => Binding::Name(name),
            (None, None, Some(name)) => Binding::Own(name),
            (None, None, None) => Binding::Nothing,
        };
        Self { id: first(&[("connection", "id")]), kind, binding }
    }
}

/// True if a secret is in a keyfile: a password, a key.
pub fn keyfile_has_secret(text: &str) -> bool {
    let mut section = "";
    text.lines().map(str::trim).any(|line| {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        let Some((key, value)) = line.split_once('=') else { return false };
        let (key, value) = (key.trim(), value.trim());
        let is_secret = match (section, key) {
            ("vpn-secrets", _) => true,
            ("wireguard", "private-key") => true,
            // A path, unless the key itself is there.
            (_, "private-key" | "phase2-private-key") => value.starts_with("data:"),
            (_, key) => SECRETS.contains(&key),
        };
        is_secret && !value.is_empty() && !line.starts_with('#')
    })
}

#[cfg(test)]
mod tests {
    use super::Binding;
    use super::KeyfileSummary;
    use super::keyfile_has_secret;

    #[test]
    fn knows_what_binds_a_profile() {
        let port = "[connection]\nid=a\ntype=ethernet\n";
        for (text, binding) in [
            (
                format!("{port}[ethernet]\nmac-address=52:54:00:00:00:01\n"),
                Binding::Mac("52:54:00:00:00:01".into()),
            ),
            (format!("{port}interface-name=eno1\n"), Binding::Name("eno1".into())),
            (format!("{port}[match]\npath=pci-0000:01:00.0\n"), Binding::Path("pci-0000:01:00.0".into())),
            (port.into(), Binding::Nothing),
            ("[connection]\nid=b\ntype=bond\ninterface-name=bond0\n".into(), Binding::Own("bond0".into())),
        ] {
            assert_eq!(KeyfileSummary::of(&text).binding, binding, "{text}");
        }
        assert_eq!(KeyfileSummary::of("garbage").id, None);
    }

    #[test]
    fn knows_secrets_from_settings_about_them() {
        for (text, is_there) in [
            ("[802-1x]\npassword=x\n", true),
            ("[802-1x]\npassword-flags=1\n", false),
            ("[802-1x]\nprivate-key=/etc/pki/a.pem\n", false),
            ("[802-1x]\nprivate-key=data:;base64,AAAA\n", true),
            ("[wifi-security]\npsk=x\n", true),
            ("[wifi-security]\n#psk=x\n", false),
            ("[wireguard]\nprivate-key=x\n", true),
            ("[wireguard-peer.A]\npreshared-key=x\n", true),
            ("[vpn-secrets]\nXauth=x\n", true),
            ("[connection]\nid=password\n", false),
        ] {
            assert_eq!(keyfile_has_secret(text), is_there, "{text}");
        }
    }
}
