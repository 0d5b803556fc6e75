//! File systems and swap where the machine file puts them.

use super::INSTALLED;
use crate::document::View;
use crate::spec::Machine;
use crate::verify::Expectation;
use crate::verify::MountProperty;
use crate::verify::Subject;

/// What is to be mounted, or swapped to, by a unit that Butane makes for it.
pub(in crate::target) fn storage(machine: &Machine) -> Vec<Expectation> {
    let storage = machine.butane.view().get("storage");
    let filesystems = storage.map(|storage| storage.list("filesystems")).unwrap_or_default();
    let mounted = filesystems.iter().filter(|filesystem| filesystem.is_true_at("with_mount_unit"));
    mounted.flat_map(filesystem).map(|expectation| expectation.in_lives(&INSTALLED)).collect()
}

fn filesystem(view: &View<'_>) -> Vec<Expectation> {
    let (device, format) = (view.text_at("device"), view.text_at("format"));
    if format.as_ref().is_some_and(|format| format.value == "swap") {
        let swap =
            |device| Expectation::has(&Subject::Swap, device, format!("swap on {device}"), view.origin());
        return device.iter().map(|device| swap(device.as_str())).collect();
    }
    let Some(path) = view.text_at("path") else { return Vec::new() };
    let subject = |property| Subject::Mount(path.value.clone(), property);
    let device = device.map(|device| {
        let says = format!("{} mounted at {}", device.value, path.value);
        Expectation::has(&subject(MountProperty::Device), device.as_str(), says, &device.origin)
    });
    let format = format.map(|format| {
        let says = format!("{} at {}", format.value, path.value);
        Expectation::has(&subject(MountProperty::Format), format.as_str(), says, &format.origin)
    });
    device.into_iter().chain(format).collect()
}
