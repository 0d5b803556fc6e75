//! What can be looked at on a machine.

use std::fmt;

use crate::value::MacAddress;

/// One thing that can be looked at. Its text is the key of facts, in records and manifests alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The host name.
    HostName,
    /// Words of the kernel command line.
    KernelArguments,
    /// Words that the kernel command line has more than once.
    RepeatedKernelArguments,
    /// The kind of kernel, in the operator's words: `default`, `realtime` or `64k-pages`.
    KernelType,
    /// `on` or `off`.
    Fips,
    /// The image that the system was booted from, without the way it came.
    OsImage,
    /// `yes` if the package is installed, else `no`.
    Package(String),
    /// Gateways of default routes.
    DefaultGateway,
    /// Name servers in use.
    NameServers,
    /// Domains that short names are looked up in.
    SearchDomains,
    /// Ways to a network, which is written as its address with a prefix length, in a table other than the main one.
    Route(String, Option<u32>),
    /// `none`, or the profiles that stand in for a network that did not come up.
    NetworkFallback,
    /// A property of a physical port, which is known by its permanent address.
    Port(MacAddress, PortProperty),
    /// A property of an interface known by its name (bond, VLAN, bridge).
    Interface(String, PortProperty),
    /// A property of a user.
    User(String, UserProperty),
    /// `yes` if the group is there.
    Group(String),
    /// A property of a file.
    File(String, FileProperty),
    /// Whether a unit is enabled: systemd's word for it.
    UnitEnabled(String),
    /// `started` if a unit does what it is to do, has done it, or was not to; else systemd's word.
    UnitState(String),
    /// A property of what is mounted at a place.
    Mount(String, MountProperty),
    /// The devices that are swapped to, by all of their names.
    Swap,
    /// `yes` if the place on the network answers, else `no`.
    Reach(String),
    /// The addresses that a host name leads to.
    Name(String),
    /// `yes` if Ignition will run again at the next boot.
    IgnitionPending,
    /// `yes` if Ignition says that it did what a machine's document told it.
    IgnitionProvisioned,
    /// `synchronized` if the kernel says so of its clock.
    Clock,
    /// SHA-256 of what the applied payload was made of, as the stamp has it that the payload leaves.
    PayloadDigest,
    /// What cloud-init says of itself.
    CloudInit(CloudInitProperty),
    /// `done`, `failed`, `running`, or `none` if Google's script runner found none.
    StartupScript,
    /// A property of the cluster that the machine is.
    Cluster(ClusterProperty),
    /// A property of an image, which is known by its whole reference.
    Image(String, ImageProperty),
    /// What a node has for its images.
    Node(NodeProperty),
    /// What a machine is made of.
    Hardware(HardwareProperty),
}

/// What a node has for its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeProperty {
    /// `seen` if it says which images it has.
    Images,
    /// `enough` if there is room for what must be pulled, else how much there is.
    Room,
}

/// What a machine is made of, before it is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HardwareProperty {
    /// `enough` threads, else how many there are.
    Processors,
    /// `enough` memory, else how much there is.
    Memory,
    /// How its firmware boots: `uefi` or `bios`.
    Firmware,
    /// `there` if the disk that is installed to is; else the disks that are.
    Disk,
    /// `enough` if the disk that is installed to is large enough, else its size.
    DiskSize,
    /// `there` if a port has this permanent address.
    Port(MacAddress),
    /// `yes` if it is of the kind that its profile says, else what it calls itself.
    Profile,
}

/// What can be asked of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageProperty {
    /// `can be pulled`, or what is in the way, and where.
    Pull,
    /// `same` if the node has what the registry gives, `stale` with its digests if it has another of that name,
    /// `by its name` if nobody gives it.
    Cached,
    /// `there` if a set that was carried to the machine has it, or the node; else what has its name.
    InSet,
}

/// What can be looked at on a cluster, through its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusterProperty {
    /// The status in the completion marker; nothing if there is no marker.
    Marker,
    /// `yes` if the cluster version is available.
    VersionAvailable,
    /// `no` unless the cluster version is failing.
    VersionFailing,
    /// `all` if every operator is available, else those that are not.
    OperatorsAvailable,
    /// `none`, or the operators that are degraded.
    OperatorsDegraded,
    /// `all` if every node is ready, else those that are not.
    NodesReady,
    /// `all` if every pool is updated, else those that are not.
    PoolsUpdated,
    /// `none`, or the pools that are degraded.
    PoolsDegraded,
    /// `none`, or the requests for certificates that wait for somebody.
    RequestsPending,
    /// `none`, or what would stop an upgrade.
    UpgradeObstacles,
    /// `yes` if a MachineConfig gives the ports their names.
    NamesPinned,
}

/// What cloud-init can be asked. Without cloud-init there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloudInitProperty {
    /// Its word: `done`, `running`, `error`.
    Status,
    /// `refused` if it passed over what it was given, or over a part of that.
    UserData,
    /// `valid`, `invalid`, or `not-checked` if it cannot check what it was given.
    Schema,
}

/// What can be looked at on a port or interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortProperty {
    /// The name it has.
    Name,
    /// Its addresses with prefix lengths.
    Address,
    /// Its MTU in bytes.
    Mtu,
    /// The bond or bridge it is a port of.
    Controller,
    /// The UUID of the active profile.
    Profile,
    /// Its address now, which need not be the permanent one.
    Mac,
    /// The mode of a bond, by its name and its number.
    Mode,
    /// What a VLAN stands on: a name, or the permanent address of a port.
    Parent,
    /// The number of a VLAN.
    Vlan,
}

/// What can be looked at on a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserProperty {
    /// `yes` if the user is there.
    Exists,
    /// Groups the user belongs to.
    Group,
    /// Fingerprints of the keys that may log in.
    Key,
    /// `set`, `locked` or `none`; never the hash.
    Password,
}

/// What can be looked at on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileProperty {
    /// SHA-256 of its contents.
    Sha256,
    /// Permission bits in four octal digits.
    Mode,
    /// `user:group`, by names or numbers.
    Owner,
    /// `file`, `directory` or `link`.
    Kind,
    /// What a link points to.
    Target,
    /// Where all links lead from there: a path without any.
    Real,
    /// Mode, owner and SHA-256 in one, and the first two alone.
    Whole,
}

/// What can be looked at on a mounted file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountProperty {
    /// The kernel's word for its format.
    Format,
    /// The device it is on, by all of its names.
    Device,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostName => f.write_str("hostname"),
            Self::KernelArguments => f.write_str("kernel-arguments"),
            Self::RepeatedKernelArguments => f.write_str("kernel-arguments/repeated"),
            Self::KernelType => f.write_str("kernel-type"),
            Self::Fips => f.write_str("fips"),
            Self::OsImage => f.write_str("os-image"),
            Self::Package(name) => write!(f, "package/{name}/installed"),
            Self::DefaultGateway => f.write_str("default-gateway"),
            Self::NameServers => f.write_str("name-servers"),
            Self::SearchDomains => f.write_str("search-domains"),
            Self::Route(network, None) => write!(f, "route/{network}"),
            Self::Route(network, Some(table)) => write!(f, "route/{network}/table/{table}"),
            Self::NetworkFallback => f.write_str("network-fallback"),
            Self::Port(mac, property) => write!(f, "port/{mac}/{property}"),
            Self::Interface(name, property) => write!(f, "interface/{name}/{property}"),
            Self::User(name, property) => write!(f, "user/{name}/{property}"),
            Self::Group(name) => write!(f, "group/{name}/exists"),
            Self::File(path, property) => write!(f, "file{path}/{property}"),
            Self::UnitEnabled(name) => write!(f, "unit/{name}/enabled"),
            Self::UnitState(name) => write!(f, "unit/{name}/state"),
            Self::Mount(path, property) => write!(f, "mount{path}/{property}"),
            Self::Swap => f.write_str("swap"),
            Self::Reach(target) => write!(f, "reach/{target}"),
            Self::Name(name) => write!(f, "name/{name}/address"),
            Self::IgnitionPending => f.write_str("ignition-pending"),
            Self::IgnitionProvisioned => f.write_str("ignition-provisioned"),
            Self::Clock => f.write_str("clock"),
            Self::PayloadDigest => f.write_str("payload/digest"),
            Self::CloudInit(property) => write!(f, "cloud-init/{property}"),
            Self::StartupScript => f.write_str("startup-script/result"),
            Self::Cluster(property) => write!(f, "cluster/{property}"),
            Self::Image(reference, property) => write!(f, "image/{reference}/{property}"),
            Self::Node(property) => write!(f, "node/{property}"),
            Self::Hardware(property) => write!(f, "hardware/{property}"),
        }
    }
}

impl fmt::Display for NodeProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Images => "images",
            Self::Room => "room",
        })
    }
}

impl fmt::Display for HardwareProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processors => f.write_str("processors"),
            Self::Memory => f.write_str("memory"),
            Self::Firmware => f.write_str("firmware"),
            Self::Disk => f.write_str("disk"),
            Self::DiskSize => f.write_str("disk/size"),
            Self::Port(mac) => write!(f, "port/{mac}"),
            Self::Profile => f.write_str("profile"),
        }
    }
}

impl fmt::Display for ImageProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pull => "pull",
            Self::Cached => "cached",
            Self::InSet => "in-set",
        })
    }
}

impl fmt::Display for ClusterProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Marker => "marker/status",
            Self::VersionAvailable => "version/available",
            Self::VersionFailing => "version/failing",
            Self::OperatorsAvailable => "operators/available",
            Self::OperatorsDegraded => "operators/degraded",
            Self::NodesReady => "nodes/ready",
            Self::PoolsUpdated => "pools/updated",
            Self::PoolsDegraded => "pools/degraded",
            Self::RequestsPending => "requests/pending",
            Self::UpgradeObstacles => "upgrade/obstacles",
            Self::NamesPinned => "names/pinned",
        })
    }
}

impl fmt::Display for CloudInitProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "status",
            Self::UserData => "user-data",
            Self::Schema => "schema",
        })
    }
}

impl fmt::Display for PortProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::Mtu => "mtu",
            Self::Controller => "controller",
            Self::Profile => "profile",
            Self::Mac => "mac",
            Self::Mode => "mode",
            Self::Parent => "parent",
            Self::Vlan => "vlan",
        })
    }
}

impl fmt::Display for UserProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exists => "exists",
            Self::Group => "group",
            Self::Key => "key",
            Self::Password => "password",
        })
    }
}

impl fmt::Display for FileProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "sha256",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Kind => "kind",
            Self::Target => "target",
            Self::Real => "real",
            Self::Whole => "whole",
        })
    }
}

impl fmt::Display for MountProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format",
            Self::Device => "device",
        })
    }
}
