//! What would be lost on the way of a single node, and what is wrong with what the installer and the user bring.

use super::Assembled;
use super::Flow;
use super::InstallerDocument;
use super::Placement;
use super::flow::is_keyfile;
use crate::document;
use crate::document::Check;
use crate::document::Complaint;
use crate::document::Diagnostics;
use crate::document::Found;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::View;
use crate::ignition;
use crate::ignition::Document;
use crate::ignition::PartKind;
use crate::machineconfig;
use crate::network::KEYFILE_FOLDER;
use crate::network::LostNames;
use crate::network::check_keyfile;
use crate::network::check_link_file;
use crate::spec::Machine;
use crate::spec::Marker;
use crate::target::contents::Files;
use crate::value::Digest;
use crate::verify::Life;
use crate::verify::SpecDigest;

/// Findings that are made while the documents are put together.
pub(in crate::target) static RULES: [Rule; 4] = [
    Rule {
        name: "installer-run",
        refuses: "an openshift-install that fails",
        why: "the cluster's own part of the medium would be missing",
        example: "an install-config.yaml without bootstrapInPlace",
    },
    Rule {
        name: "installer-document",
        refuses: "a file as the installer's Ignition that is none",
        why: "the cluster could not be bootstrapped",
        example: "sno: {ignition: install-config.yaml}",
    },
    Rule {
        name: "installer-shape",
        refuses: "an installer's Ignition of a shape that is not known, where it must be edited",
        why: "a guess could install to the wrong disk, or lose the network",
        example: "an install-to-disk.sh that does not call coreos-installer",
    },
    Rule {
        name: "installer-certificates",
        refuses: "an installer's Ignition whose certificates are no longer valid",
        why: "they live for 24 hours; the bootstrap would stop in the middle",
        example: "a bootstrap-in-place-for-live-iso.ign of last week",
    },
];

/// The rules of what comes of it all.
pub(in crate::target) static CHECKS: &[Check<Survey>] = &[
    Check {
        rule: Rule {
            name: "lost-in-a-life",
            refuses: "something asked for that is missing from one of the machine's lives",
            why: "it would be there after one boot and gone after another",
            example: "a MachineConfig of the installer's folder that overwrites a file of the machine file",
        },
        by: lost,
    },
    Check {
        rule: Rule {
            name: "brought-keyfile",
            refuses: "a keyfile or `.link` file in the installer's Ignition that NetworkManager or udev would ignore, or that is bound by a port's name",
            why: "the port is called otherwise after the reboot, and the profile does not follow",
            example: "interface-name=eno1",
        },
        by: brought_keyfiles,
    },
    Check {
        rule: Rule {
            name: "keyfile-only-live",
            refuses: "a keyfile in the live document alone, where the machine file brings others",
            why: "copied profiles are dropped as soon as one is written on the disk",
            example: "a keyfile under storage.files of the installer's Ignition",
        },
        by: keyfiles_only_live,
    },
    Check {
        rule: Rule {
            name: "keyfile-shadowed",
            refuses: "a keyfile that the installer would hand to the disk, where a MachineConfig brings another",
            why: "copied profiles are dropped as soon as one is written on the disk",
            example: "one keyfile in the live document, another in a MachineConfig",
        },
        by: keyfiles_shadowed,
    },
    Check {
        rule: Rule {
            name: "core-outside-machineconfig",
            refuses: "(warns) a password of core that no MachineConfig has",
            why: "the operator locks it at its next change of users, as when a key is rotated",
            example: "a passwordHash in the live document",
        },
        by: core_outside,
    },
    Check {
        rule: Rule {
            name: "operator-refuses",
            refuses: "MachineConfigs that the operator cannot render, or cannot keep on a running node",
            why: "the bootstrap would stop, or the node would be degraded; keys of other users would become core's",
            example: "a user other than core in a MachineConfig",
        },
        by: operator_refuses,
    },
    Check {
        rule: Rule {
            name: "layers-disagree",
            refuses: "one path in two layers, or in two MachineConfigs",
            why: "one would overwrite the other, and another one after the operator has taken over",
            example: "a file in master-update.fcc and in a MachineConfig",
        },
        by: layers_disagree,
    },
    Check {
        rule: Rule {
            name: "installation-disk",
            refuses: "an `install.device` that is not the installer's `installationDisk`",
            why: "the installer's disk is what would be erased",
            example: "device: /dev/disk/by-id/wwn-0x5…c3d4, and installationDisk: /dev/sda",
        },
        by: installation_disk,
    },
    Check {
        rule: Rule {
            name: "cluster-names",
            refuses: "a machine without name servers and without `sno.host_entries`",
            why: "kubelet must find api-int, and waits for it for ever",
            example: "no `dns`, no DHCP",
        },
        by: cluster_names,
    },
    Check {
        rule: Rule {
            name: "marker-missing",
            refuses: "(warns) an installer that never writes the completion marker, and nothing that does",
            why: "the upgrade from 4.15 to 4.16 stops at PreconditionNotReady",
            example: "an installer before 4.12 and `completion_marker: check`",
        },
        by: marker_missing,
    },
];

/// Everything that the rules look at.
#[derive(Debug)]
pub(in crate::target) struct Survey {
    machine: Machine,
    /// The installer's document as it was given, and what would come of it.
    given: InstallerDocument,
    given_flow: Flow,
    ours: Assembled,
    /// What is known to become of names that ports have now.
    lost_names: LostNames,
    /// The line that named the document.
    origin: Origin,
}

/// Runs the rules, if the documents can be put together.
pub(super) fn check(machine: &Machine, files: &Files, lost_names: &LostNames, findings: &mut Diagnostics) {
    // What an installer will write is not known before it was run, but for the disk.
    if files.installer.is_none() {
        if let Some(config) = &files.install_config {
            check_config(machine, config, findings);
        }
        return;
    }
    let surveyed = super::installer_of(machine, files).and_then(|(sno, given)| {
        let spec = SpecDigest { file: machine.origin.file.clone(), sha256: Digest::of(b"") };
        let rules = super::rules_of(sno)?;
        let unknown = given.unknown();
        let origin = sno.installer_origin().clone();
        if !unknown.is_empty() {
            let mut findings = Diagnostics::new();
            for name in unknown {
                let message = format!("the installer's Ignition has no `{name}`: this shape is not known");
                let help = "name what `openshift-install create single-node-ignition-config` wrote";
                findings.error("installer-shape", &origin, message, help);
            }
            return Err(findings);
        }
        let ours = super::assemble(machine, &spec, files, Placement::EveryLayer)?;
        let given_flow = Flow::of(&given, &std::collections::BTreeMap::new(), rules);
        let lost_names = lost_names.clone();
        Ok(Survey { machine: machine.clone(), given, given_flow, ours, lost_names, origin })
    });
    match surveyed {
        Ok(survey) => document::run(CHECKS, &survey, findings),
        Err(more) => findings.append(more),
    }
}

fn lost(survey: &Survey, found: &mut Found<'_>) {
    for (artifact, wanted) in survey.ours.plan.artifacts.iter().zip(&survey.ours.wanted) {
        let missing: Vec<&Life> = wanted.iter().filter(|life| !artifact.lives.contains(life)).collect();
        let (Some(first), Some(part)) = (missing.first(), &artifact.part) else { continue };
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let why = survey.ours.flow.why_not(part, **first);
        found.error(
            &artifact.origin,
            format!("{} would be missing ({}): {why}", artifact.what, names.join(", ")),
            "take the other one away from the installer's folder, and make its Ignition again",
        );
    }
}

/// Files of a document with their texts.
pub(in crate::target) fn texts(document: &Document) -> Vec<(String, String)> {
    let text = |file: &serde_json::Value| {
        let path = file["path"].as_str()?.to_owned();
        Some((path, String::from_utf8(ignition::contents(file)?).ok()?))
    };
    document.list("storage", "files").iter().filter_map(text).collect()
}

/// What is wrong with keyfiles and `.link` files among files, by place; each path once. `names` are those of
/// ports that something pins.
pub(in crate::target) fn profile_complaints(
    texts: &[(String, String)],
    names: &[String],
    lost: &LostNames,
) -> Vec<(String, Complaint)> {
    let mut seen: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (path, text) in texts {
        if seen.contains(&path.as_str()) {
            continue;
        }
        seen.push(path);
        let complaints: Vec<Complaint> = match path {
            path if path.starts_with(KEYFILE_FOLDER) => check_keyfile(text, names, lost),
            path if path.starts_with("/etc/systemd/network/") && path.ends_with(".link") => {
                check_link_file(text)
            }
            _ => continue,
        };
        let place =
            |line: usize| if line > 0 { format!("`{path}`, line {line}") } else { format!("`{path}`") };
        all.extend(complaints.into_iter().map(|complaint| (place(complaint.line), complaint)));
    }
    all
}

fn brought_keyfiles(survey: &Survey, found: &mut Found<'_>) {
    let live = survey.given.document().resolved();
    let texts: Vec<(String, String)> =
        texts(&live).into_iter().chain(texts(&survey.given_flow.first_boot)).collect();
    for (place, Complaint { message, help, .. }) in
        profile_complaints(&texts, &survey.machine.network.names, &survey.lost_names)
    {
        found.error(&survey.origin, format!("{place}: {message}"), help);
    }
}

/// Keyfiles of the given live document that do not come to the disk.
fn lost_keyfiles(survey: &Survey) -> Vec<String> {
    let on_disk = survey.ours.flow.parts(Life::FirstBoot);
    let is_lost = |name: &String| !on_disk.iter().any(|other| is_keyfile(other) && other.name == *name);
    let live = survey.given_flow.live.iter().filter(|part| is_keyfile(part));
    live.map(|part| part.name.clone()).filter(is_lost).collect()
}

/// A keyfile that the installer's own documents write on the disk.
fn brought_to_disk(survey: &Survey) -> Option<String> {
    survey.given_flow.first_boot.parts().into_iter().find(is_keyfile).map(|part| part.name)
}

fn keyfiles_only_live(survey: &Survey, found: &mut Found<'_>) {
    if brought_to_disk(survey).is_some() {
        return;
    }
    for name in lost_keyfiles(survey) {
        found.error(
            &survey.origin,
            format!("`{name}` is in the live document alone; on the disk, the profiles of this file take its place"),
            "say it under `network`, or take it away",
        );
    }
}

fn keyfiles_shadowed(survey: &Survey, found: &mut Found<'_>) {
    let Some(other) = brought_to_disk(survey) else { return };
    for name in lost_keyfiles(survey) {
        found.error(
            &survey.origin,
            format!("`{name}` is in the live document alone, and is dropped on the disk because `{other}` is written there"),
            "say it under `network`, or bring it in a MachineConfig too",
        );
    }
}

fn core_outside(survey: &Survey, found: &mut Found<'_>) {
    let is_core = |part: &ignition::Part| part.kind == PartKind::Password && part.name == "core";
    let flow = &survey.given_flow;
    let is_brought = flow.live.iter().chain(&flow.in_place.parts()).any(is_core);
    if is_brought && !survey.ours.flow.parts(Life::AfterMco).iter().any(is_core) {
        found.warning(
            &survey.origin,
            "the installer's Ignition has a password of core that no MachineConfig has",
            "say it here under `passwd.users`, with `password_file` or `password_hash`",
        );
    }
}

fn operator_refuses(survey: &Survey, found: &mut Found<'_>) {
    for problem in survey.ours.flow.all_problems() {
        let whose = problem.config.map_or_else(String::new, |name| format!("MachineConfig `{name}`: "));
        found.error(&survey.origin, format!("{whose}{}", problem.what), problem.next);
    }
}

fn layers_disagree(survey: &Survey, found: &mut Found<'_>) {
    let flow = &survey.ours.flow;
    let Some(rendered) = &flow.rendered else { return };
    for (part, names) in rendered.sources.contested() {
        // Users come from several: the installer's has core's key.
        if matches!(part, machineconfig::Part::Path(_) | machineconfig::Part::DropIn(..)) {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            found.error(
                &survey.origin,
                format!("{part} is written by several MachineConfigs: {}", names.join(", ")),
                "keep one of them; the last by name wins",
            );
        }
    }
    for part in flow.in_place.parts() {
        let path = machineconfig::Part::Path(part.name.clone());
        let is_path = matches!(part.kind, PartKind::File | PartKind::Directory | PartKind::Link);
        if let Some(name) = rendered.sources.last(&path).filter(|_| is_path) {
            found.error(
                &survey.origin,
                format!(
                    "`{}` is brought by master-update.fcc and by the MachineConfig `{name}`, which wins",
                    part.name
                ),
                "keep one of them",
            );
        }
    }
}

/// Compares the disk of an install-config.yaml with the machine's; whatever else is in it is the installer's matter.
fn check_config(machine: &Machine, config: &[u8], findings: &mut Diagnostics) {
    let (Some(sno), Ok(text)) = (&machine.sno, std::str::from_utf8(config)) else { return };
    let (tree, _) = document::parse("install-config.yaml", text);
    let Some(tree) = tree else { return };
    let root = View::root("install-config.yaml", &tree);
    // One that is empty or no map is refused by the installer itself.
    if root.get("metadata").is_none() && root.get("bootstrapInPlace").is_none() {
        return;
    }
    let disk = root.at(&["bootstrapInPlace", "installationDisk"]).and_then(|disk| disk.text());
    if let Some((origin, message, help)) =
        disagreement(machine, disk.as_ref().map(|disk| disk.value.as_str()), sno.installer_origin())
    {
        findings.error("installation-disk", &origin, message, help);
    }
}

fn installation_disk(survey: &Survey, found: &mut Found<'_>) {
    let Ok(command) = &survey.given_flow.command else { return };
    if let Some((origin, message, help)) = disagreement(&survey.machine, command.device(), &survey.origin) {
        found.error(&origin, message, help);
    }
}

/// How the disk that the installer installs to is another than the machine's.
fn disagreement(
    machine: &Machine,
    theirs: Option<&str>,
    installer: &Origin,
) -> Option<(Origin, String, &'static str)> {
    let ours = machine.install.as_ref().and_then(|install| install.device())?;
    match theirs {
        Some(theirs) if theirs == ours.as_str() => None,
        Some(theirs) => Some((
            ours.origin.clone(),
            format!("the installer installs to `{theirs}`, not to `{}`", ours.value),
            "make `bootstrapInPlace.installationDisk` in install-config.yaml the same; an Ignition must be made again",
        )),
        None => Some((
            installer.clone(),
            "the installer is not told which disk to install to".to_owned(),
            "give `bootstrapInPlace.installationDisk` in install-config.yaml; an Ignition must be made again",
        )),
    }
}

fn cluster_names(survey: &Survey, found: &mut Found<'_>) {
    let network = &survey.machine.network;
    let asks_dhcp = network.nics.iter().any(|nic| nic.uses_dhcp())
        || network.interfaces().iter().any(|interface| interface.is_dynamic);
    let has_servers = network.nics.iter().any(|nic| !nic.dns.is_empty());
    let in_nmstate =
        network.nmstate().is_some_and(|nmstate| document::View::of(nmstate).get("dns-resolver").is_some());
    let writes_hosts =
        survey.ours.flow.lives_of(&ignition::Part::new(PartKind::File, "/etc/hosts"), &[Life::FirstBoot]);
    if asks_dhcp || has_servers || in_nmstate || !writes_hosts.is_empty() {
        return;
    }
    let message =
        "the machine has no name servers, so it does not find api, api-int and the names below apps";
    found.error(
        &survey.machine.origin,
        message,
        "give a port `dns`, or write `host_entries: true` under `sno`",
    );
}

fn marker_missing(survey: &Survey, found: &mut Found<'_>) {
    let is_ensured = survey.machine.sno.as_ref().is_some_and(|sno| sno.marker == Marker::Ensure);
    if is_ensured || survey.given.has_feature("marks-completion") {
        return;
    }
    let origin = survey.machine.sno.as_ref().map_or(&survey.origin, |sno| &sno.marker_origin);
    found.warning(
        origin,
        "this installer never writes the marker `kube-system/bootstrap` (it came with 4.12)",
        "write `completion_marker: ensure` under `sno`",
    );
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::Placement;
    use super::super::judge;
    use super::super::put;
    use super::CHECKS;
    use super::Survey;
    use crate::document;
    use crate::document::Diagnostics;
    use crate::document::Origin;
    use crate::ignition::Document;
    use crate::network::LostNames;
    use crate::spec;
    use crate::target::contents::Files;
    use crate::target::sno::Flow;
    use crate::target::sno::InstallerDocument;
    use crate::target::sno::in_place;
    use crate::value::Digest;
    use crate::verify::Life;
    use crate::verify::SpecDigest;

    const MACHINE: &str = r#"cotter: 1
name: m
target: sno
hostname: m.lab.example.com
sno: {ignition: a.ign, host_entries: true}
passwd:
  users:
    - {name: core, ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjeLzFrFFc44TTmKI5qK25VuDzkeD4xd8VLnLKtmYvv me"], groups: [wheel]}
    - {name: admin, ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjeLzFrFFc44TTmKI5qK25VuDzkeD4xd8VLnLKtmYvv me"]}
network: {nics: [{name: lan0, mac: "e4:43:4b:0a:00:01", address: 192.168.50.10/24}]}
kernel_arguments: {should_exist: [panic=30]}
install: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}
"#;

    /// What the matrix and the linter say after `spoil` has been at the finished document.
    fn after(spoil: impl Fn(&mut serde_json::Value)) -> (Vec<String>, Vec<String>) {
        let (machine, findings) = spec::parse("m.yaml", MACHINE, &BTreeMap::new());
        assert!(!findings.has_errors(), "{:?}", findings.sorted());
        let machine = machine.unwrap();
        let shape = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/single-node/marks-completion.ign");
        let bytes = std::fs::read(shape).unwrap();
        let given = InstallerDocument::read(&bytes).unwrap();
        let files = Files { installer: Some(bytes), ..Files::default() };
        let digest = SpecDigest { file: "m.yaml".into(), sha256: Digest::of(b"") };
        let mut put = put(&machine, &digest, &files, Placement::EveryLayer).unwrap();
        let mut value = put.installer.document().value().clone();
        spoil(&mut value);
        put.installer = InstallerDocument::of(Document::new(value));
        let rules = put.rules;
        let ours = judge(&machine, put);
        let holes = ours
            .plan
            .artifacts
            .iter()
            .zip(&ours.wanted)
            .filter(|(artifact, wanted)| artifact.lives != **wanted);
        let holes = holes.map(|(artifact, _)| artifact.what.clone()).collect();
        let given_flow = Flow::of(&given, &BTreeMap::new(), rules);
        let survey = Survey {
            machine,
            given,
            given_flow,
            ours,
            lost_names: LostNames::new(),
            origin: Origin::of_file("m.yaml"),
        };
        let mut findings = Diagnostics::new();
        document::run(CHECKS, &survey, &mut findings);
        let findings =
            findings.sorted().into_iter().map(|finding| format!("{}: {}", finding.rule, finding.message));
        (holes, findings.collect())
    }

    fn without(path: &str) -> impl Fn(&mut serde_json::Value) {
        move |document| {
            let files = document["storage"]["files"].as_array_mut().unwrap();
            let count = files.len();
            files.retain(|file| file["path"] != path);
            assert_eq!(files.len(), count - 1, "{path}");
        }
    }

    #[test]
    fn whatever_layer_is_taken_away_the_matrix_and_the_linter_say_what_is_lost() {
        let (holes, findings) = after(|_| ());
        assert_eq!((holes, findings), (vec![], vec![]));
        let key = "SSH key SHA256:y8Lr4ZF5NEaa5BfRyoufsBXFLkQp8RVVYK7PlMiqsdw";
        for (path, lost, kept) in [
            // The installer's own MachineConfig still brings core.
            (
                "/opt/openshift/openshift/99_99-master-cotter-core.yaml",
                vec![format!("core: {key}")],
                "user core",
            ),
            (
                "/opt/openshift/openshift/99_99-master-cotter-machine.yaml",
                vec!["host name".into(), "name lan0 by .link".into()],
                "user admin",
            ),
            (
                "/opt/openshift/cotter-in-place.ign",
                vec!["names of sno1.lab.example.com".into(), "user admin".into(), format!("admin: {key}")],
                "host name",
            ),
            ("/etc/hostname", vec!["host name".into()], "name lan0 by .link"),
        ] {
            let (holes, findings) = after(without(path));
            for what in &lost {
                assert!(holes.contains(what), "{path}: {what} is not among {holes:?}");
                let said = findings
                    .iter()
                    .any(|finding| finding.starts_with(&format!("lost-in-a-life: {what} would be missing")));
                assert!(said, "{path}: {what} is not said in {findings:?}");
            }
            assert!(!holes.iter().any(|hole| hole == kept), "{path}: {holes:?}");
            assert!(
                !findings.iter().any(|finding| finding.contains(&format!(": {kept} would"))),
                "{path}: {findings:?}"
            );
        }
    }

    #[test]
    fn an_install_command_without_what_was_put_into_it_is_said() {
        let script = "/usr/local/bin/install-to-disk.sh";
        let (holes, findings) = after(|document| {
            let mut installer = InstallerDocument::of(Document::new(document.clone()));
            let text = installer.text(script).unwrap();
            assert!(in_place::InstallCommand::find(&text).unwrap().copies_network());
            installer.replace(script, text.replace(" --append-karg panic=30", "").as_bytes());
            *document = installer.document().value().clone();
        });
        assert_eq!(holes, ["kernel argument panic=30"]);
        assert!(
            findings[0].contains(&format!("({}): kernel arguments of MachineConfigs", Life::FirstBoot)),
            "{findings:?}"
        );
    }
}
