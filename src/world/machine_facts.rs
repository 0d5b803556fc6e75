//! Facts of a machine: looked for here and now, or read from records.

use std::io::Read as _;
use std::net::TcpStream;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::SystemTime;

use super::Failure;
use super::apply::private_folder;
use super::inputs::read_bounded;
use super::netlink;
use super::network_manager;
use crate::target::VERIFY_SCRIPT;
use crate::target::expectations_file;
use crate::value::MacAddress;
use crate::value::ReachTarget;
use crate::verify::BootRecord;
use crate::verify::Life;
use crate::verify::MAX_RECORD_BYTES;
use crate::verify::MAX_RECORDS;
use crate::verify::Manifest;

const REACH_TIMEOUT: Duration = Duration::from_secs(10);

/// Looks at this machine, as the script on it does after each boot.
///
/// The script itself does the looking, so that there is one way to look. What libraries do better than
/// tools that may be missing is done here: reaching places, the addresses burned into ports, what udev calls
/// them, and NetworkManager's profiles.
pub fn local_record(manifest: &Manifest) -> Result<BootRecord, Failure> {
    let temporary = std::env::temp_dir();
    let failed = |cause: std::io::Error| Failure::io("write to", &temporary, &cause);
    let work = private_folder("look", &temporary)?;
    let script = work.path().join("cotter-verify");
    std::fs::write(&script, VERIFY_SCRIPT).map_err(failed)?;
    std::fs::write(work.path().join("expectations"), expectations_file(manifest, &Life::WITH_OPERATOR))
        .map_err(failed)?;
    std::fs::write(work.path().join("machine"), &manifest.machine).map_err(failed)?;
    let ended = Command::new("bash")
        .arg(&script)
        .env("COTTER_ETC", work.path())
        .env("COTTER_RUN", work.path().join("run"))
        .env("COTTER_RECORDS", work.path().join("records"))
        .env("COTTER_PORT", "/nonexistent")
        .env("COTTER_PATIENCE", "0")
        .env("COTTER_NO_REACH", "1")
        .env("COTTER_NO_ISSUE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(cause) = ended {
        let message = format!("failed to look at this machine: bash: {cause}");
        return Err(Failure::surroundings(message, "install bash"));
    }
    let mut record = records(&work.path().join("records"))?
        .pop()
        .ok_or_else(|| Failure::bug("the look at this machine left no record"))?;
    for expectation in &manifest.expectations {
        if let Some(target) =
            expectation.subject.strip_prefix("reach/").and_then(|target| target.parse().ok())
        {
            reach(&mut record, &expectation.subject, &target);
        }
    }
    if let Ok(permanent) = netlink::permanent_addresses() {
        netlink::correct(&mut record, &permanent);
    }
    udev_names(&mut record);
    let profiles = manifest.expectations.iter().filter_map(|wanted| wanted.subject.strip_suffix("/profile"));
    network_manager::compare(&mut record, profiles, &network_manager::active());
    Ok(record)
}

fn reach(record: &mut BootRecord, subject: &str, target: &ReachTarget) {
    let answers = match target.tcp() {
        Some(place) => Ok(connects(place)),
        None => answers(target.as_str()),
    };
    match answers {
        Ok(answers) => {
            record.facts.insert(subject.to_owned(), vec![if answers { "yes" } else { "no" }.to_owned()]);
        }
        Err(why) => {
            record.unknown.insert(subject.to_owned(), why);
        }
    }
}

fn connects(place: (&str, u16)) -> bool {
    let Ok(addresses) = place.to_socket_addrs() else {
        return false;
    };
    addresses.take(4).any(|address| TcpStream::connect_timeout(&address, REACH_TIMEOUT).is_ok())
}

/// True if any HTTP answer comes, whatever its status.
fn answers(url: &str) -> Result<bool, String> {
    // The second of two callers finds it installed: that is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::blocking::Client::builder()
        .timeout(REACH_TIMEOUT)
        .build()
        .map_err(|cause| cause.to_string())?;
    Ok(client.get(url).send().is_ok())
}

/// What udev calls each port, from its database. There may be none, as in a container.
fn udev_names(record: &mut BootRecord) {
    let Ok(mut ports) = udev::Enumerator::new() else {
        return;
    };
    if ports.match_subsystem("net").is_err() {
        return;
    }
    let Ok(ports) = ports.scan_devices() else { return };
    for port in ports {
        let name = port.sysname().to_string_lossy().into_owned();
        let named = |(subject, names): (&String, &Vec<String>)| {
            let mac = subject.strip_prefix("port/")?.strip_suffix("/name")?;
            names.contains(&name).then(|| mac.to_owned())
        };
        let Some(mac) = record.facts.iter().find_map(named).filter(|mac| mac.parse::<MacAddress>().is_ok())
        else {
            continue;
        };
        let names: Vec<String> = ["ID_NET_NAME_ONBOARD", "ID_NET_NAME_SLOT", "ID_NET_NAME_PATH"]
            .iter()
            .filter_map(|property| Some(port.property_value(property)?.to_string_lossy().into_owned()))
            .collect();
        record.facts.insert(format!("port/{mac}/udev-name"), names);
    }
}

/// Reads records: a file with one or several, one a line, or a folder of such files, the oldest first.
pub fn records(path: &Path) -> Result<Vec<BootRecord>, Failure> {
    let failed = |cause: std::io::Error| Failure::io("read", path, &cause);
    if !path.metadata().map_err(failed)?.is_dir() {
        let bytes = read_bounded(path, MAX_RECORD_BYTES * MAX_RECORDS as u64)?;
        return parse(path, &bytes);
    }
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file = entry.path();
        let data = entry.metadata().map_err(failed)?;
        // What is a pipe or leads elsewhere was not put there by the machine.
        if data.is_file() && file.extension().is_some_and(|extension| extension == "json") {
            files.push((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), file));
        }
    }
    files.sort();
    let newest = files.len().saturating_sub(MAX_RECORDS);
    let mut found = Vec::new();
    for (_, file) in files.into_iter().skip(newest) {
        found.extend(parse(&file, &read_bounded(&file, MAX_RECORD_BYTES)?)?);
    }
    Ok(found)
}

/// One record, or one after another.
fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<BootRecord>, Failure> {
    let help = "name a file or folder from /var/lib/cotter/boots of the machine";
    let records = BootRecord::read_all(bytes).map_err(|why| {
        Failure::input(format!("`{}` is not the record of a boot: {why}", path.display()), help)
    })?;
    if records.is_empty() {
        return Err(Failure::input(format!("`{}` holds no record of a boot", path.display()), help));
    }
    Ok(records)
}

/// Reads the records a guest has written so far, and why the last line that is none is none; more than 4 MiB is
/// not read.
pub(super) fn records_so_far(path: &Path) -> (Vec<BootRecord>, Option<String>) {
    let mut text = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(4 * MAX_RECORD_BYTES).read_to_end(&mut text)) {
        Ok(_) => BootRecord::read_lines(&text),
        Err(_) => (Vec::new(), None),
    }
}
