//! Users, files, units and the rest of what Butane can say.

use super::shape;
use crate::document;
use crate::document::Node;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::value::FileMode;
use crate::value::FilePath;
use crate::value::KernelArgument;
use crate::value::PasswordHash;
use crate::value::SourceUrl;
use crate::value::SshKey;
use crate::value::UnitName;
use crate::value::UserName;
use crate::verify::Lives;

/// What Butane's words said.
///
/// What lands on the machine is typed, because it is judged later; disks, volumes, file systems and
/// Ignition's own settings stay as they were written, and are translated from there.
#[derive(Clone, Debug)]
pub struct Butane {
    /// The document as it was written.
    pub written: Sourced<Node>,
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// A secret that keeps salts of password hashes from being foreseen.
    pub salt_seed_file: Option<LocalFile>,
    /// Files.
    pub files: Vec<StorageFile>,
    /// Directories.
    pub directories: Vec<PathEntry>,
    /// Links.
    pub links: Vec<PathEntry>,
    /// Local folders.
    pub trees: Vec<Tree>,
    /// systemd units.
    pub units: Vec<Unit>,
    /// Kernel arguments.
    pub kernel_arguments: KernelArguments,
}

/// A file on the computer that runs cotter, relative to the file that names it.
pub type LocalFile = Sourced<String>;

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
    /// Whether the user shall be there.
    pub should_exist: bool,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Sourced<UserName>,
    /// Whether it shall be there.
    pub should_exist: bool,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
}

/// A password, as it was given.
#[derive(Clone, Debug)]
pub enum Password {
    /// Plain text in a file, hashed by cotter.
    File(LocalFile),
    /// Hashed already.
    Hash(Sourced<PasswordHash>),
}

/// A file on the machine. Modes and owners are judged where they land, as Ignition gets them.
#[derive(Clone, Debug)]
pub struct StorageFile {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// What is in it, if that is said.
    pub contents: Option<Contents>,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
}

/// A directory or link on the machine.
#[derive(Clone, Debug)]
pub struct PathEntry {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
}

/// A local folder that goes onto the machine.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The folder.
    pub local: LocalFile,
    /// Where it goes; `/` if not said.
    pub path: Option<Sourced<String>>,
    /// Mode of files.
    pub file_mode: Option<Sourced<FileMode>>,
    /// Mode of directories.
    pub dir_mode: Option<Sourced<FileMode>>,
    /// Owner, as it is written for Ignition.
    pub user: Option<Sourced<Node>>,
    /// Group, as it is written for Ignition.
    pub group: Option<Sourced<Node>>,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
}

/// What is in a file or unit.
#[derive(Clone, Debug)]
pub enum Contents {
    /// The text itself, and the line of the file that its first line is on, if its lines are lines there.
    Inline(Sourced<String>, Option<usize>),
    /// A local file.
    Local(LocalFile),
    /// A URL that Ignition fetches.
    Remote(Sourced<SourceUrl>),
    /// Compressed by the user: not looked into.
    Packed(Origin),
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
    pub dropins: Vec<(Sourced<String>, Option<Contents>)>,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
}

/// Kernel arguments of the installed system.
#[derive(Clone, Debug, Default)]
pub struct KernelArguments {
    /// Must be there.
    pub should_exist: Vec<Sourced<KernelArgument>>,
    /// Must not be there.
    pub should_not_exist: Vec<Sourced<KernelArgument>>,
}

impl Butane {
    /// The document as it was written, to read what is not typed.
    pub fn view(&self) -> View<'_> {
        View::of(&self.written)
    }

    /// The local files that are needed, to be read by `world`; folders are in `trees`.
    pub fn local_files(&self) -> Vec<LocalFile> {
        let mut files: Vec<LocalFile> = self.salt_seed_file.iter().cloned().collect();
        for user in &self.users {
            if let Some(Password::File(file)) = &user.password {
                files.push(file.clone());
            }
            files.extend(user.local_keys.iter().cloned());
        }
        // Everything else that has a local file names it `local` or `contents_local`.
        document::visit(&self.view(), &shape::BUTANE_FILE, &mut |key, view| {
            let is_tree = view.origin().key.starts_with("storage.trees[");
            if matches!(key.name, "local" | "contents_local")
                && !is_tree
                && let Some(file) = view.text()
            {
                files.push(file);
            }
        });
        files
    }

    /// The minor version of Ignition's spec 3 that carries everything, and what needs it.
    pub fn ignition_minor(&self) -> (u8, Option<Origin>) {
        let mut most = (0, None);
        let mut need = |minor: u8, origin: &Origin| {
            if minor > most.0 {
                most = (minor, Some(origin.clone()));
            }
        };
        document::visit(&self.view(), &shape::BUTANE_FILE, &mut |key, view| {
            // The installer sets kernel arguments, not Ignition.
            if !key.sugar && !view.origin().key.starts_with("kernel_arguments") {
                let minor = shape::IGNITION_MINOR.get(usize::from(key.since)).copied().unwrap_or(0);
                need(minor, view.origin());
            }
            let text = view.text().map(|text| text.value).unwrap_or_default();
            match key.name {
                "source" => {
                    let minor = view.parse::<SourceUrl>().map_or(0, |url| url.ignition_minor());
                    need(minor, view.origin());
                }
                "format" if text == "none" => need(3, view.origin()),
                "hash" if text.starts_with("sha256-") => need(1, view.origin()),
                "mode" | "file_mode" | "dir_mode"
                    if view.parse::<FileMode>().is_some_and(|mode| mode.is_special()) =>
                {
                    need(6, view.origin());
                }
                "compression" if !view.origin().key.starts_with("storage.files") => need(1, view.origin()),
                _ => {}
            }
        });
        most
    }
}

impl Contents {
    /// Where the contents are written or named.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Inline(text, _) => &text.origin,
            Self::Local(file) => &file.origin,
            Self::Remote(url) => &url.origin,
            Self::Packed(origin) => origin,
        }
    }
}
