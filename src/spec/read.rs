//! Reads users, files, units and the rest that is written in Butane's words: what is right, in silence.

use super::Butane;
use super::Contents;
use super::Group;
use super::KernelArguments;
use super::Password;
use super::PathEntry;
use super::StorageFile;
use super::Tree;
use super::Unit;
use super::User;
use crate::document::Sourced;
use crate::document::View;
use crate::verify::Life;
use crate::verify::Lives;

/// Reads what is right; the shape has said what is wrong.
pub(super) fn butane(root: &View<'_>) -> Butane {
    let list = |section: &str, name: &str| root.get(section).map(|view| view.list(name)).unwrap_or_default();
    let arguments =
        |name: &str| root.get("kernel_arguments").map(|view| view.parse_list(name)).unwrap_or_default();
    Butane {
        written: root.aside(),
        users: each(&list("passwd", "users"), user),
        groups: each(&list("passwd", "groups"), group),
        salt_seed_file: root.at(&["passwd", "salt_seed_file"]).and_then(|view| view.text()),
        files: list("storage", "files").iter().filter_map(file).collect(),
        directories: list("storage", "directories").iter().filter_map(path_entry).collect(),
        links: list("storage", "links").iter().filter_map(path_entry).collect(),
        trees: list("storage", "trees").iter().filter_map(tree).collect(),
        units: list("systemd", "units").iter().filter_map(unit).collect(),
        kernel_arguments: KernelArguments {
            should_exist: arguments("should_exist"),
            should_not_exist: arguments("should_not_exist"),
        },
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

fn file(view: &View<'_>) -> Option<StorageFile> {
    let contents = view.get("contents").and_then(|view| contents(&view));
    Some(StorageFile { path: view.parse_at("path")?, contents, lives: lives(view) })
}

fn path_entry(view: &View<'_>) -> Option<PathEntry> {
    Some(PathEntry { path: view.parse_at("path")?, lives: lives(view) })
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

pub(super) fn inline(view: &View<'_>, key: &str) -> Option<Contents> {
    let view = view.get(key)?;
    Some(Contents::Inline(view.text()?, view.first_line()))
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

fn unit(view: &View<'_>) -> Option<Unit> {
    let dropin = |view: &View<'_>| Some((view.text_at("name")?, text_of_unit(view)));
    Some(Unit {
        name: view.parse_at("name")?,
        enabled: view.truth_at("enabled"),
        mask: view.truth_at("mask"),
        contents: text_of_unit(view),
        dropins: view.list("dropins").iter().filter_map(dropin).collect(),
        lives: lives(view),
    })
}

fn text_of_unit(view: &View<'_>) -> Option<Contents> {
    let inline = inline(view, "contents");
    inline.or_else(|| view.text_at("contents_local").map(Contents::Local))
}
