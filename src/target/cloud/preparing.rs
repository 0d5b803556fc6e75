//! From a machine to its boot data and its plan.

use std::collections::BTreeMap;

use super::asked;
use super::bootstrap;
use super::carrying;
use super::choosing;
use super::choosing::Chosen;
use super::fitting;
use super::fitting::Fitted;
use super::networking;
use super::outputs;
use super::outputs::Delivering;
use super::parts;
use super::parts::Parts;
use super::render::Rendering;
use crate::cloud::Format;
use crate::cloud::Platform;
use crate::cloud::Reader;
use crate::cloud::Runs;
use crate::document::Diagnostics;
use crate::plan::Artifact;
use crate::plan::Carrier;
use crate::plan::Delivered;
use crate::plan::Delivery;
use crate::plan::Plan;
use crate::plan::Secrecy;
use crate::spec::Bootstrap;
use crate::spec::Cloud;
use crate::spec::Machine;
use crate::target::Files;
use crate::target::draft::Draft;
use crate::target::expect;
use crate::target::on_node::Place;
use crate::target::secrets::secrets;
use crate::verify::Life;
use crate::verify::SpecDigest;

/// Prepares a machine's boot data; gives the plan and what is to be said besides, or what is wrong.
pub(super) fn prepare(
    machine: &Machine,
    spec: &SpecDigest,
    files: &Files,
) -> Result<(Plan, Diagnostics), Diagnostics> {
    let mut findings = Diagnostics::new();
    let Some(cloud) = &machine.cloud else { return Err(findings) };
    let Some(table) = choosing::table(cloud, files, &mut findings) else { return Err(findings) };
    let parts = Parts::of(cloud, files, &mut findings);
    let platform = match table.platform(&cloud.platform.value) {
        Ok(platform) => platform,
        Err(error) => {
            findings.wrong_value("cloud-choice", &cloud.platform.origin, error);
            return Err(findings);
        }
    };
    let Some(chosen) = choosing::chosen(cloud, &table, platform, &parts, &mut findings) else {
        return Err(findings);
    };
    let network = networking::network_of(machine, platform, &chosen.choice, &mut findings);
    let mut draft = Draft::of_image(machine, files, network.by)?;
    carrying::carry(machine, &mut draft, &parts, chosen.payload_format, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    let bootstrap = with_config(cloud, files);
    let written = bootstrap.as_ref().map(|(bootstrap, config)| bootstrap::render(bootstrap, config));
    let digest = asked::digest(&draft.destination.document(), &network.text, written, &parts);
    let config = bootstrap.as_ref().map(|(_, config)| config.as_slice());
    draft.artifacts.extend(asked::artifacts(cloud, config, &parts));
    expect_of_image(&mut draft, cloud, &chosen, &digest);
    let rendering = Rendering {
        machine,
        format: chosen.payload_format,
        digest: &digest,
        parts: &parts,
        bootstrap,
        repeats: chosen.choice.runs == Runs::EveryBoot && chosen.choice.readers.contains(&Reader::CloudInit),
        installs: chosen.manager.as_deref(),
        by: chosen.by(),
        url: cloud.payload_url.as_ref().map(|url| url.value.as_str()),
    };
    let without_judge = (draft.destination.document(), draft.artifacts.len());
    let manifest = draft.verified(machine, spec, &Life::OF_IMAGE, Place::Live);
    in_lives_of_image(&mut draft.artifacts);
    let documents = (draft.destination.document(), without_judge.0);
    let fitted = match fitting::fit(&rendering, platform, &chosen, documents) {
        Ok(fitted) => fitted,
        Err((message, help)) => {
            let largest =
                draft.artifacts.iter().take(without_judge.1).max_by_key(|artifact| artifact.size_bytes);
            let help = match cloud.payload_url {
                Some(_) => help,
                None => format!("{help}: `payload_url: https://…` makes the split"),
            };
            findings.error(
                "cloud-size",
                largest.map_or(&cloud.origin, |largest| &largest.origin),
                message,
                help,
            );
            return Err(findings);
        }
    };
    if fitted.left_out.is_some() {
        draft.artifacts.truncate(without_judge.1);
    }
    let has_secret = draft.artifacts.iter().any(|artifact| artifact.secrecy == Secrecy::Secret);
    let is_secret = has_secret || !secrets(Some(fitted.document.value()), &BTreeMap::new(), "").is_empty();
    let outputs = outputs::outputs(&Delivering {
        machine,
        platform,
        choice: &chosen.choice,
        keys: &fitted.keys,
        rendered: &fitted.rendered,
        network: network.text.as_deref(),
        is_secret,
    });
    let notes = chosen.notes.iter().chain(&network.notes).cloned();
    let notes = notes.chain(fitted.left_out.map(str::to_owned)).collect();
    let delivery = delivery(cloud, platform, chosen, &fitted, digest);
    let plan = Plan {
        machine: machine.name.value.clone(),
        lives: &Life::OF_IMAGE,
        artifacts: draft.artifacts,
        destination: fitted.document,
        carrier: Carrier::Cloud(Box::new(Delivery { notes, files: outputs, ..delivery })),
        manifest,
        ignition_minor: draft.ignition_minor,
    };
    Ok((plan, findings))
}

/// The bootstrap with what its file holds.
fn with_config<'c>(cloud: &'c Cloud, files: &Files) -> Option<(&'c Bootstrap, Vec<u8>)> {
    let bootstrap = cloud.bootstrap.as_ref()?;
    let contents = bootstrap.config.as_ref().and_then(|config| config.contents.as_ref());
    Some((bootstrap, contents.and_then(|contents| parts::bytes_of(contents, files)).unwrap_or_default()))
}

/// Adds that the payload was applied; and an image has no live medium.
fn expect_of_image(draft: &mut Draft, cloud: &Cloud, chosen: &Chosen, digest: &str) {
    in_lives_of_image(&mut draft.artifacts);
    draft.expected.extend(expect::payload(digest, &chosen.choice, &cloud.origin));
    if chosen.payload_format == Format::Ignition {
        draft.expected.extend(expect::ignition_done(&cloud.origin));
    }
    for expectation in &mut draft.expected {
        expectation.lives.retain(|life| Life::OF_IMAGE.contains(life));
    }
    draft.expected.retain(|expectation| !expectation.lives.is_empty());
}

fn in_lives_of_image(artifacts: &mut Vec<Artifact>) {
    for artifact in artifacts.iter_mut() {
        artifact.lives.retain(|life| Life::OF_IMAGE.contains(life));
    }
    artifacts.retain(|artifact| !artifact.lives.is_empty());
}

/// What was chosen, and what each key gets.
fn delivery(cloud: &Cloud, platform: &Platform, chosen: Chosen, fitted: &Fitted, digest: String) -> Delivery {
    let keys = fitted.keys.iter().map(|(key, encoded)| Delivered {
        key: key.name.clone(),
        encoding: encoded.encoding,
        payload_bytes: encoded.payload_bytes,
        counted_bytes: encoded.counted_bytes(),
        limit: encoded.limit,
    });
    Delivery {
        platform: platform.name.clone(),
        platform_title: platform.title.clone(),
        image: cloud.image.as_ref().map(|image| image.value.clone()),
        choice: chosen.choice,
        digest,
        keys: keys.collect(),
        payload_url: cloud.payload_url.as_ref().map(|url| url.value.clone()),
        notes: Vec::new(),
        files: BTreeMap::new(),
    }
}
