//! Local files of a machine, as `world` read them, turned into values.

use std::collections::BTreeMap;

use crate::document::Diagnostics;
use crate::document::Sourced;
use crate::ignition::hash_password;
use crate::spec::Contents;
use crate::spec::LocalFile;
use crate::spec::Machine;
use crate::spec::Password;
use crate::spec::User;
use crate::value::Secret;
use crate::value::SshKey;

/// The local files that a machine named: path as written → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The bytes of some contents. That a local file was not read is a finding of `world` already.
pub(super) fn bytes<'a>(contents: &'a Contents, files: &'a Files) -> Option<&'a [u8]> {
    match contents {
        Contents::Inline(text) => Some(text.value.as_bytes()),
        Contents::Local(file) => files.get(&file.value).map(Vec::as_slice),
    }
}

/// The text of a unit or drop-in.
pub(super) fn unit_text(contents: &Contents, files: &Files, findings: &mut Diagnostics) -> Option<String> {
    match std::str::from_utf8(bytes(contents, files)?) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => {
            findings.error(
                "unit-is-text",
                contents.origin(),
                "the unit is not UTF-8 text",
                "systemd reads text only",
            );
            None
        }
    }
}

/// The user's password hash, made if need be.
pub(super) fn password_hash(
    user: &User,
    machine: &Machine,
    files: &Files,
    findings: &mut Diagnostics,
) -> Option<Sourced<String>> {
    match user.password.as_ref()? {
        Password::Hash(hash) => {
            Some(Sourced { value: hash.reveal().to_owned(), origin: hash.origin.clone() })
        }
        Password::File(file) => {
            let password = one_line(file, files, "password", findings)?;
            let seed = machine.passwd.salt_seed_file.as_ref();
            let seed = match seed {
                Some(file) => Some(one_line(file, files, "seed", findings)?),
                None => None,
            };
            let value = hash_password(&password, &machine.name.value, user.name.as_str(), seed.as_ref())?;
            Some(Sourced { value, origin: file.origin.clone() })
        }
    }
}

/// A secret of one line. Editors end files with a line break; it does not belong to the secret.
fn one_line(file: &LocalFile, files: &Files, what: &str, findings: &mut Diagnostics) -> Option<Secret> {
    let bytes = files.get(&file.value)?;
    let mut refuse = |why: &str| {
        let message = format!("the {what} file `{}` {why}", file.value);
        findings.error(
            "secret-file",
            &file.origin,
            message,
            format!("put the {what} alone on its only line"),
        );
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

/// The user's keys, from the machine file and from local files.
pub(super) fn keys(user: &User, files: &Files, findings: &mut Diagnostics) -> Vec<Sourced<SshKey>> {
    let mut keys = user.keys.clone();
    for file in &user.local_keys {
        let Some(bytes) = files.get(&file.value) else {
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
        !seen.contains(&key.line().to_owned()) && {
            seen.push(key.line().to_owned());
            true
        }
    });
    keys
}
