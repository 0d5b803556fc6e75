//! `.link` files, their drop-ins and udev rules that give ports names, and which of them act.

use std::collections::BTreeMap;

use super::link_file::Link;
use super::link_file::Setting;
use super::link_file::settings;
use super::rule_file::Rule;
use super::rule_file::rules;
use crate::document::Origin;

/// What systemd brings for ports that no other file matches (systemd 242 and later).
const DEFAULT: &str = "/usr/lib/systemd/network/99-default.link";
const DEFAULT_TEXT: &str =
    "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n";
/// Of files of one name in several of these folders, only the first acts (systemd.link(5), udev(7)).
const FOLDERS: [&str; 4] = ["/etc/", "/run/", "/usr/local/lib/", "/"];
/// The rule that describes ports: what names are made of is known from there on.
pub(super) const DESCRIBING_RULE: &str = "75-net-description.rules";
/// The rule that looks at `.link` files, and names what no rule before it has named.
pub(super) const OWN_RULE: &str = "80-net-setup-link.rules";

/// A file that may name ports. One with nothing in it hides files of its name in other folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFile {
    /// Its path on the machine.
    pub path: String,
    /// Where it was asked for.
    pub origin: Option<Origin>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Link(Vec<Setting>),
    /// A drop-in of the `.link` file of this name.
    Part(String, Vec<Setting>),
    Rules(Vec<Rule>),
}

/// The files of a machine that act, in the order in which they do.
pub(super) struct Acting<'a> {
    /// `.link` files with their drop-ins: the first that matches is the only one.
    pub links: Vec<Link>,
    /// Files of rules.
    pub rules: Vec<RuleFile<'a>>,
    /// Whether names are worked out at all.
    pub are_described: bool,
    /// Whether `.link` files are looked at.
    pub are_links_read: bool,
}

/// A file of rules.
#[derive(Clone, Copy)]
pub(super) struct RuleFile<'a> {
    pub path: &'a str,
    pub rules: &'a [Rule],
}

impl RuleFile<'_> {
    /// The name that orders files.
    pub fn order(&self) -> &str {
        last_part(self.path)
    }
}

impl NameFile {
    /// Reads a `.link` file, a drop-in of one, or a file of udev rules, by its path; nothing if it is none of them.
    pub fn read(path: &str, text: &str, origin: Option<Origin>) -> Option<Self> {
        let folder = path.rsplit_once('/').map(|(folder, _)| last_part(folder));
        let content = if let Some(link) = folder.and_then(|folder| folder.strip_suffix(".link.d")) {
            Content::Part(format!("{link}.link"), path.ends_with(".conf").then(|| settings(text))?)
        } else if path.ends_with(".link") {
            Content::Link(settings(text))
        } else if path.ends_with(".rules") {
            Content::Rules(rules(text))
        } else {
            return None;
        };
        Some(Self { path: path.to_owned(), origin, content })
    }

    /// What it is beside its folder: the name, with that of the link that a drop-in belongs to.
    fn identity(&self) -> (&str, &str) {
        match &self.content {
            Content::Part(link, _) => (link, last_part(&self.path)),
            Content::Link(_) | Content::Rules(_) => (last_part(&self.path), ""),
        }
    }

    /// The place of its folder among those of its kind.
    fn rank(&self) -> usize {
        let path = self.path.strip_prefix("/lib/").map_or(self.path.as_str(), |_| "/usr/lib/");
        FOLDERS.iter().position(|folder| path.starts_with(folder)).unwrap_or(FOLDERS.len())
    }
}

impl<'a> Acting<'a> {
    /// Those of files that act, and systemd's default link unless they hide it.
    pub fn of(files: &'a [NameFile]) -> Self {
        let mut acting: BTreeMap<(&str, &str), &NameFile> = BTreeMap::new();
        for file in files {
            let before = acting.entry(file.identity()).or_insert(file);
            if file.rank() <= before.rank() {
                *before = file;
            }
        }
        let default = settings(DEFAULT_TEXT);
        let mut mains: BTreeMap<&str, (&str, &[Setting])> = BTreeMap::new();
        mains.insert(last_part(DEFAULT), (DEFAULT, &default));
        let mut parts: BTreeMap<&str, Vec<&Setting>> = BTreeMap::new();
        let mut hidden: BTreeMap<&str, &str> = BTreeMap::new();
        let mut rules = Vec::new();
        for file in acting.into_values() {
            match &file.content {
                Content::Link(settings) => {
                    mains.insert(last_part(&file.path), (&file.path, settings));
                }
                Content::Part(link, settings) if settings.is_empty() => {
                    hidden.insert(link, &file.path);
                }
                Content::Part(link, settings) => parts.entry(link).or_default().extend(settings),
                Content::Rules(of_file) => rules.push(RuleFile { path: &file.path, rules: of_file }),
            }
        }
        let link = |(name, (path, settings)): (&str, (&str, &[Setting]))| {
            let parts = parts.get(name).map(Vec::as_slice).unwrap_or_default();
            // An empty file hides, and its drop-ins are not looked at.
            let settings = Some(settings).filter(|settings| !settings.is_empty())?;
            let mut link = Link::of(path, settings.iter().chain(parts.iter().copied()))?;
            if let Some(path) = hidden.get(name) {
                link.leave_open(format!(
                    "`{path}`, which systemd 262 fails to open if it is a link to `/dev/null`"
                ));
            }
            Some(link)
        };
        let calls = |name: &str, builtin: &str| {
            let file = rules.iter().find(|file| file.order() == name);
            file.is_none_or(|file| file.rules.iter().any(|rule| rule.calls(builtin)))
        };
        let (are_described, are_links_read) =
            (calls(DESCRIBING_RULE, "net_id"), calls(OWN_RULE, "net_setup_link"));
        Self { links: mains.into_iter().filter_map(link).collect(), rules, are_described, are_links_read }
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Acting;
    use super::NameFile;
    use crate::hardware::Port;
    use crate::hardware::naming::Names;

    /// The names that links give, in the order in which they are asked.
    fn names(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<NameFile> =
            files.iter().map(|(path, text)| NameFile::read(path, text, None).unwrap()).collect();
        let links = Acting::of(&files).links;
        links.into_iter().map(|link| link.name.unwrap_or(link.path)).collect()
    }

    const DEFAULT: &str = "/usr/lib/systemd/network/99-default.link";

    #[test]
    fn files_hide_others_of_their_name() {
        let named = |name: &str| format!("[Match]\nOriginalName=*\n[Link]\nName={name}\n");
        let (etc, run, lib) = (named("etc0"), named("run0"), named("lib0"));
        let in_etc = ("/etc/systemd/network/10-a.link", etc.as_str());
        let in_run = ("/run/systemd/network/10-a.link", run.as_str());
        let in_lib = ("/usr/lib/systemd/network/10-a.link", lib.as_str());
        assert_eq!(names(&[in_lib, in_etc, in_run]), ["etc0", DEFAULT]);
        assert_eq!(names(&[in_run, in_lib]), ["run0", DEFAULT]);
        assert_eq!(names(&[(in_etc.0, ""), in_lib]), [DEFAULT]);
        assert_eq!(names(&[("/etc/systemd/network/9-a.link", &run), in_etc]), ["etc0", "run0", DEFAULT]);
        assert_eq!(names(&[("/etc/systemd/network/99-default.link", "")]), Vec::<String>::new());
    }

    #[test]
    fn drop_ins_go_on_where_the_link_ends() {
        let link = ("/etc/systemd/network/10-a.link", "[Match]\nOriginalName=*\n[Link]\nName=a0\n");
        let one = ("/etc/systemd/network/10-a.link.d/1.conf", "[Link]\nName=one0\n");
        let two = ("/usr/lib/systemd/network/10-a.link.d/2.conf", "[Link]\nName=two0\n");
        assert_eq!(names(&[one, link]), ["one0", DEFAULT]);
        assert_eq!(names(&[two, one, link]), ["two0", DEFAULT]);
        let hidden = ("/etc/systemd/network/10-a.link.d/2.conf", "");
        assert_eq!(names(&[two, hidden, link]), ["a0", DEFAULT]);
        let files = [link, hidden].map(|(path, text)| NameFile::read(path, text, None).unwrap());
        let links = Acting::of(&files).links;
        let (matches, doubt) = links[0].matches(&Port::default(), &Names::default());
        assert_eq!((matches, doubt.unwrap().contains("2.conf")), (None, true));
        assert_eq!(names(&[one]), [DEFAULT], "there is no link of this name");
        let of_default = ("/etc/systemd/network/99-default.link.d/x.conf", "[Link]\nName=x0\n");
        assert_eq!(names(&[of_default]), ["x0"]);
        assert_eq!(NameFile::read("/etc/systemd/network/10-a.link.d/1.txt", "", None), None);
        assert_eq!(NameFile::read("/etc/motd", "", None), None);
    }

    #[test]
    fn systemds_own_rules_can_be_hidden() {
        let acting = |path: &str, text: &str| {
            let files = [NameFile::read(path, text, None).unwrap()];
            let acting = Acting::of(&files);
            (acting.are_described, acting.are_links_read)
        };
        assert_eq!(acting("/etc/udev/rules.d/70-a.rules", ""), (true, true));
        assert_eq!(acting("/etc/udev/rules.d/80-net-setup-link.rules", ""), (true, false));
        assert_eq!(acting("/etc/udev/rules.d/75-net-description.rules", ""), (false, true));
        let copy = "IMPORT{builtin}=\"net_setup_link\"\n";
        assert_eq!(acting("/etc/udev/rules.d/80-net-setup-link.rules", copy), (true, true));
    }
}
