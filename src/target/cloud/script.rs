//! A script that makes a machine what a document wants, once, whoever runs it.

use super::bootstrap;
use super::parts::Script;
use super::shell::embedded;
use super::shell::quoted;
use super::shell::words;
use super::wanted::Entry;
use super::wanted::Group;
use super::wanted::Kind;
use super::wanted::Owner;
use super::wanted::Remote;
use super::wanted::Source;
use super::wanted::Unit;
use super::wanted::User;
use super::wanted::Wanted;
use crate::spec::Bootstrap;

/// The functions that every script calls.
pub(super) const FUNCTIONS: &str = include_str!("../../../templates/files/cotter-payload");
/// Where parts lie while they run.
const PARTS: &str = "/var/lib/cotter/parts";
/// The folder of units.
const UNITS: &str = "/etc/systemd/system";

/// What a script is for, and what it says of itself in the stamp.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp<'a> {
    pub(super) machine: &'a str,
    pub(super) format: &'a str,
    /// SHA-256 of what is asked for.
    pub(super) digest: &'a str,
    /// Who runs the script, where that is known before.
    pub(super) by: &'a str,
    /// What it does is lost with the next boot, and done again.
    pub(super) repeats: bool,
}

/// What a script does, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Work<'a> {
    pub(super) before: Vec<Script>,
    pub(super) wanted: Wanted,
    /// The files of units are there already.
    pub(super) has_unit_files: bool,
    pub(super) bootstrap: Option<(&'a Bootstrap, Vec<u8>)>,
    pub(super) after: Vec<Script>,
}

/// How every script begins.
pub(super) fn head(stamp: Stamp<'_>) -> String {
    format!(
        "#!/bin/bash\n# Makes {} what its machine file says. Written by cotter; it works once, and may be started again.\n\
         set -euo pipefail\numask 077\nexport PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\n\
         cotter_machine={}\ncotter_format={}\ncotter_digest={}\ncotter_by={}\ncotter_repeats={}\n",
        stamp.machine,
        quoted(stamp.machine),
        stamp.format,
        stamp.digest,
        quoted(stamp.by),
        if stamp.repeats { "yes" } else { "no" },
    )
}

/// Renders the whole script.
pub(super) fn render(stamp: Stamp<'_>, work: &Work<'_>) -> String {
    let mut text = format!("{}\n{FUNCTIONS}\nbegin\n", head(stamp));
    for script in &work.before {
        part(script, &mut text);
    }
    wanted(&work.wanted, work.has_unit_files, &mut text);
    if let Some((bootstrap, config)) = &work.bootstrap {
        text.push('\n');
        text.push_str(&bootstrap::render(bootstrap, config));
    }
    for script in &work.after {
        part(script, &mut text);
    }
    text.push_str("\nend\n");
    text
}

/// A script of somebody else's, by its own interpreter: the place may not be one that programs can be run from.
fn part(script: &Script, text: &mut String) {
    let path = format!("{PARTS}/{}", script.name);
    let there = embedded(&script.bytes);
    text.push_str(&format!("\nput {} 0700 root:root yes {} {}", quoted(&path), there.how, there.document));
    let interpreter = words(script.interpreter.iter().map(String::as_str));
    text.push_str(&format!("part {} {interpreter} {}\n", quoted(&script.name), quoted(&path)));
}

fn wanted(wanted: &Wanted, has_unit_files: bool, text: &mut String) {
    text.push('\n');
    for group in wanted.groups.iter().filter(|group| group.should_exist) {
        text.push_str(&self::group(group));
    }
    for user in wanted.users.iter().filter(|user| user.should_exist) {
        text.push_str(&self::user(user));
    }
    for entry in &wanted.entries {
        self::entry(entry, text);
    }
    if let Some(name) = &wanted.host_name {
        text.push_str(&format!("host_name {}\n", quoted(name)));
    }
    units(&wanted.units, has_unit_files, text);
    for user in wanted.users.iter().filter(|user| !user.should_exist) {
        let name = quoted(&user.name);
        text.push_str(&format!(
            "if getent passwd {name} >/dev/null; then userdel --force --remove {name} || [ $? = 12 ]; fi\n"
        ));
    }
    for group in wanted.groups.iter().filter(|group| !group.should_exist) {
        let name = quoted(&group.name);
        text.push_str(&format!("if getent group {name} >/dev/null; then groupdel {name}; fi\n"));
    }
}

fn group(group: &Group) -> String {
    let gid = group.gid.map_or_else(|| "-".to_owned(), |gid| gid.to_string());
    let mut options = vec![gid.clone()];
    if group.gid.is_some() {
        options.extend(["--gid".to_owned(), gid]);
    }
    if group.is_system {
        options.push("--system".to_owned());
    }
    let all = std::iter::once(group.name.as_str()).chain(options.iter().map(String::as_str));
    format!("group {}\n", words(all))
}

fn user(user: &User) -> String {
    let mut text = String::new();
    // Where a group is missing it is made, as cloud-init does.
    for group in user.primary_group.iter().chain(&user.groups) {
        text.push_str(&format!("group {} - --system\n", quoted(group)));
    }
    let mut options = Vec::new();
    let mut changes = Vec::new();
    let mut both = |option: &str, value: Option<&String>| {
        if let Some(value) = value {
            for list in [&mut options, &mut changes] {
                list.extend([option.to_owned(), value.clone()]);
            }
        }
    };
    both("--comment", user.gecos.as_ref());
    both("--gid", user.primary_group.as_ref());
    both("--shell", user.shell.as_ref());
    if !user.groups.is_empty() {
        let groups = user.groups.join(",");
        options.extend(["--groups".to_owned(), groups.clone()]);
        changes.extend(["--append".to_owned(), "--groups".to_owned(), groups]);
    }
    if user.shell.is_none() && !user.is_system {
        options.extend(["--shell".to_owned(), "/bin/bash".to_owned()]);
    }
    if let Some(uid) = user.uid {
        options.extend(["--uid".to_owned(), uid.to_string()]);
    }
    if let Some(home) = &user.home {
        options.extend(["--home-dir".to_owned(), home.clone()]);
    }
    let flags = [
        (user.has_no_home, "--no-create-home"),
        (!user.has_no_home, "--create-home"),
        (user.has_no_group, "--no-user-group"),
        (user.has_no_log, "--no-log-init"),
        (user.is_system, "--system"),
    ];
    options.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
    let uid = user.uid.map_or_else(|| "-".to_owned(), |uid| uid.to_string());
    let line = [&[user.name.clone(), uid], &options[..], &["--".to_owned()], &changes[..]].concat();
    text.push_str(&format!("user {}\n", words(line.iter().map(String::as_str))));
    if let Some(hash) = &user.password_hash {
        // Arguments can be seen by everybody, standard input cannot.
        let line = quoted(&format!("{}:{hash}", user.name));
        text.push_str(&format!("printf '%s\\n' {line} | chpasswd --encrypted\n"));
    }
    if !user.keys.is_empty() {
        let keys = user.keys.join("\n") + "\n";
        let there = embedded_plain(&keys);
        text.push_str(&format!("keys {} {there}", quoted(&user.name)));
    }
    text
}

/// Keys are lines of text, however many they are.
fn embedded_plain(lines: &str) -> String {
    let mut delimiter = "COTTER".to_owned();
    while lines.lines().any(|line| line == delimiter) {
        delimiter.push('_');
    }
    format!("<<'{delimiter}'\n{lines}{delimiter}\n")
}

fn entry(entry: &Entry, text: &mut String) {
    let path = quoted(&entry.path);
    let owner = quoted(&entry.owner.as_word());
    let overwrite = if entry.overwrite { "yes" } else { "no" };
    match &entry.kind {
        Kind::Directory { mode } => {
            text.push_str(&format!("directory {path} {mode:04o} {owner} {overwrite}\n"));
        }
        Kind::Link { target, is_hard } => {
            let kind = if *is_hard { "hard" } else { "soft" };
            text.push_str(&format!("linked {path} {} {kind} {owner} {overwrite}\n", quoted(target)));
        }
        Kind::File { mode, contents, append } => {
            match contents {
                Some(Source::Bytes(bytes)) => {
                    let there = embedded(bytes);
                    let mode = mode.unwrap_or(0o644);
                    text.push_str(&format!(
                        "put {path} {mode:04o} {owner} {overwrite} {} {}",
                        there.how, there.document
                    ));
                }
                Some(Source::Remote(remote)) => {
                    let mode = mode.unwrap_or(0o644);
                    let remote = of_remote(remote);
                    text.push_str(&format!("fetched {path} {mode:04o} {owner} {overwrite} {remote}\n"));
                }
                None => {}
            }
            for source in append {
                match source {
                    Source::Bytes(bytes) => {
                        let there = embedded(bytes);
                        text.push_str(&format!("append {path} {} {}", there.how, there.document));
                    }
                    Source::Remote(remote) => {
                        text.push_str(&format!("fetched_append {path} {}\n", of_remote(remote)));
                    }
                }
            }
            if contents.is_none() {
                // What is added to a file of the system leaves its mode, unless one is said.
                let mode = match (mode, append.is_empty()) {
                    (Some(mode), _) => format!("{mode:04o}"),
                    (None, true) => "0644".to_owned(),
                    (None, false) => "-".to_owned(),
                };
                text.push_str(&format!("touched {path} {mode} {owner}\n"));
            }
        }
    }
}

fn of_remote(remote: &Remote) -> String {
    let pack = if remote.is_gzip { "gzip" } else { "none" };
    let (kind, digest) = remote.digest.as_ref().map_or(("none", "-"), |(kind, digest)| (kind, digest));
    words([pack, kind, digest, &remote.url])
}

fn units(units: &[Unit], has_files: bool, text: &mut String) {
    if units.is_empty() {
        return;
    }
    if !has_files {
        let owner = Owner { user: "root".to_owned(), group: "root".to_owned() };
        for unit in units {
            for (path, contents) in unit.files() {
                let contents = Some(Source::Bytes(contents.as_bytes().to_vec()));
                let kind = Kind::File { mode: Some(0o644), contents, append: Vec::new() };
                entry(&Entry { path, owner: owner.clone(), overwrite: true, kind }, text);
            }
        }
    }
    for unit in units {
        let path = quoted(&format!("{UNITS}/{}", unit.name));
        match unit.mask {
            Some(true) => text.push_str(&format!("linked {path} /dev/null soft root:root yes\n")),
            Some(false) if unit.contents.is_none() => {
                text.push_str(&format!("systemctl unmask {}\n", quoted(&unit.name)));
            }
            _ => {}
        }
    }
    text.push_str("systemd daemon-reload\n");
    for unit in units.iter().filter(|unit| unit.mask != Some(true)) {
        let verb = match unit.enabled {
            Some(true) => "enable",
            Some(false) => "disable",
            None => continue,
        };
        text.push_str(&format!("systemctl {verb} {}\n", quoted(&unit.name)));
    }
    for (verb, is_its) in VERBS {
        let names: Vec<&str> = units
            .iter()
            .filter(|unit| !unit.name.contains("@.") && is_its(unit))
            .map(|unit| unit.name.as_str())
            .collect();
        if !names.is_empty() {
            text.push_str(&format!("systemd {verb} {}\n", words(names)));
        }
    }
}

fn is_changed(unit: &Unit) -> bool {
    unit.contents.is_some() || !unit.dropins.is_empty()
}

/// What happens now to units that a boot would have found so.
type Verb = (&'static str, fn(&Unit) -> bool);
const VERBS: [Verb; 4] = [
    ("stop", |unit| unit.mask == Some(true) || unit.enabled == Some(false)),
    ("start", |unit| unit.mask != Some(true) && unit.enabled == Some(true) && !is_changed(unit)),
    ("restart", |unit| unit.mask != Some(true) && unit.enabled == Some(true) && is_changed(unit)),
    ("try-restart", |unit| unit.mask != Some(true) && unit.enabled.is_none() && is_changed(unit)),
];
