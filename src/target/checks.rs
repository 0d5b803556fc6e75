//! Rules of what lands on the machine: they need the contents of local files, so they come after reading them.

use std::collections::BTreeMap;

use super::landing::Landed;
use super::landing::Landing;
use super::landing::System;
use super::landing::Thing;
use crate::document::Check;
use crate::document::Complaint;
use crate::document::Found;
use crate::document::Rule;
use crate::network::KEYFILE_FOLDER;
use crate::network::check_keyfile;
use crate::network::check_link_file;
use crate::systemd;
use crate::systemd::Part;
use crate::value::secret_in;
use crate::verify::Life;

/// The rules of what lands on the machine.
pub(super) static CHECKS: &[Check<Landed>] = &[
    Check {
        rule: Rule {
            name: "unit-text",
            refuses: "a unit or drop-in with sections and settings that systemd ignores, or one that it refuses",
            why: "the unit would not do what it says, and only the journal would know",
            example: "[Servce]",
        },
        by: unit_texts,
    },
    Check {
        rule: Rule {
            name: "enabled-without-install",
            refuses: "(warns) a unit that is to be enabled but has no `[Install]`",
            why: "nothing would start it",
            example: "{enabled: true} without WantedBy=",
        },
        by: enabled_without_install,
    },
    Check {
        rule: Rule {
            name: "unit-target",
            refuses: "(warns) a unit that is to be started by a target that the system does not have",
            why: "it would never be started",
            example: "WantedBy=multiuser.target",
        },
        by: unit_targets,
    },
    Check {
        rule: Rule {
            name: "keyfile",
            refuses: "a keyfile of NetworkManager's that is garbage, readable by others, not root's, or called otherwise than *.nmconnection",
            why: "NetworkManager ignores it without a word on the console",
            example: "mode: 0644",
        },
        by: keyfiles,
    },
    Check {
        rule: Rule {
            name: "link-file",
            refuses: "a `.link` file that is none, matches nothing, or matches what others inherit",
            why: "another port would get the name, or none",
            example: "[Match] MACAddress=…",
        },
        by: link_files,
    },
    Check {
        rule: Rule {
            name: "script",
            refuses: "a program that is text without `#!`, or whose first line ends in a carriage return",
            why: "the kernel cannot run it",
            example: "mode: 0755 and `echo hello`",
        },
        by: scripts,
    },
    Check {
        rule: Rule {
            name: "secret-readable",
            refuses: "a private key, a pull secret or the like in a file that everybody may read",
            why: "every user and process of the machine would have it",
            example: "-----BEGIN PRIVATE KEY----- with mode 0644",
        },
        by: secrets,
    },
    Check {
        rule: Rule {
            name: "sudoers",
            refuses: "a file in /etc/sudoers.d with a dot or `~` in its name, or that others may write",
            why: "sudo ignores it, or refuses to work at all",
            example: "path: /etc/sudoers.d/admin.conf",
        },
        by: sudoers,
    },
    Check {
        rule: Rule {
            name: "read-only-place",
            refuses: "a path below /usr, /bin, /sbin, /lib or /proc and the like",
            why: "it is read-only on CoreOS, and Ignition would fail the first boot",
            example: "path: /usr/bin/tool",
        },
        by: read_only_places,
    },
    Check {
        rule: Rule {
            name: "path-is-taken",
            refuses: "two sources of one path: a file of the user's where cotter writes one, or where a merged file does",
            why: "one would overwrite the other, and nobody could say which",
            example: "hostname: a and a file /etc/hostname",
        },
        by: paths_are_taken,
    },
    Check {
        rule: Rule {
            name: "missing-life",
            refuses: "network files, names and users that are not in the live medium, unless `lives` says so",
            why: "the network or the login would be there in one life and gone in another",
            example: "a keyfile under storage.files",
        },
        by: missing_lives,
    },
];

fn complain(landing: &Landing, what: &str, complaints: Vec<Complaint>, found: &mut Found<'_>) {
    for complaint in complaints {
        found.error(&landing.line(complaint.line), format!("{what}: {}", complaint.message), complaint.help);
    }
}

/// Units also come as files, and drop-ins too.
fn unit_file(path: &str) -> Option<(&str, Part)> {
    let rest = path.strip_prefix("/etc/systemd/system/")?;
    match rest.split_once('/') {
        None => rest.contains('.').then_some((rest, Part::Whole)),
        Some((folder, name)) if name.ends_with(".conf") && !name.contains('/') => {
            Some((folder.strip_suffix(".d")?, Part::DropIn))
        }
        Some(_) => None,
    }
}

fn unit_texts(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        match &landing.thing {
            Thing::Unit { name, text: Some(text), .. } => {
                complain(landing, &format!("`{name}`"), systemd::check(name, text, Part::Whole), found);
            }
            Thing::DropIn { unit, name, text } => {
                complain(landing, &format!("`{name}`"), systemd::check(unit, text, Part::DropIn), found);
            }
            Thing::File { path, bytes: Some(bytes), .. } => {
                let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty());
                if let (Some((name, part)), Some(text)) = (unit_file(path), text) {
                    complain(landing, &format!("`{name}`"), systemd::check(name, text, part), found);
                }
            }
            _ => {}
        }
    }
}

/// Enabled units with their texts.
fn enabled(landed: &Landed) -> impl Iterator<Item = (&Landing, &str, &str)> {
    landed.things.iter().filter_map(|landing| match &landing.thing {
        Thing::Unit { name, text: Some(text), enabled: Some(true) } => {
            Some((landing, name.as_str(), text.as_str()))
        }
        _ => None,
    })
}

fn enabled_without_install(landed: &Landed, found: &mut Found<'_>) {
    for (landing, _, text) in enabled(landed) {
        if systemd::installs(text).is_empty() {
            found.warning(
                &landing.origin,
                "the unit is to be enabled but has no section `[Install]`, so nothing will start it",
                "add `[Install]` with `WantedBy=multi-user.target`",
            );
        }
    }
}

fn unit_targets(landed: &Landed, found: &mut Found<'_>) {
    let brought = |name: &str| {
        landed.things.iter().any(|landing| {
            matches!(&landing.thing, Thing::Unit { name: other, .. } if other == name)
                || landing.path().is_some_and(|path| path.ends_with(&format!("/systemd/system/{name}")))
        })
    };
    for (landing, _, text) in enabled(landed) {
        for (word, line) in systemd::installs(text) {
            let is_known =
                !word.ends_with(".target") || word.contains('%') || systemd::is_known_target(&word);
            if is_known || brought(&word) {
                continue;
            }
            let help = match systemd::nearest_target(&word) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see `systemctl list-units --type target --all` for what there is".to_owned(),
            };
            found.warning(
                &landing.line(line),
                format!("the system has no `{word}`, so nothing will start the unit"),
                help,
            );
        }
    }
}

fn keyfiles(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        let Thing::File { path, mode, owner, bytes, .. } = &landing.thing else { continue };
        let Some(name) = path.strip_prefix(KEYFILE_FOLDER).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        if name.ends_with('~') || name.starts_with('.') || !name.ends_with(".nmconnection") {
            let help = "end its name with `.nmconnection`";
            found.error(&landing.origin, format!("NetworkManager would not read `{name}`"), help);
        }
        if mode & 0o077 != 0 {
            let message = format!("`{name}` has the mode {mode:04o}, so NetworkManager would ignore it");
            found.error(&landing.origin, message, "add `mode: 0600`");
        }
        if owner != "root" {
            let message = format!("`{name}` belongs to `{owner}`, so NetworkManager would ignore it");
            found.error(&landing.origin, message, "leave out `user`");
        }
        let Some(bytes) = bytes.as_deref() else { continue };
        let complaints = match std::str::from_utf8(bytes) {
            Ok(text) => check_keyfile(text, &landed.network.names, &landed.lost_names),
            Err(_) => vec![Complaint {
                line: 0,
                message: "it is no text".into(),
                help: "NetworkManager would ignore it".into(),
            }],
        };
        complain(landing, &format!("`{name}`"), complaints, found);
    }
}

fn link_files(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        let Thing::File { path, bytes: Some(bytes), .. } = &landing.thing else { continue };
        let is_link = path.strip_prefix("/etc/systemd/network/").is_some_and(|name| name.ends_with(".link"));
        if let (true, Ok(text)) = (is_link, std::str::from_utf8(bytes)) {
            complain(landing, &format!("`{path}`"), check_link_file(text), found);
        }
    }
}

fn scripts(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        let Thing::File { path, mode, bytes: Some(bytes), is_appended: false, .. } = &landing.thing else {
            continue;
        };
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()) else { continue };
        let first = text.split('\n').next().unwrap_or_default();
        if mode & 0o111 == 0 || text.contains('\0') {
            continue;
        }
        if !first.starts_with("#!") {
            let message = format!("`{path}` may be run, but its first line is no `#!`");
            found.error(
                &landing.line(1),
                message,
                "begin it with `#!/bin/bash`, or take the `x` bits from its mode",
            );
        } else if first.ends_with('\r') {
            let message = format!(
                "the first line of `{path}` ends in a carriage return, so its interpreter is not found"
            );
            found.error(&landing.line(1), message, "save the file with Unix line ends");
        }
    }
}

fn secrets(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        let Thing::File { path, mode, bytes: Some(bytes), .. } = &landing.thing else { continue };
        // Keyfiles have a rule of their own.
        if mode & 0o004 == 0 || path.starts_with(KEYFILE_FOLDER) {
            continue;
        }
        if let Some(what) = secret_in(&String::from_utf8_lossy(bytes)) {
            let message = format!("`{path}` holds {what}, and everybody may read it (mode {mode:04o})");
            found.error(&landing.origin, message, "add `mode: 0600`");
        }
    }
}

fn sudoers(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        let Thing::File { path, mode, .. } = &landing.thing else { continue };
        let Some(name) = path.strip_prefix("/etc/sudoers.d/") else { continue };
        if name.contains('.') || name.ends_with('~') {
            let message = format!("sudo ignores files with a dot or `~` in their name, as `{name}`");
            found.error(&landing.origin, message, "leave the ending out");
        }
        if mode & 0o022 != 0 {
            let message =
                format!("`{path}` may be written by others (mode {mode:04o}), so sudo refuses to work");
            found.error(&landing.origin, message, "add `mode: 0440`");
        }
    }
}

/// Read-only on an ostree system, or no place for files at all. `/usr/local` is a link to `/var/usrlocal`.
const READ_ONLY: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/sys", "/dev"];

/// Those that are the kernel's, in every system.
const OF_KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

fn read_only_places(landed: &Landed, found: &mut Found<'_>) {
    for landing in &landed.things {
        if matches!(landing.thing, Thing::Unit { .. } | Thing::DropIn { .. }) {
            continue;
        }
        let Some(path) = landing.path() else { continue };
        let is_writable = |place: &str| landed.system == System::Image && !OF_KERNEL.contains(&place);
        let place = READ_ONLY
            .iter()
            .filter(|place| !is_writable(place))
            .find(|place| path == **place || path.starts_with(&format!("{place}/")));
        if let Some(place) = place.filter(|_| !path.starts_with("/usr/local/")) {
            let message = format!("`{path}` lies below `{place}`, which is read-only there");
            found.error(&landing.origin, message, "put it below /etc, /var, /opt or /usr/local");
        }
    }
}

/// Paths that cotter writes itself.
const RESERVED: [&str; 2] = ["/etc/cotter/", "/usr/local/bin/cotter-"];

fn paths_are_taken(landed: &Landed, found: &mut Found<'_>) {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let network = &landed.network;
    for nic in &network.nics {
        let line = nic.name.origin.line;
        for (path, _) in [
            crate::network::link_file(nic.mac.value, &nic.name),
            crate::network::rule_file(nic.mac.value, &nic.name),
        ] {
            taken.insert(path, format!("the name of `{}` (line {line})", nic.name.value));
        }
    }
    let names =
        network.names.iter().cloned().chain(network.interfaces().iter().map(|i| i.name.value.clone()));
    for name in names {
        taken.insert(format!("{KEYFILE_FOLDER}/cotter-{name}.nmconnection"), format!("the profile `{name}`"));
    }
    for (path, what, origin) in &landed.written {
        taken.insert((*path).to_owned(), format!("{what} (line {})", origin.line));
    }
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for landing in &landed.things {
        let Some(path) = landing.path() else { continue };
        let is_reserved = RESERVED.iter().any(|reserved| path.starts_with(reserved));
        let whose = match (taken.get(&path), others.get(&path)) {
            (Some(whose), _) => whose.clone(),
            (None, _) if is_reserved => "cotter's verification".to_owned(),
            // Within one file, doubles have rules of their own; this is for files that are merged in.
            (None, Some(line)) if landing.is_child => format!("line {line}"),
            _ => {
                others.entry(path).or_insert(landing.origin.line);
                continue;
            }
        };
        let message = format!("`{path}` is written for {whose} already");
        found.error(&landing.origin, message, "leave the file out, or the other thing");
    }
}

/// What decides the network or the login, by its place.
fn concern(thing: &Thing) -> Option<&'static str> {
    let path = match thing {
        Thing::File { path, .. } | Thing::Link { path, .. } => path,
        Thing::User { .. } => return Some("a user"),
        _ => return None,
    };
    let places = [
        ("/etc/NetworkManager/system-connections/", "a network profile"),
        ("/etc/NetworkManager/conf.d/", "a setting of NetworkManager"),
        ("/etc/systemd/network/", "a port's name"),
        ("/etc/udev/rules.d/", "a device rule"),
        ("/etc/hostname", "the host name"),
        ("/etc/hosts", "names of hosts"),
        ("/etc/resolv.conf", "the name servers"),
    ];
    places.iter().find(|(place, _)| path.starts_with(place)).map(|(_, what)| *what)
}

fn missing_lives(landed: &Landed, found: &mut Found<'_>) {
    // An image has no live medium.
    if landed.system != System::Installed {
        return;
    }
    for landing in &landed.things {
        // Whoever names the lives knows them.
        if landing.lives.is_some() || landing.is_in(Life::Live) {
            continue;
        }
        // Where cotter writes the same, that is said already.
        let path = landing.path().unwrap_or_default();
        if landed.written.iter().any(|(other, ..)| *other == path) {
            continue;
        }
        let Some(what) = concern(&landing.thing) else { continue };
        let name = match &landing.thing {
            Thing::User { name } => name.clone(),
            _ => landing.path().unwrap_or_default(),
        };
        let message = format!("`{name}` is {what} that the installed system has and the live medium has not");
        let help = match landing.is_child {
            true => {
                "write the entry as `{path: …, lives: [first-boot, later-boots]}` if that is meant, or `lives: [live, first-boot, later-boots]`"
            }
            false => {
                "add `lives: [live, first-boot, later-boots]`, or `lives: [first-boot, later-boots]` if that is meant"
            }
        };
        found.error(&landing.origin, message, help);
    }
}
