//! `cotter nics`: what each port is and will be called, and why; and which names that something is bound to break.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::Ui;
use super::load::GivenArguments;
use super::ui::Tone;
use super::ui::counted;
use super::ui::shown;
use crate::hardware::Profile;
use crate::hardware::naming::Arguments as KernelArguments;
use crate::hardware::naming::Schemes;
use crate::hardware::profiles;
use crate::target;
use crate::target::Binding;
use crate::target::NameQuestion;
use crate::target::NameReport;
use crate::target::NameThen;
use crate::target::PortNames;
use crate::value::KernelVersion;
use crate::world;
use crate::world::Failure;

/// Show what each network port is and will be called, and why
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A machine file; an inventory, of cotter's or another tool's; a mounted root or recorded `/sys`; or a hardware
    /// profile. This machine if not said
    subject: Option<PathBuf>,
    /// The naming schemes: names as in `v252` or `rhel-9.4`, divided by commas, `latest`, or `all`. Those that may come
    /// after the one seen if not said
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<Schemes>,
    /// The kernel, as in `6.7`. Every one that makes a difference if not said
    #[arg(long, value_name = "VERSION")]
    kernel: Option<KernelVersion>,
    /// An argument of the kernel that decides about names, as in `net.ifnames=0`
    #[arg(long = "argument", value_name = "ARGUMENT")]
    arguments: Vec<String>,
    /// List the hardware profiles
    #[arg(long)]
    profiles: bool,
    #[command(flatten)]
    given: GivenArguments,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.profiles {
        for profile in profiles() {
            ui.line(format!("{:18} {}", profile.name, profile.title));
        }
        return Ok(Exit::Done);
    }
    let question = NameQuestion {
        schemes: arguments.scheme.as_ref().map(|schemes| schemes.0.clone()),
        kernel: arguments.kernel.clone(),
        arguments: KernelArguments::read(arguments.arguments.iter().map(String::as_str)),
    };
    let report = match &arguments.subject {
        None => NameReport::of_inventory(&world::own_inventory()?, &question),
        Some(path) => match path.to_str().and_then(Profile::find).filter(|_| !path.exists()) {
            Some(profile) => NameReport::of_inventory(&profile.supposed_inventory(), &question),
            None if path.is_dir() || world::is_json(path)? => {
                NameReport::of_inventory(&world::kept_inventory(path)?.inventory, &question)
            }
            None => {
                let checked = world::check_machine(path, &arguments.given.given())?;
                let Some(machine) = &checked.machine else {
                    ui.findings(&checked.findings.sorted(), &checked.sources);
                    return Ok(Exit::Input);
                };
                if checked.findings.has_errors() {
                    ui.note(format!("note: something is wrong in it: `cotter check {}`", path.display()));
                }
                NameReport::of_machine(&target::names(machine, &checked.files), &question)
            }
        },
    };
    match ui.wants_json() {
        true => ui.json(&report),
        false => show(&report, ui),
    }
    Ok(if report.has_losses() { Exit::Differs } else { Exit::Done })
}

fn show(report: &NameReport, ui: &mut Ui) {
    let seen = [
        report.kernel.as_ref().map(|kernel| format!("kernel {kernel}")),
        report.naming_scheme.as_ref().map(|scheme| format!("named by {scheme}")),
    ];
    let seen: Vec<String> = seen.into_iter().flatten().collect();
    let machine = report.machine.as_deref().unwrap_or("a machine that says nothing of itself");
    match (report.is_supposed, report.ports.is_empty()) {
        (true, true) => ui.line(
            "nothing is known of the ports: see `cotter inventory`, and `hardware` in the machine file",
        ),
        (true, false) => ui.line("ports as machines of this kind have them; nobody has looked at this one"),
        (false, _) if seen.is_empty() => ui.line(shown(machine)),
        (false, _) => ui.line(shown(&format!("{machine}, seen with {}", seen.join(", ")))),
    }
    let mut sources = Vec::new();
    for port in &report.ports {
        ui.line("");
        show_port(port, &mut sources, ui);
    }
    if !sources.is_empty() {
        ui.line("");
    }
    for (index, source) in sources.iter().enumerate() {
        ui.line(shown(&format!("{}: {source}", index + 1)));
    }
    if !report.bound.is_empty() {
        ui.line("");
        ui.line("bound to names");
        let width = report.bound.iter().map(|bound| bound.name.chars().count()).max().unwrap_or_default();
        for bound in &report.bound {
            show_binding(bound, width, ui);
        }
    }
    let lost = report.bound.iter().filter(|bound| !bound.losses.is_empty()).count();
    if lost > 0 {
        ui.note(format!("lost: {lost} of {}", counted(report.bound.len(), "name")));
    }
}

/// Shows a port; where something is written is told once, after all of them.
fn show_port<'a>(port: &'a PortNames, sources: &mut Vec<&'a str>, ui: &mut Ui) {
    let mac = port.mac.as_deref().unwrap_or("no address");
    ui.line(shown(&format!("{mac}  {} now  ({})", port.now, port.place)));
    let words = |name: &NameThen| name.name.clone().unwrap_or_else(|| "(the kernel's)".to_owned());
    let width = port.names.iter().map(|name| words(name).chars().count()).max().unwrap_or_default().max(4);
    for name in &port.names {
        let text = words(name);
        let tone = if name.name.as_ref() == Some(&port.now) { Tone::Good } else { Tone::Bad };
        let padding = " ".repeat(width - text.chars().count());
        ui.line(format!("  {}{padding}  {}", ui.toned(tone, &shown(&text)), name.when));
        let driver = name.driver.as_ref().map(|driver| match &name.source {
            Some(source) => format!("{driver} ({})", number(source, sources)),
            None => driver.clone(),
        });
        let doubt = name.doubt.as_ref().map(|doubt| format!("but {doubt}"));
        for line in [Some(name.why.clone()), driver, doubt].into_iter().flatten() {
            ui.line(shown(&format!("  {:width$}  {line}", "")));
        }
    }
    if !port.also.is_empty() {
        ui.line(shown(&format!("  {:width$}  {}", "also", port.also.join(", "))));
    }
}

/// The number of a source among those that are told.
fn number<'a>(source: &'a str, sources: &mut Vec<&'a str>) -> usize {
    let known = sources.iter().position(|known| *known == source);
    known.unwrap_or_else(|| {
        sources.push(source);
        sources.len() - 1
    }) + 1
}

fn show_binding(bound: &Binding, width: usize, ui: &mut Ui) {
    let verdict = match bound.verdict {
        "stable" => ui.toned(Tone::Good, "lasts"),
        "lost" => ui.toned(Tone::Bad, "is lost"),
        "nobody" => ui.toned(Tone::Bad, "no port has it"),
        _ => "nothing is known".to_owned(),
    };
    ui.line(format!("  {:width$}  {verdict}  ({}, {})", shown(&bound.name), shown(&bound.what), bound.at));
    for loss in &bound.losses {
        ui.line(shown(&format!("  {:width$}  {}", "", loss.sentence)));
    }
}
