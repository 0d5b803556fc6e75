//! What happens on a node, in order, when it goes from one state to another.
//!
//! Follows `update` and `applyOSChanges` of the operator's `pkg/daemon/update.go`; conditions are those of the
//! MachineConfigNode.

use super::Action;
use super::Change;
use super::Circumstances;
use super::State;
use super::actions::Cause;
use super::flags::How;
use super::policy::writes_changed_units_only;

/// A step of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happens.
    pub what: String,
    /// The condition of the MachineConfigNode that shows it, if one does.
    pub condition: Option<&'static str>,
}

/// The steps of a change that the operator takes.
pub(super) fn steps(change: &Change, old: &State, new: &State, around: &Circumstances) -> Vec<Step> {
    let mut steps = Steps::default();
    steps.say("the node's state becomes `Working`; the watch for drift stops", None);
    if !change.refusals.is_empty() {
        steps.say(
            "the operator refuses the change; the node stays as it is and is `Unreconcilable`",
            Some("UpdatePrepared"),
        );
        return steps.0;
    }
    let said = format!(
        "the change is found to be possible; actions and drain are worked out (drain: {})",
        if change.drain.is_needed() { "yes" } else { "no" }
    );
    steps.say(said, Some("UpdatePrepared"));
    match (change.drain.is_needed(), around.is_single_node) {
        (true, false) => {
            steps.say("the node is cordoned", Some("Cordoned"));
            steps.say(
                "the node is drained: pods leave; static pods and those of DaemonSets stay",
                Some("Drained"),
            );
        }
        (true, true) => steps.say("cordon and drain are skipped: there is no other node", Some("Drained")),
        (false, _) => steps.say("no cordon and no drain", Some("Drained")),
    }
    written(change, new, around, &mut steps);
    steps.say("/etc/kubernetes/kubeconfig gets the mode 0600", Some("AppliedFilesAndOS"));
    if change.flags.passwd {
        steps.say("keys and password of `core` are written", Some("AppliedFilesAndOS"));
    }
    of_system(change, old, new, around, &mut steps);
    steps.say(
        "the new state is stored in /etc/machine-config-daemon/currentconfig",
        Some("AppliedFilesAndOS"),
    );
    after(change, around, &mut steps);
    steps.0
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn say(&mut self, what: impl Into<String>, condition: Option<&'static str>) {
        self.0.push(Step { what: what.into(), condition });
    }
}

fn written(change: &Change, new: &State, around: &Circumstances, steps: &mut Steps) {
    let condition = Some("AppliedFilesAndOS");
    let count = new.rendered.members("storage", "files").len();
    if count > 0 {
        let changed = change
            .reasons
            .iter()
            .filter(|reason| matches!(reason.cause, Cause::File(_)) && reason.how != How::Removed);
        steps.say(format!("all files are written: {count}, of them changed: {}", changed.count()), condition);
    }
    let units = change.reasons.iter().filter(|reason| matches!(reason.cause, Cause::Unit(_)));
    let names: Vec<&str> = units
        .clone()
        .filter(|reason| reason.how != How::Removed)
        .filter_map(|reason| reason.cause.name())
        .collect();
    let count = new.rendered.members("systemd", "units").len();
    if !writes_changed_units_only(&around.version) && count > 0 {
        let what =
            format!("all units are written, enabled or disabled: {count}, of them changed: {}", names.len());
        steps.say(what, condition);
    } else if !names.is_empty() {
        steps.say(format!("units are written, enabled or disabled: {}", names.join(", ")), condition);
    }
    let gone: Vec<&str> = change
        .reasons
        .iter()
        .filter(|reason| reason.how == How::Removed)
        .filter_map(|reason| reason.cause.name())
        .collect();
    if !gone.is_empty() {
        steps.say(
            format!(
                "what is no longer there is deleted, or the system's own comes back: {}",
                gone.join(", ")
            ),
            condition,
        );
    }
}

fn of_system(change: &Change, old: &State, new: &State, around: &Circumstances, steps: &mut Steps) {
    let condition = Some("AppliedFilesAndOS");
    let flags = &change.flags;
    if !(flags.os_update || flags.kernel_arguments || flags.kernel_type || flags.extensions) {
        // The operator goes through its work on the system whenever the kernel is not the default one.
        if flags.any() && new.rendered.kernel_type != "default" {
            let what = format!(
                "rpm-ostree cleanup -p, and the kernel stays `{}`: nothing else changes in the system",
                new.rendered.kernel_type
            );
            steps.say(what, condition);
        }
        return;
    }
    if around.is_layered {
        steps.say("a new image is built and pushed with the change in it (MachineOSBuild)", None);
        steps.say("the node is rebased to the image that was built", condition);
        return;
    }
    steps.say("rpm-ostree cleanup -p", condition);
    if flags.os_update {
        let image = new.rendered.os_image_url.as_deref().filter(|image| !image.is_empty());
        steps.say(format!("rpm-ostree rebase to {}", image.unwrap_or("the release's own image")), condition);
    }
    if flags.kernel_arguments {
        steps.say(format!("rpm-ostree kargs {}", change.rpm_ostree_kargs.join(" ")), condition);
    }
    if flags.kernel_type {
        let (from, to) = (&old.rendered.kernel_type, &new.rendered.kernel_type);
        steps.say(format!("the kernel is switched from `{from}` to `{to}`"), condition);
    }
    if flags.extensions {
        let names = match new.rendered.extensions.is_empty() {
            true => "none".to_owned(),
            false => new.rendered.extensions.join(", "),
        };
        steps
            .say(format!("rpm-ostree update: packages of the extensions become those of {names}"), condition);
    }
}

fn after(change: &Change, around: &Circumstances, steps: &mut Steps) {
    // Without policies this is one deed, and brings the trust anchors with it.
    let restarts = change.actions.iter().any(|action| matches!(action, Action::Restart(_)));
    if around.effective().is_none() && restarts {
        steps.say("update-ca-trust extract", Some("UpdatePostActionComplete"));
    }
    for action in &change.actions {
        match action {
            Action::Reboot => {
                steps.say("the node reboots", Some("RebootedNode"));
                steps.say("the operator compares the node with the stored state", None);
            }
            Action::Reload(unit) => {
                steps.say(format!("systemctl reload {unit}"), Some("UpdatePostActionComplete"))
            }
            Action::Restart(unit) => {
                steps.say(format!("systemctl restart {unit}"), Some("UpdatePostActionComplete"))
            }
            Action::DaemonReload => steps.say("systemctl daemon-reload", Some("UpdatePostActionComplete")),
            Action::Special => steps.say("systemctl reload crio.service", Some("UpdatePostActionComplete")),
            Action::None | Action::Drain => {}
        }
    }
    if change.drain.is_needed() && !around.is_single_node {
        steps.say("the node is uncordoned", Some("Uncordoned"));
    }
    steps.say("the node's state becomes `Done`", Some("Updated"));
}
