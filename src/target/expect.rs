//! What must be true of a machine, by what was asked for. The same for every target that has the thing.

use super::landing::Landing;
use super::landing::Thing;
use crate::document::Sourced;
use crate::network::Fallback;
use crate::network::NetworkState;
use crate::network::Pin;
use crate::network::Profile;
use crate::spec::Install;
use crate::spec::Machine;
use crate::value::Digest;
use crate::value::MacAddress;
use crate::value::SshKey;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::PortProperty;
use crate::verify::Subject;
use crate::verify::UserProperty;

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

/// Ports, addresses, routes, name servers, bonds and VLANs.
pub(super) fn network(network: &NetworkState, profiles: &[Profile]) -> Vec<Expectation> {
    let mut expected = Vec::new();
    for nic in &network.nics {
        let (name, mac) = (nic.name.as_str(), nic.mac.value);
        let port = |property| Subject::Port(mac, property);
        if network.pin != Pin::None {
            let says = format!("port {mac} called {name}");
            expected.push(Expectation::has(&port(PortProperty::Name), name, says, &nic.name.origin));
        }
        // A port that is only named need not have a cable, and a profile needs one to be active.
        let is_used = !nic.addresses.is_empty() || nic.uses_dhcp() || is_port(network, name);
        if let Some(profile) = profiles.iter().find(|profile| profile.name == name && is_used) {
            let says = format!("profile {name} on port {mac}");
            expected.push(Expectation::has(
                &port(PortProperty::Profile),
                profile.uuid.to_string(),
                says,
                &nic.origin,
            ));
        }
        for address in &nic.addresses {
            let says = format!("address {} on {name}", address.value);
            expected.push(Expectation::has(
                &port(PortProperty::Address),
                address.value.to_string(),
                says,
                &address.origin,
            ));
        }
        if let Some(mtu) = &nic.mtu {
            let says = format!("MTU {} on {name}", mtu.value);
            expected.push(Expectation::has(
                &port(PortProperty::Mtu),
                mtu.value.to_string(),
                says,
                &mtu.origin,
            ));
        }
        for gateway in &nic.gateways {
            let says = format!("default gateway {}", gateway.value);
            expected.push(Expectation::has(
                &Subject::DefaultGateway,
                gateway.value.to_string(),
                says,
                &gateway.origin,
            ));
        }
        for server in &nic.dns {
            let says = format!("name server {}", server.value);
            expected.push(Expectation::has(
                &Subject::NameServers,
                server.value.to_string(),
                says,
                &server.origin,
            ));
        }
    }
    for interface in network.interfaces() {
        let nic = network.nic(&interface.name.value);
        let name = interface.name.value.as_str();
        let subject = |property| known_by(nic.map(|nic| nic.mac.value), name, property);
        let profile = profiles.iter().find(|profile| profile.name == name && nic.is_none());
        if let Some(profile) = profile {
            let says = format!("profile {name} active");
            expected.push(Expectation::has(
                &subject(PortProperty::Profile),
                profile.uuid.to_string(),
                says,
                &interface.origin,
            ));
        }
        for address in &interface.addresses {
            let says = format!("address {} on {name}", address.value);
            expected.push(Expectation::has(
                &subject(PortProperty::Address),
                address.value.to_string(),
                says,
                &address.origin,
            ));
        }
        if let Some(mtu) = &interface.mtu {
            let says = format!("MTU {} on {name}", mtu.value);
            expected.push(Expectation::has(
                &subject(PortProperty::Mtu),
                mtu.value.to_string(),
                says,
                &mtu.origin,
            ));
        }
        for port in &interface.ports {
            let nic = network.nic(&port.value);
            let subject = known_by(nic.map(|nic| nic.mac.value), &port.value, PortProperty::Controller);
            let says = format!("{} in {name}", port.value);
            expected.push(Expectation::has(&subject, name, says, &port.origin));
        }
    }
    expected
}

/// That the network needs no fallback.
pub(super) fn fallback(asked: &Fallback) -> Vec<Expectation> {
    vec![Expectation::has(&Subject::NetworkFallback, "none", "no fallback by DHCP", &asked.origin)]
}

fn is_port(network: &NetworkState, name: &str) -> bool {
    network.interfaces().iter().any(|interface| interface.ports.iter().any(|port| port.value == name))
}

/// A physical port is known by its address, whatever it is called; anything else by its name.
fn known_by(mac: Option<MacAddress>, name: &str, property: PortProperty) -> Subject {
    match mac {
        Some(mac) => Subject::Port(mac, property),
        None => Subject::Interface(name.to_owned(), property),
    }
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
        Thing::Link { path } => vec![kind(path, "link", landing)],
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

/// Units as systemd must see them.
pub(super) fn unit(unit: &crate::spec::Unit) -> Vec<Expectation> {
    let name = unit.name.as_str();
    let (word, origin) = match (&unit.mask, &unit.enabled) {
        (Some(mask), _) if mask.value => ("masked", &mask.origin),
        (_, Some(enabled)) if enabled.value => ("enabled", &enabled.origin),
        (_, Some(enabled)) => ("disabled", &enabled.origin),
        _ => return Vec::new(),
    };
    let subject = Subject::UnitEnabled(name.to_owned());
    vec![Expectation::has(&subject, word, format!("unit {name} {word}"), origin)]
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

/// That the first boot is over: Ignition does not run again.
pub(super) fn ignition_done(install: &Install) -> Expectation {
    Expectation::has(&Subject::IgnitionPending, "no", "Ignition done", &install.origin)
        .in_lives(&[Life::LaterBoots])
}
