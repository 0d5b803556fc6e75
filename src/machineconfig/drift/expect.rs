//! What must be true of a node, by what its MachineConfig asks for.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::wanted::User;
use super::wanted::Wanted;
use crate::document::Origin;
use crate::value::Digest;
use crate::value::SshKey;
use crate::verify::BootRecord;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Life;
use crate::verify::Subject;
use crate::verify::UserProperty;

static EXTENSIONS: LazyLock<BTreeMap<String, Vec<String>>> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| toml::from_str(include_str!("extensions.toml")).unwrap_or_default());

/// The user whom the operator gives keys, and where.
const CORE: &str = "core";
const KEYS_OF_CORE: &str = "/home/core/.ssh/authorized_keys.d/ignition";

/// systemd's words for what is not enabled though it could be (the operator's own list).
pub(super) const NOT_ENABLED: [&str; 4] = ["disabled", "masked", "masked-runtime", "not-found"];
/// systemd's words for what is enabled.
pub(super) const ENABLED: [&str; 2] = ["enabled", "enabled-runtime"];

/// Everything to look at on a node, before anything is known of it.
pub(super) fn questions(wanted: &Wanted) -> Vec<Expectation> {
    Expect { wanted, record: None, found: Vec::new() }.all()
}

/// Everything that must be true of a node of which `record` tells.
///
/// Some things may be in several ways, and the record says in which they are: a drop-in without contents need not be
/// there, and a unit that cannot be enabled is as good as one that is.
pub(super) fn expectations(wanted: &Wanted, record: &BootRecord) -> Vec<Expectation> {
    Expect { wanted, record: Some(record), found: Vec::new() }.all()
}

struct Expect<'a> {
    wanted: &'a Wanted,
    record: Option<&'a BootRecord>,
    found: Vec<Expectation>,
}

impl Expect<'_> {
    fn all(mut self) -> Vec<Expectation> {
        self.system();
        self.files();
        self.units();
        self.directories_and_links();
        for user in &self.wanted.users {
            self.user(user);
        }
        self.found.into_iter().map(|expectation| expectation.in_lives(&Life::WITH_OPERATOR)).collect()
    }

    fn has(&mut self, subject: &Subject, value: impl Into<String>, says: impl Into<String>, origin: &Origin) {
        self.found.push(Expectation::has(subject, value, says, origin));
    }

    fn lacks(
        &mut self,
        subject: &Subject,
        value: impl Into<String>,
        says: impl Into<String>,
        origin: &Origin,
    ) {
        self.found.push(Expectation::lacks(subject, value, says, origin));
    }

    /// What the record has of a subject; nothing if it cannot tell.
    fn look(&self, subject: &Subject) -> Option<&[String]> {
        self.record?.look(&subject.to_string()).ok()
    }

    fn system(&mut self) {
        let wanted = self.wanted;
        let of = |key: &str| Origin { key: key.to_owned(), ..wanted.origin.clone() };
        if !wanted.os_image.is_empty() {
            let says = "booted operating system image";
            self.has(&Subject::OsImage, &wanted.os_image, says, &of("osImageURL"));
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (word, _) in &wanted.kernel_arguments {
            *times.entry(word).or_default() += 1;
        }
        let mut seen = BTreeSet::new();
        for (word, origin) in &wanted.kernel_arguments {
            if !seen.insert(word) {
                continue;
            }
            self.has(&Subject::KernelArguments, word, format!("kernel argument {word}"), origin);
            if times.get(word.as_str()) == Some(&1) {
                let says = format!("kernel argument {word} only once");
                self.lacks(&Subject::RepeatedKernelArguments, word, says, origin);
            }
        }
        let says = format!("kernel of type {}", wanted.kernel_type);
        self.has(&Subject::KernelType, &wanted.kernel_type, says, &of("kernelType"));
        let fips = if wanted.fips { "on" } else { "off" };
        self.has(&Subject::Fips, fips, format!("FIPS mode {fips}"), &of("fips"));
        for extension in wanted.extensions.iter().collect::<BTreeSet<_>>() {
            for package in EXTENSIONS.get(extension).into_iter().flatten() {
                let says = format!("package {package} of extension {extension}");
                self.has(&Subject::Package(package.clone()), "yes", says, &of("extensions"));
            }
        }
    }

    fn files(&mut self) {
        let wanted = self.wanted;
        for file in wanted.files.iter().filter(|file| !file.is_left_alone && !file.is_appended) {
            self.file(&file.path, file.mode, file.contents.as_ref(), &file.owner, &file.origin);
        }
    }

    fn file(&mut self, path: &str, mode: u32, contents: Option<&Digest>, owner: &str, origin: &Origin) {
        let subject = |property| Subject::File(path.to_owned(), property);
        self.has(&subject(FileProperty::Kind), "file", format!("file {path}"), origin);
        let mode = format!("{mode:04o}");
        self.has(&subject(FileProperty::Mode), &mode, format!("mode {mode} of {path}"), origin);
        if let Some(digest) = contents {
            let says = format!("contents of {path}");
            self.has(&subject(FileProperty::Sha256), digest.as_str(), says, origin);
        }
        self.has(&subject(FileProperty::Owner), owner, format!("owner {owner} of {path}"), origin);
    }

    fn units(&mut self) {
        let wanted = self.wanted;
        for unit in &wanted.units {
            for dropin in &unit.dropins {
                let kind = Subject::File(dropin.path.clone(), FileProperty::Kind);
                let is_away = self.look(&kind).is_some_and(<[String]>::is_empty);
                // In spec 3 one without contents is taken away.
                if !(dropin.is_empty && is_away && !wanted.is_spec_2) {
                    self.file(&dropin.path, 0o644, Some(&dropin.contents), "root:root", &unit.origin);
                }
            }
            let name = &unit.name;
            if unit.is_masked {
                let subject = Subject::File(unit.path(), FileProperty::Real);
                self.has(&subject, "/dev/null", format!("unit {name} masked"), &unit.origin);
            } else {
                if let Some(contents) = &unit.contents {
                    self.file(&unit.path(), 0o644, Some(contents), "root:root", &unit.origin);
                }
                if let Some(is_enabled) = unit.enabled {
                    self.enablement(name, is_enabled, &unit.origin);
                }
            }
        }
    }

    fn enablement(&mut self, name: &str, is_enabled: bool, origin: &Origin) {
        let subject = Subject::UnitEnabled(name.to_owned());
        let word = if is_enabled { "enabled" } else { "disabled" };
        let is_wrong: &[&str] = if is_enabled { &NOT_ENABLED } else { &ENABLED };
        let is_as_good = |found: &&String| !is_wrong.contains(&found.as_str());
        let found = self.look(&subject).map(<[String]>::first);
        let value = match found {
            // What is not there cannot be started either.
            Some(None) if !is_enabled => return,
            Some(Some(found)) if is_as_good(&found) => found.clone(),
            _ => word.to_owned(),
        };
        self.has(&subject, value, format!("unit {name} {word}"), origin);
    }

    fn directories_and_links(&mut self) {
        let wanted = self.wanted;
        for directory in &wanted.directories {
            let path = &directory.path;
            let subject = |property| Subject::File(path.clone(), property);
            self.has(
                &subject(FileProperty::Kind),
                "directory",
                format!("directory {path}"),
                &directory.origin,
            );
            if let Some(mode) = directory.mode {
                let mode = format!("{mode:04o}");
                self.has(
                    &subject(FileProperty::Mode),
                    &mode,
                    format!("mode {mode} of {path}"),
                    &directory.origin,
                );
            }
            let owner = &directory.owner;
            let says = format!("owner {owner} of {path}");
            self.has(&subject(FileProperty::Owner), owner, says, &directory.origin);
        }
        for link in &wanted.links {
            let path = &link.path;
            let subject = |property| Subject::File(path.clone(), property);
            if link.is_hard {
                self.has(&subject(FileProperty::Kind), "file", format!("hard link {path}"), &link.origin);
                continue;
            }
            self.has(&subject(FileProperty::Kind), "link", format!("link {path}"), &link.origin);
            let says = format!("target {} of {path}", link.target);
            self.has(&subject(FileProperty::Target), &link.target, says, &link.origin);
        }
    }

    /// The hash of a password is not looked at: whether there is one is.
    fn user(&mut self, user: &User) {
        let name = &user.name;
        let subject = |property| Subject::User(name.clone(), property);
        // An installer may put several into one.
        let keys = user.keys.iter().flat_map(|keys| keys.lines());
        for key in keys.filter_map(|key| key.parse::<SshKey>().ok()) {
            let says = format!("SSH key {} of {name}", key.fingerprint());
            self.has(&subject(UserProperty::Key), key.fingerprint(), says, &user.origin);
        }
        let password = subject(UserProperty::Password);
        match user.has_password {
            true => self.has(&password, "set", format!("a password of {name}"), &user.origin),
            false => self.lacks(&password, "set", format!("no password of {name}"), &user.origin),
        }
        if name == CORE && !user.keys.is_empty() {
            let text: String = user.keys.iter().map(|key| format!("{key}\n")).collect();
            let subject = |property| Subject::File(KEYS_OF_CORE.to_owned(), property);
            let digest = Digest::of(text.as_bytes());
            self.has(
                &subject(FileProperty::Sha256),
                digest.as_str(),
                format!("no other keys in {KEYS_OF_CORE}"),
                &user.origin,
            );
            self.has(
                &subject(FileProperty::Mode),
                "0600",
                format!("mode 0600 of {KEYS_OF_CORE}"),
                &user.origin,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EXTENSIONS;
    use crate::machineconfig::Rules;

    #[test]
    fn every_extension_of_every_version_has_packages() {
        for version in ["4.15", "4.18", "4.19", "4.21", "4.22", "5.1"] {
            let rules = Rules::of(version);
            for extension in rules.iter().flat_map(|rules| &rules.extensions) {
                assert!(
                    EXTENSIONS.get(extension).is_some_and(|packages| !packages.is_empty()),
                    "{extension}"
                );
            }
        }
    }
}
