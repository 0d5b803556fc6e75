//! Local files of a machine, as `world` read them, turned into values.

use std::collections::BTreeMap;

use crate::document::Diagnostics;
use crate::document::Sourced;
use crate::ignition::hash_password;
use crate::spec::ButaneFile;
use crate::spec::LocalFile;
use crate::spec::Machine;
use crate::spec::Password;
use crate::spec::User;
use crate::value::Secret;
use crate::value::SshKey;

/// The local files that a file named, by the path as it is written there.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Files: their bytes.
    pub contents: BTreeMap<String, Vec<u8>>,
    /// Folders: what is in them, in the order of a walk by name.
    pub trees: BTreeMap<String, Vec<Entry>>,
    /// Ignition and Butane files that are merged in.
    pub children: BTreeMap<String, ChildFile>,
    /// The Ignition that openshift-install wrote, if there is one.
    pub installer: Option<Vec<u8>>,
    /// The install-config.yaml that it is to be made of, if one is named.
    pub install_config: Option<Vec<u8>>,
}

/// Something in a local folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path below the folder; empty for the folder itself.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What something in a local folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, and whether anybody may run it.
    File {
        /// Its contents.
        bytes: Vec<u8>,
        /// Whether anybody may run it.
        is_program: bool,
    },
    /// A symbolic link.
    Link {
        /// What it points to.
        target: String,
    },
    /// A directory.
    Directory,
}

/// A file that is merged in.
#[derive(Clone, Debug)]
pub enum ChildFile {
    /// Ignition, as bytes.
    Ignition(Vec<u8>),
    /// Butane, with the local files that it names itself.
    Butane(Box<ButaneFile>, Box<Files>),
}

impl Files {
    /// The bytes of a local file. That it could not be read is a finding of `world` already.
    pub(super) fn bytes(&self, file: &LocalFile) -> Option<&[u8]> {
        self.contents.get(&file.value).map(Vec::as_slice)
    }

    /// The text of a local file, if it is UTF-8.
    pub(super) fn text(&self, file: &LocalFile) -> Option<String> {
        String::from_utf8(self.bytes(file)?.to_vec()).ok()
    }

    /// What is in a local folder.
    pub(super) fn tree(&self, folder: &LocalFile) -> &[Entry] {
        self.trees.get(&folder.value).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The user's password hash, made if need be. Its file was looked at by [`check_secrets`].
pub(super) fn password_hash(user: &User, machine: &Machine, files: &Files) -> Option<Sourced<String>> {
    match user.password.as_ref()? {
        Password::Hash(hash) => {
            Some(Sourced { value: hash.reveal().to_owned(), origin: hash.origin.clone() })
        }
        Password::File(file) => {
            let mut findings = Diagnostics::new();
            let password = one_line(file, files, "password", &mut findings)?;
            let seed = machine.butane.salt_seed_file.as_ref();
            let seed = seed.and_then(|file| one_line(file, files, "seed", &mut findings));
            let value = hash_password(&password, &machine.name.value, user.name.as_str(), seed.as_ref())?;
            Some(Sourced { value, origin: file.origin.clone() })
        }
    }
}

/// Looks at files with passwords and seeds, without making hashes of them: that takes its time.
pub(super) fn check_secrets(machine: &Machine, files: &Files, findings: &mut Diagnostics) {
    for user in &machine.butane.users {
        if let Some(Password::File(file)) = &user.password {
            one_line(file, files, "password", findings);
        }
    }
    if let Some(file) = &machine.butane.salt_seed_file {
        one_line(file, files, "seed", findings);
    }
}

/// A secret of one line. Editors end files with a line break; it does not belong to the secret.
pub(super) fn one_line(
    file: &LocalFile,
    files: &Files,
    what: &str,
    findings: &mut Diagnostics,
) -> Option<Secret> {
    let bytes = files.bytes(file)?;
    let mut refuse = |why: &str| {
        let message = format!("the {what} file `{}` {why}", file.value);
        let help = format!("put the {what} alone on its only line");
        findings.error("secret-file", &file.origin, message, help);
        None
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return refuse("is not UTF-8 text");
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return refuse("is empty");
    }
    if text.contains(['\n', '\0']) {
        return refuse("has more than one line");
    }
    Some(Secret::new(text.to_owned()))
}

/// The user's keys, from the file and from local files.
pub(super) fn keys(user: &User, files: &Files, findings: &mut Diagnostics) -> Vec<Sourced<SshKey>> {
    let mut keys = user.keys.clone();
    for file in &user.local_keys {
        let Some(bytes) = files.bytes(file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            count += 1;
            match line.parse() {
                Ok(value) => keys.push(Sourced { value, origin: file.origin.clone() }),
                Err(error) => findings.wrong_value("ssh-key", &file.origin, error),
            }
        }
        if count == 0 {
            let message = format!("`{}` holds no SSH key", file.value);
            findings.error("ssh-key", &file.origin, message, "name a `.pub` file");
        }
    }
    let mut seen = Vec::new();
    keys.retain(|key| {
        let is_new = !seen.contains(&key.line().to_owned());
        seen.push(key.line().to_owned());
        is_new
    });
    keys
}
