//! Users and groups as `passwd`, `group` and `shadow` have them (passwd(5), group(5), shadow(5)).

use crate::tree::Tree;
use crate::tree::text;
use crate::value::SshKey;

/// Users and groups of a system.
#[derive(Default)]
pub(super) struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
}

/// A line of `passwd`.
pub(super) struct User {
    name: String,
    number: String,
    group: String,
    /// Where keys are.
    pub(super) home: String,
}

struct Group {
    name: String,
    number: String,
    members: Vec<String>,
}

impl Accounts {
    /// Reads those of a root; an ostree system has those of its packages below `/usr/lib` (nss-altfiles).
    pub(super) fn read(tree: &dyn Tree) -> Result<Self, String> {
        let required = |path: &str| text(tree, path)?.ok_or_else(|| format!("{path} is not there"));
        let further = |path: &str| Ok::<_, String>(text(tree, path)?.unwrap_or_default());
        let passwd = [required("/etc/passwd")?, further("/usr/lib/passwd")?].join("\n");
        let group = [required("/etc/group")?, further("/usr/lib/group")?].join("\n");
        Ok(Self::parse(&passwd, &group))
    }

    pub(super) fn parse(passwd: &str, group: &str) -> Self {
        let user = |line: &str| match line.split(':').collect::<Vec<_>>().as_slice() {
            [name, _, number, group, _, home, _] => Some(User {
                name: (*name).to_owned(),
                number: (*number).to_owned(),
                group: (*group).to_owned(),
                home: (*home).to_owned(),
            }),
            _ => None,
        };
        let group_of = |line: &str| match line.split(':').collect::<Vec<_>>().as_slice() {
            [name, _, number, members] => Some(Group {
                name: (*name).to_owned(),
                number: (*number).to_owned(),
                members: members.split(',').map(|member| member.trim().to_owned()).collect(),
            }),
            _ => None,
        };
        Self {
            users: passwd.lines().filter_map(user).collect(),
            groups: group.lines().filter_map(group_of).collect(),
        }
    }

    /// The first user of that name, as the C library takes it.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    pub(super) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group.name == name)
    }

    /// The names of a user's groups.
    pub(super) fn groups_of(&self, user: &User) -> Vec<String> {
        let is_in = |group: &&Group| group.number == user.group || group.members.contains(&user.name);
        self.groups.iter().filter(is_in).map(|group| group.name.clone()).collect()
    }

    /// An owner in every way it may be asked for: by numbers and by names.
    pub(super) fn owner(&self, user: u32, group: u32) -> Vec<String> {
        let (user, group) = (user.to_string(), group.to_string());
        let user_name = self.users.iter().find(|other| other.number == user).map(|user| user.name.clone());
        let group_name =
            self.groups.iter().find(|other| other.number == group).map(|group| group.name.clone());
        let users = [Some(user), user_name].into_iter().flatten();
        let groups: Vec<String> = [Some(group), group_name].into_iter().flatten().collect();
        users.flat_map(|user| groups.iter().map(move |group| format!("{user}:{group}"))).collect()
    }
}

/// Whether a user has a password, from the text of `shadow`: never the hash. Nothing if the user is not in it.
pub(super) fn password(shadow: &str, name: &str) -> Option<&'static str> {
    let line = shadow.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(match line.split(':').next().unwrap_or_default() {
        "" => "none",
        locked if locked.starts_with(['!', '*']) => "locked",
        _ => "set",
    })
}

/// The fingerprints of the keys that a user may log in with.
pub(super) fn keys(tree: &dyn Tree, user: &User) -> Result<Vec<String>, String> {
    let folder = format!("{}/.ssh", user.home);
    let mut files = vec![format!("{folder}/authorized_keys")];
    let fragments = format!("{folder}/authorized_keys.d");
    let names = tree.names(&fragments)?.unwrap_or_default();
    files.extend(names.into_iter().map(|name| format!("{fragments}/{name}")));
    let mut found = Vec::new();
    for file in files {
        let keys = text(tree, &file)?.unwrap_or_default();
        let keys = keys.lines().filter_map(|line| line.parse::<SshKey>().ok());
        found.extend(keys.map(|key| key.fingerprint().to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Accounts;
    use super::password;

    #[test]
    fn reads_names_numbers_and_members() {
        let accounts = Accounts::parse(
            "root:x:0:0:root:/root:/bin/bash\nnoise\ncore:x:1000:1000::/var/home/core:/bin/bash\ncore:x:1:1::/:/bin/sh",
            "root:x:0:\nwheel:x:10:core, root\ncore:x:1000:\nnoise:x",
        );
        let core = accounts.user("core").unwrap();
        assert_eq!(
            (core.home.as_str(), accounts.groups_of(core)),
            ("/var/home/core", vec!["wheel".into(), "core".into()])
        );
        assert_eq!(accounts.owner(1000, 10), ["1000:10", "1000:wheel", "core:10", "core:wheel"]);
        assert_eq!(accounts.owner(7, 0), ["7:0", "7:root"]);
        assert!(
            accounts.has_group("wheel") && !accounts.has_group("noise") && accounts.user("noise").is_none()
        );
    }

    #[test]
    fn says_whether_there_is_a_password_and_never_which() {
        let shadow = "a:$6$x$y:1::::::\nb::1\nc:!:1\nd:*\ne:!$6$x:1";
        let words = ["a", "b", "c", "d", "e", "f"].map(|name| password(shadow, name));
        assert_eq!(words, [Some("set"), Some("none"), Some("locked"), Some("locked"), Some("locked"), None]);
    }
}
