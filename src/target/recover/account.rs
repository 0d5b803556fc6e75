//! A user as Ignition's document asks for it, fit for the files of passwd(5).

use serde_json::Value;

use super::LeftOut;
use crate::value::Secret;
use crate::value::UserName;

/// A user that is put back.
#[derive(Clone, Debug)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Number, if one was asked for.
    pub uid: Option<u64>,
    /// The group of its files, if one was asked for.
    pub primary_group: Option<String>,
    /// Groups beside that one.
    pub groups: Vec<String>,
    /// Home, if one was asked for.
    pub home: Option<String>,
    /// Login shell, if one was asked for.
    pub shell: Option<String>,
    /// Full name.
    pub full_name: String,
    /// The password's hash, if there is one.
    pub password_hash: Option<Secret>,
    /// SSH keys.
    pub keys: Vec<String>,
    /// A number of the system's range.
    pub is_system: bool,
    /// A group of the same name, unless one was asked for.
    pub has_own_group: bool,
    /// A home is made.
    pub has_home: bool,
}

impl Account {
    /// Reads a user; one that the files cannot hold is left out.
    pub(super) fn read(user: &Value) -> Result<Self, LeftOut> {
        let name = user["name"].as_str().unwrap_or_default().to_owned();
        let text = |key: &str| user[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let texts = |key: &str| -> Vec<String> {
            let list = user[key].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let account = Self {
            uid: user["uid"].as_u64(),
            primary_group: text("primaryGroup"),
            groups: texts("groups"),
            home: text("homeDir"),
            shell: text("shell"),
            full_name: text("gecos").unwrap_or_default(),
            password_hash: text("passwordHash").map(Secret::new),
            keys: texts("sshAuthorizedKeys"),
            is_system: user["system"] == true,
            has_own_group: user["noUserGroup"] != true,
            has_home: user["noCreateHome"] != true,
            name,
        };
        match account.fits() {
            true => Ok(account),
            false => Err(LeftOut {
                what: format!("user {}", account.name.escape_default()),
                why: "a field has characters that /etc/passwd cannot hold",
            }),
        }
    }

    fn fits(&self) -> bool {
        let fields = [&self.home, &self.shell].into_iter().flatten().chain([&self.full_name]);
        let hash = self.password_hash.as_ref().map(Secret::reveal);
        let mut texts = fields.map(String::as_str).chain(hash);
        let mut names = self.groups.iter().chain(&self.primary_group);
        is_name(&self.name)
            && texts.all(|text| !text.contains(|letter: char| letter == ':' || letter.is_control()))
            && names.all(|name| is_name(name) || name.bytes().all(|byte| byte.is_ascii_digit()))
            && self.keys.iter().all(|key| !key.contains(char::is_control))
    }

    /// The line that the script reads: fields as in passwd(5).
    pub(super) fn line(&self) -> String {
        let words =
            [(self.is_system, "system"), (!self.has_own_group, "no-user-group"), (!self.has_home, "no-home")];
        let words: Vec<&str> = words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
        let fields = [
            self.name.clone(),
            self.uid.map(|uid| uid.to_string()).unwrap_or_default(),
            self.primary_group.clone().unwrap_or_default(),
            self.groups.join(","),
            self.home.clone().unwrap_or_default(),
            self.shell.clone().unwrap_or_default(),
            words.join(" "),
            self.full_name.clone(),
        ];
        fields.join(":")
    }
}

/// A group that must be there: its name, and its number if one was asked for.
pub(super) fn group(group: &Value) -> Option<(String, Option<u64>)> {
    let name = group["name"].as_str().filter(|name| is_name(name) && group["shouldExist"] != false)?;
    Some((name.to_owned(), group["gid"].as_u64()))
}

fn is_name(name: &str) -> bool {
    name.parse::<UserName>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Account;

    #[test]
    fn reads_what_was_asked_for_and_keeps_the_hash_to_itself() {
        let account = Account::read(&json!({
            "name": "ops", "uid": 1500, "groups": ["wheel", "adm"], "shell": "/bin/zsh", "gecos": "Ops",
            "noCreateHome": true, "system": true, "passwordHash": "$6$x", "sshAuthorizedKeys": ["ssh-ed25519 AAAA"],
        }))
        .ok();
        assert_eq!(
            account.as_ref().map(Account::line).unwrap_or_default(),
            "ops:1500::wheel,adm::/bin/zsh:system no-home:Ops"
        );
        assert!(!format!("{account:?}").contains("$6$x"));
        // An empty field in /etc/shadow would let anybody in.
        let without = Account::read(&json!({"name": "ops", "passwordHash": ""}));
        assert!(without.is_ok_and(|account| account.password_hash.is_none()));
    }

    #[test]
    fn what_would_break_the_file_is_left_out() {
        for wrong in [
            json!({"name": "a:b"}),
            json!({"name": "a", "gecos": "x:0:0"}),
            json!({"name": "a", "homeDir": "/home/a\nroot::0:0"}),
            json!({"name": "a", "passwordHash": "x:y"}),
            json!({"name": "a", "groups": ["wheel,root"]}),
            json!({"name": "a", "sshAuthorizedKeys": ["ssh-ed25519 A\nssh-ed25519 B"]}),
            json!({}),
        ] {
            assert!(Account::read(&wrong).is_err(), "{wrong} was taken");
        }
    }
}
