//! What the operator does when a node goes from one state to another: whether it can, whether it reboots and drains,
//! because of what, and which policy would spare the reboot.
//!
//! To add what a version does by itself: see the head of `policies.toml`. To add a kind of change: a flag in
//! `flags.rs`, a cause in `actions.rs`, and what the node does about it in `steps.rs`.

mod actions;
mod cluster;
mod first_boot;
mod flags;
mod kernel_arguments;
mod noops;
mod policy;
mod policy_object;
mod reconcile;
mod registries;
mod smallest_policy;
mod state;
mod steps;

pub use super::disruption::Action;
pub use actions::Cause;
pub use actions::Reason;
pub use cluster::Cluster;
pub use cluster::Pending;
pub use cluster::put;
pub use cluster::remove;
pub use first_boot::Deed;
pub use flags::Flags;
pub use flags::How;
pub use policy::Entry;
pub use policy::Policies;
pub use policy::Support;
pub use policy::support_of;
pub use policy_object::Knobs;
pub use policy_object::is_knobs;
pub use policy_object::knobs_of;
pub use reconcile::Refusal;
pub use smallest_policy::SmallestPolicy;
pub use state::State;
pub use steps::Step;

use super::Problem;
use registries::REGISTRIES;

/// What decides besides the two states.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// The OpenShift version.
    pub version: String,
    /// Whether it has policies.
    pub support: Support,
    /// What the operator does by itself.
    pub defaults: Policies,
    /// What a person gave.
    pub given: Policies,
    /// Whether a policy was named, or is in a dump: a preview must have been turned on then.
    pub has_policy: bool,
    /// Sections of storage that may differ.
    pub allowed: Vec<String>,
    /// Whether the ConfigMap is there that keeps a change of registries from draining.
    pub has_drain_override: bool,
    /// Whether the cluster has one node.
    pub is_single_node: bool,
    /// Whether nodes run an image that was built for them.
    pub is_layered: bool,
    /// All policies in force, merged once.
    merged: Policies,
}

impl Circumstances {
    /// Those of a version, with what a cluster's `MachineConfiguration` says, if there is one.
    pub fn new(version: &str, knobs: Option<&Knobs>) -> Self {
        let defaults = Policies::of(version);
        let given = knobs.map(|knobs| knobs.given.clone()).unwrap_or_default();
        let in_force = knobs.and_then(|knobs| knobs.in_force.clone());
        let merged = in_force.unwrap_or_else(|| defaults.with(&given));
        let allowed = knobs.map(|knobs| knobs.allowed.clone()).unwrap_or_default();
        Self {
            version: version.to_owned(),
            support: support_of(version),
            defaults,
            given,
            has_policy: knobs.is_some(),
            allowed: if policy::has_overrides(version) { allowed } else { Vec::new() },
            has_drain_override: false,
            is_single_node: false,
            is_layered: false,
            merged,
        }
    }

    /// The same, with the ConfigMap that keeps a change of registries from draining, where it counts.
    pub fn with_drain_override(self) -> Self {
        Self { has_drain_override: policy::has_drain_override(&self.version), ..self }
    }

    /// The policies that count, if any do.
    fn effective(&self) -> Option<&Policies> {
        let counts = match self.support {
            Support::Absent => false,
            Support::Preview => self.has_policy,
            Support::Full => true,
        };
        (counts && !self.is_layered).then_some(&self.merged)
    }
}

/// Whether a node is emptied before the change, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drain {
    /// It is, because of this.
    Needed(String),
    /// It is not, because of this.
    NotNeeded(String),
    /// The operator stops, because of this.
    Fails(String),
}

impl Drain {
    /// Whether the node is to be emptied.
    pub fn is_needed(&self) -> bool {
        matches!(self, Self::Needed(_))
    }

    /// Why.
    pub fn why(&self) -> &str {
        match self {
            Self::Needed(why) | Self::NotNeeded(why) | Self::Fails(why) => why,
        }
    }
}

/// What happens on a node that boots for the first time with another state than it was installed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBoot {
    /// The one thing that is done.
    pub deed: Deed,
    /// Whether the operator would drain.
    pub drain: Drain,
}

/// What a change comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which sections differ.
    pub flags: Flags,
    /// Why the operator refuses it; empty if it takes it.
    pub refusals: Vec<Refusal>,
    /// What changes, and what is done because of each.
    pub reasons: Vec<Reason>,
    /// What is done in all.
    pub actions: Vec<Action>,
    /// Whether the node is emptied before.
    pub drain: Drain,
    /// The same on a first boot.
    pub first_boot: FirstBoot,
    /// The arguments of `rpm-ostree kargs`.
    pub rpm_ostree_kargs: Vec<String>,
    /// Whether nodes with an image of their own need a new one.
    pub needs_rebuild: bool,
    /// The steps on the node.
    pub steps: Vec<Step>,
    /// What a policy can do about a reboot; nothing if there is none.
    pub smallest_policy: Option<SmallestPolicy>,
    /// What else one may want to know.
    pub warnings: Vec<Problem>,
}

impl Change {
    /// Whether the operator takes it.
    pub fn is_reconcilable(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Whether the node boots anew.
    pub fn reboots(&self) -> bool {
        self.actions.contains(&Action::Reboot)
    }

    /// What the operator says of a refusal. It names the states the other way round, and so does this.
    pub fn message(&self, old: &State, new: &State, refusal: &Refusal) -> String {
        // What is invalid is said without.
        if refusal.words.starts_with("validating ") {
            return refusal.words.clone();
        }
        format!(
            "new machineconfig \"{}\" is not reconcilable against \"{}\": {}",
            old.name, new.name, refusal.words
        )
    }
}

/// Works out what happens when a node goes from `old` to `new`.
pub fn change(old: &State, new: &State, around: &Circumstances) -> Change {
    let flags = Flags::of(old, new);
    let files = flags::changed_files(&old.rendered, &new.rendered);
    let units = flags::changed_units(&old.rendered, &new.rendered);
    let reasons = actions::reasons(&flags, old, new, &files, &units, around);
    let actions = actions::all(&flags, &reasons, around);
    let paths = || files.iter().map(|file| file.name);
    let deed = first_boot::deed(&flags, paths());
    let has_registries = paths().any(|path| path == REGISTRIES);
    let registries = match has_registries {
        true => registries::drain(&old.rendered, &new.rendered),
        false => Ok(None),
    };
    let rpm_ostree_kargs = match flags.kernel_arguments {
        true => kernel_arguments::rpm_ostree_arguments(
            &old.rendered.kernel_arguments,
            &new.rendered.kernel_arguments,
        ),
        false => Vec::new(),
    };
    let mut change = Change {
        refusals: reconcile::refusals(old, new, &around.allowed),
        drain: drain(&actions, has_registries, &registries, around),
        first_boot: FirstBoot { deed, drain: first_boot_drain(deed, has_registries, &registries, around) },
        rpm_ostree_kargs,
        needs_rebuild: flags.os_update || flags.kernel_type || flags.extensions || flags.kernel_arguments,
        smallest_policy: smallest_policy::smallest(&reasons, &units, around),
        warnings: warnings(old, new, &flags, &reasons, around),
        steps: Vec::new(),
        flags,
        reasons,
        actions,
    };
    change.steps = steps::steps(&change, old, new, around);
    change
}

type Registries = Result<Option<String>, String>;

fn drain(actions: &[Action], has_registries: bool, registries: &Registries, around: &Circumstances) -> Drain {
    if actions.contains(&Action::Reboot) {
        Drain::Needed("the node reboots".to_owned())
    } else if actions.contains(&Action::Drain) {
        Drain::Needed("a policy says `Drain`".to_owned())
    } else if actions.contains(&Action::Special) || (around.effective().is_none() && has_registries) {
        registries_drain(registries, around)
    } else {
        Drain::NotNeeded("no action needs it".to_owned())
    }
}

fn first_boot_drain(
    deed: Deed,
    has_registries: bool,
    registries: &Registries,
    around: &Circumstances,
) -> Drain {
    match deed {
        Deed::Reboot => Drain::Needed("the node reboots".to_owned()),
        Deed::ReloadCrio | Deed::RestartCrio if has_registries => registries_drain(registries, around),
        _ => Drain::NotNeeded("no action needs it".to_owned()),
    }
}

fn registries_drain(registries: &Registries, around: &Circumstances) -> Drain {
    if around.has_drain_override {
        return Drain::NotNeeded("the ConfigMap `image-registry-override-drain` is there".to_owned());
    }
    match registries {
        Ok(Some(why)) => Drain::Needed(format!("`{REGISTRIES}`: {why}")),
        Ok(None) => {
            Drain::NotNeeded(format!("`{REGISTRIES}`: only places for images named by digest are added"))
        }
        Err(why) => Drain::Fails(why.clone()),
    }
}

fn warnings(
    old: &State,
    new: &State,
    flags: &Flags,
    reasons: &[Reason],
    around: &Circumstances,
) -> Vec<Problem> {
    let mut warnings = reconcile::doubts(old, new);
    let mut warn = |what: String, next: &str| warnings.push(Problem::new(what, next));
    if flags::image_changes(old, new).is_none() {
        warn(
            "whether the image of the operating system changes cannot be said: only one side names it"
                .to_owned(),
            "compare two rendered MachineConfigs, or add the ControllerConfig to what is read",
        );
    }
    let image = new.rendered.os_image_url.as_deref().unwrap_or_default();
    if flags.os_update && !image.is_empty() && !image.contains("@sha256:") {
        warn(
            format!("`osImageURL` is `{image}`, which names no digest"),
            "name the image by `@sha256:`; a tag may come to mean another image",
        );
    }
    for reason in reasons.iter().filter(|reason| reason.actions.contains(&Action::Reboot)) {
        if let Some(why) = &reason.no_op {
            warn(
                format!("the change of `{}` reboots and comes to nothing: {why}", reason.cause),
                "write it as it was to spare the reboot",
            );
        }
    }
    if (flags.files || flags.units) && reasons.iter().all(|reason| !reason.cause.is_for_policies()) {
        warn(
            "files or units are in another order, and the same".to_owned(),
            "nothing to do: the operator takes no action for that alone",
        );
    }
    let gives = around.given != Policies::default();
    if gives && around.is_layered {
        warn(
            "node disruption policies do not count: nodes have an image of their own".to_owned(),
            "expect a reboot for every change",
        );
    } else if gives && around.support == Support::Absent {
        warn(
            format!("OpenShift {} has no node disruption policies", around.version),
            "4.17 brought them; 4.16 has them as a preview",
        );
    } else if gives && around.support == Support::Preview {
        warn(
            format!("node disruption policies are a preview in OpenShift {}", around.version),
            "they count only with the feature set `TechPreviewNoUpgrade`",
        );
    }
    let among_files = |action: &&Action| !matches!(action, Action::None | Action::Reboot);
    let several = reasons.iter().filter(|reason| reason.actions.iter().any(|action| among_files(&action)));
    if several.count() > 1 && !reasons.iter().any(|reason| reason.actions.contains(&Action::Reboot)) {
        warn(
            "actions of different files come in no fixed order, and are not joined if they are the same"
                .to_owned(),
            "do not rely on the order between files",
        );
    }
    if new.rendered.kernel_type == "64k-pages" && flags.kernel_type {
        warn(
            "the kernel with pages of 64k is there for aarch64 alone".to_owned(),
            "ask for it in a pool of such nodes",
        );
    }
    warnings
}
