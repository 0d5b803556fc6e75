//! Signatures, checked by gpgv with the keys that may have made them, and no others.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use super::super::Failure;
use super::super::apply::private_folder;
use super::super::inputs::read_bounded;
use crate::catalog::Key;
use crate::catalog::Verdict;
use crate::catalog::dearmor;
use crate::catalog::keys_of;
use crate::catalog::verdict;

/// The largest file of keys.
const MAX_KEYS_BYTES: u64 = 4 << 20;

/// The keys that may sign something, as gpgv reads them.
pub(super) struct Keyring {
    folder: TempDir,
    vendor: String,
    known: Vec<Key>,
    /// True if the user gave keys too.
    has_given: bool,
}

impl Keyring {
    /// Puts the keys together that may sign a vendor's version: ours, the user's, and those that are named.
    pub(super) fn new(vendor: &str, version: &str, named: &[PathBuf]) -> Result<Self, Failure> {
        see_gpgv()?;
        let known = keys_of(vendor, version);
        let given: Vec<PathBuf> = named.iter().cloned().chain(kept_keys(vendor)).collect();
        let mut keyring = Vec::new();
        for key in &known {
            let bytes =
                dearmor(key.armored).map_err(|cause| Failure::bug(format!("{}: {cause}", key.file)))?;
            keyring.extend(bytes);
        }
        for path in &given {
            let bytes = read_bounded(path, MAX_KEYS_BYTES)?;
            let text = String::from_utf8_lossy(&bytes);
            let bytes = dearmor(&text).map_err(|cause| {
                Failure::input(format!("`{}` is no key: {}", path.display(), cause.message), cause.help)
            })?;
            keyring.extend(bytes);
        }
        let (folder, has_given) = (private_folder("keys", &std::env::temp_dir())?, !given.is_empty());
        let ring = Self { folder, vendor: vendor.to_owned(), known, has_given };
        if keyring.is_empty() {
            let message = format!("no key of `{vendor}` is known that signs version `{version}`");
            return Err(Failure::surroundings(message, ring.how_to_add()));
        }
        std::fs::write(ring.path(), keyring).map_err(|cause| Failure::io("write", &ring.path(), &cause))?;
        Ok(ring)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keyring.gpg")
    }

    /// Checks a detached signature over a file; gives the fingerprint of the key that made it.
    pub(super) fn check_file(&self, signature: &[u8], data: &Path, what: &str) -> Result<String, Failure> {
        self.judge(self.run(signature, Some(data), None)?, what)
    }

    /// Checks a signature that is detached from a document, or around a copy of it; gives the document that was
    /// signed, and the fingerprint.
    pub(super) fn check_document(
        &self,
        signature: &[u8],
        document: Vec<u8>,
        what: &str,
    ) -> Result<(Vec<u8>, String), Failure> {
        let inner = self.folder.path().join("signed");
        // Only a message with its contents gives contents out; a detached signature is told to be one.
        let _ = std::fs::remove_file(&inner);
        let around = self.run(signature, None, Some(&inner))?;
        if matches!(around, Verdict::Good { .. }) && inner.exists() {
            let fingerprint = self.judge(around, what)?;
            let signed = std::fs::read(&inner).map_err(|cause| Failure::io("read", &inner, &cause))?;
            return Ok((signed, fingerprint));
        }
        let path = self.folder.path().join("document");
        std::fs::write(&path, &document).map_err(|cause| Failure::io("write", &path, &cause))?;
        let detached = self.run(signature, Some(&path), None)?;
        // Whichever says more: what is none at all in one way may be a wrong one in the other.
        let verdict = if detached == Verdict::None { around } else { detached };
        Ok((document, self.judge(verdict, what)?))
    }

    fn run(&self, signature: &[u8], data: Option<&Path>, out: Option<&Path>) -> Result<Verdict, Failure> {
        let file = self.folder.path().join("signature");
        std::fs::write(&file, signature).map_err(|cause| Failure::io("write", &file, &cause))?;
        let mut command = Command::new("gpgv");
        command.args(["--status-fd", "1", "--homedir"]).arg(self.folder.path());
        command.arg("--keyring").arg(self.path());
        if let Some(out) = out {
            command.arg("--output").arg(out);
        }
        command.arg("--").arg(&file).args(data);
        let done =
            command.env("LC_ALL", "C").stdin(Stdio::null()).output().map_err(|cause| of_gpgv(&cause))?;
        let said = verdict(&String::from_utf8_lossy(&done.stdout));
        // gpgv fails too if one of several signatures is by a stranger, which is no matter.
        Ok(said)
    }

    fn judge(&self, verdict: Verdict, what: &str) -> Result<String, Failure> {
        let again = "try again; if it stays so, do not use the file: somebody may have changed it";
        let (message, hint) = match verdict {
            Verdict::Good { fingerprint } => {
                let is_known = self.known.iter().any(|key| key.fingerprint == fingerprint);
                if is_known || self.has_given {
                    return Ok(fingerprint);
                }
                (
                    format!("{what} is signed by {fingerprint}, which is no key of {}", self.whose()),
                    again.into(),
                )
            }
            Verdict::Bad => (format!("the signature of {what} is wrong: it is of other bytes"), again.into()),
            Verdict::UnknownKey { key } => {
                let message = format!(
                    "{what} is signed with the key {key}, which is not known as one of `{}`",
                    self.vendor
                );
                (message, self.how_to_add())
            }
            Verdict::ExpiredKey { key } => {
                (format!("{what} is signed with the key {key}, which has expired"), self.how_to_add())
            }
            Verdict::Expired => (format!("the signature of {what} is no longer valid"), again.into()),
            Verdict::RevokedKey { key } => {
                (format!("{what} is signed with the key {key}, which was revoked"), again.into())
            }
            Verdict::Unsupported => {
                (format!("{what} is signed in a way that gpgv does not accept"), again.into())
            }
            Verdict::None => (format!("what should be the signature of {what} is none"), again.into()),
        };
        Err(Failure::surroundings(message, hint))
    }

    fn whose(&self) -> String {
        if self.vendor.is_empty() { "those that are given".into() } else { format!("`{}`", self.vendor) }
    }

    fn how_to_add(&self) -> String {
        if self.vendor.is_empty() {
            return "give the key of whoever signs it with `--key FILE`".into();
        }
        let place = match config_folder() {
            Some(folder) => folder.join(format!("{}-NAME.asc", self.vendor)).display().to_string(),
            None => format!("cotter/keys/{}-NAME.asc in your configuration folder", self.vendor),
        };
        format!(
            "if the vendor has a new key: get it from the vendor, compare its fingerprint (`gpg --show-keys FILE`), and \
             give it with `--key FILE`, or keep it as `{place}`"
        )
    }
}

/// Says so early if gpgv is not there.
fn see_gpgv() -> Result<(), Failure> {
    let ran = Command::new("gpgv").arg("--version").stdin(Stdio::null()).output();
    ran.map(drop).map_err(|cause| of_gpgv(&cause))
}

fn of_gpgv(cause: &std::io::Error) -> Failure {
    let message = match cause.kind() {
        ErrorKind::NotFound => "there is no `gpgv` here, which checks signatures".to_owned(),
        _ => format!("failed to run `gpgv`: {cause}"),
    };
    Failure::surroundings(
        message,
        "install it (the package `gpgv` on Debian, `gnupg2` on Fedora and RHEL); or give the digest that you trust \
         with `--sha256 DIGEST --no-signature`",
    )
}

/// Where users keep keys of vendors.
fn config_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = named.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("cotter/keys"))
}

/// The user's own keys of a vendor: `VENDOR.asc` and `VENDOR-….asc`.
fn kept_keys(vendor: &str) -> Vec<PathBuf> {
    let entries = config_folder().and_then(|folder| folder.read_dir().ok()).into_iter().flatten().flatten();
    let is_of_vendor = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let rest = name.strip_suffix(".asc").and_then(|name| name.strip_prefix(vendor));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let mut keys: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_of_vendor).collect();
    keys.sort();
    keys
}
