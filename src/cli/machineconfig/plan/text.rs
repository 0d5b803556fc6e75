//! A plan for people.

use super::states::Asked;
use crate::cli::ui::Tone;
use crate::cli::ui::Ui;
use crate::cli::ui::counted;
use crate::cli::ui::shown;
use crate::document::yaml_text;
use crate::machineconfig::change::Action;
use crate::machineconfig::change::Change;
use crate::machineconfig::change::Drain;
use crate::machineconfig::change::Reason;
use crate::machineconfig::change::SmallestPolicy;

pub(super) fn show(change: &Change, asked: &Asked, ui: &mut Ui) {
    let version = &asked.around.version;
    ui.line(format!("{} -> {} (OpenShift {version})", shown(&asked.old.name), shown(&asked.new.name)));
    refusals(change, asked, ui);
    verdict(change, asked, ui);
    reasons(change, ui);
    if !change.rpm_ostree_kargs.is_empty() {
        ui.line("\nkernel arguments");
        ui.line(format!("  rpm-ostree kargs {}", shown(&change.rpm_ostree_kargs.join(" "))));
    }
    ui.line("\non each node");
    for (index, step) in change.steps.iter().enumerate() {
        let condition = step.condition.map(|condition| format!("  [{condition}]")).unwrap_or_default();
        let condition = ui.toned(Tone::Faint, &condition);
        ui.line(format!("  {:>2}. {}{condition}", index + 1, shown(&step.what)));
    }
    let boot = &change.first_boot;
    let drain = if boot.drain.is_needed() { "drain" } else { "no drain" };
    ui.line(format!("\non a first boot (without policies): {}, {drain}", boot.deed.word()));
    if asked.around.is_layered {
        let needs = if change.needs_rebuild { "must be built anew" } else { "stays as it is" };
        ui.line(format!("the nodes' own image: {needs}"));
    }
    if let Some(policy) = &change.smallest_policy {
        smallest(policy, ui);
    }
    for warning in &change.warnings {
        let config = warning.config.as_ref().map(|name| format!("`{name}`: ")).unwrap_or_default();
        ui.warning(&shown(&format!("{config}{}", warning.what)), &shown(&warning.next));
    }
}

fn refusals(change: &Change, asked: &Asked, ui: &mut Ui) {
    for refusal in &change.refusals {
        let words = change.message(&asked.old, &asked.new, refusal);
        let from = refusal.config.as_ref().map(|name| format!(" (from {name})")).unwrap_or_default();
        let line = ui.toned(Tone::Bad, &shown(&format!("refused: {words}{from}")));
        ui.line(line);
        ui.line(shown(&format!("  next: {}", refusal.next)));
    }
}

fn verdict(change: &Change, asked: &Asked, ui: &mut Ui) {
    if !change.is_reconcilable() {
        let line = format!("not reconcilable: {}; without them:", counted(change.refusals.len(), "reason"));
        ui.line(line);
    }
    let tone = if change.reboots() { Tone::Doubtful } else { Tone::Good };
    let actions = match change.actions.as_slice() {
        [] => "nothing is done".to_owned(),
        actions => said(actions),
    };
    let line = ui.toned(tone, &format!("actions: {}", shown(&actions)));
    ui.line(line);
    let drain = match (&change.drain, asked.around.is_single_node) {
        (Drain::Needed(why), false) => format!("drain: yes, {why}"),
        (Drain::Needed(_), true) => "drain: no, there is no other node".to_owned(),
        (Drain::NotNeeded(why), _) => format!("drain: no, {why}"),
        (Drain::Fails(why), _) => format!("drain: the operator stops: {why}"),
    };
    ui.line(shown(&drain));
}

fn said(actions: &[Action]) -> String {
    let words: Vec<String> = actions.iter().map(ToString::to_string).collect();
    words.join(", then ")
}

fn reasons(change: &Change, ui: &mut Ui) {
    if change.reasons.is_empty() {
        ui.line("\nnothing changes that the operator acts on");
        return;
    }
    ui.line("\nchanges");
    for reason in &change.reasons {
        ui.line(shown(&format!("  {:7} {}: {}", reason.how.word(), reason.cause, because(reason))));
        if let Some(why) = &reason.no_op {
            let line = ui.toned(Tone::Doubtful, &shown(&format!("          comes to nothing: {why}")));
            ui.line(line);
        }
    }
}

fn because(reason: &Reason) -> String {
    let policy = match &reason.policy {
        Some(policy) => format!("policy {policy}"),
        None if reason.cause.is_for_policies() => "no policy".to_owned(),
        None => "policies have no say".to_owned(),
    };
    let from = match reason.sources.as_slice() {
        [] => String::new(),
        sources => format!(", from {}", sources.join(", ")),
    };
    format!("{} ({policy}{from})", said(&reason.actions))
}

fn smallest(policy: &SmallestPolicy, ui: &mut Ui) {
    let Some(object) = &policy.object else {
        ui.line("\nno policy spares the reboot");
        for why in &policy.cannot {
            ui.line(shown(&format!("  {why}")));
        }
        return;
    };
    ui.line("\nthe smallest policy that spares the reboot");
    for line in yaml_text(object).lines() {
        ui.line(format!("  {}", shown(line)));
    }
    for choice in &policy.choices {
        ui.line(shown(&format!("  choose: {choice}")));
    }
    for name in &policy.removed {
        ui.line(shown(&format!("  left out of what was given: `{name}`; without it, less is done")));
    }
}
