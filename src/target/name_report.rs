//! What ports are and will be called, and what is bound to names, as a report for people and programs.

use serde::Serialize;

use super::names::BoundName;
use super::names::Names;
use super::names::Verdict;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::hardware::naming::Arguments;
use crate::hardware::naming::By;
use crate::hardware::naming::Future;
use crate::hardware::naming::Loss;
use crate::hardware::naming::NameFile;
use crate::hardware::naming::Outlook;
use crate::hardware::naming::Scheme;
use crate::hardware::naming::forecast;
use crate::hardware::naming::said;
use crate::value::KernelVersion;

/// The version of the format of a report on names.
pub const NICS_SCHEMA: &str = "cotter.dev/nics/1";

/// What ports are and will be called, and what is bound to names.
#[derive(Clone, Debug, Serialize)]
pub struct NameReport {
    /// Always [`NICS_SCHEMA`].
    pub schema: &'static str,
    /// Maker and product, if they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The kernel that ran when the machine was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The scheme that named its ports then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naming_scheme: Option<String>,
    /// Whether the ports are those that the machine's kind lets suppose.
    pub is_supposed: bool,
    /// The ports.
    pub ports: Vec<PortNames>,
    /// What is bound to names.
    pub bound: Vec<Binding>,
}

/// What one port is and will be called.
#[derive(Clone, Debug, Serialize)]
pub struct PortNames {
    /// The address that it is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// What it was called when it was looked at.
    pub now: String,
    /// Its driver, PCI address and the firmware's label, as far as they are known.
    pub place: String,
    /// What it is called under the schemes and kernels that were asked for.
    pub names: Vec<NameThen>,
    /// Other names that it answers to, by the newest of the schemes.
    pub also: Vec<String>,
}

/// What a port is called under some schemes and kernels.
#[derive(Clone, Debug, Serialize)]
pub struct NameThen {
    /// The name; absent where the kernel's stays, which may be another at each boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who gives it: `file`, `argument`, `biosdevname`, `kernel`, or a way of udev's policy.
    pub by: &'static str,
    /// Why it is this name.
    pub why: String,
    /// What may decide otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// The schemes.
    pub schemes: Vec<String>,
    /// The kernels, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernels: Option<String>,
    /// What the driver does on them that it does not on others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Where that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Schemes and kernels in words.
    #[serde(skip)]
    pub when: String,
}

/// Something that is bound to a name, and what becomes of it.
#[derive(Clone, Debug, Serialize)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// What is bound to it.
    pub what: String,
    /// Where that is written.
    pub at: String,
    /// `stable`, `lost`, `nobody` or `unknown`.
    pub verdict: &'static str,
    /// When it is lost, to which other, and why.
    pub losses: Vec<Lost>,
}

/// A name that is lost.
#[derive(Clone, Debug, Serialize)]
pub struct Lost {
    /// Under which kernels and schemes.
    pub when: String,
    /// What the port is called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// Why.
    pub why: String,
    /// Where that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// All of it in words.
    #[serde(skip)]
    pub sentence: String,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct NameQuestion {
    /// The schemes; those that may come if none are named.
    pub schemes: Option<Vec<&'static Scheme>>,
    /// The kernel; all if none is named.
    pub kernel: Option<KernelVersion>,
    /// The kernel's arguments.
    pub arguments: Arguments,
}

impl NameReport {
    /// Reports on an inventory alone.
    pub fn of_inventory(inventory: &Inventory, question: &NameQuestion) -> Self {
        let mut report = Self::on(inventory, question, &[]);
        report.is_supposed = inventory.source == "profile";
        report
    }

    /// Reports on a machine file, with what is known of its machine.
    pub fn of_machine(names: &Names, question: &NameQuestion) -> Self {
        let nothing = Inventory::default();
        let inventory = names.inventory.as_ref().unwrap_or(&nothing);
        let arguments = names.arguments.clone().then(&question.arguments);
        let question = NameQuestion { arguments, ..question.clone() };
        let mut report = Self::on(inventory, &question, &names.files);
        report.is_supposed = names.is_supposed;
        report.bound = names.bound.iter().map(|bound| Binding::of(bound, names)).collect();
        report
    }

    fn on(inventory: &Inventory, question: &NameQuestion, files: &[NameFile]) -> Self {
        let (schemes, outlooks) = match &question.schemes {
            Some(schemes) => (schemes.clone(), forecast(inventory, schemes, &question.arguments, files)),
            None => {
                let future = Future::of(inventory, &question.arguments, files);
                (future.schemes, future.outlooks)
            }
        };
        let is_asked = |outlook: &&Outlook| {
            question.kernel.as_ref().is_none_or(|kernel| outlook.kernels.contains(kernel))
        };
        let port = |(port, outlooks): (&Port, &Vec<Outlook>)| {
            let asked: Vec<&Outlook> = outlooks.iter().filter(is_asked).collect();
            PortNames {
                mac: port.mac().map(|mac| mac.to_string()),
                now: port.name.clone(),
                place: port.place(),
                names: asked.iter().map(|outlook| NameThen::of(outlook, &schemes)).collect(),
                also: asked.last().map(|outlook| other_names(outlook)).unwrap_or_default(),
            }
        };
        let system = &inventory.system;
        let words: Vec<&str> =
            [&system.vendor, &system.product].into_iter().flatten().map(String::as_str).collect();
        Self {
            schema: NICS_SCHEMA,
            machine: (!words.is_empty()).then(|| words.join(" ")),
            kernel: inventory.running.kernel.clone(),
            naming_scheme: inventory.running.naming_scheme.clone(),
            is_supposed: false,
            ports: inventory.ports.iter().zip(&outlooks).map(port).collect(),
            bound: Vec::new(),
        }
    }

    /// True if something is bound to a name that is lost, or that nobody has.
    pub fn has_losses(&self) -> bool {
        self.bound.iter().any(|bound| !bound.losses.is_empty() || bound.verdict == "nobody")
    }
}

/// The names that a port also answers to: `AlternativeNamesPolicy=` of systemd's `99-default.link`.
fn other_names(outlook: &Outlook) -> Vec<String> {
    let names = &outlook.prediction.names;
    let ways = [&names.database, &names.onboard, &names.slot, &names.path, &names.mac];
    let names = ways.into_iter().flatten().map(|name| name.text.clone());
    names.filter(|name| !outlook.prediction.is_called(name)).collect()
}

impl NameThen {
    fn of(outlook: &Outlook, of: &[&'static Scheme]) -> Self {
        let prediction = &outlook.prediction;
        let kernels = outlook.kernels.said();
        let by = said(&outlook.schemes, of);
        Self {
            name: prediction.name.clone(),
            by: match &prediction.by {
                By::File(_) => "file",
                By::Argument => "argument",
                By::Biosdevname => "biosdevname",
                By::Policy(way) => way,
                By::Kernel => "kernel",
            },
            why: prediction.why.clone(),
            doubt: prediction.doubt.clone(),
            schemes: outlook.schemes.iter().map(|scheme| scheme.name.clone()).collect(),
            when: kernels.iter().cloned().chain([by]).collect::<Vec<_>>().join(", "),
            kernels,
            driver: outlook.kernels.why.clone(),
            source: outlook.kernels.source.clone(),
        }
    }
}

impl Binding {
    fn of(bound: &BoundName, names: &Names) -> Self {
        let (verdict, losses) = match names.verdict(bound) {
            Verdict::Stable => ("stable", Vec::new()),
            Verdict::Lost(losses) => ("lost", losses),
            Verdict::Nobody => ("nobody", Vec::new()),
            Verdict::Unknown => ("unknown", Vec::new()),
        };
        let lost = |loss: Loss| Lost {
            sentence: loss.to_string(),
            when: loss.when,
            becomes: loss.becomes,
            why: loss.why,
            source: loss.source,
        };
        Self {
            name: bound.name.clone(),
            what: bound.what.clone(),
            at: bound.origin.to_string(),
            verdict,
            losses: losses.into_iter().map(lost).collect(),
        }
    }
}
