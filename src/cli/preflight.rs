//! `cotter preflight`: what must be true before a reboot, an installation or an upgrade.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;

use super::Exit;
use super::Ui;
use super::kubeconfig;
use super::ui::Tone;
use super::ui::counted;
use super::ui::shown;
use crate::document::Severity;
use crate::images::ImageReport;
use crate::images::ImageVerdict;
use crate::images::ImagesReport;
use crate::images::Platform;
use crate::world;
use crate::world::Asking;
use crate::world::Failure;
use crate::world::ImageFiles;

/// How many images with the same trouble are named; the rest is counted, and in the JSON.
const MAX_NAMED: usize = 20;

/// What must be true before a reboot, an installation or an upgrade
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Ask registries and mirrors, as the machine will, whether each image of a list can be pulled; pull none
    Images(Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Lists: text with an image a line, or the `image-references` of an OpenShift release; `-` for standard input
    #[arg(required = true, value_name = "LIST")]
    lists: Vec<PathBuf>,
    /// The platform of the machine
    #[arg(long, default_value = "linux/amd64", value_parser = platform)]
    platform: Platform,
    /// The machine's `registries.conf` (CRI-O, podman)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    registries_conf: Option<PathBuf>,
    /// ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy; may be given often
    #[arg(long, value_name = "FILE", conflicts_with_all = ["registries_yaml", "hosts_toml"])]
    mirror_set: Vec<PathBuf>,
    /// The machine's `registries.yaml` (k3s, rke2)
    #[arg(long, value_name = "FILE", conflicts_with = "hosts_toml")]
    registries_yaml: Option<PathBuf>,
    /// The machine's `certs.d`, with a folder and a `hosts.toml` for each registry (containerd)
    #[arg(long, value_name = "DIR")]
    hosts_toml: Option<PathBuf>,
    /// Logins: a pull secret or a docker `config.json`
    #[arg(long, value_name = "FILE")]
    auth: Option<PathBuf>,
    /// Authorities to trust beside those of this system, as PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How many images are asked for at a time
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "S", default_value = "20", value_parser = kubeconfig::timeout)]
    timeout: Duration,
}

fn platform(text: &str) -> Result<Platform, String> {
    text.parse::<Platform>().map_err(|error| error.to_string())
}

pub(super) fn run(command: &Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let Command::Images(arguments) = command;
    let sources = world::read_image_files(&ImageFiles {
        lists: arguments.lists.clone(),
        registries_conf: arguments.registries_conf.clone(),
        mirror_sets: arguments.mirror_set.clone(),
        registries_yaml: arguments.registries_yaml.clone(),
        hosts_folder: arguments.hosts_toml.clone(),
        auth: arguments.auth.clone(),
        ..ImageFiles::default()
    })?;
    let is_wrong = sources.findings.iter().any(|finding| finding.severity == Severity::Error);
    if is_wrong && ui.wants_json() {
        let findings = &sources.findings;
        ui.json(&serde_json::json!({"schema": "cotter.dev/findings/1", "findings": findings}));
    } else {
        ui.findings(&sources.findings, &sources.texts);
    }
    if is_wrong {
        return Ok(Exit::Input);
    }
    let asking = Asking {
        platform: &arguments.platform,
        authorities: arguments.ca.as_deref(),
        concurrency: usize::from(arguments.concurrency),
        timeout: arguments.timeout,
    };
    ui.begin(format!("asking for {}", counted(sources.images.len(), "image")));
    let looked =
        world::look_for_images(&sources, &asking, &mut |done, all| ui.happening(format!("{done} of {all}")));
    ui.end();
    let report = looked?;
    match ui.wants_json() {
        true => ui.json(&report),
        false => show(&report, ui),
    }
    Ok(if report.is_met() { Exit::Done } else { Exit::Differs })
}

fn show(report: &ImagesReport, ui: &mut Ui) {
    for (verdict, tone, word) in
        [(ImageVerdict::Differs, Tone::Bad, "differs"), (ImageVerdict::Unknown, Tone::Doubtful, "unknown")]
    {
        let those: Vec<&ImageReport> =
            report.images.iter().filter(|image| image.verdict == verdict).collect();
        // One registry that is not there is one thing to say, not two hundred.
        let mut causes: BTreeMap<Vec<String>, Vec<&ImageReport>> = BTreeMap::new();
        for image in those {
            causes.entry(cause(image)).or_default().push(image);
        }
        for (why, images) in &causes {
            for image in images.iter().take(MAX_NAMED) {
                ui.line(format!("{}  {}", ui.toned(tone, word), shown(&image.image)));
                if let Some(origin) = image.origins.first() {
                    let others = image.origins.len() - 1;
                    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
                    ui.line(format!("      --> {}{more}", shown(&origin.to_string())));
                }
            }
            if images.len() > MAX_NAMED {
                let rest = counted(images.len() - MAX_NAMED, "more image");
                ui.line(format!("{}  {rest}; `--format json` has all", ui.toned(tone, word)));
            }
            for line in why {
                ui.line(format!("      {}", shown(line)));
            }
        }
    }
    show_registries(report, ui);
    let counts = &report.counts;
    let rest = [(counts.differs, "cannot be"), (counts.unknown, "could not be seen")];
    let rest: String = rest
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect();
    let tone = if report.is_met() { Tone::Good } else { Tone::Bad };
    let all = counted(counts.images, "image");
    let line = format!("{} of {all} for {} can be pulled{rest}", counts.met, report.platform);
    ui.line(ui.toned(tone, &line));
}

/// Why an image cannot be pulled: what is the same for all images of a registry comes out the same.
fn cause(image: &ImageReport) -> Vec<String> {
    let mut lines = Vec::new();
    for tried in &image.tried {
        lines.push(tried.why.clone());
        lines.push(format!("help: {}", tried.help));
    }
    lines
}

fn show_registries(report: &ImagesReport, ui: &mut Ui) {
    let width = report.registries.iter().map(|one| one.registry.len()).max().unwrap_or(0);
    for one in &report.registries {
        let troubles: String = one.troubles.iter().map(|(word, count)| format!(", {count} {word}")).collect();
        let left = one.limit_remaining.map(|left| format!(", {left} pulls left")).unwrap_or_default();
        let name = shown(&one.registry);
        ui.line(format!("{name:width$}  gives {}{troubles}{left}", counted(one.met, "image")));
        if one.is_short() {
            let message = format!(
                "`{name}` allows {} more pulls now, and {} are needed",
                one.limit_remaining.unwrap_or(0),
                one.met
            );
            ui.warning(&message, "log in with `--auth`, on the machine too, or use a mirror");
        }
    }
}
