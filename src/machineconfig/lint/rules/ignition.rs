//! The Ignition document of a MachineConfig, as the operator reads it.

use super::Each;
use super::files::looks_octal;
use crate::document::Found;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::nearest;
use crate::ignition::minor_of;
use crate::machineconfig::Finding;
use crate::machineconfig::document_problems;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::thing::Thing;
use crate::machineconfig::newest_spec;
use crate::machineconfig::schema::conform;
use crate::machineconfig::schema::find_duplicates;
use crate::machineconfig::schema::keys_at;
use crate::machineconfig::spec_2::SPEC_2;
use crate::machineconfig::validate::OPERATORS_FILE_MODE;
use crate::machineconfig::validate::validate;

const KINDS: &[&str] = &["MachineConfig"];

/// The most refusals that are said of one document.
const MAX_REFUSED: usize = 100;

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "ignition-version",
            refuses: "a version of Ignition's spec that the operator does not read",
            why: "the operator refuses to render the pool",
            example: "ignition: {version: 3.6.0}",
        },
        kinds: KINDS,
        by: version,
    },
    Each {
        rule: Rule {
            name: "ignition-old",
            refuses: "(warns) Ignition's spec 2.2",
            why: "the operator still reads it, loses parts of units that are there twice, and says so nowhere",
            example: "ignition: {version: 2.2.0}",
        },
        kinds: KINDS,
        by: old,
    },
    Each {
        rule: Rule {
            name: "ignition-refused",
            refuses: "an Ignition document that Ignition's own validation, or the operator's, refuses",
            why: "the operator refuses to render the pool",
            example: "path: etc/a",
        },
        kinds: KINDS,
        by: refused,
    },
    Each {
        rule: Rule {
            name: "ignition-key",
            refuses: "a key of the Ignition document that its spec does not know",
            why: "Ignition and the operator pass over it in silence, and what it was to say does not happen",
            example: "storage: {file: []}",
        },
        kinds: KINDS,
        by: unknown_key,
    },
];

/// The document, and the minor version of its spec 3 if the operator reads it.
fn document<'a>(thing: &Thing<'a>) -> Option<(Place<'a>, Option<u8>, &'a str)> {
    let document = thing.spec(&["config"])?;
    let version = document.value.pointer("/ignition/version").and_then(|version| version.as_str());
    let version = version.unwrap_or_default();
    let minor = minor_of(version).filter(|minor| *minor <= thing.rules.newest_ignition_minor);
    Some((document, minor, version))
}

fn is_2_2(version: &str) -> bool {
    version == SPEC_2
}

fn version(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some((document, None, version)) = document(thing) else { return };
    if is_2_2(version) {
        return;
    }
    let origin = document.at(&["ignition", "version"]).unwrap_or(document).origin().clone();
    let newest = thing.rules.newest_ignition_minor;
    let message = match version {
        "" => "the Ignition document has no version".to_owned(),
        _ => format!("OpenShift {} does not read Ignition's spec `{version}`", thing.openshift()),
    };
    found.error(&origin, message, format!("write `version: 3.{newest}.0`, and no key that is newer"));
}

fn old(thing: &Thing<'_>, found: &mut Found<'_>) {
    if let Some((document, _, version)) = document(thing)
        && is_2_2(version)
    {
        let origin = document.at(&["ignition", "version"]).unwrap_or(document).origin().clone();
        let newest = thing.rules.newest_ignition_minor;
        let message = "Ignition's spec 2.2 is long over; the operator translates it";
        found.warning(&origin, message, format!("translate the document to spec 3.{newest}"));
    }
}

fn refused(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some((document, minor, version)) = document(thing) else { return };
    let minor = match minor {
        Some(minor) => minor,
        None if is_2_2(version) => {
            let problems = newest_spec(document.value, thing.rules).err().unwrap_or_default();
            for problem in problems.into_iter().take(MAX_REFUSED) {
                found.error(&place_of(&document, &problem.what), problem.what, problem.next);
            }
            return;
        }
        None => return,
    };
    let mut problems = Vec::new();
    let read = conform(document.value, minor, &mut problems);
    let is_whole = problems.is_empty();
    find_duplicates(&read, &mut problems);
    // Places that were not read would be found wanting once more.
    if is_whole {
        validate(&read, OPERATORS_FILE_MODE, &mut problems);
    }
    // More help nobody, and each is looked for.
    problems.truncate(MAX_REFUSED);
    let modes = thing.list(&["config", "storage", "files"]);
    let is_octal = |what: &str| {
        what.starts_with("the mode of ")
            && modes.iter().any(|file| {
                what.contains(&format!("`{}`", file.text_at("path")))
                    && file.get("mode").and_then(|mode| mode.value.as_i64()).is_some_and(looks_octal)
            })
    };
    for problem in problems {
        // Said by the rule about modes, with what was meant.
        if !is_octal(&problem.what) {
            found.error(&place_of(&document, &problem.what), problem.what, problem.next);
        }
    }
}

fn unknown_key(thing: &Thing<'_>, found: &mut Found<'_>) {
    let Some((document, Some(minor), _)) = document(thing) else { return };
    for finding in document_problems(document.value, minor) {
        let Finding::Unknown(path) = finding else { continue };
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", &path));
        let origin =
            at_path(&document, &path).map_or_else(|| document.origin().clone(), |(_, origin)| origin);
        let known = keys_at(parent, minor);
        let later = (minor + 1..=5).find(|later| keys_at(parent, *later).contains(&name));
        let next = match (later, nearest(name, known.iter().copied())) {
            (Some(later), _) => format!("it came with spec 3.{later}; write `version: 3.{later}.0`"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) if known.is_empty() => "leave it out".to_owned(),
            (None, None) => format!("known here: {}", known.join(", ")),
        };
        let message = format!("`{name}` is not a key of Ignition's spec 3.{minor} here");
        found.error(&origin, message, next);
    }
}

/// The place that a message speaks of: a path of keys, a file's path or a unit's name in backticks.
fn place_of(document: &Place<'_>, message: &str) -> Origin {
    for word in message.split('`').skip(1).step_by(2) {
        if let Some((_, origin)) = at_path(document, word) {
            return origin;
        }
        for (keys, name) in [
            (["storage", "files"], "path"),
            (["storage", "directories"], "path"),
            (["storage", "links"], "path"),
            (["systemd", "units"], "name"),
        ] {
            let member = document.list(&keys).into_iter().find(|member| member.text_at(name) == word);
            if let Some(member) = member.filter(|_| !word.is_empty()) {
                return member.origin_at(name);
            }
        }
    }
    document.origin().clone()
}

/// What stands at a path as in `storage.files[0].mode`, or as far as it goes below the first key.
fn at_path<'a>(document: &Place<'a>, path: &str) -> Option<(Place<'a>, Origin)> {
    let mut place = document.clone();
    let mut origin = None;
    for part in path.split('.') {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        let entries = place.entries();
        let Some((_, key, below)) = entries.into_iter().find(|(key, _, _)| key.eq_ignore_ascii_case(name))
        else {
            break;
        };
        place = below;
        origin = Some(if place.value.is_array() || place.value.is_object() {
            key
        } else {
            place.origin().clone()
        });
        for index in indices.split(['[', ']']).filter(|index| !index.is_empty()) {
            let Some(member) =
                index.parse().ok().and_then(|index: usize| place.items().into_iter().nth(index))
            else {
                break;
            };
            origin = Some(member.origin().clone());
            place = member;
        }
    }
    Some((place, origin?))
}
