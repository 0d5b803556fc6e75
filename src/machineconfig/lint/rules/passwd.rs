//! Users of a MachineConfig.

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::lint::thing::Thing;
use crate::machineconfig::operator::of_user;
use crate::value::PasswordHash;
use crate::value::SshKey;

const KINDS: &[&str] = &["MachineConfig"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "core-user",
            refuses: "another user than `core`, or of `core` anything but SSH keys and a password hash",
            why: "the operator takes no change of users while it is there, not even a new key",
            example: "users: [{name: admin}]",
        },
        kinds: KINDS,
        by: core_user,
    },
    Each {
        rule: Rule {
            name: "ssh-key",
            refuses: "an SSH key that is none",
            why: "sshd passes over it, and its owner cannot log in",
            example: "sshAuthorizedKeys: [ssh-rsa AAAA]",
        },
        kinds: KINDS,
        by: ssh_key,
    },
    Each {
        rule: Rule {
            name: "password-hash",
            refuses: "a password hash that login does not understand, or one that is too weak (warns)",
            why: "nobody can log in; a plain password there can be read by all who read MachineConfigs",
            example: "passwordHash: secret",
        },
        kinds: KINDS,
        by: password_hash,
    },
];

fn core_user(thing: &Thing<'_>, found: &mut Found<'_>) {
    for user in thing.list(&["config", "passwd", "users"]) {
        if let Some(problem) = of_user(user.text_at("name"), user.value) {
            found.error(&user.origin_at("name"), problem.what, problem.next);
        }
    }
}

fn ssh_key(thing: &Thing<'_>, found: &mut Found<'_>) {
    for user in thing.list(&["config", "passwd", "users"]) {
        for key in user.list(&["sshAuthorizedKeys"]) {
            let Some(text) = key.text() else { continue };
            // Keys that an installer joined by line breaks are as good as several.
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                if let Err(error) = line.parse::<SshKey>() {
                    found.wrong_value(key.origin(), error);
                }
            }
            if text.trim().is_empty() {
                found.error(
                    key.origin(),
                    "an SSH key is empty",
                    "leave it out, or paste the line of a `.pub` file",
                );
            }
        }
    }
}

fn password_hash(thing: &Thing<'_>, found: &mut Found<'_>) {
    for user in thing.list(&["config", "passwd", "users"]) {
        let Some(place) = user.get("passwordHash") else { continue };
        let next = "make one with `mkpasswd -m yescrypt`";
        match place.text().unwrap_or_default().parse::<PasswordHash>() {
            Ok(hash) => {
                if let Some(weakness) = hash.weakness() {
                    let message = format!("the password hash is easy to guess: {weakness}");
                    found.warning(place.origin(), message, next);
                }
            }
            Err(_) => {
                let message = "the password hash is not one that login understands";
                found.error(place.origin(), message, next);
            }
        }
    }
}
