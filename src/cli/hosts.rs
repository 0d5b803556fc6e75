//! Many machines at once, for `cotter verify --hosts`.

use std::collections::BTreeMap;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::Exit;
use super::Ui;
use super::load::GivenArguments;
use super::remote;
use super::remote::RemoteArguments;
use super::report;
use super::ui::Tone;
use super::ui::counted;
use super::verify::manifest;
use crate::spec;
use crate::spec::Host;
use crate::value::SshDestination;
use crate::verify;
use crate::verify::HOSTS_REPORT_SCHEMA;
use crate::verify::HostCounts;
use crate::verify::HostOutcome;
use crate::verify::HostReport;
use crate::verify::HostsReport;
use crate::verify::Manifest;
use crate::world;
use crate::world::Failure;
use crate::world::Seen;
use crate::world::Sources;
use crate::world::Trouble;

/// The largest list.
const MAX_LIST_BYTES: u64 = 8 << 20;
/// How many earlier boots of each machine are of interest: what the last reboot took away.
const EARLIER_BOOTS: usize = 1;

/// Looks at all machines of a list, and says how many are as they should be, and what is wrong with the others.
pub(super) fn run(
    list: &Path,
    given: &GivenArguments,
    arguments: &RemoteArguments,
    timeout: Option<Duration>,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let Some(hosts) = read(list, ui)? else { return Ok(Exit::Input) };
    let folder = list.parent().unwrap_or(Path::new(""));
    let mut manifests: BTreeMap<PathBuf, Manifest> = BTreeMap::new();
    for host in &hosts {
        let path = folder.join(host.spec.as_str());
        if manifests.contains_key(&path) {
            continue;
        }
        let read = manifest(&path, given, ui)
            .map_err(|failure| Failure { message: format!("{}: {failure}", host.spec.origin), ..failure })?;
        let Some((manifest, _)) = read else { return Ok(Exit::Input) };
        manifests.insert(path, manifest);
    }
    let machines: Vec<(&SshDestination, &Manifest)> = hosts
        .iter()
        .filter_map(|host| Some((&host.ssh, manifests.get(&folder.join(host.spec.as_str()))?)))
        .collect();
    let judge = |number: usize, looked: Result<Seen, Trouble>| match (hosts.get(number), machines.get(number))
    {
        (Some(host), Some((_, manifest))) => Some(judged(host, manifest, looked)),
        _ => None,
    };
    let mut counts = HostCounts::default();
    let mut reports: Vec<Option<HostReport>> = vec![None; hosts.len()];
    ui.begin(format!("looking at {}", counted(hosts.len(), "machine")));
    let how = remote::how(timeout, EARLIER_BOOTS);
    world::look_at_all(
        &arguments.ssh(false),
        &machines,
        &how,
        arguments.parallel(),
        &judge,
        &mut |number, done| {
            if let (Some(done), Some(place)) = (done, reports.get_mut(number)) {
                counts.add(done.outcome);
                ui.happening(format!("{} of {} done: {}", counts.hosts, hosts.len(), in_words(&counts)));
                *place = Some(done);
            }
        },
    )?;
    ui.end();
    let report = HostsReport {
        schema: HOSTS_REPORT_SCHEMA.to_owned(),
        counts,
        hosts: reports.into_iter().flatten().collect(),
    };
    if ui.wants_json() {
        write_json(&report, ui);
    } else {
        show(&report, ui);
    }
    Ok(if counts.met == hosts.len() { Exit::Done } else { Exit::Differs })
}

/// The list, or nothing if it is wrong, which is said.
fn read(list: &Path, ui: &mut Ui) -> Result<Option<Vec<Host>>, Failure> {
    let bytes = world::read_bounded(list, MAX_LIST_BYTES)?;
    let name = list.display().to_string();
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::input(format!("`{name}` is not UTF-8"), "write it as UTF-8 text"))?;
    match spec::hosts(&name, &text) {
        Ok(hosts) => Ok(Some(hosts)),
        Err(findings) => {
            ui.findings(&findings.sorted(), &Sources::from([(name, text)]));
            Ok(None)
        }
    }
}

/// What one look comes to. The records are not kept: of many machines they would be large.
fn judged(host: &Host, manifest: &Manifest, looked: Result<Seen, Trouble>) -> HostReport {
    let (boots, why) = match looked {
        Ok(seen) => {
            let records = seen.earlier.into_iter().chain([seen.now]);
            (records.map(|record| (record.name(), record)).collect(), None)
        }
        Err(Trouble::Answer(failure)) => {
            (vec![("now".to_owned(), remote::unknown(manifest, &failure.message))], Some(failure.message))
        }
        Err(Trouble::Unreachable(failure)) => (Vec::new(), Some(failure.message)),
    };
    let report = (!boots.is_empty()).then(|| verify::judge(manifest, &boots).with_earlier(boots.len() - 1));
    HostReport {
        name: host.name.clone(),
        ssh: host.ssh.to_string(),
        outcome: report.as_ref().map_or(HostOutcome::Unreachable, HostOutcome::of),
        why,
        report,
    }
}

fn write_json(report: &HostsReport, ui: &mut Ui) {
    let mut out = BufWriter::new(ui.sink());
    // A reader that has gone away is no failure of ours.
    let _ = serde_json::to_writer_pretty(&mut out, report).map_err(std::io::Error::from).and_then(|()| {
        out.write_all(b"\n")?;
        out.flush()
    });
}

/// Machines that are not as they should be, then how many there are of each kind.
fn show(all: &HostsReport, ui: &mut Ui) {
    for host in &all.hosts {
        let (tone, word) = match host.outcome {
            HostOutcome::Met => continue,
            HostOutcome::Differs => (Tone::Bad, "differs"),
            HostOutcome::Unknown => (Tone::Doubtful, "unknown"),
            HostOutcome::Unreachable => (Tone::Bad, "unreachable"),
        };
        let word = ui.toned(tone, word);
        let place = if host.name == host.ssh { String::new() } else { format!(" ({})", host.ssh) };
        match (&host.why, &host.report) {
            (Some(why), _) => ui.line(format!("{word}  {}{place}: {why}", host.name)),
            (None, report) => {
                ui.line(format!("{word}  {}{place}", host.name));
                report.iter().for_each(|report| report::show(report, ui));
            }
        }
    }
    ui.line(format!("{}: {}", counted(all.counts.hosts, "machine"), in_words(&all.counts)));
}

fn in_words(counts: &HostCounts) -> String {
    let HostCounts { met, differs, unknown, unreachable, .. } = counts;
    format!("{met} met, {differs} differ, {unknown} unknown, {unreachable} unreachable")
}
