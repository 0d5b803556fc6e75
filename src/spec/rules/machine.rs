//! A machine as a whole.

use crate::document::Check;
use crate::document::Found;
use crate::document::Rule;
use crate::document::View;
use crate::ignition;
use crate::spec::After;
use crate::spec::Disk;
use crate::spec::Hints;
use crate::spec::Machine;
use crate::spec::Password;
use crate::spec::Target;
use crate::spec::User;
use crate::verify::Life;

pub(in crate::spec) static CHECKS: &[Check<Machine>] = &[
    Check {
        rule: Rule {
            name: "section-not-used",
            refuses: "(warns) a section that the target does not use",
            why: "what it says would not happen",
            example: "target: fcos, and `harvester: {…}`",
        },
        by: section_not_used,
    },
    Check {
        rule: Rule {
            name: "install-disk",
            refuses: "an installation to no disk, to two, or to one of which nothing is said",
            why: "coreos-installer would stop in the emergency shell",
            example: "install: {}",
        },
        by: install_disk,
    },
    Check {
        rule: Rule {
            name: "sno-installer",
            refuses: "target `sno` without the installer's Ignition, or with two sources of it",
            why: "the cluster's own part of the medium comes from openshift-install",
            example: "sno: {installer: ./openshift-install}",
        },
        by: sno_installer,
    },
    Check {
        rule: Rule {
            name: "sno-disk",
            refuses: "`install.hints` and `after: poweroff` with target `sno`",
            why: "the installer's own script installs: to a disk by name, and then it reboots",
            example: "install: {hints: {serial: …}}",
        },
        by: sno_disk,
    },
    Check {
        rule: Rule {
            name: "host-entries-address",
            refuses: "`sno.host_entries` for a machine without a static address",
            why: "the names would lead nowhere",
            example: "host_entries: true, with DHCP only",
        },
        by: host_entries_address,
    },
    Check {
        rule: Rule {
            name: "device-may-move",
            refuses: "(warns) an installation device by a kernel name, as in /dev/sda",
            why: "it goes to whichever disk answers first, and that disk is erased",
            example: "device: /dev/sda",
        },
        by: device_may_move,
    },
    Check {
        rule: Rule {
            name: "install-and-mirror",
            refuses: "(warns) an installation to a disk that is not in the mirror",
            why: "the installed disk would be left behind",
            example: "install to sdc, mirror of sda and sdb",
        },
        by: install_and_mirror,
    },
    Check {
        rule: Rule {
            name: "no-login",
            refuses: "(warns) a machine that nobody can log in to",
            why: "if the network fails there is no way in",
            example: "passwd: {users: [{name: core}]}",
        },
        by: no_login,
    },
    Check {
        rule: Rule {
            name: "initramfs-network",
            refuses: "(warns) a kernel argument that turns on networking in the initramfs",
            why: "its profiles stay on later boots and win",
            example: "should_exist: [ip=dhcp]",
        },
        by: initramfs_network,
    },
    Check {
        rule: Rule {
            name: "lives-of-disk",
            refuses: "`lives` with only one of `first-boot` and `later-boots`, or with none",
            why: "what is on the disk is there in both",
            example: "lives: [live, first-boot]",
        },
        by: lives_of_disk,
    },
    Check {
        rule: Rule {
            name: "replace-loses-all",
            refuses: "`ignition.config.replace` in a machine file",
            why: "Ignition would throw away everything else the file says",
            example: "ignition: {config: {replace: {…}}}",
        },
        by: replace_loses_all,
    },
    Check {
        rule: Rule {
            name: "ignition-version",
            refuses: "an Ignition version that cannot carry what the file says",
            why: "an older Ignition ignores or refuses it",
            example: "ignition: {version: 3.3.0} and luks.discard",
        },
        by: ignition_version,
    },
];

fn section_not_used(machine: &Machine, found: &mut Found<'_>) {
    let root = machine.butane.view();
    for (name, place, _) in root.entries() {
        let target = machine.target.value;
        let of_another = match name {
            "sno" => (target != Target::Sno).then_some("say `target: sno`"),
            "machineconfig" => (![Target::Sno, Target::MachineConfig].contains(&target))
                .then_some("say `target: machineconfig`"),
            "cloud" => (target != Target::Cloud).then_some("say `target: cloud`"),
            "harvester" => (target != Target::Harvester).then_some("say `target: harvester`"),
            "base" if target == Target::Harvester => Some("say the release as `harvester.version`"),
            "install" | "base" => match target {
                Target::Cloud => Some("say the image as `cloud.image`"),
                Target::MachineConfig => Some("know that its nodes are installed already"),
                Target::Fcos | Target::Sno | Target::Harvester => None,
            },
            _ => None,
        };
        if let Some(way) = of_another {
            let message = format!("the target `{target}` does not use `{name}`");
            found.warning(&place, message, format!("leave it out, or {way}"));
        }
        if name == "machineconfig" && target == Target::Sno {
            unused_by_single_node(&root, found);
        }
    }
}

/// A single node's section says its pool and version; the rest is written with the target of its own.
fn unused_by_single_node(root: &View<'_>, found: &mut Found<'_>) {
    let section = root.get("machineconfig");
    for (name, place, _) in section.iter().flat_map(View::entries) {
        if !["role", "openshift", "nodes"].contains(&name) {
            let message = format!("the target `sno` does not use `machineconfig.{name}`");
            found.warning(&place, message, "put it into a file of its own with `target: machineconfig`");
        }
    }
}

fn install_disk(machine: &Machine, found: &mut Found<'_>) {
    // An image is installed already, and so is a node.
    if [Target::Cloud, Target::MachineConfig].contains(&machine.target.value) {
        return;
    }
    let help = "say where, as in `device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4` (`ls -l /dev/disk/by-id`)";
    let Some(install) = machine.butane.view().get("install") else {
        found.error(&machine.origin, "where to install is not said", format!("add `install:`; {help}"));
        return;
    };
    match (install.get("device"), install.get("hints")) {
        (None, None) => found.error(install.origin(), "where to install is not said", help),
        (Some(_), Some(hints)) => {
            found.error(hints.origin(), "the disk is named and described", "keep `device` or `hints`");
        }
        (None, Some(hints)) => {
            let said = machine.install.as_ref().map(|install| &install.disk);
            if matches!(said, Some(Disk::Hints(hints)) if hints.value == Hints::default()) {
                found.error(
                    hints.origin(),
                    "nothing is said of the disk",
                    "say its `wwn`, `serial` or `min_size_gib`",
                );
            }
            if let (Some(least), Some(most)) =
                (hints.parse_at::<u64>("min_size_gib"), hints.parse_at::<u64>("max_size_gib"))
                && least.value > most.value
            {
                found.error(&most.origin, "the greatest size is below the least", "exchange them");
            }
        }
        (Some(_), None) => {}
    }
}

fn sno_installer(machine: &Machine, found: &mut Found<'_>) {
    let Some(sno) = machine.sno.as_ref().filter(|sno| sno.installer.is_none()) else { return };
    let help = "add `ignition: bootstrap-in-place-for-live-iso.ign`, or `installer` and `install_config`";
    let section = machine.butane.view().get("sno");
    let is_there = |key: &str| section.as_ref().is_some_and(|section| section.get(key).is_some());
    let message = match (is_there("ignition"), is_there("installer"), is_there("install_config")) {
        (true, true, _) | (true, _, true) => "the installer's Ignition is given, and to be made too",
        (false, true, false) => "the installer is to be run, but its install-config.yaml is not named",
        (false, false, true) => "an install-config.yaml is named, but no installer",
        _ => "the installer's Ignition is not named",
    };
    found.error(&sno.origin, message, help);
}

fn sno_disk(machine: &Machine, found: &mut Found<'_>) {
    let (Some(_), Some(install)) = (&machine.sno, &machine.install) else { return };
    if let Disk::Hints(hints) = &install.disk {
        let message = "the installer's script installs to a disk by name, not by what it is like";
        found.error(
            &hints.origin,
            message,
            "write `device`, the same as `bootstrapInPlace.installationDisk` in install-config.yaml",
        );
    }
    if install.after == After::PowerOff {
        let message = "the installer's script reboots after the installation";
        found.error(&install.origin, message, "leave out `after: poweroff`");
    }
}

fn host_entries_address(machine: &Machine, found: &mut Found<'_>) {
    let Some(origin) = machine.sno.as_ref().and_then(|sno| sno.host_entries.as_ref()) else { return };
    if machine.node_address().is_none() {
        let message = "no port of the machine has a static address for the names to lead to";
        found.error(origin, message, "give a port an `address`, or leave `host_entries` out");
    }
}

fn device_may_move(machine: &Machine, found: &mut Found<'_>) {
    let device = machine.install.as_ref().and_then(|install| install.device());
    if let Some(device) = device.filter(|device| device.moves_between_boots()) {
        found.warning(
            &device.origin,
            format!("`{}` may be another disk at the next boot", device.value),
            "name the disk by its identity, as in `/dev/disk/by-id/wwn-0x…` (`ls -l /dev/disk/by-id`)",
        );
    }
}

fn install_and_mirror(machine: &Machine, found: &mut Found<'_>) {
    let root = machine.butane.view();
    let Some(mirror) = root.at(&["boot_device", "mirror"]) else { return };
    let devices: Vec<String> =
        mirror.list("devices").iter().filter_map(View::text).map(|text| text.value).collect();
    if let Some(device) = machine.install.as_ref().and_then(|install| install.device())
        && !devices.iter().any(|other| other == device.as_str())
    {
        let message = format!("`{}` is not one of the mirror's disks", device.value);
        found.warning(&device.origin, message, format!("install to one of {}", devices.join(", ")));
    }
}

fn no_login(machine: &Machine, found: &mut Found<'_>) {
    let users = &machine.butane.users;
    // A key or hash that is wrong is another finding.
    let written = machine.butane.view().get("passwd").map(|passwd| passwd.list("users")).unwrap_or_default();
    let has = |entry: &View<'_>, keys: &[&str]| keys.iter().any(|key| entry.get(key).is_some());
    let can_log_in = |user: &User| {
        let is_locked = matches!(&user.password, Some(Password::Hash(hash)) if hash.is_locked());
        let by_key = ["ssh_authorized_keys", "ssh_authorized_keys_local"];
        let by_password = ["password_file", "password_hash"];
        written
            .get(user.entry.value)
            .is_some_and(|entry| has(entry, &by_key) || (has(entry, &by_password) && !is_locked))
    };
    // A child document may bring users that are not looked at here.
    let Some(first) = users.first() else { return };
    if !users.iter().any(can_log_in) && machine.children.is_empty() {
        let help = "give a user `ssh_authorized_keys` or `password_file`";
        found.warning(&first.entry.origin, "nobody can log in to this machine", help);
    }
}

fn initramfs_network(machine: &Machine, found: &mut Found<'_>) {
    let arguments = &machine.butane.kernel_arguments.should_exist;
    if let Some(argument) = arguments.iter().find(|argument| argument.turns_on_initramfs_network()) {
        found.warning(
            &argument.origin,
            format!(
                "`{}` turns on networking in the initramfs, whose profiles stay on later boots",
                argument.value
            ),
            "say there what the ports must be, or leave it out: profiles of this file do not replace those",
        );
    }
}

fn lives_of_disk(machine: &Machine, found: &mut Found<'_>) {
    for lives in machine.said_lives() {
        let has = |life| lives.value.contains(&life);
        if has(Life::FirstBoot) != has(Life::LaterBoots) {
            let help = "name both `first-boot` and `later-boots`, or neither";
            found.error(
                &lives.origin,
                "what is on the disk is there in the first boot and in later ones",
                help,
            );
        } else if lives.value.is_empty() {
            found.error(&lives.origin, "it would be in no life", "name the lives, or leave the entry out");
        }
    }
}

fn replace_loses_all(machine: &Machine, found: &mut Found<'_>) {
    if let Some(replace) = machine.butane.view().at(&["ignition", "config", "replace"]) {
        let message = "Ignition would take this document instead of everything that this file says";
        found.error(replace.origin(), message, "use `ignition_files`, or `ignition.config.merge`");
    }
}

fn ignition_version(machine: &Machine, found: &mut Found<'_>) {
    let Some(asked) = &machine.ignition_version else { return };
    let (needed, origin) = machine.butane.ignition_minor();
    let minor = ignition::minor_of(asked).unwrap_or(0);
    if let Some(origin) = origin.filter(|_| minor < needed) {
        let message = format!("Ignition {} does not know this; it came with 3.{needed}.0", asked.value);
        found.error(
            &origin,
            message,
            format!("leave it out, or ask for `version: 3.{needed}.0` (line {})", asked.origin.line),
        );
    }
}
