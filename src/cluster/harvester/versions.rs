//! Version objects: the releases that Harvester can be upgraded to, and which of them its syncer deletes.
//!
//! The syncer runs once an hour and never at the start, and deletes a Version without a checksum, one that is not newer,
//! and one that wants a newer release first, unless it is tagged `dev` (`version_syncer.go`). Newer ones ask the upgrade
//! responder for the two last; it is not asked here.

use serde_json::Value;

use super::setting;
use super::subject;
use super::text;
use crate::cluster::Ask;
use crate::cluster::Evidence;
use crate::cluster::Looking;
use crate::cluster::Release;
use crate::cluster::marker::items;
use crate::cluster::marker::name;
use crate::cluster::odd::Odd;
use crate::verify::HarvesterProperty;

/// The release that runs, or why nobody can tell.
pub(super) fn current(evidence: &Evidence) -> Result<Release, String> {
    evidence.answer(Ask::Settings)?;
    let written = setting(evidence, "server-version").ok_or("the setting `server-version` is not there")?;
    written.parse().map_err(|error| format!("the setting `server-version`: {error}"))
}

pub(super) fn all_kept(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::VersionsKept);
    looking.expect(&subject, "all", "Version objects that the syncer keeps");
    let Some(list) = looking.seen(Ask::HarvesterVersions, &subject) else { return };
    let found: Vec<Odd> = items(list).filter_map(|version| doomed(version, looking.evidence)).collect();
    looking.all_but(&subject, "all", &found);
}

/// That the Version object of the target is there, may follow what runs, and stays.
pub(super) fn target(looking: &mut Looking, target: &Release) {
    let present = subject(HarvesterProperty::VersionPresent);
    let kept = subject(HarvesterProperty::VersionsKept);
    let path = subject(HarvesterProperty::VersionPath);
    looking.expect(&present, "yes", &format!("Version object of {target}"));
    looking.expect(&kept, "all", "the syncer keeps it");
    looking.expect(&path, "yes", &format!("{target} may follow the release that runs"));
    let version = match looking.evidence.answer(Ask::HarvesterVersions) {
        Err(why) => {
            looking.look.cannot(&present, why.clone());
            looking.look.cannot(&kept, why);
            None
        }
        Ok(list) => {
            let found = items(list).find(|version| name(version) == target.as_str());
            match found {
                Some(version) => {
                    looking.look.found(&present, ["yes"]);
                    let doomed: Vec<Odd> = doomed(version, looking.evidence).into_iter().collect();
                    looking.all_but(&kept, "all", &doomed);
                }
                None => {
                    let next = format!(
                        "the upgrade would say `version {target} is not found`: apply the release's `version.yaml` with `isoURL` and `isoChecksum`; the syncer looks for releases once an hour, and not when it starts, and deletes within the hour one without a checksum"
                    );
                    looking.one(&present, "no", next);
                    looking.look.cannot(&kept, "there is no Version object");
                }
            }
            found
        }
    };
    match (current(looking.evidence), version) {
        (Err(why), _) => looking.look.cannot(&path, why),
        (Ok(current), _) if &current >= target => {
            looking.one(&path, format!("{current} runs"), "name a release that is newer");
        }
        (Ok(_), None) => {
            looking.look.cannot(&path, "there is no Version object that says which release it may follow");
        }
        (Ok(current), Some(version)) => match too_old(version, &current) {
            Ok(None) => looking.look.found(&path, ["yes"]),
            Ok(Some(least)) => {
                let next = format!("upgrade to {least} or later first");
                looking.one(&path, format!("{current} runs, and {least} is the least"), next);
            }
            Err(why) => looking.look.cannot(&path, why),
        },
    }
}

/// How many days a certificate must hold for this release, if it says so.
pub(super) fn least_days(evidence: &Evidence, target: &Release) -> Option<u64> {
    let version = evidence.items(Ask::HarvesterVersions).find(|version| name(version) == target.as_str())?;
    super::keyed(version, "/metadata/annotations", "harvesterhci.io/minCertsExpirationInDay")?.parse().ok()
}

/// The release that must run before, if what runs is older.
fn too_old(version: &Value, current: &Release) -> Result<Option<Release>, String> {
    match text(version, "/spec/minUpgradableVersion").as_str() {
        "" => Ok(None),
        least => {
            let least: Release =
                least.parse().map_err(|error| format!("its `minUpgradableVersion`: {error}"))?;
            Ok((*current < least).then_some(least))
        }
    }
}

/// Why the syncer deletes a Version, or the upgrade could not use it; nothing if it stays.
fn doomed(version: &Value, evidence: &Evidence) -> Option<Odd> {
    let own = name(version);
    let checksum = text(version, "/spec/isoChecksum");
    let is_synced = setting(evidence, "upgrade-checker-enabled").is_none_or(|enabled| enabled == "true");
    let fate = match is_synced {
        true => "the syncer deletes it within the hour, and the upgrade then says that it is not found",
        false => "the syncer is off (`upgrade-checker-enabled`) and leaves it, but nothing checks the ISO",
    };
    if text(version, "/spec/isoURL").is_empty() {
        return Some(Odd::new(
            own,
            "no isoURL",
            format!("{fate}: write where the ISO is into `spec.isoURL`"),
        ));
    }
    if checksum.is_empty() {
        let says = format!("{fate}: write the ISO's SHA-512 into `spec.isoChecksum`");
        return Some(Odd::new(own, "no isoChecksum", says));
    }
    let is_sha512 =
        checksum.len() == 128 && checksum.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !is_sha512 {
        let says = "it must be a SHA-512, 128 hexadecimal digits in lower case: the webhook refuses it, and Longhorn takes no other";
        return Some(Odd::new(own, "isoChecksum is no SHA-512", says));
    }
    let tags = version.pointer("/spec/tags").and_then(Value::as_array);
    if !is_synced || tags.into_iter().flatten().any(|tag| tag == "dev") {
        return None;
    }
    // What cannot be compared is for others to say.
    let current = current(evidence).ok()?;
    if let Ok(release) = own.parse::<Release>()
        && release <= current
    {
        return Some(Odd::new(own, format!("{current} runs"), format!("it is not newer: {fate}")));
    }
    let least = too_old(version, &current).ok()??;
    Some(Odd::new(own, format!("wants {least} first"), format!("{current} runs: {fate}")))
}
