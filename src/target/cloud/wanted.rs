//! What a document wants of a machine, taken apart so that other formats can say it.

use serde_json::Value;

use crate::ignition;
use crate::ignition::Document;

/// Everything that a document wants and that other formats can say, in the order in which it is done.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) host_name: Option<String>,
    pub(super) groups: Vec<Group>,
    pub(super) users: Vec<User>,
    /// Directories, files and links, those above before those below.
    pub(super) entries: Vec<Entry>,
    pub(super) units: Vec<Unit>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) gid: Option<u64>,
    pub(super) is_system: bool,
    pub(super) should_exist: bool,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password_hash: Option<String>,
    pub(super) keys: Vec<String>,
    pub(super) uid: Option<u64>,
    pub(super) gecos: Option<String>,
    pub(super) home: Option<String>,
    pub(super) primary_group: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) shell: Option<String>,
    pub(super) has_no_home: bool,
    pub(super) has_no_group: bool,
    pub(super) has_no_log: bool,
    pub(super) is_system: bool,
    pub(super) should_exist: bool,
}

/// Something at a path.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) owner: Owner,
    pub(super) overwrite: bool,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Directory { mode: u32 },
    File { mode: Option<u32>, contents: Option<Source>, append: Vec<Source> },
    Link { target: String, is_hard: bool },
}

/// An owner, by name or number; root where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: String,
    pub(super) group: String,
}

/// Where contents come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// They are known.
    Bytes(Vec<u8>),
    /// They are fetched.
    Remote(Remote),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) url: String,
    /// `sha256` or `sha512`, and the digits.
    pub(super) digest: Option<(String, String)>,
    pub(super) is_gzip: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) enabled: Option<bool>,
    pub(super) mask: Option<bool>,
    pub(super) contents: Option<String>,
    /// Names and texts.
    pub(super) dropins: Vec<(String, String)>,
}

/// What other formats cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// What it is, as in `disks`.
    pub(super) what: String,
    /// Where it stands in the machine file, if it is there: the keys that lead to it.
    pub(super) keys: &'static [&'static str],
    /// What it is known by: a device, a path.
    pub(super) name: String,
}

/// Parts of a document that only Ignition can make true, with Butane's words for them.
const ONLY_IGNITION: [(&str, &str, &str, &[&str]); 10] = [
    ("/storage/disks", "device", "the disk", &["storage", "disks"]),
    ("/storage/raid", "name", "the array", &["storage", "raid"]),
    ("/storage/luks", "name", "the volume", &["storage", "luks"]),
    ("/storage/filesystems", "device", "the file system on", &["storage", "filesystems"]),
    ("/kernelArguments/shouldExist", "", "the kernel argument", &["kernel_arguments"]),
    ("/kernelArguments/shouldNotExist", "", "the kernel argument", &["kernel_arguments"]),
    ("/ignition/config/merge", "source", "the merged document", &["ignition", "config"]),
    (
        "/ignition/security/tls/certificateAuthorities",
        "source",
        "the certificate authority",
        &["ignition", "security"],
    ),
    ("/ignition/proxy", "", "the proxy", &["ignition", "proxy"]),
    ("/ignition/timeouts", "", "the timeout", &["ignition", "timeouts"]),
];

impl Wanted {
    /// Takes a document apart, which has merged what can be merged now; and says what is left.
    pub(super) fn of(document: &Document) -> (Self, Vec<Left>) {
        let mut left = only_ignition(document.value());
        let mut wanted = Self {
            groups: document.list("passwd", "groups").iter().filter_map(group).collect(),
            users: document.list("passwd", "users").iter().filter_map(user).collect(),
            units: document.list("systemd", "units").iter().filter_map(unit).collect(),
            ..Self::default()
        };
        for directory in document.list("storage", "directories") {
            let mode = mode_of(directory).unwrap_or(0o755);
            wanted.entries.extend(entry(directory, Kind::Directory { mode }));
        }
        for file in document.list("storage", "files") {
            let contents = source(&file["contents"], text(file, "path"), &mut left);
            let append = file["append"].as_array().into_iter().flatten();
            let append = append.filter_map(|part| source(part, text(file, "path"), &mut left)).collect();
            wanted.entries.extend(entry(file, Kind::File { mode: mode_of(file), contents, append }));
        }
        for link in document.list("storage", "links") {
            let kind = Kind::Link { target: text(link, "target").to_owned(), is_hard: link["hard"] == true };
            wanted.entries.extend(entry(link, kind));
        }
        wanted.entries.sort_by_key(|entry| entry.path.matches('/').count());
        wanted.host_name =
            wanted.entries.iter().find(|entry| entry.path == "/etc/hostname").and_then(|entry| match &entry
                .kind
            {
                Kind::File { contents: Some(Source::Bytes(bytes)), .. } => {
                    Some(String::from_utf8_lossy(bytes).trim().to_owned())
                }
                _ => None,
            });
        (wanted, left)
    }
}

fn only_ignition(document: &Value) -> Vec<Left> {
    let mut left = Vec::new();
    for (pointer, key, what, keys) in ONLY_IGNITION {
        let mut add = |name: &str| left.push(Left { what: what.to_owned(), keys, name: name.to_owned() });
        match document.pointer(pointer) {
            Some(Value::Array(list)) => {
                list.iter().for_each(|member| add(member.as_str().unwrap_or_else(|| text(member, key))));
            }
            Some(Value::Object(map)) => map.keys().for_each(|key| add(key)),
            _ => {}
        }
    }
    left
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// A text that says something.
fn said(value: &Value, key: &str) -> Option<String> {
    Some(text(value, key)).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_set(value: &Value, key: &str) -> bool {
    value[key] == true
}

fn mode_of(value: &Value) -> Option<u32> {
    value["mode"].as_u64().and_then(|mode| u32::try_from(mode).ok())
}

fn group(value: &Value) -> Option<Group> {
    Some(Group {
        name: said(value, "name")?,
        gid: value["gid"].as_u64(),
        is_system: is_set(value, "system"),
        should_exist: value["shouldExist"] != false,
    })
}

fn user(value: &Value) -> Option<User> {
    let list = |key: &str| {
        let texts = value[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    Some(User {
        name: said(value, "name")?,
        password_hash: said(value, "passwordHash"),
        keys: list("sshAuthorizedKeys"),
        uid: value["uid"].as_u64(),
        gecos: said(value, "gecos"),
        home: said(value, "homeDir"),
        primary_group: said(value, "primaryGroup"),
        groups: list("groups"),
        shell: said(value, "shell"),
        has_no_home: is_set(value, "noCreateHome"),
        has_no_group: is_set(value, "noUserGroup"),
        has_no_log: is_set(value, "noLogInit"),
        is_system: is_set(value, "system"),
        should_exist: value["shouldExist"] != false,
    })
}

fn entry(value: &Value, kind: Kind) -> Option<Entry> {
    let of = |key: &str| match (value[key]["name"].as_str(), value[key]["id"].as_u64()) {
        (Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, Some(id)) if id != 0 => id.to_string(),
        _ => "root".to_owned(),
    };
    Some(Entry {
        path: said(value, "path")?,
        owner: Owner { user: of("user"), group: of("group") },
        overwrite: is_set(value, "overwrite"),
        kind,
    })
}

/// Contents; what cannot be fetched by a shell is left.
fn source(value: &Value, path: &str, left: &mut Vec<Left>) -> Option<Source> {
    let url = value["source"].as_str()?;
    let compression = value["compression"].as_str();
    let mut leave = |what: &str| {
        left.push(Left { what: what.to_owned(), keys: &["storage", "files"], name: path.to_owned() });
        None
    };
    if url.starts_with("data:") {
        return match ignition::decode(url, compression) {
            Some(bytes) => Some(Source::Bytes(bytes)),
            None => leave("the compression of"),
        };
    }
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return leave("the source of");
    }
    if value["httpHeaders"].as_array().is_some_and(|headers| !headers.is_empty()) {
        return leave("the HTTP headers of");
    }
    let digest = value["verification"]["hash"].as_str().and_then(|hash| hash.split_once('-'));
    Some(Source::Remote(Remote {
        url: url.to_owned(),
        digest: digest.map(|(kind, digits)| (kind.to_owned(), digits.to_ascii_lowercase())),
        is_gzip: compression == Some("gzip"),
    }))
}

fn unit(value: &Value) -> Option<Unit> {
    let dropins = value["dropins"].as_array().into_iter().flatten();
    Some(Unit {
        name: said(value, "name")?,
        enabled: value["enabled"].as_bool(),
        mask: value["mask"].as_bool(),
        contents: said(value, "contents"),
        dropins: dropins
            .filter_map(|dropin| Some((said(dropin, "name")?, said(dropin, "contents")?)))
            .collect(),
    })
}

impl Owner {
    /// As chown takes it.
    pub(super) fn as_word(&self) -> String {
        format!("{}:{}", self.user, self.group)
    }

    /// True if it is root's.
    pub(super) fn is_root(&self) -> bool {
        self.user == "root" && self.group == "root"
    }

    /// True if it is named by a number, which not everybody takes.
    pub(super) fn has_number(&self) -> bool {
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        is_number(&self.user) || is_number(&self.group)
    }
}

impl Unit {
    /// The files that it comes to.
    pub(super) fn files(&self) -> Vec<(String, &str)> {
        let folder = "/etc/systemd/system";
        let own = self.contents.iter().map(|text| (format!("{folder}/{}", self.name), text.as_str()));
        let dropins = self.dropins.iter();
        own.chain(dropins.map(|(name, text)| (format!("{folder}/{}.d/{name}", self.name), text.as_str())))
            .collect()
    }
}
