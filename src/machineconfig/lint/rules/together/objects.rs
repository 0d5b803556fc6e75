//! Objects that take each other's place.

use std::collections::BTreeMap;

use crate::document::Found;
use crate::machineconfig::lint::whole::Whole;

pub(super) fn same_name(whole: &Whole, found: &mut Found<'_>) {
    let mut seen = BTreeMap::new();
    for member in whole.members.iter().filter(|member| !member.name.is_empty()) {
        match seen.get(&(&member.kind, &member.name)) {
            Some(first) => {
                let message = format!("there is another {} called `{}`: {first}", member.kind, member.name);
                let next = "rename one; in a cluster, the later would take the other's place";
                found.error(&member.origin, message, next);
            }
            None => {
                let place = format!("{}:{}", member.origin.file, member.origin.line);
                drop(seen.insert((&member.kind, &member.name), place));
            }
        }
    }
}

pub(super) fn layering_twice(whole: &Whole, found: &mut Found<'_>) {
    let mut seen = BTreeMap::new();
    for member in whole.of("MachineOSConfig") {
        let Some((pool, origin)) = &member.pool else { continue };
        match seen.get(pool) {
            Some(first) => {
                let message = format!("the pool `{pool}` has a MachineOSConfig already: `{first}`");
                found.error(origin, message, "keep one of them");
            }
            None => drop(seen.insert(pool, &member.name)),
        }
    }
}
