//! Expectations and facts in, verdicts out.

use super::BootRecord;
use super::BootReport;
use super::Expectation;
use super::Life;
use super::Manifest;
use super::Outcome;
use super::REPORT_SCHEMA;
use super::Regression;
use super::Report;
use super::Verdict;
use super::Wanted;

/// Judges each boot by the expectations of its life, and compares the boots in the order given.
///
/// Each boot comes with the name a person knows it by.
pub fn judge(manifest: &Manifest, boots: &[(String, BootRecord)]) -> Report {
    let judged = |(name, record): &(String, BootRecord)| boot(manifest, &manifest.expectations, name, record);
    let boots: Vec<BootReport> = boots.iter().map(judged).collect();
    Report {
        schema: REPORT_SCHEMA.to_owned(),
        machine: manifest.machine.clone(),
        regressions: regressions(&boots),
        boots,
    }
}

/// Judges what was seen of the cluster that the machine is.
pub fn judge_cluster(manifest: &Manifest, record: &BootRecord) -> BootReport {
    boot(manifest, &manifest.cluster, "cluster", record)
}

fn boot(manifest: &Manifest, expectations: &[Expectation], name: &str, record: &BootRecord) -> BootReport {
    judge_record(&manifest.machine, expectations, name, record)
}

/// Judges one record of `machine` by the expectations of its life.
pub(super) fn judge_record(
    machine: &str,
    expectations: &[Expectation],
    name: &str,
    record: &BootRecord,
) -> BootReport {
    let of_this_life = |expectation: &&Expectation| expectation.lives.contains(&record.life);
    let doubt = (record.machine != machine).then(|| match record.machine.as_str() {
        "" => format!("the record does not say whether it is of `{machine}`"),
        other => format!("this is a record of `{other}`, not of `{machine}`"),
    });
    let verdict = |expectation| verdict(expectation, record, doubt.as_deref());
    let verdicts = expectations.iter().filter(of_this_life).map(verdict).collect();
    BootReport {
        name: name.to_owned(),
        boot_id: record.boot_id.clone(),
        life: record.life,
        is_earlier: false,
        time_seconds: record.time_seconds,
        uptime_seconds: record.uptime_seconds,
        console: Vec::new(),
        notes: Vec::new(),
        verdicts,
    }
}

fn verdict(expectation: &Expectation, record: &BootRecord, doubt: Option<&str>) -> Verdict {
    let looked = match doubt {
        Some(why) => Err(why.to_owned()),
        None => record.look(&expectation.subject),
    };
    let outcome = match looked {
        Err(why) => Outcome::Unknown { why },
        Ok(found) => {
            let there = found.contains(&expectation.value);
            if there == (expectation.wanted == Wanted::Has) {
                Outcome::Met
            } else {
                Outcome::Differs { found: found.to_vec(), hint: hint(&expectation.subject, found, record) }
            }
        }
    };
    let not = if expectation.wanted == Wanted::Lacks { "not " } else { "" };
    Verdict {
        says: expectation.says.clone(),
        subject: expectation.subject.clone(),
        expected: format!("{not}{}", expectation.value),
        outcome,
        origin: expectation.origin.clone(),
    }
}

/// True under udev's naming schemes before v240 (systemd.net-naming-scheme(7)): a `.link` file comes too late.
fn names_a_port_once(record: &BootRecord) -> bool {
    let arguments = record.facts.get("kernel-arguments");
    let schemes = ["net.naming-scheme=v238", "net.naming-scheme=v239"];
    arguments.is_some_and(|arguments| arguments.iter().any(|word| schemes.contains(&word.as_str())))
}

/// What to look at next, from what else the record knows.
fn hint(subject: &str, found: &[String], record: &BootRecord) -> String {
    // Who looks at what is no boot knows best what it tells: the record explains itself.
    if let Some(said) = record.facts.get(&format!("{subject}/explained")).filter(|said| !said.is_empty()) {
        return said.join("; ");
    }
    let parts: Vec<&str> = subject.split('/').collect();
    match parts.as_slice() {
        ["port", mac, "address" | "profile" | "controller" | "mtu"] => {
            let fact = |property: &str| record.facts.get(&format!("port/{mac}/{property}"));
            match (fact("name").and_then(|names| names.first()), fact("profile-name").and_then(|n| n.first())) {
                (None, _) => format!("no port has the permanent address {mac}: is the card there, and the address right?"),
                (Some(name), None) => {
                    format!("the port is called `{name}` now and no profile is active on it: see `nmcli device show {name}`")
                }
                (Some(name), Some(profile)) => format!(
                    "the port is called `{name}` now and runs the profile `{profile}`: a profile bound by name does not follow a renamed port, and one from the initramfs (`ip=`) stays"
                ),
            }
        }
        ["port", mac, "name"] if found.is_empty() => {
            format!("no port has the permanent address {mac}: is the card there, and the address right?")
        }
        ["port", _, "name"] if names_a_port_once(record) => {
            "by this naming scheme udev names a port only once, and the initramfs did: `network.pin: both` writes a rule, which it obeys all the same".to_owned()
        }
        ["port", _, "name"] => "see `udevadm test-builtin net_setup_link /sys/class/net/NAME`".to_owned(),
        ["default-gateway" | "name-servers" | "search-domains"] | ["route", ..] => {
            "the profile that brings it may not be active: see `nmcli connection show --active` and `ip route`".to_owned()
        }
        ["clock"] => "see `timedatectl` and `chronyc sources`".to_owned(),
        ["mount", place @ .., _] => {
            format!("see `findmnt /{}` and `systemctl list-units --type=mount --all`", place.join("/"))
        }
        ["swap"] => "see `/proc/swaps` and `systemctl list-units --type=swap --all`".to_owned(),
        ["file", .., name, "whole"] if name.ends_with(".nmconnection") => match found {
            [] => "the keyfile was moved or taken away: see `nmcli -f NAME,FILENAME connection show`".to_owned(),
            _ => "the keyfile was changed after Ignition wrote it; NetworkManager reads none that others may read".to_owned(),
        },
        ["network-fallback"] => {
            "what carries the default route did not come up: see `journalctl -b -u cotter-network-fallback -u NetworkManager`".to_owned()
        }
        ["kernel-arguments", "repeated"] => {
            "`rpm-ostree kargs --delete=WORD` takes one away; twice is harmless for most, and tells of a change that went wrong".to_owned()
        }
        ["kernel-type"] => "see `uname -r` and `rpm-ostree status`: the kernel is changed by the operator alone".to_owned(),
        ["fips"] => "FIPS mode is set when a node is installed: install it anew".to_owned(),
        ["os-image"] => "see `rpm-ostree status`: the update did not come to its end, or somebody rebased by hand".to_owned(),
        ["package", name, _] => format!("see `rpm -q {name}` and `rpm-ostree status`"),
        ["kernel-arguments"] => "see `/proc/cmdline` and the boot entry below `/boot/loader/entries`".to_owned(),
        ["interface", name, ..] => format!("see `nmcli device show {name}` and `journalctl -b -u NetworkManager`"),
        ["user", name, ..] if record.facts.contains_key("payload/digest") => {
            format!("see `id {name}`, `getent passwd {name}` and what applied the payload: `cat /var/lib/cotter/payload.json`")
        }
        ["user", name, ..] => format!("see `journalctl -b -t ignition` and `id {name}`"),
        ["unit", name, "state"] if found.iter().any(|word| word == "inactive") => {
            format!("it was stopped, or ended by itself, which only a unit of `Type=oneshot` is to do: see `systemctl status {name}`")
        }
        ["unit", name, ..] => format!("see `systemctl status {name}`"),
        ["name", name, ..] => format!("see `getent ahosts {name}`, `/etc/hosts` and the name servers"),
        ["reach", ..] => "try it by hand with `curl -v`; then look at routes, name servers and firewalls".to_owned(),
        ["cluster", ..] => "see `oc get clusterversion,clusteroperators,nodes`".to_owned(),
        ["payload", ..] => payload_hint(found, record),
        ["cloud-init", property] => {
            let told = |key: &str| record.facts.get(&format!("cloud-init/{key}")).filter(|told| !told.is_empty());
            let key = match *property {
                "status" => "errors",
                "schema" => "schema-errors",
                _ => "refused",
            };
            let said = told(key).map(|said| format!("it says: {}; ", said.join("; "))).unwrap_or_default();
            format!("{said}see `cloud-init status --long` and `/var/log/cloud-init.log`")
        }
        ["startup-script", ..] => match record.facts.get("startup-script/failed") {
            Some(said) => format!("{}: see `journalctl -b -u google-startup-scripts`; it runs again at the next boot", said.join("; ")),
            None => "see `journalctl -b -u google-startup-scripts`".to_owned(),
        },
        ["ignition-provisioned"] => "Ignition was given no document, or its result is gone: see `/etc/.ignition-result.json`".to_owned(),
        ["ignition-pending"] => "see `journalctl -b -u coreos-ignition-firstboot-complete`".to_owned(),
        // A machine that was given a payload: its stamp was asked for.
        _ if record.facts.contains_key("payload/digest") => {
            "something changed it after the payload was applied, or it never was: see `/var/lib/cotter/payload.json`".to_owned()
        }
        _ => "something changed it after Ignition wrote it, or Ignition never did: see `/etc/.ignition-result.json`".to_owned(),
    }
}

/// Why a payload was not applied, as far as its readers tell.
fn payload_hint(found: &[String], record: &BootRecord) -> String {
    let fact = |subject: &str| record.facts.get(subject).map(Vec::as_slice).unwrap_or_default();
    let says = |subject: &str, word: &str| fact(subject).iter().any(|found| found == word);
    if !found.is_empty() {
        let by = fact("payload/by").first().map(|by| format!(" by {by}")).unwrap_or_default();
        return format!(
            "another payload was applied{by}: one that is changed later is not applied to an instance that had one; make the machine anew, or run the payload by hand"
        );
    }
    if says("cloud-init/status", "running") || says("startup-script/result", "running") {
        return "it is still being applied: look again when `cloud-init status --wait` or the startup script ends".to_owned();
    }
    if says("startup-script/result", "failed") {
        return format!(
            "the startup script failed ({}): see `journalctl -b -u google-startup-scripts`",
            fact("startup-script/failed").join("; ")
        );
    }
    if says("cloud-init/user-data", "refused") {
        return format!(
            "cloud-init passed over what it was given, and calls itself `{}`: {}",
            fact("cloud-init/status").join(", "),
            fact("cloud-init/refused").join("; ")
        );
    }
    if says("cloud-init/status", "error") {
        return format!("cloud-init failed: {}", fact("cloud-init/errors").join("; "));
    }
    if says("cloud-init/status", "done") {
        return "cloud-init is done, and was given no such payload: see `cloud-init query userdata`, and whether the platform's key for it holds the payload".to_owned();
    }
    if says("startup-script/result", "none") {
        return "Google's script runner found no `startup-script`, and no cloud-init has read `user-data`: the payload is under a key that this image does not read".to_owned();
    }
    "nothing on this machine has read the payload: see whether its image has cloud-init, Google's script runner or Ignition, and under which key the payload is".to_owned()
}

/// What one boot had and a later boot of the installed system (or its first boot) has not.
fn regressions(boots: &[BootReport]) -> Vec<Regression> {
    let mut found = Vec::new();
    for (index, later) in boots.iter().enumerate() {
        for lost in &later.verdicts {
            let Outcome::Differs { found: instead, hint } = &lost.outcome else {
                continue;
            };
            let same =
                |verdict: &&Verdict| verdict.subject == lost.subject && verdict.expected == lost.expected;
            let before = boots.iter().take(index).rev().filter(|boot| boot.boot_id != later.boot_id);
            let mut last = before.filter_map(|boot| Some((boot, boot.verdicts.iter().find(same)?)));
            if let Some((boot, verdict)) = last.next()
                && verdict.outcome == Outcome::Met
            {
                found.push(Regression {
                    says: lost.says.clone(),
                    met_in: boot.name.clone(),
                    lost_in: later.name.clone(),
                    found: instead.clone(),
                    hint: hint.clone(),
                    origin: lost.origin.clone(),
                });
            }
        }
    }
    found
}

/// The name a boot has if nobody gave it one.
impl BootRecord {
    /// `live`, `first boot` or `later boot`, with the beginning of the boot id.
    pub fn name(&self) -> String {
        let life = match self.life {
            Life::Before => "before",
            Life::Live => "live",
            Life::FirstBoot => "first boot",
            Life::LaterBoots => "later boot",
            Life::AfterMco => "boot after the MCO",
        };
        format!("{life} {}", self.boot_id.chars().take(8).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::judge;
    use crate::document::Origin;
    use crate::value::Digest;
    use crate::verify::BOOT_SCHEMA;
    use crate::verify::BootRecord;
    use crate::verify::Expectation;
    use crate::verify::Life;
    use crate::verify::MANIFEST_SCHEMA;
    use crate::verify::Manifest;
    use crate::verify::Outcome;
    use crate::verify::SpecDigest;
    use crate::verify::Subject;

    fn manifest() -> Manifest {
        let origin = Origin {
            file: "a.yaml".into(),
            line: 3,
            column: 1,
            key: "hostname".into(),
            length: 1,
            bytes: (0, 0),
        };
        Manifest {
            schema: MANIFEST_SCHEMA.into(),
            machine: "a".into(),
            target: "fcos".into(),
            spec: SpecDigest { file: "a.yaml".into(), sha256: Digest::of(b"") },
            patience_seconds: 1,
            expectations: vec![
                Expectation::has(&Subject::HostName, "a", "host name a", &origin),
                Expectation::lacks(&Subject::KernelArguments, "quiet", "no kernel argument quiet", &origin)
                    .in_lives(&[Life::LaterBoots]),
            ],
            cluster: Vec::new(),
        }
    }

    fn boot(id: &str, life: Life, facts: &[(&str, &[&str])]) -> (String, BootRecord) {
        let facts = facts
            .iter()
            .map(|(subject, values)| {
                ((*subject).to_owned(), values.iter().map(|v| (*v).to_owned()).collect())
            })
            .collect();
        let record = BootRecord {
            schema: BOOT_SCHEMA.into(),
            machine: "a".into(),
            boot_id: id.into(),
            life,
            uptime_seconds: 1,
            time_seconds: 0,
            facts,
            unknown: BTreeMap::new(),
        };
        (id.to_owned(), record)
    }

    #[test]
    fn judges_each_boot_by_its_life() {
        let boots = [
            boot("1", Life::Live, &[("hostname", &["a"])]),
            boot("2", Life::LaterBoots, &[("hostname", &["a"]), ("kernel-arguments", &["ro", "quiet"])]),
        ];
        let report = judge(&manifest(), &boots);
        assert_eq!(report.boots[0].counts(), (1, 0, 0));
        assert_eq!(report.boots[1].counts(), (1, 1, 0));
        assert!(!report.all_met());
    }

    #[test]
    fn says_what_was_lost_across_a_reboot() {
        let boots = [
            boot("1", Life::FirstBoot, &[("hostname", &["a"])]),
            boot("2", Life::LaterBoots, &[("hostname", &["localhost"]), ("kernel-arguments", &[])]),
            boot("3", Life::LaterBoots, &[("hostname", &["localhost"]), ("kernel-arguments", &[])]),
        ];
        let report = judge(&manifest(), &boots);
        assert_eq!(report.regressions.len(), 1, "the third boot lost nothing that the second still had");
        let lost = &report.regressions[0];
        assert_eq!((lost.met_in.as_str(), lost.lost_in.as_str(), lost.origin.line), ("1", "2", 3));
        assert_eq!(lost.found, ["localhost"]);
    }

    #[test]
    fn silence_and_excuses_are_never_a_pass() {
        let mut silent = boot("1", Life::Live, &[]);
        assert!(matches!(
            &judge(&manifest(), &[silent.clone()]).boots[0].verdicts[0].outcome,
            Outcome::Unknown { .. }
        ));
        silent.1.facts.insert("hostname".into(), vec!["a".into()]);
        silent.1.unknown.insert("host".into(), "no hostname(1) here".into());
        let report = judge(&manifest(), &[silent]);
        let expected = Outcome::Unknown { why: "no hostname(1) here".into() };
        assert_eq!(report.boots[0].verdicts[0].outcome, expected);
        assert!(!report.all_met());
        assert!(!judge(&manifest(), &[]).all_met(), "no boot is no pass");
        let mut other = boot("1", Life::Live, &[("hostname", &["a"])]);
        other.1.machine = "b".into();
        assert!(!judge(&manifest(), &[other.clone()]).all_met(), "another machine's record is no pass");
        other.1.machine = String::new();
        assert!(!judge(&manifest(), &[other]).all_met(), "nobody's record is no pass");
    }

    #[test]
    fn nothing_expected_is_nothing_met() {
        let good = boot("1", Life::Live, &[("hostname", &["a"])]);
        assert!(judge(&manifest(), std::slice::from_ref(&good)).all_met());
        let elsewhere = boot("2", Life::AfterMco, &[]);
        assert!(!judge(&manifest(), std::slice::from_ref(&elsewhere)).all_met());
        assert!(!judge(&manifest(), &[good.clone(), elsewhere.clone()]).all_met(), "the last boot counts");
        assert!(judge(&manifest(), &[elsewhere, good]).all_met());
    }

    #[test]
    fn what_was_before_is_told_and_does_not_decide() {
        let boots = [
            boot("1", Life::LaterBoots, &[("hostname", &["b"]), ("kernel-arguments", &[])]),
            boot("2", Life::LaterBoots, &[("hostname", &["a"]), ("kernel-arguments", &[])]),
        ];
        assert!(!judge(&manifest(), &boots).all_met());
        let mended = judge(&manifest(), &boots).with_earlier(1);
        assert!(mended.all_met() && mended.boots[0].counts() == (1, 1, 0));
        assert!(!judge(&manifest(), &boots).with_earlier(2).all_met(), "nothing decides");
    }
}
