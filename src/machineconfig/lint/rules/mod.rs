//! The rules of the linter as rows. A shape's rules are in `shapes.rs`; those about several objects in `together/`.

pub(super) mod kinds;
pub(super) mod shapes;

mod config;
mod configuration;
mod files;
mod ignition;
mod kubelet;
mod layering;
mod object;
mod passwd;
mod pool;
mod runtime;
mod together;
mod units;

pub(super) use object::least_size;

use super::thing::Thing;
use super::whole::Whole;
use crate::document::Diagnostics;
use crate::document::Found;
use crate::document::Rule;

/// A rule about one object.
pub(super) struct Each {
    rule: Rule,
    /// The kinds of objects that it is about; all for none.
    kinds: &'static [&'static str],
    by: fn(&Thing<'_>, &mut Found<'_>),
}

/// A rule about all objects.
pub(super) struct Together {
    rule: Rule,
    by: fn(&Whole, &mut Found<'_>),
}

/// All rules about one object, in the order of the documentation.
static EACH: [&[Each]; 10] = [
    object::RULES,
    config::RULES,
    ignition::RULES,
    files::RULES,
    units::RULES,
    passwd::RULES,
    pool::RULES,
    kubelet::RULES,
    runtime::RULES,
    layering::RULES,
];

/// Adds what breaks a rule in an object.
pub(super) fn each(thing: &Thing<'_>, findings: &mut Diagnostics) {
    for row in
        std::iter::once(&object::SIZE).chain(EACH.iter().copied().flatten()).chain(configuration::RULES)
    {
        if row.kinds.is_empty() || row.kinds.contains(&thing.kind) {
            (row.by)(thing, &mut findings.under(&row.rule));
        }
    }
}

/// Says of an object that no cluster takes how large it is.
pub(super) fn huge(thing: &Thing<'_>, findings: &mut Diagnostics) {
    (object::SIZE.by)(thing, &mut findings.under(&object::SIZE.rule));
}

/// Adds what breaks a rule in all objects together.
pub(super) fn together(whole: &Whole, findings: &mut Diagnostics) {
    for row in together::RULES {
        (row.by)(whole, &mut findings.under(&row.rule));
    }
}

/// Every rule.
pub(super) fn all() -> Vec<&'static Rule> {
    let each = std::iter::once(&object::SIZE).chain(EACH.iter().copied().flatten());
    let each = each.chain(configuration::RULES).map(|row| &row.rule);
    let together = together::RULES.iter().map(|row| &row.rule);
    shapes::RULES.into_iter().chain(kinds::RULES).chain(each).chain(together).collect()
}
