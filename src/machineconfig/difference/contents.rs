//! What a file, unit or drop-in holds, so that it can be compared and shown.

use serde_json::Value;

use super::Blob;
use super::Detail;
use super::unified::unified;
use crate::ignition;
use crate::network::KEYFILE_FOLDER;
use crate::network::keyfile_has_secret;
use crate::value::Digest;
use crate::value::secret_in;

/// A data URL longer than this is not decoded: a rendered MachineConfig comes to 1.5 MiB at most.
const MOST_SOURCE_BYTES: usize = 64 << 20;
/// Text longer than this is told by size and digest.
const MOST_TEXT_BYTES: usize = 4 << 20;

/// Files with secrets in them, whatever their words.
const SECRET_FILES: [&str; 5] = [
    "/var/lib/kubelet/config.json",
    "/etc/mco/internal-registry-pull-secret.json",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/crypttab.key",
];
/// Parts of the names of variables that hold secrets.
const VARIABLES: [&str; 4] = ["PASSWORD", "PASSWD", "TOKEN", "SECRET"];

/// What is in something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// Bytes.
    Bytes(Vec<u8>),
    /// What is fetched from elsewhere.
    Remote(String),
    /// What cannot be read, and why.
    Unreadable(String),
}

impl Contents {
    /// Those of a resource, as a file's `contents`.
    pub(super) fn of(resource: Option<&Value>) -> Self {
        let text = |key: &str| resource.and_then(|resource| resource.get(key)).and_then(Value::as_str);
        let source = text("source").unwrap_or_default();
        if source.is_empty() {
            return Self::Bytes(Vec::new());
        }
        if !source.starts_with("data:") {
            return Self::Remote(without_credentials(source));
        }
        if source.len() > MOST_SOURCE_BYTES {
            let size = source.len() >> 20;
            return Self::Unreadable(format!(
                "a data URL of {size} MiB, which is not decoded; a cluster takes 1.5 MiB in all"
            ));
        }
        match ignition::decode(source, text("compression")) {
            Some(bytes) => Self::Bytes(bytes),
            None => {
                Self::Unreadable("contents that cannot be unpacked, or come to more than 64 MiB".to_owned())
            }
        }
    }

    fn as_text(&self) -> Option<&str> {
        let Self::Bytes(bytes) = self else { return None };
        let text = std::str::from_utf8(bytes).ok()?;
        (text.len() <= MOST_TEXT_BYTES && !text.contains('\0')).then_some(text)
    }

    fn blob(&self) -> Option<Blob> {
        match self {
            Self::Bytes(bytes) => Some(Blob { size: bytes.len(), sha256: Digest::of(bytes).to_string() }),
            _ => None,
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => "nothing".to_owned(),
            Self::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Self::Remote(url) => format!("fetched from {url}"),
            Self::Unreadable(why) => why.clone(),
        }
    }
}

/// What differs between the contents of the file `path`; nothing on a side where it is not there.
pub(super) fn compare(
    path: &str,
    is_private: bool,
    old: Option<&Contents>,
    new: Option<&Contents>,
) -> Option<Detail> {
    if old == new {
        return None;
    }
    let is_plain = |contents: &&Contents| matches!(contents, Contents::Bytes(_));
    if !old.into_iter().chain(new).all(|contents| is_plain(&contents)) {
        let said = |contents: Option<&Contents>| contents.map(Contents::said);
        return Some(Detail::line("contents", said(old), said(new)));
    }
    if [old, new].into_iter().flatten().any(|contents| is_private || is_secret(path, contents)) {
        return Some(Detail::Secret);
    }
    let text = |contents: Option<&Contents>| match contents {
        None => Some(String::new()),
        Some(contents) => contents.as_text().map(str::to_owned),
    };
    match (text(old), text(new)) {
        (Some(before), Some(after)) => {
            let unified = unified(&before, &after);
            (!unified.is_empty()).then_some(Detail::Text { unified })
        }
        _ => Some(Detail::Binary { old: old.and_then(Contents::blob), new: new.and_then(Contents::blob) }),
    }
}

fn is_secret(path: &str, contents: &Contents) -> bool {
    let Contents::Bytes(bytes) = contents else { return false };
    let text = String::from_utf8_lossy(bytes);
    if path.starts_with(KEYFILE_FOLDER) {
        return keyfile_has_secret(&text);
    }
    SECRET_FILES.contains(&path)
        || path.contains("pull-secret")
        || (text.contains("\"auths\"") && text.contains("\"auth\""))
        || secret_in(&text).is_some()
        || text.lines().any(sets_secret)
}

/// True if only its owner may read a file, and it is not one that NetworkManager wants to be so.
pub(super) fn is_private(path: &str, file: Option<&Value>) -> bool {
    let mode = file.and_then(|file| file.get("mode")).and_then(Value::as_u64);
    mode.is_some_and(|mode| mode & 0o077 == 0) && !path.starts_with(KEYFILE_FOLDER)
}

fn sets_secret(line: &str) -> bool {
    let line = line.trim();
    let assignment = line.strip_prefix("Environment=").unwrap_or(line);
    let Some((name, value)) = assignment.trim_matches('"').split_once('=') else { return false };
    let name = name.trim().to_ascii_uppercase();
    !value.is_empty() && !name.contains(' ') && VARIABLES.iter().any(|word| name.contains(word))
}

/// An address without the user, the password and what is asked of it: each may be a secret.
pub(super) fn without_credentials(url: &str) -> String {
    let url = match url.split_once('?') {
        Some((url, _)) => format!("{url}?…"),
        None => url.to_owned(),
    };
    let Some((scheme, rest)) = url.split_once("://") else { return url };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use serde_json::json;

    use super::Contents;
    use super::compare;
    use super::without_credentials;
    use crate::machineconfig::difference::Detail;

    fn bytes(text: &str) -> Contents {
        Contents::Bytes(text.into())
    }

    #[test]
    fn reads_whatever_is_written() {
        for (resource, expected) in [
            (json!({"source": "data:,a%20b"}), bytes("a b")),
            (json!({"source": "data:;base64,YQ=="}), bytes("a")),
            (json!({"source": ""}), bytes("")),
            (json!({}), bytes("")),
            (
                json!({"source": "https://u:p@release.example/a?token=b"}),
                Contents::Remote("https://release.example/a?…".into()),
            ),
        ] {
            assert_eq!(Contents::of(Some(&resource)), expected, "{resource}");
        }
        let broken = json!({"source": "data:,a", "compression": "gzip"});
        assert!(matches!(Contents::of(Some(&broken)), Contents::Unreadable(_)));
        assert_eq!(without_credentials("s3://bucket/a"), "s3://bucket/a");
    }

    #[test]
    fn bombs_are_told_and_not_unpacked() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..100 {
            encoder.write_all(&zeros).unwrap();
        }
        let packed = base64::engine::general_purpose::STANDARD.encode(encoder.finish().unwrap());
        let bomb = json!({"source": format!("data:;base64,{packed}"), "compression": "gzip"});
        let why = |resource: &serde_json::Value| match Contents::of(Some(resource)) {
            Contents::Unreadable(why) => why,
            Contents::Bytes(_) | Contents::Remote(_) => "it was unpacked".to_owned(),
        };
        assert!(why(&bomb).contains("64 MiB"), "{}", why(&bomb));
        let large = json!({"source": format!("data:,{}", "a".repeat(65 << 20))});
        assert!(why(&large).contains("65 MiB"), "{}", why(&large));
    }

    #[test]
    fn secrets_are_not_shown() {
        for (path, text) in [
            ("/var/lib/kubelet/config.json", "{}"),
            ("/etc/a", "{\"auths\": {\"a\": {\"auth\": \"c2VjcmV0\"}}}"),
            ("/etc/a", "-----BEGIN PRIVATE KEY-----\n"),
            ("/etc/sysconfig/a", "DB_PASSWORD=x\n"),
            ("/etc/NetworkManager/system-connections/a.nmconnection", "[wifi-security]\npsk=x\n"),
        ] {
            let found = compare(path, false, Some(&bytes("")), Some(&bytes(text)));
            assert_eq!(found, Some(Detail::Secret), "{path}");
            assert_eq!(compare(path, false, Some(&bytes(text)), Some(&bytes(text))), None);
        }
        assert_eq!(compare("/etc/a", true, None, Some(&bytes("a"))), Some(Detail::Secret));
        let shown = compare("/etc/sysconfig/a", false, None, Some(&bytes("A=b\n")));
        assert_eq!(shown, Some(Detail::Text { unified: "@@ -0,0 +1 @@\n+A=b\n".into() }));
    }
}
