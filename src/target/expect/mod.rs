//! What must be true of a machine, by what was asked for. The same for every target that has the thing.

mod cloud;
mod network;
mod storage;

pub(super) use cloud::payload;
pub(super) use network::keyfile;
pub(super) use network::network;
pub(super) use storage::storage;

use super::landing::Landing;
use super::landing::Thing;
use crate::document::Origin;
use crate::document::Sourced;
use crate::network::Fallback;
use crate::spec::Machine;
use crate::value::Digest;
use crate::value::SshKey;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::Subject;
use crate::verify::UserProperty;

/// The target that is reached when all is met.
const COMPLETE: &str = "cotter-complete.target";

/// The lives of the installed system.
pub(super) const INSTALLED: [Life; 2] = [Life::FirstBoot, Life::LaterBoots];

/// Host name.
pub(super) fn identity(machine: &Machine) -> Vec<Expectation> {
    let of = |name: &Sourced<crate::value::HostName>| {
        Expectation::has(&Subject::HostName, name.as_str(), format!("host name {}", name.value), &name.origin)
    };
    machine.hostname.iter().map(of).collect()
}

/// A user with keys, groups, and whether there is a password.
pub(super) fn user(
    user: &crate::spec::User,
    keys: &[Sourced<SshKey>],
    password: Option<&Sourced<String>>,
) -> Vec<Expectation> {
    let name = user.name.as_str();
    let subject = |property| Subject::User(name.to_owned(), property);
    if !user.should_exist {
        let says = format!("no user {name}");
        return vec![Expectation::has(&subject(UserProperty::Exists), "no", says, &user.name.origin)];
    }
    let mut expected = vec![Expectation::has(
        &subject(UserProperty::Exists),
        "yes",
        format!("user {name}"),
        &user.name.origin,
    )];
    for key in keys {
        let says = format!("SSH key {} of {name}", key.fingerprint());
        expected.push(Expectation::has(&subject(UserProperty::Key), key.fingerprint(), says, &key.origin));
    }
    if let Some(password) = password {
        let is_locked = password.value.starts_with(['*', '!']);
        let (word, says) = match is_locked {
            true => ("locked", format!("no password of {name}")),
            false => ("set", format!("a password of {name}")),
        };
        expected.push(Expectation::has(&subject(UserProperty::Password), word, says, &password.origin));
    }
    for group in &user.groups {
        let says = format!("{name} in group {}", group.value);
        expected.push(Expectation::has(&subject(UserProperty::Group), group.as_str(), says, &group.origin));
    }
    expected
}

/// That the network needs no fallback.
pub(super) fn fallback(asked: &Fallback) -> Vec<Expectation> {
    vec![Expectation::has(&Subject::NetworkFallback, "none", "no fallback by DHCP", &asked.origin)]
}

/// A file, directory or link, in the lives it is in.
pub(super) fn landing(landing: &Landing) -> Vec<Expectation> {
    let lives: Vec<Life> = Life::ALL.into_iter().filter(|life| landing.is_in(*life)).collect();
    let expected = match &landing.thing {
        Thing::File { path, mode, owner, group, bytes, is_appended } => {
            let subject = |property| Subject::File(path.clone(), property);
            let owners = format!("{owner}:{group}");
            let mode = format!("{mode:04o}");
            let origin = &landing.origin;
            let contents = bytes.as_ref().filter(|_| !is_appended).map(|bytes| {
                let digest = Digest::of(bytes);
                let origin = landing.line(0);
                Expectation::has(
                    &subject(FileProperty::Sha256),
                    digest.as_str(),
                    format!("contents of {path}"),
                    &origin,
                )
            });
            let mode = Expectation::has(
                &subject(FileProperty::Mode),
                &mode,
                format!("mode {mode} of {path}"),
                origin,
            );
            let owner = Expectation::has(
                &subject(FileProperty::Owner),
                &owners,
                format!("owner {owners} of {path}"),
                origin,
            );
            // What is added to a file of the system leaves its mode and owner.
            let rest = if *is_appended { Vec::new() } else { vec![mode, owner] };
            contents.into_iter().chain(rest).collect()
        }
        Thing::Directory { path } => vec![kind(path, "directory", landing)],
        Thing::Link { path, is_hard: true, .. } => vec![kind(path, "file", landing)],
        Thing::Link { path, target, .. } => {
            let subject = Subject::File(path.clone(), FileProperty::Target);
            let says = format!("target {target} of {path}");
            vec![kind(path, "link", landing), Expectation::has(&subject, target, says, &landing.origin)]
        }
        _ => Vec::new(),
    };
    expected.into_iter().map(|expectation: Expectation| expectation.in_lives(&lives)).collect()
}

fn kind(path: &str, kind: &str, landing: &Landing) -> Expectation {
    let subject = Subject::File(path.to_owned(), FileProperty::Kind);
    Expectation::has(&subject, kind, format!("{kind} {path}"), &landing.origin)
}

/// A group.
pub(super) fn group(group: &crate::spec::Group) -> Vec<Expectation> {
    let name = group.name.as_str();
    let word = if group.should_exist { "yes" } else { "no" };
    let says = if group.should_exist { format!("group {name}") } else { format!("no group {name}") };
    vec![Expectation::has(&Subject::Group(name.to_owned()), word, says, &group.name.origin)]
}

/// A unit as systemd must see it in `lives`, and that it is started if it is enabled. `texts` are its own and its
/// drop-ins'.
pub(super) fn unit(unit: &crate::spec::Unit, texts: &[&str], lives: &[Life]) -> Vec<Expectation> {
    let name = unit.name.as_str();
    let (word, origin) = match (&unit.mask, &unit.enabled) {
        (Some(mask), _) if mask.value => ("masked", &mask.origin),
        (_, Some(enabled)) if enabled.value => ("enabled", &enabled.origin),
        (_, Some(enabled)) => ("disabled", &enabled.origin),
        _ => return Vec::new(),
    };
    let subject = Subject::UnitEnabled(name.to_owned());
    let mut expected = vec![Expectation::has(&subject, word, format!("unit {name} {word}"), origin)];
    let is_template = name.contains("@.");
    // What waits for the verdict cannot be a part of it.
    let waits = texts.iter().any(|text| text.contains(COMPLETE));
    if word == "enabled" && !is_template && !waits {
        let subject = Subject::UnitState(name.to_owned());
        expected.push(Expectation::has(&subject, "started", format!("unit {name} started"), origin));
    }
    // The installer starts the units of its own target, and no others.
    let starts = |expectation: &Expectation, life: Life| {
        life != Life::Live || !expectation.subject.ends_with("/state")
    };
    expected
        .into_iter()
        .map(|expectation| {
            let lives: Vec<Life> = lives.iter().copied().filter(|life| starts(&expectation, *life)).collect();
            expectation.in_lives(&lives)
        })
        .collect()
}

/// Kernel arguments of the installed system, consoles among them.
pub(super) fn kernel_arguments(machine: &Machine) -> Vec<Expectation> {
    let arguments = &machine.butane.kernel_arguments;
    let has = |word: String, origin| {
        Expectation::has(&Subject::KernelArguments, word.clone(), format!("kernel argument {word}"), origin)
    };
    let lacks = |word: String, origin| {
        Expectation::lacks(
            &Subject::KernelArguments,
            word.clone(),
            format!("no kernel argument {word}"),
            origin,
        )
    };
    let should = arguments.should_exist.iter().map(|a| has(a.value.to_string(), &a.origin));
    let should_not = arguments.should_not_exist.iter().map(|a| lacks(a.value.to_string(), &a.origin));
    let consoles = machine
        .install
        .iter()
        .flat_map(|install| &install.consoles)
        .map(|c| has(format!("console={}", c.value), &c.origin));
    should.chain(should_not).chain(consoles).map(|expectation| expectation.in_lives(&INSTALLED)).collect()
}

/// What the machine must reach; the live medium has other things to do.
pub(super) fn reach(machine: &Machine) -> Vec<Expectation> {
    let of = |target: &Sourced<crate::value::ReachTarget>| {
        let subject = Subject::Reach(target.value.to_string());
        Expectation::has(&subject, "yes", format!("{} answers", target.value), &target.origin)
            .in_lives(&INSTALLED)
    };
    machine.reach.iter().map(of).collect()
}

/// That Ignition did what the document says, and on later boots that the first one is over: it does not run again.
pub(super) fn ignition_done(origin: &Origin) -> Vec<Expectation> {
    vec![
        Expectation::has(&Subject::IgnitionProvisioned, "yes", "provisioned by Ignition", origin)
            .in_lives(&INSTALLED),
        Expectation::has(&Subject::IgnitionPending, "no", "Ignition done", origin)
            .in_lives(&[Life::LaterBoots]),
    ]
}

/// That the clock follows a time server, if that was asked for.
pub(super) fn clock(machine: &Machine) -> Option<Expectation> {
    let asked = machine.clock.as_ref()?;
    Some(Expectation::has(&Subject::Clock, "synchronized", "clock synchronized", asked).in_lives(&INSTALLED))
}
