//! The installer's certificates: most of them live for 24 hours, and then the bootstrap cannot begin.

use x509_cert::Certificate;
use x509_cert::der::DecodePem as _;

use super::InstallerDocument;
use crate::document::Diagnostics;
use crate::document::Origin;

/// Says which certificates are not valid at a time, in seconds since 1970.
pub(in crate::target) fn check(
    installer: &InstallerDocument,
    now_seconds: u64,
    origin: &Origin,
    findings: &mut Diagnostics,
) {
    let mut over: Vec<(String, u64)> = Vec::new();
    for (path, pem) in installer.certificates() {
        // A bundle begins with the one that counts; what is none is the installer's matter.
        let Ok(certificate) = Certificate::from_pem(&pem) else { continue };
        let until = certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
        if until < now_seconds {
            over.push((path, until));
        }
    }
    let Some((path, until)) = over.iter().min_by_key(|(_, until)| *until) else { return };
    let more = if over.len() > 1 { format!(", and {} more", over.len() - 1) } else { String::new() };
    let hours = now_seconds.saturating_sub(*until) / 3600;
    findings.error(
        "installer-certificates",
        origin,
        format!("the installer's certificate `{path}` ended {hours} hours ago{more}: they live for 24 hours"),
        "make the Ignition again, shortly before the installation; or name `installer` and `install_config`",
    );
}
