//! A live medium that anybody made: what its coreos-installer is told, and what goes to the disk.
//!
//! Reads what `coreos-installer iso customize` writes (cmdline and live/customize.rs of 0.27), and what cotter does:
//! the installer's configurations are files of the live document, and the disk's document is one too.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::sno;
use super::sno::InstallerDocument;
use crate::document;
use crate::document::View;
use crate::ignition;
use crate::ignition::Document;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::network::KeyfileSummary;

/// Configurations of coreos-installer in a live system.
const INSTALLER_FOLDER: &str = "/etc/coreos/installer.d/";
/// Where coreos-installer's `customize` puts programs that run beside the installation, with when they run.
const HOOKS: [(&str, &str); 2] =
    [("/usr/local/bin/pre-install-", "pre-install"), ("/usr/local/bin/post-install-", "post-install")];

/// A live medium, and what its coreos-installer is told.
#[derive(Clone, Debug)]
pub struct Medium {
    /// The live document, with those that it merges.
    pub(super) document: Document,
    pub(super) live: Vec<Part>,
    /// What goes to the disk, or why nothing does.
    pub(super) disk: Result<Document, String>,
    arguments: Vec<String>,
    /// What the installer is told, if there is one that runs by itself.
    pub installation: Option<Installation>,
    /// Programs that run before or after the installation.
    pub hooks: Vec<Hook>,
    /// How many certificate authorities the live system's Ignition trusts beside its own.
    pub authorities: usize,
    /// How many documents the live document merges.
    pub merged: usize,
    /// The keyfiles of its initramfs.
    pub keyfiles: Vec<Keyfile>,
    files: Vec<(String, Vec<u8>)>,
}

/// What coreos-installer is told, by all its configurations together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// The configurations, in the order in which they count.
    pub configurations: Vec<String>,
    /// The disk.
    pub device: Option<String>,
    /// Consoles of the installed system.
    pub consoles: Vec<String>,
    /// Kernel arguments that the installed system gets.
    pub append_kernel_arguments: Vec<String>,
    /// Kernel arguments that it loses.
    pub delete_kernel_arguments: Vec<String>,
    /// Whether the live system's network profiles go to the disk.
    pub copies_network: bool,
    /// The disk's document.
    pub destination: Option<Destination>,
    /// What else the installer is told, as it is written.
    pub others: BTreeMap<String, Value>,
}

/// The document of the installed system's first boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Destination {
    /// The file of the live system, or the address, that it comes from.
    pub source: String,
    /// Why it is not known here.
    pub unknown: Option<String>,
    /// Its size in bytes.
    pub size_bytes: Option<usize>,
    /// The version of Ignition's spec that it says.
    pub version: Option<String>,
    /// How many documents it merges.
    pub merged: usize,
    /// How many certificate authorities its Ignition trusts beside the system's.
    pub authorities: usize,
    /// Its users, with those of the documents that it merges.
    pub users: Vec<Login>,
}

/// A user, and how to log in as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Login {
    /// Login name.
    pub name: String,
    /// Whether there is a password.
    pub has_password: bool,
    /// How many SSH keys there are.
    pub keys: usize,
}

/// A program that runs beside the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// `pre-install` or `post-install`.
    pub when: &'static str,
    /// What it was called.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: usize,
    /// Whether its unit is enabled; otherwise it never runs.
    pub is_enabled: bool,
}

/// A keyfile of the live system's initramfs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Keyfile {
    /// Its file's name.
    pub file: String,
    /// What it says about itself.
    #[serde(flatten)]
    pub summary: KeyfileSummary,
}

/// True for paths that coreos-installer's `customize` writes, all of them private.
pub(super) fn is_of_installer(path: &str) -> bool {
    path.starts_with(INSTALLER_FOLDER) || HOOKS.iter().any(|(prefix, _)| path.starts_with(prefix))
}

impl Medium {
    /// Reads the live document, if there is one, and the keyfiles of the initramfs by file name.
    pub fn of(document: &Document, keyfiles: &BTreeMap<String, Vec<u8>>) -> Self {
        let merged = count(document, "/ignition/config/merge");
        let document = document.resolved();
        let summary = |(file, bytes): (&String, &Vec<u8>)| Keyfile {
            file: file.clone(),
            summary: KeyfileSummary::of(&String::from_utf8_lossy(bytes)),
        };
        let mut medium = Self {
            live: sno::live_parts(&document, keyfiles),
            disk: Err("nothing in it installs a disk".to_owned()),
            arguments: Vec::new(),
            installation: None,
            hooks: hooks(&document),
            authorities: count(&document, "/ignition/security/tls/certificateAuthorities"),
            merged,
            keyfiles: keyfiles.iter().map(summary).collect(),
            files: Vec::new(),
            document,
        };
        medium.read_installer();
        medium
    }

    /// Later configurations win, as for coreos-installer; its lists grow.
    fn read_installer(&mut self) {
        let files = InstallerDocument::of(self.document.clone());
        for (path, text) in files.texts_below(INSTALLER_FOLDER) {
            let name = path.strip_prefix(INSTALLER_FOLDER).unwrap_or_default();
            if is_name(name) {
                self.files.push((format!("installer.d/{name}"), text.clone().into_bytes()));
            }
            let installation = self.installation.get_or_insert_default();
            installation.configurations.push(path.clone());
            let (Some(tree), _) = document::parse(&path, &text) else { continue };
            if let Value::Object(config) = View::root(&path, &tree).to_json() {
                installation.add(config);
            }
        }
        if let Some(installation) = &mut self.installation {
            let mut arguments = installation.append_kernel_arguments.clone();
            arguments.extend(installation.consoles.iter().map(|console| format!("console={console}")));
            self.arguments = arguments;
            if installation.device.is_some() {
                self.disk = Ok(Document::new(Value::Null));
            }
            if let Some(destination) = &mut installation.destination {
                let bytes = files.bytes(&destination.source);
                self.disk = destination.read(bytes.as_deref());
                self.files.extend(bytes.map(|bytes| ("dest.ign".to_owned(), bytes)));
            }
        }
        for hook in &self.hooks {
            let prefix = HOOKS.iter().find(|(_, when)| *when == hook.when).map_or("", |(prefix, _)| prefix);
            if let Some(bytes) = files.bytes(&format!("{prefix}{}", hook.name)) {
                self.files.push((format!("hooks/{}-{}", hook.when, hook.name), bytes));
            }
        }
    }

    /// What the live document carries for the installation, as files: the disk's document (`dest.ign`), the
    /// installer's configurations (`installer.d/`) and hooks (`hooks/`).
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// What the installed system gets.
    pub(super) fn on_disk(&self) -> Vec<Part> {
        let Ok(disk) = &self.disk else { return Vec::new() };
        let mut parts = disk.parts();
        if self.copies_network() && !parts.iter().any(sno::is_keyfile) {
            parts.extend(self.live.iter().filter(|part| sno::is_keyfile(part)).cloned());
        }
        parts.extend(self.arguments.iter().map(|argument| Part::new(PartKind::KernelArgument, argument)));
        parts
    }

    pub(super) fn copies_network(&self) -> bool {
        self.installation.as_ref().is_some_and(|installation| installation.copies_network)
    }
}

impl Installation {
    /// Adds what one configuration says.
    fn add(&mut self, config: serde_json::Map<String, Value>) {
        let words = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for (key, value) in config {
            match (key.as_str(), value.as_str()) {
                ("dest-device", Some(device)) => self.device = Some(device.to_owned()),
                ("ignition-file" | "ignition-url", Some(source)) => {
                    self.destination =
                        Some(Destination { source: source.to_owned(), ..Destination::default() });
                }
                ("console", _) => self.consoles.extend(words(&value)),
                ("append-karg", _) => self.append_kernel_arguments.extend(words(&value)),
                ("delete-karg", _) => self.delete_kernel_arguments.extend(words(&value)),
                ("copy-network", _) => self.copies_network |= value == true,
                _ => drop(self.others.insert(key, value)),
            }
        }
    }
}

impl Destination {
    /// Reads what the live system has at its path, and says it.
    fn read(&mut self, bytes: Option<&[u8]>) -> Result<Document, String> {
        self.size_bytes = bytes.map(<[u8]>::len);
        let document = match bytes {
            Some(bytes) => serde_json::from_slice::<Value>(bytes)
                .map_err(|cause| format!("the disk's document `{}` is no JSON: {cause}", self.source)),
            None if self.source.contains("://") => {
                Err(format!("the disk's document comes from `{}`, and is not known here", self.source))
            }
            None => Err(format!("the disk's document `{}` is not in it", self.source)),
        };
        let document = document.map(Document::new).inspect_err(|why| self.unknown = Some(why.clone()))?;
        self.version = Some(document.version().to_owned()).filter(|version| !version.is_empty());
        self.merged = count(&document, "/ignition/config/merge");
        self.authorities = count(&document, "/ignition/security/tls/certificateAuthorities");
        let document = document.resolved();
        let login = |user: &Value| Login {
            name: user["name"].as_str().unwrap_or_default().to_owned(),
            has_password: user["passwordHash"].is_string(),
            keys: user["sshAuthorizedKeys"].as_array().map_or(0, Vec::len),
        };
        self.users = document.list("passwd", "users").iter().map(login).collect();
        Ok(document)
    }
}

fn hooks(document: &Document) -> Vec<Hook> {
    let enabled = |unit: &str| {
        document.list("systemd", "units").iter().any(|one| one["name"] == unit && one["enabled"] == true)
    };
    let hook = |file: &Value| {
        let path = file["path"].as_str()?;
        let (name, when) =
            HOOKS.iter().find_map(|(prefix, when)| Some((path.strip_prefix(prefix)?, *when)))?;
        if !is_name(name) {
            return None;
        }
        let size_bytes = ignition::contents(file)?.len();
        let is_enabled = enabled(&format!("{when}-{name}.service"));
        Some(Hook { when, name: name.to_owned(), size_bytes, is_enabled })
    };
    document.list("storage", "files").iter().filter_map(hook).collect()
}

/// True for the name of a file, which leads nowhere else.
fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

fn count(document: &Document, pointer: &str) -> usize {
    document.value().pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)
}
