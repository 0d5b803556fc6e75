//! Users and groups.

use super::twice;
use crate::document::Check;
use crate::document::Found;
use crate::document::Node;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;
use crate::document::repeated;
use crate::value::PasswordHash;

type Document = Sourced<Node>;

/// Groups that Fedora CoreOS or Debian have from the start, apart from `core`'s own. `useradd` refuses a
/// user whose name is a group already, and Ignition then fails the boot.
const GROUPS_IN_USE: [&str; 24] = [
    "adm",
    "audio",
    "bin",
    "cdrom",
    "daemon",
    "dialout",
    "disk",
    "docker",
    "floppy",
    "games",
    "kvm",
    "lp",
    "mail",
    "operator",
    "render",
    "root",
    "sudo",
    "sys",
    "systemd-journal",
    "tape",
    "tty",
    "users",
    "video",
    "wheel",
];

pub(super) static CHECKS: &[Check<Document>] = &[
    Check {
        rule: Rule {
            name: "duplicate-user",
            refuses: "a user or group that is described twice",
            why: "Ignition refuses the document",
            example: "two users `core`",
        },
        by: duplicate_user,
    },
    Check {
        rule: Rule {
            name: "user-is-group",
            refuses: "a user called like a group that the system has",
            why: "`useradd` would fail the first boot",
            example: "users: [{name: wheel}]",
        },
        by: user_is_group,
    },
    Check {
        rule: Rule {
            name: "unknown-group",
            refuses: "(warns) a group that neither the system nor the file has",
            why: "`useradd` would fail the first boot",
            example: "groups: [whel]",
        },
        by: unknown_group,
    },
    Check {
        rule: Rule {
            name: "one-password",
            refuses: "a password in two ways",
            why: "nobody could say which is meant",
            example: "{password_file: a, password_hash: b}",
        },
        by: one_password,
    },
    Check {
        rule: Rule {
            name: "weak-hash",
            refuses: "(warns) a password hash of few rounds: SHA-crypt below 5000, bcrypt below 10",
            why: "whoever reads the medium can guess the password",
            example: "$6$rounds=1000$…",
        },
        by: weak_hash,
    },
    Check {
        rule: Rule {
            name: "duplicate-entry",
            refuses: "an SSH key or group that one user has twice",
            why: "Ignition refuses the document",
            example: "groups: [wheel, wheel]",
        },
        by: duplicate_entry,
    },
];

fn list<'a>(document: &'a Document, name: &str) -> Vec<View<'a>> {
    View::of(document).get("passwd").map(|passwd| passwd.list(name)).unwrap_or_default()
}

fn names(document: &Document, of: &str) -> Vec<Sourced<String>> {
    list(document, of).iter().filter_map(|view| view.text_at("name")).collect()
}

fn duplicate_user(document: &Document, found: &mut Found<'_>) {
    twice(names(document, "users").into_iter(), "the user", found);
    twice(names(document, "groups").into_iter(), "the group", found);
}

fn user_is_group(document: &Document, found: &mut Found<'_>) {
    for name in names(document, "users") {
        if name.value != "root" && GROUPS_IN_USE.contains(&name.value.as_str()) {
            let message = format!(
                "a group is called `{}` already, so `useradd` would fail and the first boot with it",
                name.value
            );
            found.error(&name.origin, message, "choose another login name");
        }
    }
}

fn unknown_group(document: &Document, found: &mut Found<'_>) {
    let made = names(document, "groups");
    let users = names(document, "users");
    for user in list(document, "users") {
        for group in user.list("groups").iter().filter_map(View::text) {
            let name = group.value.as_str();
            let known = GROUPS_IN_USE.contains(&name)
                || name == "core"
                || made.iter().chain(&users).any(|other| other.value == name);
            if !known {
                let help = match crate::document::nearest(name, GROUPS_IN_USE) {
                    Some(near) => format!("did you mean `{near}`? else make it under `passwd.groups`"),
                    None => "make it under `passwd.groups`".to_owned(),
                };
                let message = format!(
                    "the group `{name}` is not known to be there, and without it the first boot fails"
                );
                found.warning(&group.origin, message, help);
            }
        }
    }
}

fn one_password(document: &Document, found: &mut Found<'_>) {
    for user in list(document, "users") {
        if let (Some(_), Some(hash)) = (user.get("password_file"), user.get("password_hash")) {
            found.error(
                hash.origin(),
                "a user has one password, not two",
                "keep `password_file` or `password_hash`",
            );
        }
    }
}

fn weak_hash(document: &Document, found: &mut Found<'_>) {
    for view in list(document, "users").iter().chain(&list(document, "groups")) {
        let Some(hash) = view.parse_at::<PasswordHash>("password_hash") else { continue };
        if let Some(why) = hash.weakness() {
            let help = "make it with `mkpasswd -m yescrypt`, or give `password_file`";
            found.warning(&hash.origin, format!("the password hash is weak: {why}"), help);
        }
    }
}

fn duplicate_entry(document: &Document, found: &mut Found<'_>) {
    for user in list(document, "users") {
        for (key, what) in [("groups", "the group"), ("ssh_authorized_keys", "the SSH key")] {
            let entries: Vec<Sourced<String>> = user.list(key).iter().filter_map(View::text).collect();
            let values = entries.iter().map(|entry| (entry.value.trim().to_owned(), &entry.origin));
            for (value, origin, _) in repeated(values) {
                // A key fills the line; its beginning is enough.
                let shown: String = value.chars().take(24).collect();
                found.error(origin, format!("{what} `{shown}` is there twice"), "keep one of them");
            }
        }
    }
}
