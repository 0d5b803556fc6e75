//! A plan for programs: `cotter.dev/machineconfig-plan/1`.

use serde_json::Value;
use serde_json::json;

use super::states::Asked;
use crate::machineconfig::Problem;
use crate::machineconfig::change::Action;
use crate::machineconfig::change::Cause;
use crate::machineconfig::change::Change;
use crate::machineconfig::change::Drain;
use crate::machineconfig::change::Entry;
use crate::machineconfig::change::How;
use crate::machineconfig::change::Reason;
use crate::machineconfig::change::SmallestPolicy;

pub(super) fn value(change: &Change, asked: &Asked) -> Value {
    let flags = &change.flags;
    let refusals = change.refusals.iter().map(|refusal| {
        json!({
            "message": change.message(&asked.old, &asked.new, refusal),
            "words": refusal.words,
            "machineconfig": refusal.config,
            "next": refusal.next,
        })
    });
    let steps = change.steps.iter().map(|step| json!({"what": step.what, "condition": step.condition}));
    json!({
        "schema": "cotter.dev/machineconfig-plan/1",
        "openshift": asked.around.version,
        "old": asked.old.name,
        "new": asked.new.name,
        "single_node": asked.around.is_single_node,
        "layered": asked.around.is_layered,
        "reconcilable": change.is_reconcilable(),
        "refusals": refusals.collect::<Vec<_>>(),
        "flags": {
            "os_update": flags.os_update,
            "kernel_arguments": flags.kernel_arguments,
            "fips": flags.fips,
            "passwd": flags.passwd,
            "files": flags.files,
            "units": flags.units,
            "kernel_type": flags.kernel_type,
            "extensions": flags.extensions,
        },
        "os_changes": flags.os_changes(),
        "changed_files": named(change, None, |cause| matches!(cause, Cause::File(_))),
        "units_added": named(change, Some(How::Added), |cause| matches!(cause, Cause::Unit(_))),
        "units_updated": named(change, Some(How::Updated), |cause| matches!(cause, Cause::Unit(_))),
        "units_removed": named(change, Some(How::Removed), |cause| matches!(cause, Cause::Unit(_))),
        "reasons": change.reasons.iter().map(reason).collect::<Vec<_>>(),
        "actions": actions(&change.actions),
        "reboot": change.reboots(),
        "drain": drain(&change.drain, asked.around.is_single_node),
        "first_boot": {
            "actions": [change.first_boot.deed.word()],
            "drain": change.first_boot.drain.is_needed(),
            "why": change.first_boot.drain.why(),
        },
        "rpm_ostree_kargs": change.rpm_ostree_kargs,
        "needs_rebuild": change.needs_rebuild,
        "steps": steps.collect::<Vec<_>>(),
        "smallest_policy": change.smallest_policy.as_ref().map(policy),
        "warnings": change.warnings.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn named(change: &Change, how: Option<How>, is_of_kind: fn(&Cause) -> bool) -> Vec<&str> {
    let of_kind = change.reasons.iter().filter(|reason| is_of_kind(&reason.cause));
    of_kind
        .filter(|reason| how.is_none_or(|how| how == reason.how))
        .filter_map(|reason| reason.cause.name())
        .collect()
}

fn actions(actions: &[Action]) -> Vec<Value> {
    actions.iter().map(Action::to_value).collect()
}

fn reason(reason: &Reason) -> Value {
    json!({
        "kind": reason.cause.kind(),
        "name": reason.cause.name(),
        "how": reason.how.word(),
        "policy": reason.policy,
        "actions": actions(&reason.actions),
        "no_op": reason.no_op,
        "machineconfigs": reason.sources,
    })
}

fn drain(drain: &Drain, is_single_node: bool) -> Value {
    json!({
        "required": drain.is_needed(),
        "performed": drain.is_needed() && !is_single_node,
        "fails": matches!(drain, Drain::Fails(_)),
        "why": drain.why(),
    })
}

fn policy(policy: &SmallestPolicy) -> Value {
    let names = |entries: &[Entry]| entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    json!({
        "avoids_reboot": policy.cannot.is_empty(),
        "cannot": policy.cannot,
        "added_files": names(&policy.added.files),
        "added_units": names(&policy.added.units),
        "added_sshkey": !policy.added.ssh_key.is_empty(),
        "removed": policy.removed,
        "choices": policy.choices,
        "object": policy.object,
    })
}

fn problem(problem: &Problem) -> Value {
    json!({"what": problem.what, "machineconfig": problem.config, "next": problem.next})
}
