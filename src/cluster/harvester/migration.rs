//! Virtual machines that no other node can take: each must be shut down before its node is upgraded.

use serde_json::Value;

use super::full_name;
use super::setting;
use super::subject;
use super::volumes::everywhere;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::marker::condition;
use crate::cluster::marker::has;
use crate::cluster::marker::items;
use crate::cluster::odd::Odd;
use crate::cluster::odd::odd;
use crate::verify::HarvesterProperty;

const WITNESS: &str = "node-role.harvesterhci.io/witness";
/// Where a machine's own demand for nodes stands.
const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// That every virtual machine can move. On one node none can, and the upgrade shuts them down; and so it does where the
/// setting `upgrade-config` says `restoreVM`.
pub(super) fn pinned(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::MachinesPinned);
    looking.expect(&subject, "none", "virtual machines that no other node can take");
    let Some(nodes) = looking.seen(Ask::Nodes, &subject) else { return };
    let is_witness =
        |node: &Value| node.pointer("/metadata/labels").is_some_and(|all| all.get(WITNESS).is_some());
    let nodes: Vec<&Value> = items(nodes).filter(|node| !is_witness(node)).collect();
    if nodes.len() == 1 || shuts_down(looking) {
        looking.look.found(&subject, ["none"]);
        return;
    }
    everywhere(looking, Ask::VirtualMachines, &subject, |machine| {
        let next = "shut it down before the upgrade, or let it go wherever there is room";
        let is_given = |pointer: &str| {
            machine.pointer(pointer).is_some_and(|given| match given {
                Value::Array(given) => !given.is_empty(),
                Value::Object(given) => !given.is_empty(),
                _ => false,
            })
        };
        let odd_for = |reason: &str| Some(Odd::new(full_name(machine), reason, next));
        if is_given("/spec/nodeSelector") {
            odd_for("a node selector")
        } else if is_given("/spec/domain/devices/hostDevices") || is_given("/spec/domain/devices/gpus") {
            odd_for("a device of its node")
        } else if condition(machine, "LiveMigratable").is_some() && has(machine, "LiveMigratable", "False") {
            let said = odd(machine, "LiveMigratable");
            Some(Odd::new(full_name(machine), said.reason, format!("{}; {next}", said.says)))
        } else if machine.pointer(TERMS).is_some_and(|terms| fitting(terms, &nodes) < 2) {
            odd_for("an affinity that one node at most has")
        } else {
            None
        }
    });
}

fn shuts_down(looking: &Looking) -> bool {
    let config = setting(looking.evidence, "upgrade-config");
    let config: Option<Value> = config.and_then(|config| serde_json::from_str(&config).ok());
    config.is_some_and(|config| config["restoreVM"] == true)
}

/// How many nodes one of the terms takes.
fn fitting(terms: &Value, nodes: &[&Value]) -> usize {
    let terms = terms.as_array().map(Vec::as_slice).unwrap_or_default();
    nodes.iter().filter(|node| terms.iter().any(|term| fits(term, node))).count()
}

/// True if a node has all that a term wants; what is not understood is not had.
fn fits(term: &Value, node: &Value) -> bool {
    let all = |key: &str| term.get(key).and_then(Value::as_array).into_iter().flatten();
    let own = |expression: &Value| {
        let key = expression["key"].as_str()?;
        node.pointer("/metadata/labels")?.get(key)?.as_str()
    };
    all("matchExpressions").all(|expression| wants(expression, own(expression)))
        && all("matchFields").all(|field| {
            field["key"] == "metadata.name"
                && wants(field, node.pointer("/metadata/name").and_then(Value::as_str))
        })
}

fn wants(expression: &Value, found: Option<&str>) -> bool {
    let is_among = || {
        let values = expression["values"].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).any(|value| Some(value) == found)
    };
    match expression["operator"].as_str() {
        Some("In") => is_among(),
        Some("NotIn") => !is_among(),
        Some("Exists") => found.is_some(),
        Some("DoesNotExist") => found.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fitting;

    #[test]
    fn an_affinity_takes_the_nodes_that_have_it() {
        let nodes = [
            json!({"metadata": {"name": "a", "labels": {"zone": "x", "net": "true"}}}),
            json!({"metadata": {"name": "b", "labels": {"zone": "y", "net": "true"}}}),
        ];
        let nodes: Vec<_> = nodes.iter().collect();
        let one = |key: &str, operator: &str, values: &[&str]| json!([{"matchExpressions": [{"key": key, "operator": operator, "values": values}]}]);
        for (terms, count) in [
            (one("net", "In", &["true"]), 2),
            (one("zone", "In", &["x"]), 1),
            (one("zone", "NotIn", &["x"]), 1),
            (one("net", "Exists", &[]), 2),
            (one("gpu", "Exists", &[]), 0),
            (one("gpu", "DoesNotExist", &[]), 2),
            (one("zone", "Near", &["x"]), 0),
            (json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}]), 1),
            (json!([]), 0),
            (json!("x"), 0),
        ] {
            assert_eq!(fitting(&terms, &nodes), count, "{terms}");
        }
    }
}
