//! What of a machine Harvester's installer cannot carry, at the line that asks for it.

use super::LOGIN;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::View;
use crate::spec::Disk;
use crate::spec::Machine;
use crate::target::landing::Landed;
use crate::target::landing::Landing;
use crate::target::landing::Thing;

/// The rule of what the installer cannot carry.
pub(super) const RULE: &str = "harvester-carries";

/// Sections that mean nothing to it, and what to do instead.
const SECTIONS: [(&[&str], &str, &str); 9] = [
    (&["systemd"], "makes no units", "write a file below `/etc/systemd/system`, or run it in the cluster"),
    (&["grub"], "knows no users of the boot loader", "leave it out"),
    (&["boot_device"], "neither mirrors nor encrypts the boot disk", "leave it out"),
    (&["ignition"], "reads no Ignition", "leave it out"),
    (&["ignition_files"], "reads no Ignition", "write what it says in this file"),
    (
        &["storage", "disks"],
        "makes no partitions but its own",
        "write `harvester.install.data_disk` for the volumes' disk",
    ),
    (&["storage", "raid"], "makes no arrays", "leave it out"),
    (&["storage", "luks"], "makes no encrypted volumes", "leave it out"),
    (&["storage", "filesystems"], "makes no file systems but its own", "leave it out"),
];

/// Of users, all that it takes.
const OF_USER: [&str; 5] =
    ["name", "password_file", "password_hash", "ssh_authorized_keys", "ssh_authorized_keys_local"];

/// Adds everything that cannot be carried.
pub(super) fn carry(machine: &Machine, landed: &Landed, findings: &mut Diagnostics) {
    let view = machine.butane.view();
    for (keys, what, help) in SECTIONS {
        if let Some(section) = view.at(keys) {
            let first = section.items().first().map(|item| item.origin().clone());
            let place = first.unwrap_or_else(|| section.origin().clone());
            findings.error(RULE, &place, format!("Harvester's installer {what}"), help);
        }
    }
    users(machine, &view, findings);
    installation(machine, findings);
    for argument in &machine.butane.kernel_arguments.should_not_exist {
        let message = format!("Harvester's installer takes no kernel argument away, as `{}`", argument.value);
        findings.error(RULE, &argument.origin, message, "leave it out");
    }
    for landing in landed.things.iter().filter(|landing| !landing.is_child) {
        if let Some((what, help)) = why_not(landing, landed, &view) {
            findings.error(RULE, &landing.origin, what, help);
        }
    }
}

fn users(machine: &Machine, view: &View<'_>, findings: &mut Diagnostics) {
    let list = |list: &str| view.get("passwd").map(|passwd| passwd.list(list)).unwrap_or_default();
    for group in list("groups") {
        let message = "Harvester's installer makes no groups";
        findings.error(RULE, group.origin(), message, "leave it out");
    }
    // A key or hash that is wrong is another finding.
    let can_log_in = |user: &View<'_>| {
        user.text_at("name").is_some_and(|name| name.value == LOGIN)
            && OF_USER.iter().skip(1).any(|key| user.get(key).is_some())
    };
    if !list("users").iter().any(can_log_in) {
        let place = view
            .at(&["passwd", "users"])
            .map_or(machine.target.origin.clone(), |users| users.origin().clone());
        let message =
            format!("nobody could log in: Harvester's installer wants a password or a key of `{LOGIN}`");
        let help = format!("give `{LOGIN}` a `password_file` or `ssh_authorized_keys` in `passwd.users`");
        findings.error(RULE, &place, message, help);
    }
    for user in list("users") {
        let Some(name) = user.text_at("name") else { continue };
        if name.value != LOGIN {
            let message = format!("Harvester has the one user `{LOGIN}`, and not `{}`", name.value);
            findings.error(RULE, &name.origin, message, format!("give `{LOGIN}` the keys and the password"));
            continue;
        }
        for (key, place, _) in user.entries().filter(|(key, _, _)| !OF_USER.contains(key)) {
            let message =
                format!("Harvester's installer takes password and keys of `{LOGIN}`, and not `{key}`");
            findings.error(RULE, &place, message, "leave it out");
        }
    }
}

fn installation(machine: &Machine, findings: &mut Diagnostics) {
    let Some(install) = &machine.install else { return };
    if let Disk::Hints(hints) = &install.disk {
        let message = "Harvester's installer takes a disk by its name, not by what it is like";
        let help = "write `device`, as in `/dev/disk/by-id/wwn-0x5000c500a1b2c3d4`";
        findings.error(RULE, &hints.origin, message, help);
    }
    let mut serial = install.consoles.iter().filter(|console| console.as_str() != super::SCREEN);
    for console in serial.clone().filter(|console| console.as_str().starts_with("tty0")) {
        let message = format!("Harvester's screen is `{}`, and not `tty0`", super::SCREEN);
        findings.error(RULE, &console.origin, message, format!("write `{}`, or leave it out", super::SCREEN));
    }
    let _ = serial.next();
    for console in serial {
        let message =
            format!("Harvester takes one console beside the screen, and `{}` is another", console.value);
        findings.error(RULE, &console.origin, message, "keep one of them");
    }
}

/// Why something that lands at a path cannot be carried, and what to do.
fn why_not(landing: &Landing, landed: &Landed, view: &View<'_>) -> Option<(String, &'static str)> {
    let by_command = "let `harvester.os.after_install_chroot_commands` make it";
    match &landing.thing {
        Thing::File { path, is_appended: true, .. } => Some((
            format!("Harvester's installer writes whole files, and adds nothing to `{path}`"),
            "write it whole",
        )),
        Thing::File { path, bytes: None, .. } => {
            let message = format!(
                "the contents of `{path}` are not known here, and Harvester's installer fetches none"
            );
            Some((message, "download the file, and name it as `contents.local`"))
        }
        Thing::File { path, mode, .. } if *mode > 0o777 => {
            let message =
                format!("Harvester's installer gives `{path}` plain permission bits alone, and not {mode:o}");
            Some((message, "write a mode of at most 0777"))
        }
        Thing::File { path, .. } => may_not_replace(path, view).map(|_| {
            let message = format!("Harvester's installer replaces `{path}` if it is there");
            (message, "leave `overwrite: false` out")
        }),
        Thing::Directory { path } => {
            // The folders of a file come with it.
            let below = format!("{path}/");
            let holds_file = landed
                .things
                .iter()
                .any(|other| matches!(&other.thing, Thing::File { path, .. } if path.starts_with(&below)));
            let is_listed = is_listed(view, path);
            (is_listed || !holds_file)
                .then(|| (format!("Harvester's installer makes no directory, as `{path}`"), by_command))
        }
        Thing::Link { path, .. } => {
            Some((format!("Harvester's installer makes no link, as `{path}`"), by_command))
        }
        Thing::Unit { .. } | Thing::DropIn { .. } | Thing::User { .. } => None,
    }
}

fn entries<'v>(view: &View<'v>, list: &str) -> Vec<View<'v>> {
    view.get("storage").map(|storage| storage.list(list)).unwrap_or_default()
}

fn is_listed(view: &View<'_>, path: &str) -> bool {
    entries(view, "directories").iter().any(|entry| entry.text_at("path").is_some_and(|at| at.value == path))
}

fn may_not_replace(path: &str, view: &View<'_>) -> Option<Origin> {
    let files = entries(view, "files");
    let file = files.iter().find(|file| file.text_at("path").is_some_and(|at| at.value == path))?;
    file.truth_at("overwrite").filter(|overwrite| !overwrite.value).map(|overwrite| overwrite.origin)
}
