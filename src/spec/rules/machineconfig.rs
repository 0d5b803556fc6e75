//! A machine that OpenShift's operator configures.

use crate::document::Check;
use crate::document::Found;
use crate::document::Rule;
use crate::network::Match;
use crate::spec::Machine;
use crate::spec::Target;

pub(in crate::spec) static CHECKS: &[Check<Machine>] = &[
    Check {
        rule: Rule {
            name: "machineconfig-role",
            refuses: "target `machineconfig` without the pool, and target `sno` with another than `master`",
            why: "the operator would give it to no node",
            example: "target: machineconfig, and no `machineconfig: {role: …}`",
        },
        by: role,
    },
    Check {
        rule: Rule {
            name: "machineconfig-chrony",
            refuses: "chrony that does not run, with time servers",
            why: "one of the two would not happen",
            example: "chrony: {disabled: true, servers: [ntp1.example.com]}",
        },
        by: chrony,
    },
    Check {
        rule: Rule {
            name: "machineconfig-many-nodes",
            refuses: "(warns) what is of one machine, for a pool that may have several nodes",
            why: "every node of the pool gets it: all would have one name, or one address",
            example: "hostname: w1, without `nodes: 1`",
        },
        by: many_nodes,
    },
];

fn role(machine: &Machine, found: &mut Found<'_>) {
    let role = machine.butane.view().at(&["machineconfig", "role"]).and_then(|view| view.text());
    match (machine.target.value, role) {
        (Target::MachineConfig, None) => {
            let help = "add `machineconfig: {role: worker, openshift: \"4.19\"}`";
            found.error(&machine.target.origin, "the pool is not said", help);
        }
        (Target::Sno, Some(role)) if role.value != "master" => {
            let message = format!("a single node is of the pool `master`, and not `{}`", role.value);
            found.error(&role.origin, message, "write `role: master`, or leave it out");
        }
        _ => {}
    }
}

fn chrony(machine: &Machine, found: &mut Found<'_>) {
    let Some(chrony) = machine.operator.as_ref().and_then(|section| section.chrony.as_ref()) else { return };
    let has_source =
        !chrony.servers.is_empty() || !chrony.pools.is_empty() || chrony.is_by_dhcp || chrony.local.is_some();
    if chrony.is_disabled && has_source {
        found.error(&chrony.origin, "chrony is not to run, and to follow servers", "keep one of the two");
    }
}

fn many_nodes(machine: &Machine, found: &mut Found<'_>) {
    let Some(section) = machine.operator.as_ref().filter(|section| section.nodes != Some(1)) else { return };
    let pool = &section.role.value;
    let help = "say `nodes: 1` in `machineconfig` if the pool has but this machine, or leave it out";
    if let Some(name) = &machine.hostname {
        let message = format!("every node of the pool `{pool}` would be called `{}`", name.value);
        found.warning(&name.origin, message, help);
    }
    if machine.network.matching == Match::Name
        && let Some(nic) = machine.network.nics.iter().find(|nic| !nic.addresses.is_empty())
    {
        let message = format!(
            "every node of the pool `{pool}` with a port `{}` would have its address",
            nic.name.value
        );
        found.warning(&nic.name.origin, message, help);
    }
}
