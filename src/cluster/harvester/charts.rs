//! The charts that Harvester is made of, and its addons.

use super::full_name;
use super::subject;
use crate::cluster::Ask;
use crate::cluster::Looking;
use crate::cluster::marker::condition;
use crate::cluster::marker::has;
use crate::cluster::marker::items;
use crate::cluster::odd::Odd;
use crate::cluster::odd::odd;
use crate::verify::HarvesterProperty;

pub(super) fn ready(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::ChartsReady);
    looking.expect(&subject, "all", "managed charts ready");
    let Some(list) = looking.seen(Ask::ManagedCharts, &subject) else { return };
    let is_ready = |chart| condition(chart, "Ready").is_some() && has(chart, "Ready", "True");
    let found: Vec<Odd> =
        items(list).filter(|chart| !is_ready(chart)).map(|chart| odd(chart, "Ready")).collect();
    looking.all_but(&subject, "all", &found);
}

pub(super) fn addons(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::AddonsFailing);
    looking.expect(&subject, "none", "addons that failed");
    let Some(list) = looking.seen(Ask::Addons, &subject) else { return };
    let failed = items(list).filter(|addon| has(addon, "OperationFailed", "True"));
    let found: Vec<Odd> =
        failed.map(|addon| Odd { name: full_name(addon), ..odd(addon, "OperationFailed") }).collect();
    looking.all_but(&subject, "none", &found);
}
