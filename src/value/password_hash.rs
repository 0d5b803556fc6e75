//! Password hashes as `/etc/shadow` takes them.

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// A password hash in the modular form of crypt(5): `$6$…`, `$5$…`, `$y$…` or `$2b$…`.
///
/// A plain-text password here would lock its owner out, so anything else is refused. Prints as
/// `<secret>`: a hash invites guessing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash as text, for the document that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What stands in the place of a hash where there is no password.
const LOCKED: [&str; 4] = ["*", "!", "!!", "!*"];

impl PasswordHash {
    /// True if no password fits.
    pub fn is_locked(&self) -> bool {
        LOCKED.contains(&self.0.as_str())
    }

    /// Why guessing the password is too easy, if it is.
    ///
    /// crypt(5): SHA-crypt has 5000 rounds unless said, bcrypt's cost is a power of two.
    pub fn weakness(&self) -> Option<String> {
        let fields: Vec<&str> = self.0.split('$').collect();
        match fields.as_slice() {
            ["", "5" | "6", rounds, ..] => {
                let rounds: u32 = rounds.strip_prefix("rounds=")?.parse().ok()?;
                (rounds < 5000).then(|| format!("{rounds} rounds, where 5000 are usual"))
            }
            ["", "2a" | "2b" | "2y", cost, ..] => {
                let cost: u32 = cost.parse().ok()?;
                (cost < 10).then(|| format!("cost {cost}, where 10 is the least"))
            }
            _ => None,
        }
    }
}

impl FromStr for PasswordHash {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |why: &str| {
            Err(ValueError::new(
                format!("the password hash is not one that login understands: {why}"),
                "make one with `mkpasswd -m yescrypt`, or give the plain password as `password_file`",
            ))
        };
        // shadow(5): nothing that is typed comes to these, so nobody can log in by a password.
        if LOCKED.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let fields: Vec<&str> = text.split('$').collect();
        let alphabet =
            |field: &&str| field.bytes().all(|b| b.is_ascii_alphanumeric() || b"./=,".contains(&b));
        if !fields.iter().all(alphabet) {
            return wrong("it has characters that no hash has");
        }
        match fields.as_slice() {
            ["", "6", middle @ .., digest] if digest.len() == 86 => check_salt(middle, text),
            ["", "5", middle @ .., digest] if digest.len() == 43 => check_salt(middle, text),
            ["", "y" | "gy", parameters, salt, digest]
                if !parameters.is_empty() && !salt.is_empty() && digest.len() == 43 =>
            {
                Ok(Self(text.to_owned()))
            }
            ["", "2a" | "2b" | "2y", cost, digest] if cost.len() == 2 && digest.len() == 53 => {
                Ok(Self(text.to_owned()))
            }
            ["", "1", ..] => wrong("MD5 hashes are refused by current systems"),
            ["", _, ..] => wrong("its scheme or its length is unknown"),
            _ => wrong("it does not begin with `$`, so it looks like a plain password"),
        }
    }
}

/// Checks rounds and salt of SHA-crypt; crypt(3) uses 16 characters of salt and drops the rest.
fn check_salt(middle: &[&str], text: &str) -> Result<PasswordHash, ValueError> {
    let salt = match middle {
        [salt] => salt,
        [rounds, salt] if rounds.strip_prefix("rounds=").is_some_and(|n| n.parse::<u32>().is_ok()) => salt,
        _ => {
            return Err(ValueError::new(
                "the password hash has an unknown shape",
                "make one with `mkpasswd -m sha-512`",
            ));
        }
    };
    if salt.len() > 16 {
        return Err(ValueError::new(
            format!(
                "the salt of the password hash has {} characters; crypt(3) uses 16, so nobody could log in",
                salt.len()
            ),
            "make the hash with `mkpasswd`, or give the plain password as `password_file`",
        ));
    }
    Ok(PasswordHash(text.to_owned()))
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordHash;

    #[test]
    fn knows_hashes_from_passwords() {
        let sha512 = format!("$6$abcdefgh${}", "a".repeat(86));
        let rounds = format!("$6$rounds=100000$abcdefgh${}", "a".repeat(86));
        let yescrypt = format!("$y$j9T$abcdefgh${}", "a".repeat(43));
        for right in [sha512.as_str(), &rounds, &yescrypt, "*", "!!"] {
            assert!(right.parse::<PasswordHash>().is_ok(), "{right:?} was refused");
        }
        let long_salt = format!("$6$abcdefghijklmnopq${}", "a".repeat(86));
        let short = format!("$6$abcdefgh${}", "a".repeat(85));
        for wrong in ["", "hunter2", "$1$a$b", "$6$a b$c", long_salt.as_str(), short.as_str(), "$9$a$b"] {
            assert!(wrong.parse::<PasswordHash>().is_err(), "{wrong:?} was accepted");
        }
    }
}
