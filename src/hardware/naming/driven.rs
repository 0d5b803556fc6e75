//! What the driver of a port tells of it, kernel by kernel: a later kernel may tell more, and names grow.

use std::collections::BTreeSet;

use super::forecast::Kernels;
use crate::hardware::Attribute;
use crate::hardware::Change;
use crate::hardware::Driver;
use crate::hardware::Port;
use crate::hardware::When;
use crate::value::KernelVersion;

/// What the driver calls a port on some kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Driven {
    /// The kernels.
    pub kernels: Kernels,
    /// The port's name on the card there.
    pub phys_port_name: Option<String>,
}

/// What the driver calls a port, from the oldest kernels to the newest. One for all kernels where nothing is known to
/// change, or where what was seen on `running` is not what is known of the driver: then what was seen counts.
pub(super) fn driven(port: &Port, running: Option<&KernelVersion>) -> Vec<Driven> {
    let as_seen =
        || vec![Driven { kernels: Kernels::default(), phys_port_name: port.phys_port_name.clone() }];
    let Some(driver) = port.driver.as_deref().and_then(Driver::find) else { return as_seen() };
    let changes: Vec<&Change> = driver.changes.iter().filter(|change| concerns(change, port)).collect();
    let names = |kernel: Option<&KernelVersion>| {
        changes.iter().copied().find(|change| kernel.is_some_and(|kernel| is_in(change, kernel)))
    };
    let is_named = port.phys_port_name.is_some();
    match running {
        // What came into such a kernel from later ones stays there.
        Some(kernel) if kernel.takes_drivers_of_later_releases() && is_named => return as_seen(),
        Some(kernel)
            if !kernel.takes_drivers_of_later_releases() && names(Some(kernel)).is_some() != is_named =>
        {
            return as_seen();
        }
        _ => {}
    }
    let bounds: BTreeSet<&KernelVersion> =
        changes.iter().flat_map(|change| std::iter::once(&change.since).chain(&change.until)).collect();
    let mut since: Option<&KernelVersion> = None;
    let mut all: Vec<Driven> = Vec::new();
    for until in bounds.into_iter().map(Some).chain([None]) {
        let now = names(since);
        let before =
            since.and_then(|since| changes.iter().find(|change| change.until.as_ref() == Some(since)));
        let name = now.and_then(|change| name_of(change, port));
        let why = match (&name, before) {
            (Some(name), _) => Some(format!("{} calls the port `{name}` on its card", driver.name)),
            (None, Some(_)) => Some(format!("{} no longer tells the port's name on its card", driver.name)),
            (None, None) => None,
        };
        let kernels = Kernels {
            since: since.cloned(),
            until: until.cloned(),
            why,
            source: now.or(before.copied()).map(|change| change.source.clone()),
        };
        all.push(Driven { kernels, phys_port_name: name });
        since = until;
    }
    all
}

/// True for what names this port on its card in a way that can be told.
fn concerns(change: &Change, port: &Port) -> bool {
    let is_virtual =
        port.pci_device().and_then(|device| device.pci.as_ref()?.physical_function.as_ref()).is_some();
    let is_meant = match change.when {
        When::Always => true,
        When::PhysicalFunction => !is_virtual,
        When::Switchdev | When::Representor | When::SeveralPorts | When::Standby => false,
    };
    change.attribute == Attribute::PhysPortName && is_meant && name_of(change, port).is_some()
}

fn is_in(change: &Change, kernel: &KernelVersion) -> bool {
    *kernel >= change.since && change.until.as_ref().is_none_or(|until| kernel < until)
}

/// The name; where the driver has numbers of its own, they are those of the functions on cards with a function a port.
fn name_of(change: &Change, port: &Port) -> Option<String> {
    if let Some(seen) = &port.phys_port_name {
        return Some(seen.clone());
    }
    let function = port.pci_address()?.rsplit_once('.')?.1;
    let name = change.value.replace("{function}", function).replace("{port}", function);
    (!name.contains('{')).then_some(name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::driven;
    use crate::hardware::Device;
    use crate::hardware::PciFunction;
    use crate::hardware::PhysicalFunction;
    use crate::hardware::Port;

    fn named(driver: &str, seen: Option<&str>, running: Option<&str>) -> Vec<(String, Option<String>)> {
        named_on(PciFunction::default(), driver, seen, running)
    }

    fn named_on(
        pci: PciFunction,
        driver: &str,
        seen: Option<&str>,
        running: Option<&str>,
    ) -> Vec<(String, Option<String>)> {
        let (subsystem, name) = (Some("pci".into()), "0000:18:00.1".into());
        let device = Device { subsystem, name, pci: Some(pci), ..Device::default() };
        let port = Port {
            driver: Some(driver.into()),
            phys_port_name: seen.map(str::to_owned),
            devices: vec![device],
            ..Port::default()
        };
        let running = running.map(|kernel| kernel.parse().unwrap());
        let all = driven(&port, running.as_ref());
        all.into_iter()
            .map(|driven| (driven.kernels.said().unwrap_or_default(), driven.phys_port_name))
            .collect()
    }

    fn row(kernels: &str, name: Option<&str>) -> (String, Option<String>) {
        (kernels.to_owned(), name.map(str::to_owned))
    }

    #[test]
    fn a_driver_names_its_ports_from_a_kernel_on() {
        let both = [row("kernels before 6.7", None), row("kernel 6.7 and later", Some("p1"))];
        assert_eq!(named("i40e", None, Some("6.5.6-300.fc39.x86_64")), both);
        assert_eq!(named("i40e", Some("p1"), Some("6.7.4-200.fc39.x86_64")), both);
        assert_eq!(named("i40e", None, None), both);
    }

    #[test]
    fn a_driver_may_take_it_back() {
        let rows = [
            row("kernels before 6.16", None),
            row("kernels from 6.16 to before 6.16.4", Some("p1")),
            row("kernel 6.16.4 and later", None),
        ];
        assert_eq!(named("ixgbe", None, Some("6.12.38+deb13-amd64")), rows);
    }

    #[test]
    fn a_virtual_function_may_have_no_name() {
        let rows = [row("kernels before 5.7", None), row("kernel 5.7 and later", Some("p1"))];
        assert_eq!(named("mlx5_core", None, Some("5.4.0")), rows);
        let physical_function = Some(PhysicalFunction { number: 0, devices: Vec::new() });
        let pci = PciFunction { physical_function, ..PciFunction::default() };
        assert_eq!(named_on(pci, "mlx5_core", None, Some("5.4.0")), [row("", None)]);
    }

    #[test]
    fn what_was_seen_counts_more_than_what_is_known() {
        assert_eq!(named("i40e", None, Some("6.12.38+deb13-amd64")), [row("", None)]);
        assert_eq!(named("i40e", Some("p9"), Some("5.14.0-570.el9.x86_64")), [row("", Some("p9"))]);
        assert_eq!(named("tg3", None, Some("6.5")), [row("", None)]);
        assert_eq!(named("no_such_driver", Some("x"), None), [row("", Some("x"))]);
    }
}
