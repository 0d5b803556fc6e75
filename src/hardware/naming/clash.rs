//! Names that more than one port may have.

use std::collections::BTreeMap;

use super::Names;
use super::Prediction;
use crate::hardware::Inventory;

/// Of ports that would have one name, the kernel lets the first have it; which that is, is chance.
pub(super) fn say_who_loses(inventory: &Inventory, predictions: &mut [Prediction]) {
    let mut of_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, prediction) in predictions.iter().enumerate() {
        if let Some(name) = &prediction.name {
            of_name.entry(name.clone()).or_default().push(index);
        }
    }
    for (name, indices) in of_name.into_iter().filter(|(_, indices)| indices.len() > 1) {
        for index in &indices {
            let others = indices.iter().filter(|other| *other != index);
            let others: Vec<&str> = others.map(|other| inventory.ports[*other].known_by()).collect();
            let doubt = &mut predictions[*index].doubt;
            // What may not be called so at all says that first.
            doubt.get_or_insert_with(|| {
                format!(
                    "{} would be called `{name}` too, and the first to come gets the name",
                    others.join(" and ")
                )
            });
        }
    }
    say_what_is_taken(inventory, predictions);
}

/// A name of one's own may be one that the kernel or udev gives to another port: as its name, or beside it.
fn say_what_is_taken(inventory: &Inventory, predictions: &mut [Prediction]) {
    let others_names: Vec<Vec<String>> = predictions
        .iter()
        .map(|prediction| {
            let Names { onboard, slot, path, database, .. } = &prediction.names;
            [database, onboard, slot, path].into_iter().flatten().map(|name| name.text.clone()).collect()
        })
        .collect();
    for (index, prediction) in predictions.iter_mut().enumerate() {
        let Some(name) = prediction.name.clone().filter(|_| prediction.by.is_pin()) else { continue };
        let other =
            others_names.iter().enumerate().find(|(other, names)| *other != index && names.contains(&name));
        let doubt = if let Some((other, _)) = other {
            format!(
                "`{name}` is a name of {} too, which it may have beside its own",
                inventory.ports[other].known_by()
            )
        } else if is_of_kernel(&name) {
            format!(
                "the kernel calls ports `{name}` until they have their names, and the first to come has it"
            )
        } else {
            continue;
        };
        prediction.doubt.get_or_insert(doubt);
    }
}

/// True for names as the kernel gives them in order.
fn is_of_kernel(name: &str) -> bool {
    ["eth", "usb", "wlan", "wwan", "ib"].iter().any(|stem| {
        name.strip_prefix(stem)
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
    })
}
