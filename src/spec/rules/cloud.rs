//! A machine in a cloud.

use crate::document::Check;
use crate::document::Found;
use crate::document::Rule;
use crate::spec::Contents;
use crate::spec::Machine;
use crate::spec::Target;
use crate::verify::Life;

pub(in crate::spec) static CHECKS: &[Check<Machine>] = &[
    Check {
        rule: Rule {
            name: "cloud-platform",
            refuses: "target `cloud` without the section `cloud`",
            why: "what reads boot data, and how much of it, is another matter on each platform",
            example: "target: cloud, and no `cloud:`",
        },
        by: platform,
    },
    Check {
        rule: Rule {
            name: "cloud-part",
            refuses: "a part or a bootstrap's file of which nothing is said, or said twice",
            why: "nobody could say what it is to be",
            example: "parts: [{name: a, inline: x, local: a.sh}]",
        },
        by: part,
    },
    Check {
        rule: Rule {
            name: "bootstrap",
            refuses: "a bootstrap without a program, with variables or settings that have no right name, or with a unit that is no service",
            why: "the machine would wait for ever, or the shell would stop",
            example: "environment: {MY-NAME: x}",
        },
        by: bootstrap,
    },
    Check {
        rule: Rule {
            name: "no-live-medium",
            refuses: "`lives` with `live` for a machine in a cloud, one that an operator configures, or one that Harvester's own medium installs",
            why: "it has no live medium of cotter's",
            example: "lives: [live]",
        },
        by: no_live_medium,
    },
];

fn platform(machine: &Machine, found: &mut Found<'_>) {
    if machine.target.value == Target::Cloud && machine.butane.view().get("cloud").is_none() {
        let help = "add `cloud: {platform: gce, image: rocky-linux-cloud/rocky-linux-9}`";
        found.error(&machine.target.origin, "the platform is not said", help);
    }
}

fn part(machine: &Machine, found: &mut Found<'_>) {
    let Some(cloud) = &machine.cloud else { return };
    let help = "write `inline` or `local`";
    let mut look = |contents: Option<&Contents>, origin, what: &str| {
        if contents.is_none() {
            let message = format!("{what} has no contents, or two");
            found.error(origin, message, help);
        }
    };
    for part in &cloud.parts {
        look(part.contents.as_ref(), &part.origin, "the part");
    }
    if let Some(config) = cloud.bootstrap.as_ref().and_then(|bootstrap| bootstrap.config.as_ref()) {
        look(config.contents.as_ref(), &config.path.origin, "the bootstrap's file");
    }
}

fn bootstrap(machine: &Machine, found: &mut Found<'_>) {
    let Some(bootstrap) = machine.cloud.as_ref().and_then(|cloud| cloud.bootstrap.as_ref()) else { return };
    let binaries = machine.butane.view().at(&["cloud", "bootstrap", "binaries"]);
    if binaries.is_some_and(|binaries| binaries.entries().next().is_none()) {
        let help = "add `binaries: {amd64: {urls: […], sha256: …}}`";
        found.error(&bootstrap.origin, "there is no program for any architecture", help);
    }
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    for (name, value) in &bootstrap.environment {
        let is_name = name.bytes().next().is_some_and(is_letter)
            && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit());
        if !is_name {
            let message = format!("`{name}` is not the name of a variable");
            found.error(&value.origin, message, "use letters, digits and `_`, as in `NODE_NAME`");
        }
    }
    for (name, value) in &bootstrap.sysctls {
        let is_name = !name.is_empty()
            && !name.starts_with('-')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
        if !is_name || value.value.contains('\n') || value.value.is_empty() {
            let message = format!("`{name}` is not a setting of the kernel's");
            found.error(
                &value.origin,
                message,
                "write it as `sysctl -a` does, as in `net.ipv4.ip_forward: 1`",
            );
        }
    }
    if let Some(unit) = bootstrap.unit.as_ref().filter(|unit| !unit.as_str().ends_with(".service")) {
        let message = format!("`{}` is no service, and only a service runs a program", unit.value);
        found.error(&unit.origin, message, "let its name end in `.service`");
    }
}

fn no_live_medium(machine: &Machine, found: &mut Found<'_>) {
    let what = match machine.target.value {
        Target::Cloud => "a machine in a cloud has no live medium",
        Target::MachineConfig => "a node that is there has no live medium",
        Target::Harvester => "the live system is Harvester's own installer",
        Target::Fcos | Target::Sno => return,
    };
    for lives in machine.said_lives().into_iter().filter(|lives| lives.value.contains(&Life::Live)) {
        let help = "leave `lives` out: everything is there from the first boot on";
        found.error(&lives.origin, what, help);
    }
}
