//! What a port will be called over all schemes and kernels that may come, and which of its names last.

use std::collections::BTreeSet;
use std::fmt;

use super::Arguments;
use super::Conditions;
use super::NameFile;
use super::Prediction;
use super::Scheme;
use super::driven::Driven;
use super::driven::driven;
use super::predict;
use super::told::with_what_names_told;
use crate::hardware::Inventory;
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

    /// True if they begin by this kernel, and are not over before it; `None` is before all.
    fn begins_by(&self, kernel: Option<&KernelVersion>) -> bool {
        match kernel {
            Some(kernel) => self.contains(kernel),
            None => self.since.is_none(),
        }
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
    let inventory = with_what_names_told(inventory);
    let inventory = inventory.as_ref();
    let running = inventory.running.version();
    let driven: Vec<Vec<Driven>> =
        inventory.ports.iter().map(|port| driven(port, running.as_ref())).collect();
    let bounds: BTreeSet<Option<&KernelVersion>> =
        driven.iter().flatten().map(|driven| driven.kernels.since.as_ref()).collect();
    let mut outlooks: Vec<Vec<Outlook>> = inventory.ports.iter().map(|_| Vec::new()).collect();
    for bound in bounds {
        let mut seen = inventory.clone();
        for (port, driven) in seen.ports.iter_mut().zip(&driven) {
            let then = driven.iter().find(|driven| driven.kernels.begins_by(bound));
            port.phys_port_name = then.and_then(|driven| driven.phys_port_name.clone());
        }
        for scheme in schemes {
            let predictions = predict(&seen, Conditions { scheme, arguments, files });
            for ((prediction, driven), outlooks) in predictions.into_iter().zip(&driven).zip(&mut outlooks) {
                if let Some(begins) = driven.iter().find(|driven| driven.kernels.since.as_ref() == bound) {
                    add(outlooks, scheme, &begins.kernels, prediction);
                }
            }
        }
    }
    outlooks.iter_mut().for_each(join);
    outlooks
}

/// What is the same on all kernels is told once.
fn join(outlooks: &mut Vec<Outlook>) {
    let [first, rest @ ..] = outlooks.as_slice() else { return };
    let is_same = |other: &Outlook| {
        let (a, b) = (&first.prediction, &other.prediction);
        first.schemes == other.schemes && (&a.name, &a.why) == (&b.name, &b.why)
    };
    if !rest.is_empty() && rest.iter().all(is_same) {
        outlooks.truncate(1);
        outlooks.iter_mut().for_each(|outlook| outlook.kernels = Kernels::default());
    }
}

fn add(outlooks: &mut Vec<Outlook>, scheme: &'static Scheme, kernels: &Kernels, prediction: Prediction) {
    let same = outlooks.iter_mut().find(|outlook| {
        let other = &outlook.prediction;
        outlook.kernels == *kernels && (&other.name, &other.why) == (&prediction.name, &prediction.why)
    });
    match same {
        Some(outlook) => outlook.schemes.push(scheme),
        None => outlooks.push(Outlook { schemes: vec![scheme], kernels: kernels.clone(), prediction }),
    }
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

/// Goes on after the name: `becomes `eno1np0` with kernel 6.7 and later: i40e calls the port `p0` on its card`.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.becomes {
            Some(name) => write!(f, "becomes `{name}` {}", self.when)?,
            None => write!(f, "is lost {}", self.when)?,
        }
        write!(f, ": {}", self.why)
    }
}

/// What the ports of a machine may be called from now on.
#[derive(Clone, Debug)]
pub struct Future {
    /// The schemes that may name them.
    pub schemes: Vec<&'static Scheme>,
    /// What each port of the inventory may be called, in their order.
    pub outlooks: Vec<Vec<Outlook>>,
}

impl Future {
    /// Looks at the kernels and schemes that may come after those that the inventory was taken under.
    pub fn of(inventory: &Inventory, arguments: &Arguments, files: &[NameFile]) -> Self {
        let schemes = to_come(inventory, arguments);
        let mut outlooks = forecast(inventory, &schemes, arguments, files);
        if let Some(running) = inventory.running.version() {
            // What is over does not come again.
            let may_come =
                |outlook: &Outlook| outlook.kernels.until.as_ref().is_none_or(|until| running < *until);
            outlooks.iter_mut().for_each(|outlooks| outlooks.retain(may_come));
        }
        Self { schemes, outlooks }
    }

    /// The first port that may be called so, by its place in the inventory.
    pub fn port_called(&self, name: &str) -> Option<usize> {
        let may_be =
            |outlooks: &Vec<Outlook>| outlooks.iter().any(|outlook| outlook.prediction.is_called(name));
        self.outlooks.iter().position(may_be)
    }

    /// Every name that a port may have.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.outlooks.iter().flatten().filter_map(|outlook| outlook.prediction.name.as_deref())
    }

    /// When a port loses this name, to which other, and why; nothing if it keeps it.
    pub fn losses(&self, port: usize, name: &str) -> Vec<Loss> {
        let outlooks = self.outlooks.get(port).map(Vec::as_slice).unwrap_or_default();
        let others = outlooks.iter().filter(|outlook| !outlook.prediction.is_called(name));
        others.map(|outlook| self.loss(outlook)).collect()
    }

    /// When an outlook comes true, and why.
    fn loss(&self, outlook: &Outlook) -> Loss {
        let kernels = outlook.kernels.said().map(|kernels| format!("with {kernels}"));
        let all = outlook.schemes.len() == self.schemes.len();
        let by = (!all || kernels.is_none()).then(|| said(&outlook.schemes, &self.schemes));
        let when = match outlook.prediction.by.is_pin() {
            true => "from the first boot on".to_owned(),
            false => kernels.into_iter().chain(by).collect::<Vec<_>>().join(" "),
        };
        Loss {
            when,
            becomes: outlook.prediction.name.clone(),
            why: outlook.kernels.why.clone().unwrap_or_else(|| outlook.prediction.why.clone()),
            source: outlook.kernels.source.clone(),
        }
    }
}

/// The oldest schemes of systems that are still installed.
const OLDEST: [&str; 2] = ["v252", "rhel-9.0"];

/// The schemes that may name ports from now on: the one that is asked for; else those of the same makers that are not
/// older than the one seen; else those that are not old.
fn to_come(inventory: &Inventory, arguments: &Arguments) -> Vec<&'static Scheme> {
    if let Some(scheme) = arguments.scheme.as_deref().and_then(Scheme::find) {
        return vec![scheme];
    }
    let seen = inventory.running.naming_scheme.as_deref().and_then(Scheme::find);
    let oldest: Vec<&str> = seen.map_or(OLDEST.to_vec(), |seen| vec![seen.name.as_str()]);
    let of_makers = |is_upstream: bool| {
        let all = Scheme::all().iter().filter(move |scheme| scheme.is_upstream() == is_upstream);
        all.skip_while(|scheme| !oldest.contains(&scheme.name.as_str()))
    };
    of_makers(true).chain(of_makers(false)).collect()
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Arguments;
    use super::Future;
    use super::Scheme;
    use super::said;
    use super::to_come;
    use crate::hardware::Device;
    use crate::hardware::Inventory;
    use crate::hardware::PciFunction;
    use crate::hardware::Port;

    fn schemes(names: &[&str]) -> Vec<&'static Scheme> {
        names.iter().map(|name| Scheme::find(name).unwrap()).collect()
    }

    #[test]
    fn neighbours_are_said_by_their_ends() {
        let of = schemes(&["v252", "v253", "v254", "v255", "rhel-9.0", "rhel-9.1"]);
        for (some, words) in [
            (schemes(&["v253"]), "by v253"),
            (schemes(&["v252", "v253", "v255"]), "by v252 to v253, v255"),
            (schemes(&["v255", "rhel-9.0", "rhel-9.1"]), "by v255, rhel-9.0 to rhel-9.1"),
            (of.clone(), "by every scheme"),
        ] {
            assert_eq!(said(&some, &of), words);
        }
        assert_eq!(said(&schemes(&["v253"]), &schemes(&["v253"])), "by v253");
    }

    #[test]
    fn older_schemes_and_those_of_others_do_not_come() {
        let of = |seen: Option<&str>, argument: &str| {
            let mut inventory = Inventory::default();
            inventory.running.naming_scheme = seen.map(str::to_owned);
            let schemes = to_come(&inventory, &Arguments::read([argument]));
            (schemes.first().unwrap().name.clone(), schemes.last().unwrap().name.clone())
        };
        assert_eq!(of(Some("v253"), ""), ("v253".into(), "v261".into()));
        assert_eq!(of(Some("rhel-9.4"), "").0, "rhel-9.4");
        assert_eq!(of(None, "").0, "v252");
        assert!(of(None, "").1.starts_with("rhel-"));
        assert_eq!(of(Some("v253"), "net.naming-scheme=v239"), ("v239".into(), "v239".into()));
    }

    /// A slot that ACPI tells of the bridge above counts since v257: Debian 12's `enp1s0f0` is Debian 13's `ens4f0`.
    #[test]
    fn a_name_is_lost_by_a_scheme() {
        let function = |name: &str, class: &str, slot_number| Device {
            subsystem: Some("pci".into()),
            name: name.into(),
            pci: Some(PciFunction {
                class: Some(class.into()),
                is_multifunction: Some(class == "020000"),
                slot_number,
                ..PciFunction::default()
            }),
            ..Device::default()
        };
        let port = Port {
            name: "enp1s0f0".into(),
            hardware_type: Some(1),
            devices: vec![
                function("0000:01:00.0", "020000", None),
                function("0000:00:1c.0", "060400", Some(4)),
            ],
            ..Port::default()
        };
        let mut inventory = Inventory { source: "sysfs".into(), ports: vec![port], ..Inventory::default() };
        inventory.running.naming_scheme = Some("v252".into());
        let future = Future::of(&inventory, &Arguments::default(), &[]);
        let losses = future.losses(0, "enp1s0f0");
        assert_eq!(losses.len(), 1, "{losses:?}");
        assert_eq!(losses[0].becomes.as_deref(), Some("ens4f0"));
        assert_eq!(losses[0].when, "by v257 to v261");
        assert_eq!(future.losses(0, "ens4f0")[0].when, "by v252 to v255");
    }
}
