//! chrony: its configuration, or none of it.

use std::net::IpAddr;

use super::Made;
use super::Pool;
use super::Problem;
use super::file;
use super::finish;
use super::words;
use crate::document::Sourced;
use crate::ignition::Unit;
use crate::value::FileMode;
use crate::value::HostName;

const PATH: &str = "/etc/chrony.conf";

/// Where NetworkManager puts the time servers that DHCP names, for chrony.
const OF_DHCP: &str = "/run/chrony-dhcp";

/// How the image has it, below its sources.
const REST: &str = "driftfile /var/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\nlogdir /var/log/chrony\n";

/// The unit as the image has it. Its text must be said, or the operator does not look at what is enabled.
const CHRONYD: &str = "[Unit]
Description=NTP client/server
Documentation=man:chronyd(8) man:chrony.conf(5)
After=ntpdate.service sntp.service ntpd.service
Conflicts=ntpd.service systemd-timesyncd.service
ConditionCapability=CAP_SYS_TIME

[Service]
Type=forking
PIDFile=/run/chrony/chronyd.pid
EnvironmentFile=-/etc/sysconfig/chronyd
ExecStart=/usr/sbin/chronyd $OPTIONS
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=full

[Install]
WantedBy=multi-user.target
";

/// The operator's own target, but without what would start chronyd again: `Wants=chrony-wait.service`
/// (templates/common/_base/units of the operator; OCPBUGS-52831).
const WITHOUT_CHRONY: &str = "[Unit]
Description=Dependencies necessary to run kubelet
Documentation=https://github.com/openshift/machine-config-operator/
Requires=basic.target network-online.target
Wants=NetworkManager-wait-online.service crio-wipe.service
Wants=rpc-statd.service
";

/// Where time comes from.
#[derive(Clone, Debug, Default)]
pub struct Chrony {
    /// Time servers.
    pub servers: Vec<Sourced<String>>,
    /// Names that lead to several time servers.
    pub pools: Vec<Sourced<String>>,
    /// Whether servers that DHCP names count too.
    pub is_by_dhcp: bool,
    /// The whole file, instead of the above.
    pub text: Option<Sourced<String>>,
}

/// The text of chrony.conf.
pub fn chrony_text(chrony: &Chrony) -> String {
    if let Some(text) = &chrony.text {
        return text.value.clone();
    }
    let mut text = String::new();
    for (word, names) in [("server", &chrony.servers), ("pool", &chrony.pools)] {
        for name in names {
            text.push_str(&format!("{word} {} iburst\n", name.value));
        }
    }
    if chrony.is_by_dhcp {
        text.push_str(&format!("sourcedir {OF_DHCP}\n"));
    }
    text + REST
}

/// A MachineConfig with chrony's configuration.
///
/// # Errors
///
/// Everything that is wrong with what was asked for.
pub fn chrony(chrony: &Chrony, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems: Vec<Problem> =
        chrony.servers.iter().chain(&chrony.pools).filter_map(no_server).collect();
    let has_source = !chrony.servers.is_empty() || !chrony.pools.is_empty() || chrony.is_by_dhcp;
    match &chrony.text {
        Some(text) => {
            if has_source {
                let next = "keep the file, or the servers";
                problems.push(words::problem(text, "chrony has a file of its own and servers too", next));
            }
            problems.extend(wrong_text(text));
        }
        None if !has_source => {
            let next = "name servers or pools, or take those that DHCP names";
            problems.push(Problem::new("nothing says where chrony takes the time from", next));
        }
        None => {}
    }
    let mut document = pool.document();
    document.add("storage", "files", file(PATH, FileMode::PUBLIC, chrony_text(chrony).as_bytes()));
    let made = Made::of(&pool.config("chrony", &document)).note(format!(
        "a change of `{PATH}` reboots every node of the pool, unless a disruption policy has it"
    ));
    finish(made, problems, pool)
}

/// A MachineConfig under which chronyd does not run: for clocks that something else sets, as PTP.
///
/// # Errors
///
/// A pool that cannot be.
pub fn chrony_disabled(pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut document = pool.document();
    document.unit(Unit {
        name: "chronyd.service".into(),
        enabled: Some(false),
        contents: Some(CHRONYD.into()),
        ..Unit::default()
    });
    document.unit(Unit {
        name: "kubelet-dependencies.target".into(),
        contents: Some(WITHOUT_CHRONY.into()),
        ..Unit::default()
    });
    let made = Made::of(&pool.config("chrony-disable", &document))
        .note("something else must set the clock: certificates are refused where it is wrong")
        .note(
            "`kubelet-dependencies.target` is written whole, so compare it with the operator's own after an update of the cluster",
        );
    finish(made, Vec::new(), pool)
}

fn no_server(name: &Sourced<String>) -> Option<Problem> {
    let is_right = name.parse::<IpAddr>().is_ok() || name.parse::<HostName>().is_ok();
    (!is_right).then(|| {
        let next = "write a host name or an address, as in `ntp1.example.com`";
        words::problem(name, format!("`{}` is not a time server", name.value), next)
    })
}

/// What is wrong with a whole file.
fn wrong_text(text: &Sourced<String>) -> Option<Problem> {
    let sources =
        ["server", "pool", "peer", "refclock", "sourcedir", "include", "confdir", "local", "manual"];
    let is_source = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        sources.iter().any(|source| word.eq_ignore_ascii_case(source))
    };
    if text.contains('\0') {
        return Some(words::problem(text, "chrony's file is no text", "name a file of text"));
    }
    (!text.lines().any(is_source)).then(|| {
        let next = "add a line as `server ntp1.example.com iburst`";
        words::problem(text, "chrony's file names no source of time", next)
    })
}
