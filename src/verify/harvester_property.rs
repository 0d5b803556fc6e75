//! What can be looked at on a Harvester cluster.

use std::fmt;

/// What can be looked at on a Harvester cluster. Where nothing else is said it is `all` or `none`, else those that are
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HarvesterProperty {
    /// Nodes that are ready and take pods.
    NodesReady,
    /// Nodes short of disk, memory or process numbers.
    NodesPressed,
    /// Nodes whose clock is synchronized.
    NodesSynchronized,
    /// `none`, or the upgrade that is under way or failed, with its state.
    Upgrade,
    /// Images that pods wait for.
    ImagesPulled,
    /// Pods that fall over and over again.
    PodsFailing,
    /// Version objects that the syncer would delete.
    VersionsKept,
    /// Charts that are ready.
    ChartsReady,
    /// Addons that could not be enabled or changed.
    AddonsFailing,
    /// Upgrades that have not come to an end.
    UpgradesRunning,
    /// `yes` if there is a Version object to upgrade to.
    VersionPresent,
    /// `yes` if the version may follow the one that runs.
    VersionPath,
    /// The word for the cluster's phase.
    Provisioned,
    /// Machines that run.
    MachinesRunning,
    /// Volumes that lost a copy.
    VolumesDegraded,
    /// Volumes with one copy alone.
    VolumesSingle,
    /// Virtual machines that no other node can take.
    MachinesPinned,
    /// Backups that are being made.
    BackupsRunning,
    /// Schedules that may begin a backup.
    SchedulesActive,
    /// Nodes with room for the new images.
    DisksRoomy,
    /// `yes` if the API server's certificate holds long enough.
    CertificateHolds,
}

impl fmt::Display for HarvesterProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NodesReady => "nodes/ready",
            Self::NodesPressed => "nodes/pressed",
            Self::NodesSynchronized => "nodes/synchronized",
            Self::Upgrade => "upgrade/state",
            Self::ImagesPulled => "images/pulled",
            Self::PodsFailing => "pods/failing",
            Self::VersionsKept => "versions/kept",
            Self::ChartsReady => "charts/ready",
            Self::AddonsFailing => "addons/failing",
            Self::UpgradesRunning => "upgrades/running",
            Self::VersionPresent => "version/present",
            Self::VersionPath => "version/path",
            Self::Provisioned => "provisioned/phase",
            Self::MachinesRunning => "machines/running",
            Self::VolumesDegraded => "volumes/degraded",
            Self::VolumesSingle => "volumes/single",
            Self::MachinesPinned => "virtual-machines/pinned",
            Self::BackupsRunning => "backups/running",
            Self::SchedulesActive => "schedules/active",
            Self::DisksRoomy => "disks/roomy",
            Self::CertificateHolds => "certificate/holds",
        })
    }
}
