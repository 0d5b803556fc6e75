//! What a port will be called over all schemes and kernels that may come, and which of its names last.

use super::Arguments;
use super::Conditions;
use super::NameFile;
use super::Prediction;
use super::Scheme;
use super::driven::Driven;
use super::driven::driven;
use super::predict;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::value::KernelVersion;

/// What a port is called under some schemes and kernels.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The schemes, in the order of the table.
    pub schemes: Vec<&'static Scheme>,
    /// The kernels.
    pub kernels: Kernels,
    /// What it is called there.
    pub prediction: Prediction,
}

/// Kernels from one version on and before another; without either, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kernels {
    /// The first of them.
    pub since: Option<KernelVersion>,
    /// The first one after them.
    pub until: Option<KernelVersion>,
    /// What its driver does on them that it does not on others.
    pub why: Option<String>,
    /// Where that is written.
    pub source: Option<String>,
}

impl Kernels {
    /// True if this kernel is one of them.
    pub fn contains(&self, kernel: &KernelVersion) -> bool {
        self.since.as_ref().is_none_or(|since| since <= kernel)
            && self.until.as_ref().is_none_or(|until| kernel < until)
    }

    /// As it is said after a name; nothing for all kernels.
    pub fn said(&self) -> Option<String> {
        Some(match (&self.since, &self.until) {
            (None, None) => return None,
            (Some(since), None) => format!("kernel {since} and later"),
            (None, Some(until)) => format!("kernels before {until}"),
            (Some(since), Some(until)) => format!("kernels from {since} to before {until}"),
        })
    }
}

/// What the ports of an inventory are called under each of `schemes` and every kernel that makes a difference, in
/// their order. Schemes and kernels under which a port is called the same, for the same reason, are put together.
pub fn forecast(
    inventory: &Inventory,
    schemes: &[&'static Scheme],
    arguments: &Arguments,
    files: &[NameFile],
) -> Vec<Vec<Outlook>> {
    let forecast = |index: usize| of_port(inventory, index, schemes, arguments, files);
    (0..inventory.ports.len()).map(forecast).collect()
}

fn of_port(
    inventory: &Inventory,
    index: usize,
    schemes: &[&'static Scheme],
    arguments: &Arguments,
    files: &[NameFile],
) -> Vec<Outlook> {
    let mut outlooks: Vec<Outlook> = Vec::new();
    for Driven { kernels, phys_port_name } in
        driven(&inventory.ports[index], inventory.running.version().as_ref())
    {
        let mut seen = inventory.clone();
        seen.ports[index].phys_port_name = phys_port_name;
        for scheme in schemes {
            let conditions = Conditions { scheme, arguments, files };
            let prediction = predict(&seen, conditions).swap_remove(index);
            let same = outlooks.iter_mut().find(|outlook| {
                let other = &outlook.prediction;
                outlook.kernels == kernels && (&other.name, &other.why) == (&prediction.name, &prediction.why)
            });
            match same {
                Some(outlook) => outlook.schemes.push(scheme),
                None => {
                    outlooks.push(Outlook { schemes: vec![scheme], kernels: kernels.clone(), prediction })
                }
            }
        }
    }
    outlooks
}

/// What becomes of a name that something is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The port that has it now, by its place in the inventory.
    pub port: usize,
    /// When it loses the name, to which other, and why; nothing if it keeps it.
    pub losses: Vec<Loss>,
}

/// A name that is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When: `with kernel 6.7 and later`, or `under the schemes v255 to v261`.
    pub when: String,
    /// What the port is called then, if that can be told.
    pub becomes: Option<String>,
    /// Why.
    pub why: String,
    /// Where that is written.
    pub source: Option<String>,
}

/// Says what becomes of a name that is some port's now, on the kernels and by the schemes that may come after those that
/// the inventory was taken under. Nothing if no port has the name.
pub fn fate(inventory: &Inventory, name: &str, arguments: &Arguments, files: &[NameFile]) -> Option<Fate> {
    let port = inventory.ports.iter().position(|port| port.name == name)?;
    let schemes = to_come(inventory, arguments);
    let running = inventory.running.version();
    let outlooks = of_port(inventory, port, &schemes, arguments, files);
    let may_come = outlooks.into_iter().filter(|outlook| match (&running, &outlook.kernels.until) {
        // What is over does not come again.
        (Some(running), Some(until)) => running < until,
        _ => true,
    });
    let losses = may_come.filter(|outlook| outlook.prediction.name.as_deref() != Some(name)).map(|outlook| {
        let kernels = outlook.kernels.said().map(|kernels| format!("with {kernels}"));
        let all = outlook.schemes.len() == schemes.len();
        let by = (!all || kernels.is_none()).then(|| said(&outlook.schemes, &schemes));
        Loss {
            when: kernels.into_iter().chain(by).collect::<Vec<_>>().join(" "),
            becomes: outlook.prediction.name,
            why: outlook.kernels.why.unwrap_or(outlook.prediction.why),
            source: outlook.kernels.source,
        }
    });
    Some(Fate { port, losses: losses.collect() })
}

/// The schemes that may name ports from now on: the one that is asked for; else those of the same makers that are not
/// older than the one seen.
fn to_come(inventory: &Inventory, arguments: &Arguments) -> Vec<&'static Scheme> {
    if let Some(scheme) = arguments.scheme.as_deref().and_then(Scheme::find) {
        return vec![scheme];
    }
    let seen = inventory.running.naming_scheme.as_deref().and_then(Scheme::find);
    let from = Scheme::all().iter().skip_while(|scheme| seen.is_some_and(|seen| seen.name != scheme.name));
    from.filter(|scheme| seen.is_none_or(|seen| seen.is_upstream() == scheme.is_upstream())).collect()
}

/// Schemes as they are said: a row of neighbours by its ends.
pub fn said(schemes: &[&'static Scheme], of: &[&'static Scheme]) -> String {
    if schemes.len() == of.len() && of.len() > 1 {
        return "by every scheme".to_owned();
    }
    let place = |scheme: &Scheme| of.iter().position(|other| other.name == scheme.name);
    let mut rows: Vec<(&Scheme, &Scheme)> = Vec::new();
    for scheme in schemes {
        let follows = |last: &Scheme| {
            place(last).zip(place(scheme)).is_some_and(|(a, b)| a + 1 == b)
                && last.is_upstream() == scheme.is_upstream()
        };
        match rows.last_mut() {
            Some((_, last)) if follows(last) => *last = scheme,
            _ => rows.push((scheme, scheme)),
        }
    }
    let row = |(first, last): (&Scheme, &Scheme)| match first.name == last.name {
        true => first.name.clone(),
        false => format!("{} to {}", first.name, last.name),
    };
    format!("by {}", rows.into_iter().map(row).collect::<Vec<_>>().join(", "))
}

impl Port {
    /// What it hangs on, for a person: the driver and the PCI address, as far as they are known.
    pub fn place(&self) -> String {
        let parts = [
            self.driver.as_deref(),
            self.pci_address(),
            self.pci_device().and_then(|device| device.pci.as_ref()?.label.as_deref()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
