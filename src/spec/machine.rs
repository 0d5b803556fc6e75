//! A machine as it is wanted.

use std::fmt;
use std::net::IpAddr;

use super::Butane;
use super::Cloud;
use super::Harvester;
use super::LocalFile;
use super::OperatorSection;
use crate::document::Origin;
use crate::document::Sourced;
use crate::network::NetworkState;
use crate::value::DevicePath;
use crate::value::HostName;
use crate::value::KernelArgument;
use crate::value::ReachTarget;
use crate::value::ValueError;
use crate::verify::Lives;

/// What one machine must be. Every value knows the line it was written on.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Names files and logs, and makes the machine's UUIDs and salts its own.
    pub name: Sourced<String>,
    /// The kind of system, as in `fcos`.
    pub target: Sourced<Target>,
    /// Host name.
    pub hostname: Option<Sourced<HostName>>,
    /// The base image: a path here.
    pub base_image: Option<Sourced<String>>,
    /// The digest that the base image must have.
    pub base_sha256: Option<Sourced<String>>,
    /// Ports and what stands on them.
    pub network: NetworkState,
    /// The lives that the network must be there in, if that was said.
    pub network_lives: Option<Sourced<Lives>>,
    /// Users, files, units, disks: what Butane can say.
    pub butane: Butane,
    /// Ignition and Butane files of the user's own.
    pub children: Vec<Child>,
    /// The Ignition version that was asked for.
    pub ignition_version: Option<Sourced<String>>,
    /// The hardware, as far as it is known.
    pub hardware: Hardware,
    /// How the installation goes.
    pub install: Option<Install>,
    /// Single-node OpenShift, if that is the target.
    pub sno: Option<Sno>,
    /// Where it boots and from what, if the target is a cloud.
    pub cloud: Option<Cloud>,
    /// The pool and what its operator is told, if the target is MachineConfigs.
    pub operator: Option<OperatorSection>,
    /// What the node is in its cluster, if the target is Harvester.
    pub harvester: Option<Harvester>,
    /// What the machine must reach after each boot.
    pub reach: Vec<Sourced<ReachTarget>>,
    /// Where it was asked for that the clock is synchronized, if it was.
    pub clock: Option<Origin>,
    /// The whole file.
    pub origin: Origin,
}

/// The kinds of system, by the words of the machine file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Fedora CoreOS, installed from its live ISO.
    Fcos,
    /// Single-node OpenShift or OKD, installed by its bootstrap in place.
    Sno,
    /// An image of a cloud or hypervisor, which reads boot data.
    Cloud,
    /// Nodes of an OpenShift cluster, by its machine-config-operator.
    MachineConfig,
    /// A node of Harvester, by its own installer.
    Harvester,
}

impl Target {
    /// Every target with its word.
    pub const ALL: [(&'static str, Self); 5] = [
        ("fcos", Self::Fcos),
        ("sno", Self::Sno),
        ("cloud", Self::Cloud),
        ("machineconfig", Self::MachineConfig),
        ("harvester", Self::Harvester),
    ];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, target)| target == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

/// An Ignition or Butane file that is merged in, and wins.
#[derive(Clone, Debug)]
pub struct Child {
    /// The file.
    pub path: LocalFile,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
}

/// The hardware, as far as a machine file tells of it.
#[derive(Clone, Debug, Default)]
pub struct Hardware {
    /// The name of its profile.
    pub profile: Option<Sourced<String>>,
    /// What was found of it.
    pub inventory: Option<LocalFile>,
}

/// What is special of a single-node cluster.
#[derive(Clone, Debug)]
pub struct Sno {
    /// Where the installer's Ignition comes from; nothing if that is not said, or said twice.
    pub installer: Option<Installer>,
    /// What is done about the marker that the bootstrap is complete.
    pub marker: Marker,
    /// Where that was asked for, or the section.
    pub marker_origin: Origin,
    /// Where entries for /etc/hosts were asked for, if they were.
    pub host_entries: Option<Origin>,
    /// Time servers.
    pub ntp_servers: Vec<Sourced<String>>,
    /// The version of OpenShift whose rules hold, if one was named.
    pub openshift: Option<Sourced<String>>,
    /// Where it is written.
    pub origin: Origin,
}

/// Where the installer's Ignition comes from.
#[derive(Clone, Debug)]
pub enum Installer {
    /// It is there: `bootstrap-in-place-for-live-iso.ign`.
    Ignition(LocalFile),
    /// The user's own `openshift-install` makes it.
    Program {
        /// The program.
        program: LocalFile,
        /// Its `install-config.yaml`.
        config: LocalFile,
    },
}

impl Sno {
    /// The line that names the installer's Ignition, or what makes it; else the section.
    pub fn installer_origin(&self) -> &Origin {
        self.installer.as_ref().map_or(&self.origin, Installer::origin)
    }
}

impl Installer {
    /// Where it was asked for.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Ignition(file) | Self::Program { program: file, .. } => &file.origin,
        }
    }
}

/// What is done about the marker that the bootstrap is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    /// The node looks for it and says what it found.
    #[default]
    Check,
    /// The node makes it when everything that it stands for is true.
    Ensure,
    /// Nothing.
    Off,
}

/// How the installation goes.
#[derive(Clone, Debug)]
pub struct Install {
    /// The disk.
    pub disk: Disk,
    /// Consoles, as in `ttyS0,115200n8`.
    pub consoles: Vec<Sourced<KernelArgument>>,
    /// What the machine does when the disk is written.
    pub after: After,
    /// Where it is written.
    pub origin: Origin,
}

/// The disk to install to.
#[derive(Clone, Debug)]
pub enum Disk {
    /// By its name.
    Device(Sourced<DevicePath>),
    /// By what it is like; one must fit.
    Hints(Sourced<Hints>),
}

/// What a disk is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The least size in GiB.
    pub min_size_gib: Option<u64>,
    /// The greatest size in GiB.
    pub max_size_gib: Option<u64>,
    /// Whether it turns.
    pub rotational: Option<bool>,
    /// Serial number.
    pub serial: Option<String>,
    /// World Wide Name.
    pub wwn: Option<String>,
    /// A part of the model's name.
    pub model: Option<String>,
}

/// What a machine does when its disk is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum After {
    /// Boots what was installed.
    #[default]
    Reboot,
    /// Switches itself off.
    PowerOff,
}

impl Machine {
    /// The address that the machine is known by: of the port with the default gateway, else the first.
    pub fn node_address(&self) -> Option<IpAddr> {
        let nics = &self.network.nics;
        let with_gateway = nics.iter().filter(|nic| !nic.gateways.is_empty());
        let of_nics = with_gateway.chain(nics).flat_map(|nic| &nic.addresses);
        let of_interfaces = self.network.interfaces().iter().flat_map(|interface| &interface.addresses);
        of_nics.chain(of_interfaces).map(|address| address.value.ip()).next()
    }

    /// The local files that this machine names, to be read by `world`.
    pub fn local_files(&self) -> Vec<LocalFile> {
        let of_cloud = self.cloud.iter().flat_map(Cloud::local_files);
        let of_operator = self.operator.iter().flat_map(OperatorSection::local_files);
        let of_harvester = self.harvester.iter().flat_map(Harvester::local_files);
        self.butane.local_files().into_iter().chain(of_cloud).chain(of_operator).chain(of_harvester).collect()
    }

    /// The lives that were asked for, wherever they were.
    pub(super) fn said_lives(&self) -> Vec<&Sourced<Lives>> {
        let butane = &self.butane;
        let users = butane.users.iter().map(|user| &user.lives);
        let groups = butane.groups.iter().map(|group| &group.lives);
        let files = butane.files.iter().map(|file| &file.lives);
        let entries = butane.directories.iter().chain(&butane.links).map(|entry| &entry.lives);
        let trees = butane.trees.iter().map(|tree| &tree.lives);
        let units = butane.units.iter().map(|unit| &unit.lives);
        let children = self.children.iter().map(|child| &child.lives);
        let all = users.chain(groups).chain(files).chain(entries).chain(trees).chain(units).chain(children);
        all.chain([&self.network_lives]).flatten().collect()
    }
}

impl Install {
    /// The consoles as kernel arguments.
    pub fn console_arguments(&self) -> Vec<String> {
        self.consoles.iter().map(|console| format!("console={}", console.value)).collect()
    }

    /// The disk's name, if it is known.
    pub fn device(&self) -> Option<&Sourced<DevicePath>> {
        match &self.disk {
            Disk::Device(device) => Some(device),
            Disk::Hints(_) => None,
        }
    }
}

/// The machine's name becomes part of file names and UUIDs.
#[derive(Clone, Debug)]
pub struct MachineName(String);

impl MachineName {
    /// The name as text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl std::str::FromStr for MachineName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if right {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{text}` is not a machine's name");
        Err(ValueError::new(message, "use 1 to 64 letters, digits, `-`, `_` and `.`, as in `r640-sno`"))
    }
}
