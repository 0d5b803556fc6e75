//! Public keys of SSH users.

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// One line of an `authorized_keys` file: options, key, comment (sshd(8)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    line: String,
    fingerprint: String,
}

impl SshKey {
    /// The line as it was written.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl FromStr for SshKey {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let line = text.trim();
        let help = "paste the whole line of a `.pub` file, as in `ssh-ed25519 AAAA… admin@lab`";
        let shown: String = line.chars().take(24).collect();
        if line.contains('\n') {
            return Err(ValueError::new(
                "one SSH key has several lines",
                "give each key an entry of its own",
            ));
        }
        if line.contains("PRIVATE KEY") {
            return Err(ValueError::new(
                "this is a private SSH key",
                "give the public one: the `.pub` file beside it",
            ));
        }
        let entry: ssh_key::authorized_keys::Entry = line.parse().map_err(|cause| {
            ValueError::new(format!("`{shown}…` is not an SSH public key: {cause}"), help)
        })?;
        let fingerprint = entry.public_key().fingerprint(ssh_key::HashAlg::Sha256).to_string();
        Ok(Self { line: line.to_owned(), fingerprint })
    }
}

impl fmt::Display for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::SshKey;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ admin@lab.example.com";

    #[test]
    fn takes_a_line_with_or_without_options() {
        let plain: SshKey = KEY.parse().unwrap();
        let limited: SshKey = format!("restrict,command=\"ls\" {KEY}").parse().unwrap();
        assert!(plain.fingerprint().starts_with("SHA256:"));
        assert_eq!(plain.fingerprint(), limited.fingerprint());
    }

    #[test]
    fn refuses_what_is_no_key() {
        for wrong in ["", "notakey", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"] {
            assert!(wrong.parse::<SshKey>().is_err(), "{wrong:?} was accepted");
        }
    }
}
