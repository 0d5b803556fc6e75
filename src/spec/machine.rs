//! A machine as it is wanted.

use std::fmt;

use crate::document::Origin;
use crate::document::Sourced;
use crate::network::NetworkState;
use crate::value::DevicePath;
use crate::value::FileMode;
use crate::value::FilePath;
use crate::value::HostName;
use crate::value::KernelArgument;
use crate::value::PasswordHash;
use crate::value::ReachTarget;
use crate::value::SshKey;
use crate::value::UnitName;
use crate::value::UserName;

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
    /// Users, and the seed of their salts.
    pub passwd: Passwd,
    /// Ports and what stands on them.
    pub network: NetworkState,
    /// Files to be written.
    pub files: Vec<StorageFile>,
    /// systemd units.
    pub units: Vec<Unit>,
    /// Kernel arguments of the installed system.
    pub kernel_arguments: KernelArguments,
    /// How the installation goes.
    pub install: Install,
    /// What the machine must reach after each boot.
    pub reach: Vec<Sourced<ReachTarget>>,
    /// The whole file.
    pub origin: Origin,
}

/// The kinds of system, by the words of the machine file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Fedora CoreOS, installed from its live ISO.
    Fcos,
}

impl Target {
    /// Every target with its word.
    pub const ALL: [(&'static str, Self); 1] = [("fcos", Self::Fcos)];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(_, target)| target == self).map_or("", |(word, _)| word);
        f.write_str(word)
    }
}

/// A file on the computer that runs cotter, relative to the machine file.
pub type LocalFile = Sourced<String>;

/// Users, and what their passwords are salted with.
#[derive(Clone, Debug, Default)]
pub struct Passwd {
    /// The users.
    pub users: Vec<User>,
    /// A secret that keeps salts from being foreseen.
    pub salt_seed_file: Option<LocalFile>,
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Login name.
    pub name: Sourced<UserName>,
    /// How the user may log in on a console.
    pub password: Option<Password>,
    /// Keys that may log in.
    pub keys: Vec<Sourced<SshKey>>,
    /// Files with one key a line.
    pub local_keys: Vec<LocalFile>,
    /// Supplementary groups.
    pub groups: Vec<Sourced<UserName>>,
    /// Where the user is written.
    pub origin: Origin,
}

/// A password, as it was given.
#[derive(Clone, Debug)]
pub enum Password {
    /// Plain text in a file, hashed by cotter.
    File(LocalFile),
    /// Hashed already.
    Hash(Sourced<PasswordHash>),
}

/// A file on the machine.
#[derive(Clone, Debug)]
pub struct StorageFile {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// What is in it.
    pub contents: Contents,
    /// Permission bits; `0644` if not said.
    pub mode: Option<Sourced<FileMode>>,
    /// Owner; root if not said.
    pub user: Option<Sourced<UserName>>,
    /// Group; root if not said.
    pub group: Option<Sourced<UserName>>,
}

/// What is in a file or unit.
#[derive(Clone, Debug)]
pub enum Contents {
    /// The text itself.
    Inline(Sourced<String>),
    /// A local file.
    Local(LocalFile),
}

/// A systemd unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its name.
    pub name: Sourced<UnitName>,
    /// Enable or disable it.
    pub enabled: Option<Sourced<bool>>,
    /// Mask it.
    pub mask: Option<Sourced<bool>>,
    /// Its text.
    pub contents: Option<Contents>,
    /// Drop-ins: file name and text.
    pub dropins: Vec<(Sourced<String>, Contents)>,
}

/// Kernel arguments of the installed system.
#[derive(Clone, Debug, Default)]
pub struct KernelArguments {
    /// Must be there.
    pub should_exist: Vec<Sourced<KernelArgument>>,
    /// Must not be there.
    pub should_not_exist: Vec<Sourced<KernelArgument>>,
}

/// How the installation goes.
#[derive(Clone, Debug)]
pub struct Install {
    /// The disk.
    pub device: Sourced<DevicePath>,
    /// Consoles, as in `ttyS0,115200n8`.
    pub consoles: Vec<Sourced<KernelArgument>>,
    /// What the machine does when the disk is written.
    pub after: After,
    /// Where it is written.
    pub origin: Origin,
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
    /// The local files that this machine needs, to be read by `world`.
    pub fn local_files(&self) -> Vec<&LocalFile> {
        let users = self.passwd.users.iter().flat_map(|user| {
            let password = match &user.password {
                Some(Password::File(file)) => Some(file),
                _ => None,
            };
            password.into_iter().chain(&user.local_keys)
        });
        let units = self.units.iter().flat_map(|unit| {
            unit.contents
                .iter()
                .chain(unit.dropins.iter().map(|(_, contents)| contents))
                .filter_map(Contents::local)
        });
        let files = self.files.iter().filter_map(|file| file.contents.local());
        users.chain(&self.passwd.salt_seed_file).chain(files).chain(units).collect()
    }
}

impl Contents {
    /// The local file, if the contents are in one.
    pub fn local(&self) -> Option<&LocalFile> {
        match self {
            Self::Inline(_) => None,
            Self::Local(file) => Some(file),
        }
    }

    /// Where the contents are written or named.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Inline(text) => &text.origin,
            Self::Local(file) => &file.origin,
        }
    }
}
