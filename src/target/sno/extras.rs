//! What a single node needs beyond what any machine can ask for: names of the cluster, the time, the marker.

use super::InstallerDocument;
use crate::cluster;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::machineconfig::generate::Chrony;
use crate::machineconfig::generate::chrony_text;
use crate::network::Pin;
use crate::plan::Artifact;
use crate::plan::Section;
use crate::spec::Machine;
use crate::spec::Marker;
use crate::spec::Sno;
use crate::target::draft::Draft;
use crate::target::expect::INSTALLED;
use crate::target::marker;
use crate::verify::Expectation;
use crate::verify::Subject;

/// Names below `apps` that an installation itself looks up. /etc/hosts knows no wildcards.
const APPS: [&str; 3] = ["oauth-openshift", "console-openshift-console", "canary-openshift-ingress-canary"];

/// Adds what was asked for.
pub(super) fn add(
    draft: &mut Draft,
    machine: &Machine,
    sno: &Sno,
    installer: &InstallerDocument,
) -> Result<(), Diagnostics> {
    if let Some(origin) = &sno.host_entries {
        let Some(domain) = installer.cluster_domain() else {
            let mut findings = Diagnostics::new();
            let message = "the installer's Ignition does not say the cluster's domain";
            let help = "write the entries yourself, as a file /etc/hosts";
            findings.error("installer-shape", origin, message, help);
            return Err(findings);
        };
        if let Some(text) = hosts(machine, &domain) {
            let artifact = Artifact::new(Section::Identity, format!("names of {domain}"), origin);
            draft.write(artifact, "/etc/hosts", &text);
            draft.expect_contents("/etc/hosts", text.as_bytes(), origin);
            draft.expected.extend(names(machine, &domain, origin));
        }
    }
    if let Some(first) = sno.ntp_servers.first() {
        let asked = Chrony { servers: sno.ntp_servers.clone(), ..Chrony::default() };
        let text = chrony_text(&asked);
        draft.write(
            Artifact::new(Section::Identity, "time servers", &first.origin),
            "/etc/chrony.conf",
            &text,
        );
        draft.expect_contents("/etc/chrony.conf", text.as_bytes(), &first.origin);
    }
    completion_marker(draft, machine, sno);
    Ok(())
}

/// What sees to the completion marker on the node, and what must be true of the cluster.
fn completion_marker(draft: &mut Draft, machine: &Machine, sno: &Sno) {
    let asked = (sno.marker != Marker::Off).then_some(&sno.marker_origin);
    let named = machine.network.nics.first().filter(|_| machine.network.pin != Pin::None);
    draft.expected_of_cluster =
        cluster::expectations(&machine.target.origin, asked, named.map(|nic| &nic.name.origin));
    for (part, text) in marker::add(&mut draft.destination, sno.marker) {
        let artifact =
            Artifact::new(Section::Verification, format!("{} {}", part.kind, part.name), &sno.marker_origin);
        draft.artifacts.push(artifact.holding(text.as_bytes()).as_part(part).in_lives(&INSTALLED));
    }
    if let Some(origin) = asked {
        let subject = Subject::UnitEnabled(marker::TIMER_NAME.to_owned());
        let says = format!("unit {} enabled", marker::TIMER_NAME);
        draft.expected.push(Expectation::has(&subject, "enabled", says, origin).in_lives(&INSTALLED));
    }
}

/// What the cluster's names must lead to, whoever resolves them.
fn names(machine: &Machine, domain: &str, origin: &Origin) -> Vec<Expectation> {
    let Some(address) = machine.node_address() else { return Vec::new() };
    let of = |name: &str| {
        let name = format!("{name}.{domain}");
        let says = format!("{name} leads to {address}");
        Expectation::has(&Subject::Name(name), address.to_string(), says, origin)
    };
    ["api", "api-int"].into_iter().map(of).collect()
}

/// The machine's own names and the cluster's, all at the machine's address.
fn hosts(machine: &Machine, domain: &str) -> Option<String> {
    let address = machine.node_address()?;
    let local = "localhost localhost.localdomain";
    let mut text = format!(
        "127.0.0.1 {local} localhost4 localhost4.localdomain4\n::1 {local} localhost6 localhost6.localdomain6\n"
    );
    if let Some(name) = &machine.hostname {
        let short = name.as_str().split('.').next().unwrap_or_default();
        let names = if short == name.as_str() { short.to_owned() } else { format!("{} {short}", name.value) };
        text.push_str(&format!("{address} {names}\n"));
    }
    let apps: Vec<String> = APPS.iter().map(|app| format!("{app}.apps.{domain}")).collect();
    text.push_str(&format!("{address} api.{domain} api-int.{domain} {}\n", apps.join(" ")));
    Some(text)
}
