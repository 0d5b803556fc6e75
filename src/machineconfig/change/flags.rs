//! What differs between two states, as the operator's `machineConfigDiff` sees it: by what is written, not by
//! what it comes to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::State;
use crate::machineconfig::Rendered;

/// Which sections differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The image of the operating system.
    pub os_update: bool,
    /// The kernel arguments, with their order.
    pub kernel_arguments: bool,
    /// FIPS mode.
    pub fips: bool,
    /// Users or groups.
    pub passwd: bool,
    /// The list of files, with its order.
    pub files: bool,
    /// The list of units, with its order.
    pub units: bool,
    /// The kind of kernel.
    pub kernel_type: bool,
    /// The extensions, with their order.
    pub extensions: bool,
}

impl Flags {
    pub(super) fn of(old: &State, new: &State) -> Self {
        let (before, after) = (&old.rendered, &new.rendered);
        let differ =
            |section: &str, list: &str| before.members(section, list) != after.members(section, list);
        Self {
            os_update: image_changes(old, new) == Some(true),
            kernel_arguments: before.kernel_arguments != after.kernel_arguments,
            fips: before.fips != after.fips,
            passwd: before.config.get("passwd") != after.config.get("passwd"),
            files: differ("storage", "files"),
            units: differ("systemd", "units"),
            kernel_type: before.kernel_type != after.kernel_type,
            extensions: before.extensions != after.extensions,
        }
    }

    /// What the operator says that it does to the operating system.
    pub fn os_changes(&self) -> String {
        let said = [
            (self.os_update, "Upgrading OS"),
            (self.extensions, "Installing extensions"),
            (self.kernel_type, "Changing kernel type"),
            (self.kernel_arguments, "Changing kernel arguments"),
        ];
        let said: Vec<&str> = said.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect();
        said.join("; ")
    }

    /// Whether anything differs that the operator looks at.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// Whether the image of the operating system changes, if that can be said: the release's own is known only from what
/// the operator rendered.
pub(super) fn image_changes(old: &State, new: &State) -> Option<bool> {
    match (&old.rendered.os_image_url, &new.rendered.os_image_url) {
        (Some(old), Some(new)) => Some(old != new),
        (None, None) => Some(false),
        _ if old.is_whole || new.is_whole => None,
        _ => Some(true),
    }
}

/// How a part changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It was not there.
    Added,
    /// It was there, and says something else.
    Updated,
    /// It is no longer there.
    Removed,
}

impl How {
    /// As a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }
}

/// A member of a list that changes: what it was and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed<'a> {
    pub(super) name: &'a str,
    pub(super) old: Option<&'a Value>,
    pub(super) new: Option<&'a Value>,
}

impl Changed<'_> {
    pub(super) fn how(&self) -> How {
        match (self.old, self.new) {
            (None, _) => How::Added,
            (_, None) => How::Removed,
            _ => How::Updated,
        }
    }
}

/// The files that change, sorted by path. The operator takes them in no fixed order.
pub(super) fn changed_files<'a>(old: &'a Rendered, new: &'a Rendered) -> Vec<Changed<'a>> {
    changed(old.members("storage", "files"), new.members("storage", "files"), "path")
}

/// The units that change: added, updated, removed, each sorted by name.
pub(super) fn changed_units<'a>(old: &'a Rendered, new: &'a Rendered) -> Vec<Changed<'a>> {
    let mut units = changed(old.members("systemd", "units"), new.members("systemd", "units"), "name");
    units.sort_by_key(Changed::how);
    units
}

fn changed<'a>(old: &'a [Value], new: &'a [Value], key: &str) -> Vec<Changed<'a>> {
    let by_name = |members: &'a [Value]| -> BTreeMap<&'a str, &'a Value> {
        let name = |member: &'a Value| member.get(key).and_then(Value::as_str).unwrap_or_default();
        members.iter().map(|member| (name(member), member)).collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.into_iter().map(|name| Changed {
        name,
        old: old.get(name).copied(),
        new: new.get(name).copied(),
    });
    changed.filter(|changed| changed.old != changed.new).collect()
}
