//! Fedora CoreOS and what is built like it: a live ISO that installs itself by coreos-installer.

use super::contents::Files;
use super::draft;
use super::draft::Draft;
use super::installer;
use super::on_node::Place;
use crate::document::Diagnostics;
use crate::ignition::DropIn;
use crate::ignition::File;
use crate::ignition::Unit;
use crate::image::Edit;
use crate::plan::Artifact;
use crate::plan::Carrier;
use crate::plan::Medium;
use crate::plan::Plan;
use crate::plan::Section;
use crate::spec::After;
use crate::spec::Disk;
use crate::spec::Install;
use crate::spec::Machine;
use crate::value::FileMode;
use crate::verify::Life;
use crate::verify::SpecDigest;

/// Plans a machine: what is in the live medium, what is on the disk, and what must be true of both.
pub(super) fn plan(machine: &Machine, spec: &SpecDigest, files: &Files) -> Result<Plan, Diagnostics> {
    let (mut draft, install) = Draft::of(machine, files)?;
    let manifest = draft.verified(machine, spec, &Life::ALL, Place::Live);
    draft.kernel_arguments(machine, install);
    installation(&mut draft, machine, install);
    let live = draft.live.document();
    let edit = Edit {
        config: Some(live.to_json()),
        network: draft.live_keyfiles,
        append_kernel_arguments: install.console_arguments(),
        ..Edit::default()
    };
    Ok(Plan {
        machine: machine.name.value.clone(),
        lives: &Life::ALL,
        artifacts: draft.artifacts,
        destination: draft.destination.document(),
        carrier: Carrier::Medium(Medium { live, edit }),
        manifest,
        ignition_minor: draft.ignition_minor,
    })
}

/// The unattended installation: the destination document, and what coreos-installer does with it.
fn installation(draft: &mut Draft, machine: &Machine, install: &Install) {
    let (append, delete) = draft::kernel_arguments(machine);
    let device = match &install.disk {
        Disk::Device(device) => device.as_str().to_owned(),
        Disk::Hints(hints) => {
            let (script, unit) = installer::chooser(&hints.value);
            draft.live.file(File::new(installer::CHOOSER_PATH, FileMode::PROGRAM, script.as_bytes()));
            draft.live.unit(unit);
            let artifact = Artifact::new(Section::Install, "choice of the disk", &hints.origin);
            let artifact = artifact.at(installer::CHOOSER_PATH, script.as_bytes());
            draft.artifacts.push(artifact.in_lives(&[Life::Live]));
            installer::CHOSEN_DISK.to_owned()
        }
    };
    let documents = [
        (
            installer::DESTINATION_PATH,
            "destination document".to_owned(),
            draft.destination.document().to_json(),
        ),
        (
            installer::CONFIG_PATH,
            format!("installation to {device}"),
            installer::config(&device, install, &append, &delete),
        ),
    ];
    for (path, what, bytes) in documents {
        draft.live.file(File::new(path, FileMode::PRIVATE, &bytes));
        let artifact = Artifact::new(Section::Install, what, &install.origin).at(path, &bytes);
        draft.artifacts.push(artifact.in_lives(&[Life::Live]));
    }
    if install.after == After::PowerOff {
        let contents = "[Service]\nExecStart=\nExecStart=/usr/bin/systemctl --no-block poweroff\n".to_owned();
        draft.live.unit(Unit {
            name: "coreos-installer-reboot.service".into(),
            dropins: vec![DropIn { name: "10-cotter-poweroff.conf".into(), contents }],
            ..Unit::default()
        });
        let artifact = Artifact::new(Section::Install, "power off after it", &install.origin);
        draft.artifacts.push(artifact.in_lives(&[Life::Live]));
    }
}
