//! Units of a MachineConfig.

use super::Each;
use crate::document::Found;
use crate::document::Rule;
use crate::machineconfig::lint::place::Place;
use crate::machineconfig::lint::thing::Thing;
use crate::machineconfig::unit_text;
use crate::systemd;
use crate::systemd::Part;
use crate::value::UnitName;

const KINDS: &[&str] = &["MachineConfig"];

pub(super) static RULES: &[Each] = &[
    Each {
        rule: Rule {
            name: "unit-name",
            refuses: "a unit name that systemd does not take",
            why: "systemd does not load the unit",
            example: "name: my unit.service",
        },
        kinds: KINDS,
        by: unit_name,
    },
    Each {
        rule: Rule {
            name: "unit-text",
            refuses: "a unit or drop-in that systemd cannot load, or of which it ignores a part",
            why: "the node has not what is asked for, and nobody says so",
            example: "[Service] without ExecStart",
        },
        kinds: KINDS,
        by: unit_texts,
    },
    Each {
        rule: Rule {
            name: "unit-install",
            refuses: "(warns) a unit that is to be enabled and has no `[Install]`",
            why: "nothing starts it, and the operator finds drift",
            example: "enabled: true, contents: \"[Unit]\"",
        },
        kinds: KINDS,
        by: unit_install,
    },
    Each {
        rule: Rule {
            name: "unit-masked",
            refuses: "(warns) a unit that is masked and has contents, or is enabled too",
            why: "a masked unit is a link to /dev/null: it has no contents and cannot be enabled",
            example: "mask: true, enabled: true",
        },
        kinds: KINDS,
        by: unit_masked,
    },
    Each {
        rule: Rule {
            name: "unit-unwatched",
            refuses: "(notes) a unit that is enabled, disabled or masked without contents",
            why: "the operator looks for drift only in units that have contents",
            example: "{name: chronyd.service, enabled: false}",
        },
        kinds: KINDS,
        by: unit_unwatched,
    },
];

fn units<'a>(thing: &Thing<'a>) -> Vec<(&'a str, Place<'a>)> {
    let units = thing.list(&["config", "systemd", "units"]);
    units.into_iter().map(|unit| (unit.text_at("name"), unit)).collect()
}

fn unit_name(thing: &Thing<'_>, found: &mut Found<'_>) {
    // Ignition looks at the suffix alone.
    let suffixes =
        ["service", "socket", "target", "timer", "mount", "automount", "swap", "path", "slice", "device"];
    for (name, unit) in units(thing) {
        let has_suffix = name.rsplit_once('.').is_some_and(|(_, suffix)| suffixes.contains(&suffix));
        if has_suffix && name.parse::<UnitName>().is_err() {
            let message = format!("`{}` is not the name of a systemd unit", name.escape_debug());
            let next = "write letters, digits and `:-_.\\@`, at most 255";
            found.error(&unit.origin_at("name"), message, next);
        }
    }
}

fn unit_texts(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (name, unit) in units(thing) {
        if let Some(contents) = unit.get("contents") {
            text(name, name, &contents, Part::Whole, found);
        }
        for dropin in unit.list(&["dropins"]) {
            if let Some(contents) = dropin.get("contents") {
                text(name, dropin.text_at("name"), &contents, Part::DropIn, found);
            }
        }
    }
}

fn text(unit: &str, name: &str, contents: &Place<'_>, part: Part, found: &mut Found<'_>) {
    let text = contents.text().unwrap_or_default();
    // What Ignition refuses is said already.
    if text.trim().is_empty() || unit_text::complaint(text).is_some() {
        return;
    }
    for complaint in systemd::check(unit, text, part) {
        let message = match complaint.line {
            0 => format!("`{name}`: {}", complaint.message),
            line => format!("`{name}` line {line}: {}", complaint.message),
        };
        found.error(&contents.origin_of_line(complaint.line), message, complaint.help);
    }
}

fn unit_install(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (name, unit) in units(thing) {
        let text = unit.text_at("contents");
        let is_whole = !text.trim().is_empty() && unit_text::complaint(text).is_none();
        if is_whole && unit.is_true_at("enabled") && systemd::installs(text).is_empty() {
            let message =
                format!("`{name}` is to be enabled but has no `[Install]`, so nothing will start it");
            let next = "add `[Install]` with `WantedBy=multi-user.target`";
            found.warning(&unit.origin_at("enabled"), message, next);
        }
    }
}

fn unit_masked(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (name, unit) in units(thing) {
        let has = if unit.is_true_at("enabled") {
            "is to be enabled"
        } else if !unit.text_at("contents").is_empty() {
            "has contents"
        } else {
            continue;
        };
        if unit.is_true_at("mask") {
            let message = format!("`{name}` is masked and {has}");
            found.warning(&unit.origin_at("mask"), message, "keep one of the two");
        }
    }
}

fn unit_unwatched(thing: &Thing<'_>, found: &mut Found<'_>) {
    for (name, unit) in units(thing) {
        let says = unit.get("enabled").or_else(|| unit.get("mask"));
        if let Some(place) = says.filter(|_| unit.text_at("contents").is_empty()) {
            let message =
                format!("`{name}` has no contents, so the operator does not see if somebody changes it");
            let next = "give the unit's contents too if drift of it must be found";
            found.note(place.origin(), message, next);
        }
    }
}
