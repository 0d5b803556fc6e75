//! What the operator does after a change, and because of what.
//!
//! Follows `calculatePostConfigChangeNodeDisruptionAction` of the operator's `pkg/daemon/update.go`.

use std::fmt;

use super::Action;
use super::Circumstances;
use super::Flags;
use super::Policies;
use super::State;
use super::first_boot;
use super::flags::Changed;
use super::flags::How;
use super::noops;
use crate::machineconfig::Part;
use crate::machineconfig::Rendered;

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The image of the operating system.
    OsImage,
    /// The kernel arguments.
    KernelArguments,
    /// FIPS mode.
    Fips,
    /// The kind of kernel.
    KernelType,
    /// The extensions.
    Extensions,
    /// A file, by its path.
    File(String),
    /// A unit, by its name.
    Unit(String),
    /// Users.
    Users,
}

impl Cause {
    /// Its kind, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OsImage => "os_image",
            Self::KernelArguments => "kernel_arguments",
            Self::Fips => "fips",
            Self::KernelType => "kernel_type",
            Self::Extensions => "extensions",
            Self::File(_) => "file",
            Self::Unit(_) => "unit",
            Self::Users => "users",
        }
    }

    /// The path or name, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::File(name) | Self::Unit(name) => Some(name),
            _ => None,
        }
    }

    /// Whether a node disruption policy can say what happens.
    pub fn is_for_policies(&self) -> bool {
        matches!(self, Self::File(_) | Self::Unit(_) | Self::Users)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OsImage => write!(f, "image of the operating system"),
            Self::KernelArguments => write!(f, "kernel arguments"),
            Self::Fips => write!(f, "FIPS mode"),
            Self::KernelType => write!(f, "kernel type"),
            Self::Extensions => write!(f, "extensions"),
            Self::File(path) => write!(f, "{path}"),
            Self::Unit(name) => write!(f, "unit {name}"),
            Self::Users => write!(f, "users"),
        }
    }
}

/// Something that changes, and what the operator does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What changes.
    pub cause: Cause,
    /// How it changes.
    pub how: How,
    /// The entry of the policies that says what to do, if one does.
    pub policy: Option<String>,
    /// What is done because of it alone.
    pub actions: Vec<Action>,
    /// Why the change comes to nothing, if it does.
    pub no_op: Option<String>,
    /// The MachineConfigs that set it in the new state; the last wins.
    pub sources: Vec<String>,
}

/// All changes, each with its reason.
pub(super) fn reasons(
    flags: &Flags,
    old: &State,
    new: &State,
    files: &[Changed<'_>],
    units: &[Changed<'_>],
    around: &Circumstances,
) -> Vec<Reason> {
    let mut reasons = of_system(flags, &old.rendered, &new.rendered);
    let policies = around.effective();
    for file in files {
        let entry = policies.and_then(|policies| policies.of_file(file.name));
        let actions = match (policies, entry) {
            (_, Some(entry)) => entry.actions.clone(),
            (None, None) if !around.is_layered => vec![first_boot::of_file(file.name).action()],
            _ => vec![Action::Reboot],
        };
        reasons.push(Reason {
            cause: Cause::File(file.name.to_owned()),
            how: file.how(),
            policy: entry.map(|entry| entry.name.clone()),
            actions,
            no_op: noops::of_file(file),
            sources: new.rendered.sources.of(&Part::Path(file.name.to_owned())).to_vec(),
        });
    }
    for unit in units {
        let entry = policies.and_then(|policies| policies.of_unit(unit.name));
        reasons.push(Reason {
            cause: Cause::Unit(unit.name.to_owned()),
            how: unit.how(),
            policy: entry.map(|entry| entry.name.clone()),
            actions: entry.map_or_else(|| vec![Action::Reboot], |entry| entry.actions.clone()),
            no_op: noops::of_unit(unit),
            sources: new.rendered.sources.of(&Part::Unit(unit.name.to_owned())).to_vec(),
        });
    }
    if flags.passwd {
        let actions = match (policies, around.is_layered) {
            (Some(policies), _) => policies.ssh_key.clone(),
            (None, true) => vec![Action::Reboot],
            (None, false) => vec![Action::None],
        };
        reasons.push(Reason {
            cause: Cause::Users,
            how: How::Updated,
            policy: policies.map(|_| "sshkey".to_owned()),
            actions,
            no_op: noops::of_users(&old.rendered, &new.rendered),
            sources: new.rendered.sources.of(&Part::User("core".to_owned())).to_vec(),
        });
    }
    reasons
}

/// What no policy has a say in.
fn of_system(flags: &Flags, old: &Rendered, new: &Rendered) -> Vec<Reason> {
    let sources = |part: Part| new.sources.of(&part).to_vec();
    let among = |arguments: &[String], part: fn(String) -> Part| {
        let mut names: Vec<String> =
            arguments.iter().flat_map(|argument| new.sources.of(&part(argument.clone()))).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let system = [
        (flags.os_update, Cause::OsImage, None, sources(Part::OsImageUrl)),
        (
            flags.kernel_arguments,
            Cause::KernelArguments,
            noops::of_kernel_arguments(old, new),
            among(&new.kernel_arguments, Part::KernelArgument),
        ),
        (flags.fips, Cause::Fips, None, sources(Part::Fips)),
        (flags.kernel_type, Cause::KernelType, None, sources(Part::KernelType)),
        (
            flags.extensions,
            Cause::Extensions,
            noops::of_extensions(old, new),
            among(&new.extensions, Part::Extension),
        ),
    ];
    let changes = system.into_iter().filter(|(differs, ..)| *differs);
    changes
        .map(|(_, cause, no_op, sources)| Reason {
            cause,
            how: How::Updated,
            policy: None,
            actions: vec![Action::Reboot],
            no_op,
            sources,
        })
        .collect()
}

/// What is done in all: a reboot stands alone, nothing counts only alone, and nothing is said once.
pub(super) fn all(flags: &Flags, reasons: &[Reason], around: &Circumstances) -> Vec<Action> {
    let actions: Vec<&Action> = reasons.iter().flat_map(|reason| &reason.actions).collect();
    if actions.contains(&&Action::Reboot) || (around.is_layered && flags.any()) {
        return vec![Action::Reboot];
    }
    if !flags.any() {
        return vec![Action::None];
    }
    // Without policies there is one deed, and the strongest counts.
    if around.effective().is_none() {
        let files = reasons.iter().filter_map(|reason| match &reason.cause {
            Cause::File(path) => Some(path.as_str()),
            _ => None,
        });
        return vec![first_boot::deed(flags, files).action()];
    }
    // Lists in another order are no change of any of their members: then there is no action at all.
    let others: Vec<Action> =
        actions.iter().copied().filter(|action| **action != Action::None).cloned().collect();
    match (others.is_empty(), actions.is_empty()) {
        (true, false) => vec![Action::None],
        _ => others,
    }
}

/// The same by other policies: what these changes would come to.
pub(super) fn would_reboot(reasons: &[Reason], policies: &Policies) -> bool {
    reasons.iter().any(|reason| {
        let actions = match &reason.cause {
            Cause::File(path) => policies.of_file(path).map(|entry| &entry.actions),
            Cause::Unit(name) => policies.of_unit(name).map(|entry| &entry.actions),
            Cause::Users => Some(&policies.ssh_key),
            _ => None,
        };
        actions.is_none_or(|actions| actions.contains(&Action::Reboot))
    })
}
