//! Text that must not be shown.

use std::fmt;

use zeroize::Zeroizing;

/// A text that prints as `<secret>` and is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Hands the text out, to be used and not kept.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// Words that only secrets have; a line break is the beginning of a line.
const WORDS: [(&str, &str); 7] = [
    ("PRIVATE KEY-----", "a private key"),
    ("\"auths\"", "a pull secret"),
    ("client-key-data:", "a client's key"),
    ("_authToken=", "a token"),
    ("\nwifi-psk=", "a password"),
    ("\npsk=", "a password"),
    ("\npassword=", "a password"),
];

/// What secret a text holds, as far as its words say so.
pub fn secret_in(text: &str) -> Option<&'static str> {
    let is_there = |word: &str| match word.strip_prefix('\n') {
        Some(begin) => text.lines().any(|line| line.starts_with(begin)),
        None => text.contains(word),
    };
    WORDS.iter().find(|(word, _)| is_there(word)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::Secret;
    use super::secret_in;

    #[test]
    fn knows_secrets_by_their_words() {
        for (text, what) in [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\n", Some("a private key")),
            ("user=a\npassword=b\n", Some("a password")),
            ("psk=b", Some("a password")),
            ("no password=here\n", None),
            ("-----BEGIN CERTIFICATE-----\n", None),
        ] {
            assert_eq!(secret_in(text), what, "{text}");
        }
    }

    #[test]
    fn does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "<secret>");
    }
}
