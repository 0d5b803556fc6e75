//! The section `passwd`.

use super::Passwd;
use super::Password;
use super::User;
use crate::document::Diagnostics;
use crate::document::View;

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

pub(super) fn passwd(view: &View<'_>, findings: &mut Diagnostics) -> Option<Passwd> {
    let mut fields = view.fields(findings)?;
    let list = fields.optional("users").map(|view| view.list(findings)).unwrap_or_default();
    let users: Vec<User> = list.iter().filter_map(|view| user(view, findings)).collect();
    let salt_seed_file = fields.optional("salt_seed_file").and_then(|view| view.text(findings));
    fields.finish(findings);
    for (index, user) in users.iter().enumerate() {
        if users.iter().take(index).any(|other| other.name.value == user.name.value) {
            let message = format!("the user `{}` is described twice", user.name.value);
            findings.error(
                "duplicate-user",
                &user.name.origin,
                message,
                "put all about one user into one entry",
            );
        }
    }
    Some(Passwd { users, salt_seed_file })
}

fn user(view: &View<'_>, findings: &mut Diagnostics) -> Option<User> {
    let mut fields = view.fields(findings)?;
    let name: Option<crate::document::Sourced<crate::value::UserName>> = fields
        .required("name", "every user needs a login name", findings)
        .and_then(|view| view.parse("user-name", findings));
    if let Some(name) =
        name.as_ref().filter(|name| name.as_str() != "root" && GROUPS_IN_USE.contains(&name.as_str()))
    {
        findings.error(
            "user-is-group",
            &name.origin,
            format!(
                "a group is called `{}` already, so `useradd` would fail and the first boot with it",
                name.value
            ),
            "choose another login name",
        );
    }
    let file = fields.optional("password_file");
    let hash = fields.optional("password_hash");
    if let (Some(_), Some(hash)) = (&file, &hash) {
        findings.error(
            "one-password",
            hash.origin(),
            "a user has one password, not two",
            "keep `password_file` or `password_hash`",
        );
    }
    let file = file.and_then(|view| view.text(findings)).map(Password::File);
    let hash = hash.and_then(|view| view.parse("password-hash", findings)).map(Password::Hash);
    let keys = fields
        .optional("ssh_authorized_keys")
        .map(|view| view.parse_list("ssh-key", findings))
        .unwrap_or_default();
    let local =
        fields.optional("ssh_authorized_keys_local").map(|view| view.list(findings)).unwrap_or_default();
    let local_keys = local.iter().filter_map(|view| view.text(findings)).collect();
    let groups =
        fields.optional("groups").map(|view| view.parse_list("group-name", findings)).unwrap_or_default();
    let origin = fields.origin().clone();
    fields.finish(findings);
    Some(User { name: name?, password: file.or(hash), keys, local_keys, groups, origin })
}
