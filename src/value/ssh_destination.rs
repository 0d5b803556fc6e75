//! Where ssh goes.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

/// A destination as ssh(1) takes it: a host or an alias of the user's configuration, `user@host`, or
/// `ssh://user@host:port`. What ssh would take for an option is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SshDestination(String);

impl FromStr for SshDestination {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        // ssh itself refuses the rest of these since 9.6: a ProxyCommand may hand them to a shell.
        let plain = |letter: char| {
            letter.is_alphanumeric() || (letter.is_ascii_graphic() && !"'\"`$\\;&|<>(){}".contains(letter))
        };
        if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(
            format!("`{}` is not a destination of ssh", text.escape_default()),
            "write a host of your ssh configuration, `core@192.168.50.10` or `ssh://core@192.168.50.10:2222`",
        ))
    }
}

shown_as_its_text!(SshDestination);

#[cfg(test)]
mod tests {
    use super::SshDestination;

    #[test]
    fn knows_right_from_wrong() {
        for right in ["node1", "core@192.168.50.10", "ssh://core@[fe80::1%25eth0]:22", "a_b.lab"] {
            assert!(right.parse::<SshDestination>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", "-oProxyCommand=x", "a b", "a\n", "a;b", "$(id)", "a\u{1b}[2J", "`id`"] {
            assert!(wrong.parse::<SshDestination>().is_err(), "{wrong:?} was accepted");
        }
    }
}
