//! NetworkManager's active profiles, over D-Bus: nmcli may not be there.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use zbus::Connection;
use zbus::OwnedObjectPath;
use zbus::OwnedVariant;
use zbus::connection::Builder;

use crate::verify::BootRecord;

const SERVICE: &str = "org.freedesktop.NetworkManager";
const ROOT: &str = "/org/freedesktop/NetworkManager";
/// How long the bus, or NetworkManager, may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A profile that is active on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Active {
    device: String,
    uuid: String,
    id: String,
}

/// The active profiles, or why NetworkManager does not say.
pub(super) fn active() -> Result<Vec<Active>, String> {
    let (sender, answer) = mpsc::channel();
    // A bus that hangs must not hang us: then the thread is left to itself.
    std::thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = sender.send(zbus::block_on(ask()).map_err(|cause| cause.to_string()));
    });
    answer.recv_timeout(TIMEOUT).unwrap_or_else(|_| Err("it does not answer".to_owned()))
}

async fn ask() -> zbus::Result<Vec<Active>> {
    let bus = Builder::system().method_timeout(TIMEOUT).build().await?;
    let mut found = Vec::new();
    let connections: Vec<OwnedObjectPath> = property(&bus, ROOT, "", "ActiveConnections").await?;
    for connection in connections {
        let uuid: String = property(&bus, &connection, ".Connection.Active", "Uuid").await?;
        let id: String = property(&bus, &connection, ".Connection.Active", "Id").await?;
        let devices: Vec<OwnedObjectPath> =
            property(&bus, &connection, ".Connection.Active", "Devices").await?;
        for device in devices {
            let device = property(&bus, &device, ".Device", "Interface").await?;
            found.push(Active { device, uuid: uuid.clone(), id: id.clone() });
        }
    }
    Ok(found)
}

async fn property<T>(bus: &Connection, path: &str, interface: &str, name: &str) -> zbus::Result<T>
where
    T: TryFrom<OwnedVariant>,
    T::Error: Into<zbus::Error>,
{
    let interface = format!("{SERVICE}{interface}");
    let properties = Some("org.freedesktop.DBus.Properties");
    let reply = bus.call_method(Some(SERVICE), path, properties, "Get", &(interface.as_str(), name)).await?;
    let value: OwnedVariant = reply.body().deserialize()?;
    T::try_from(value).map_err(Into::into)
}

/// Completes what the script found of the profiles of `keys` (`port/MAC`, `interface/NAME`). Where it found
/// something else than D-Bus says, the profile is unknown.
pub(super) fn compare<'a>(
    record: &mut BootRecord,
    keys: impl Iterator<Item = &'a str>,
    active: &Result<Vec<Active>, String>,
) {
    let Ok(active) = active else { return };
    for key in keys {
        let Some([name]) = record.facts.get(&format!("{key}/name")).map(Vec::as_slice) else { continue };
        let on_it = active.iter().filter(|active| active.device == *name);
        let (mut uuids, ids): (Vec<String>, Vec<String>) =
            on_it.map(|active| (active.uuid.clone(), active.id.clone())).unzip();
        uuids.sort();
        let subject = format!("{key}/profile");
        let nmcli = record.facts.get(&subject).filter(|_| !record.unknown.contains_key(&subject));
        match nmcli {
            Some(found) if found.iter().collect::<BTreeSet<_>>() != uuids.iter().collect() => {
                let list =
                    |uuids: &[String]| if uuids.is_empty() { "none".to_owned() } else { uuids.join(", ") };
                let why = format!("nmcli says {}, D-Bus {}", list(found), list(&uuids));
                record.unknown.insert(subject, why);
            }
            Some(_) => {}
            None => {
                record.unknown.remove(&subject);
                record.facts.insert(subject, uuids);
                record.facts.insert(format!("{key}/profile-name"), ids);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Active;
    use super::compare;
    use crate::verify::BootRecord;
    use crate::verify::Life;

    fn record(profile: &[&str]) -> BootRecord {
        let mut record = BootRecord::unknown("m", "1", Life::LaterBoots, "");
        record.unknown.clear();
        record.facts.insert("port/a/name".into(), vec!["p0".into()]);
        let profile = profile.iter().map(|uuid| (*uuid).to_owned()).collect();
        record.facts.insert("port/a/profile".into(), profile);
        record
    }

    fn compared(mut record: BootRecord, active: &Result<Vec<Active>, String>) -> BootRecord {
        compare(&mut record, ["port/a", "port/b"].into_iter(), active);
        record
    }

    #[test]
    fn two_that_disagree_are_not_believed() {
        let active = |device: &str, uuid: &str| Active {
            device: device.into(),
            uuid: uuid.into(),
            id: format!("name of {uuid}"),
        };
        let on_p0 = Ok(vec![active("p0", "1"), active("p1", "2")]);
        assert_eq!(compared(record(&["1"]), &on_p0), record(&["1"]));
        for (nmcli, why) in [(&["2"][..], "nmcli says 2, D-Bus 1"), (&[], "nmcli says none, D-Bus 1")] {
            assert_eq!(compared(record(nmcli), &on_p0).look("port/a/profile").unwrap_err(), why);
        }
        let none = Ok(vec![active("p1", "2")]);
        assert!(compared(record(&["1"]), &none).look("port/a/profile").is_err());
        let silent = Err("no bus".to_owned());
        assert_eq!(compared(record(&["1"]), &silent), record(&["1"]));
        let mut no_nmcli = record(&[]);
        no_nmcli.unknown.insert("port/a/profile".into(), "NetworkManager does not answer".into());
        assert_eq!(compared(no_nmcli.clone(), &on_p0).look("port/a/profile").unwrap(), ["1"]);
        assert!(compared(no_nmcli, &silent).look("port/a/profile").is_err());
    }
}
