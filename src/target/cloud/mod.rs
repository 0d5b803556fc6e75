//! A machine in a cloud: an image that is there, and the boot data that makes it this machine.
//!
//! Everything that the machine must be is put into one document first, as for an installed system, and that document
//! is rendered for whoever in the image reads it. To add a format: add it to [`crate::cloud::Format`] and a branch to
//! `render.rs`; to add outputs for a platform: add a row to `outputs/`.

mod asked;
mod bootstrap;
mod carrying;
mod choosing;
mod cloud_config;
mod fitting;
mod install;
mod networking;
mod outputs;
mod parts;
mod preparing;
mod render;
mod script;
mod shell;
mod wanted;

use super::Files;
use super::landing::System;
use crate::cloud::Table;
use crate::document::Diagnostics;
use crate::document::Rule;
use crate::plan::Plan;
use crate::spec::Machine;
use crate::value::Digest;
use crate::verify::SpecDigest;

/// Rules whose findings are made where boot data is put together.
pub(super) const RULES: [Rule; 7] = [
    Rule {
        name: "cloud-table",
        refuses: "a table of platforms and images that is none",
        why: "what it says of an image would not be known",
        example: "cloud: {table: notes.txt}",
    },
    Rule {
        name: "cloud-choice",
        refuses: "a platform that there is none of, and a format that the image cannot read there",
        why: "nothing would run, or its words would be run as commands",
        example: "cloud: {platform: gce, image: rocky-linux-cloud/rocky-linux-9, format: mime}",
    },
    Rule {
        name: "cloud-carries",
        refuses: "what only Ignition can do, for an image that reads something else",
        why: "it would not happen",
        example: "storage.disks with cloud-config",
    },
    Rule {
        name: "cloud-network",
        refuses: "a network that nothing carries to the machine, or that its boot data cannot say",
        why: "the platform would give it another",
        example: "a static address on gce",
    },
    Rule {
        name: "cloud-part-kind",
        refuses: "a part that nobody in the image reads",
        why: "it would be passed over without a word",
        example: "parts: [{inline: \"echo hello\"}]",
    },
    Rule {
        name: "cloud-install",
        refuses: "cloud-init to be installed where it cannot be",
        why: "the payload would never be read",
        example: "install_cloud_init: true for an image that is in no table",
    },
    Rule {
        name: "cloud-size",
        refuses: "a payload that is larger than the platform takes",
        why: "the platform refuses it, or cuts it off",
        example: "a local file of 20 kB on aws",
    },
];

/// Plans a machine: what it is given to boot with, and what must then be true of it.
pub(super) fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    preparing::prepare(machine, spec, files).map(|(plan, _)| plan)
}

/// Says what cannot be carried, and what is doubtful.
pub(super) fn check(machine: &Machine, files: &Files, findings: &mut Diagnostics) {
    let spec = SpecDigest { file: machine.origin.file.clone(), sha256: Digest::of(b"") };
    match preparing::prepare(machine, &spec, files) {
        Ok((_, warnings)) => findings.append(warnings),
        Err(more) => findings.append(more),
    }
}

/// What is known of the system in the image.
pub(super) fn system(machine: &Machine, files: &Files) -> System {
    let family = machine.cloud.as_ref().and_then(|cloud| {
        let mut findings = Diagnostics::new();
        let table = choosing::table(cloud, files, &mut findings)?;
        let platform = table.platform(&cloud.platform.value).ok()?;
        table.family(platform, cloud.image.as_ref()?.as_str()).cloned()
    });
    match family {
        Some(family) if family.shell.has_read_only_root => System::ReadOnlyImage,
        _ => System::Image,
    }
}

/// The user's table, or the program's own.
type Tables = std::borrow::Cow<'static, Table>;
