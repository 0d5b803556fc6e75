//! What the operator does without node disruption policies: on a node's first boot, when it cannot ask its API, and
//! in versions that have none.
//!
//! Follows `calculatePostConfigChangeAction` and `isDrainRequired` of the operator's `pkg/daemon`.

use super::Action;
use super::Flags;
use crate::machineconfig::path::folder_of;

const NOTHING: [&str; 2] = ["/etc/kubernetes/kubelet-ca.crt", "/var/lib/kubelet/config.json"];
const NOTHING_BELOW: &str = "/etc/nmstate/openshift";
const RELOAD: [&str; 3] = [
    "/etc/containers/registries.conf",
    "/etc/machine-config-daemon/no-reboot/containers-gpg.pub",
    "/etc/containers/policy.json",
];
const RELOAD_BELOW: &str = "/etc/containers/registries.d";
const RESTART: &str = "/etc/pki/ca-trust/source/anchors/openshift-config-user-ca-bundle.crt";

/// The one thing that is done; the later rows overrule the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Nothing.
    None,
    /// CRI-O reads its settings again.
    ReloadCrio,
    /// CRI-O is restarted.
    RestartCrio,
    /// The node boots anew.
    Reboot,
}

impl Deed {
    /// The operator's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReloadCrio => "reload crio",
            Self::RestartCrio => "restart crio",
            Self::Reboot => "reboot",
        }
    }

    pub(super) fn action(self) -> Action {
        match self {
            Self::None => Action::None,
            Self::ReloadCrio => Action::Reload("crio.service".to_owned()),
            Self::RestartCrio => Action::Restart("crio.service".to_owned()),
            Self::Reboot => Action::Reboot,
        }
    }
}

/// What is done if these files change.
pub(super) fn deed<'a>(flags: &Flags, files: impl IntoIterator<Item = &'a str>) -> Deed {
    let of_system =
        flags.os_update || flags.kernel_arguments || flags.fips || flags.kernel_type || flags.extensions;
    if of_system || flags.units {
        return Deed::Reboot;
    }
    files.into_iter().map(of_file).max().unwrap_or(Deed::None)
}

pub(super) fn of_file(path: &str) -> Deed {
    // Only what lies directly in the folders.
    let folder = folder_of(path);
    if NOTHING.contains(&path) || folder == NOTHING_BELOW {
        Deed::None
    } else if RELOAD.contains(&path) || folder == RELOAD_BELOW {
        Deed::ReloadCrio
    } else if path == RESTART {
        Deed::RestartCrio
    } else {
        Deed::Reboot
    }
}

#[cfg(test)]
mod tests {
    use super::Deed;
    use super::deed;
    use crate::machineconfig::change::Flags;

    #[test]
    fn the_strongest_deed_counts() {
        let files = Flags { files: true, ..Flags::default() };
        for (paths, expected) in [
            (&[][..], Deed::None),
            (&["/var/lib/kubelet/config.json", "/etc/kubernetes/kubelet-ca.crt"], Deed::None),
            (&["/etc/nmstate/openshift/a.yml"], Deed::None),
            (&["/etc/nmstate/openshift/deep/a.yml"], Deed::Reboot),
            (&["/etc/containers/registries.d/a.yaml"], Deed::ReloadCrio),
            (&["/etc/containers/registries.d/deep/a.yaml"], Deed::Reboot),
            (
                &["/etc/containers/policy.json", super::RESTART, "/etc/containers/registries.conf"],
                Deed::RestartCrio,
            ),
            (&["/etc/containers/policy.json", "/etc/chrony.conf"], Deed::Reboot),
            // The folder of policies came after the table.
            (&["/etc/crio/policies/a"], Deed::Reboot),
        ] {
            assert_eq!(deed(&files, paths.iter().copied()), expected, "{paths:?}");
        }
        for flags in [
            Flags { units: true, ..Flags::default() },
            Flags { os_update: true, ..Flags::default() },
            Flags { extensions: true, ..Flags::default() },
        ] {
            assert_eq!(deed(&flags, []), Deed::Reboot);
        }
        assert_eq!(deed(&Flags { passwd: true, ..Flags::default() }, []), Deed::None);
    }
}
