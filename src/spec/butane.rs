//! Users, files, units and the rest of what Butane can say, read from a machine file or a Butane file.

use super::Variant;
use super::shape;
use crate::document;
use crate::document::Diagnostics;
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
use crate::verify::Life;
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
    pub directories: Vec<Directory>,
    /// Links.
    pub links: Vec<Link>,
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

/// Who owns something: a name or a number, root if not said.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// The name or number.
    pub name: Option<Sourced<String>>,
}

/// A file on the machine.
#[derive(Clone, Debug)]
pub struct StorageFile {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// What is in it, if that is said.
    pub contents: Option<Contents>,
    /// What is added to its end.
    pub append: Vec<Contents>,
    /// Permission bits.
    pub mode: Option<Sourced<FileMode>>,
    /// Owner.
    pub user: Owner,
    /// Group.
    pub group: Owner,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
}

/// A directory on the machine.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// Permission bits.
    pub mode: Option<Sourced<FileMode>>,
    /// Owner.
    pub user: Owner,
    /// Group.
    pub group: Owner,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
}

/// A link on the machine.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// What it points to.
    pub target: Option<Sourced<String>>,
    /// A hard link.
    pub hard: bool,
    /// The lives that were asked for, if they were.
    pub lives: Option<Sourced<Lives>>,
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
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
    /// The place in the list, and the whole entry.
    pub entry: Sourced<usize>,
}

/// Kernel arguments of the installed system.
#[derive(Clone, Debug, Default)]
pub struct KernelArguments {
    /// Must be there.
    pub should_exist: Vec<Sourced<KernelArgument>>,
    /// Must not be there.
    pub should_not_exist: Vec<Sourced<KernelArgument>>,
}

/// A Butane file of its own.
#[derive(Clone, Debug)]
pub struct ButaneFile {
    /// Variant and version.
    pub variant: Variant,
    /// What it says.
    pub butane: Butane,
}

/// Parses the Butane file `text`; `file` names it in findings. Any variant and version that Butane 0.29 reads.
///
/// What could be read is there even if something is wrong, so that later checks find more.
pub fn parse_butane(file: &str, text: &str) -> (Option<ButaneFile>, Diagnostics) {
    let (tree, mut findings) = document::parse(file, text);
    let Some(tree) = tree else {
        return (None, findings);
    };
    let root = View::root(file, &tree);
    document::check_shape(&root, &shape::BUTANE_FILE, &mut findings);
    let variant = variant(&root, &mut findings);
    if let Some(variant) = &variant {
        levels(&root, variant, &mut findings);
    }
    let butane = Butane::read(&root);
    document::run(super::rules::butane_checks(), &butane.written, &mut findings);
    (variant.map(|variant| ButaneFile { variant, butane }), findings)
}

fn variant(root: &View<'_>, findings: &mut Diagnostics) -> Option<Variant> {
    let name = root.text_at("variant")?;
    let version = root.text_at("version")?;
    match Variant::find(&name.value, &version.value) {
        Ok(variant) => Some(variant),
        Err(known) => {
            if !known.is_empty() {
                let message = format!("`{}` is not a version of the variant `{}`", version.value, name.value);
                findings.error(
                    "butane-version",
                    &version.origin,
                    message,
                    format!("known: {}", known.join(", ")),
                );
            }
            None
        }
    }
}

/// Keys that this version does not know yet, or that the variant forbids.
fn levels(root: &View<'_>, variant: &Variant, findings: &mut Diagnostics) {
    document::visit(root, &shape::BUTANE_FILE, &mut |key, view| {
        let origin = view.origin();
        if variant.forbids(&without_indices(&origin.key)) {
            findings.error(
                "variant-forbids",
                origin,
                format!("the variant `{}` does not allow `{}`", variant.name(), key.name),
                "leave it out, or use another variant",
            );
        } else if key.since > variant.level {
            findings.error(
                "butane-too-old",
                origin,
                format!("`{}` is not known in `{}` {}", key.name, variant.name(), variant.version),
                format!("raise the version: it came with `fcos` 1.{}.0 and its likes", key.since),
            );
        }
    });
}

/// `a[3].b` as `a[].b`.
fn without_indices(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                inside = true;
                plain.push('[');
            }
            ']' => {
                inside = false;
                plain.push(']');
            }
            _ if inside => {}
            _ => plain.push(letter),
        }
    }
    plain
}

impl Butane {
    /// Reads what is right; the shape has said what is wrong.
    pub(super) fn read(root: &View<'_>) -> Self {
        let list =
            |section: &str, name: &str| root.get(section).map(|view| view.list(name)).unwrap_or_default();
        let arguments =
            |name: &str| root.get("kernel_arguments").map(|view| view.parse_list(name)).unwrap_or_default();
        Self {
            written: root.aside(),
            users: each(&list("passwd", "users"), user),
            groups: each(&list("passwd", "groups"), group),
            salt_seed_file: root.at(&["passwd", "salt_seed_file"]).and_then(|view| view.text()),
            files: each(&list("storage", "files"), file),
            directories: each(&list("storage", "directories"), directory),
            links: each(&list("storage", "links"), link),
            trees: list("storage", "trees").iter().filter_map(tree).collect(),
            units: each(&list("systemd", "units"), unit),
            kernel_arguments: KernelArguments {
                should_exist: arguments("should_exist"),
                should_not_exist: arguments("should_not_exist"),
            },
        }
    }

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
            if !key.sugar {
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

fn each<T>(list: &[View<'_>], read: fn(&View<'_>, Sourced<usize>) -> Option<T>) -> Vec<T> {
    let entry = |(index, view): (usize, &View<'_>)| Sourced { value: index, origin: view.origin().clone() };
    list.iter().enumerate().filter_map(|(index, view)| read(view, entry((index, view)))).collect()
}

/// `lives`, if it is written; words that are wrong have been found already.
pub(super) fn lives(view: &View<'_>) -> Option<Sourced<Lives>> {
    let list = view.get("lives")?;
    let word = |view: &View<'_>| match view.text()?.as_str() {
        "live" => Some(Life::Live),
        "first-boot" => Some(Life::FirstBoot),
        "later-boots" => Some(Life::LaterBoots),
        _ => None,
    };
    Some(Sourced { value: list.items().iter().filter_map(word).collect(), origin: list.origin().clone() })
}

fn user(view: &View<'_>, entry: Sourced<usize>) -> Option<User> {
    let file = view.text_at("password_file").map(Password::File);
    Some(User {
        name: view.parse_at("name")?,
        password: file.or_else(|| view.parse_at("password_hash").map(Password::Hash)),
        keys: view.parse_list("ssh_authorized_keys"),
        local_keys: view.list("ssh_authorized_keys_local").iter().filter_map(View::text).collect(),
        groups: view.parse_list("groups"),
        should_exist: view.truth_at("should_exist").is_none_or(|should| should.value),
        lives: lives(view),
        entry,
    })
}

fn group(view: &View<'_>, entry: Sourced<usize>) -> Option<Group> {
    let should_exist = view.truth_at("should_exist").is_none_or(|should| should.value);
    Some(Group { name: view.parse_at("name")?, should_exist, lives: lives(view), entry })
}

fn owner(view: &View<'_>, key: &str) -> Owner {
    let owner = view.get(key);
    Owner { name: owner.and_then(|owner| owner.text_at("name").or_else(|| owner.text_at("id"))) }
}

fn file(view: &View<'_>, entry: Sourced<usize>) -> Option<StorageFile> {
    Some(StorageFile {
        path: view.parse_at("path")?,
        contents: view.get("contents").and_then(|view| contents(&view)),
        append: view.list("append").iter().filter_map(contents).collect(),
        mode: view.parse_at("mode"),
        user: owner(view, "user"),
        group: owner(view, "group"),
        lives: lives(view),
        entry,
    })
}

fn contents(view: &View<'_>) -> Option<Contents> {
    if view.text_at("compression").is_some_and(|word| !word.is_empty()) {
        return Some(Contents::Packed(view.origin().clone()));
    }
    let inline = inline(view, "inline");
    let local = || view.text_at("local").map(Contents::Local);
    let remote = || view.parse_at("source").map(Contents::Remote);
    inline.or_else(local).or_else(remote)
}

fn inline(view: &View<'_>, key: &str) -> Option<Contents> {
    let view = view.get(key)?;
    Some(Contents::Inline(view.text()?, view.first_line()))
}

fn directory(view: &View<'_>, entry: Sourced<usize>) -> Option<Directory> {
    Some(Directory {
        path: view.parse_at("path")?,
        mode: view.parse_at("mode"),
        user: owner(view, "user"),
        group: owner(view, "group"),
        lives: lives(view),
        entry,
    })
}

fn link(view: &View<'_>, entry: Sourced<usize>) -> Option<Link> {
    Some(Link {
        path: view.parse_at("path")?,
        target: view.text_at("target"),
        hard: view.truth_at("hard").is_some_and(|hard| hard.value),
        lives: lives(view),
        entry,
    })
}

fn tree(view: &View<'_>) -> Option<Tree> {
    Some(Tree {
        local: view.text_at("local")?,
        path: view.text_at("path"),
        file_mode: view.parse_at("file_mode"),
        dir_mode: view.parse_at("dir_mode"),
        user: view.get("user").map(|user| user.aside()),
        group: view.get("group").map(|group| group.aside()),
        lives: lives(view),
    })
}

fn unit(view: &View<'_>, entry: Sourced<usize>) -> Option<Unit> {
    let dropin = |view: &View<'_>| Some((view.text_at("name")?, text_of_unit(view)));
    Some(Unit {
        name: view.parse_at("name")?,
        enabled: view.truth_at("enabled"),
        mask: view.truth_at("mask"),
        contents: text_of_unit(view),
        dropins: view.list("dropins").iter().filter_map(dropin).collect(),
        lives: lives(view),
        entry,
    })
}

fn text_of_unit(view: &View<'_>) -> Option<Contents> {
    let inline = inline(view, "contents");
    inline.or_else(|| view.text_at("contents_local").map(Contents::Local))
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

impl Owner {
    /// The name or number; root if not said.
    pub fn word(&self) -> &str {
        self.name.as_ref().map_or("root", |name| if name.value == "0" { "root" } else { &name.value })
    }
}
