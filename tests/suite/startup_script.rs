//! The real script runner of Google's guest agent, before a metadata server of the test's own.

use crate::cloud_root::Root;
use crate::cloud_root::STARTUP_SCRIPT;

const SCRIPT: &str = "#!/bin/bash\necho ran >>/var/ran\n";
const MIME: &str = "Content-Type: multipart/mixed; boundary=\"MIMEBOUNDARY\"\nMIME-Version: 1.0\n\n--MIMEBOUNDARY\n\
    Content-Disposition: attachment; filename=\"nodeup.sh\"\nContent-Transfer-Encoding: 7bit\nContent-Type: text/x-shellscript\n\
    Mime-Version: 1.0\n\n#!/bin/bash\nset -o errexit\necho ran >>/var/ran\n\n--MIMEBOUNDARY--\n";

/// What the runner says of these attributes, and what ran.
fn run(attributes: &[(&str, &str)]) -> Option<(String, String)> {
    let root = Root::of("bookworm")?;
    root.attributes(attributes);
    let said = root.boot(STARTUP_SCRIPT)?.said;
    Some((said, root.read("/var/ran").unwrap_or_default()))
}

#[test]
fn a_script_under_its_key_runs() {
    let Some((said, ran)) = run(&[("startup-script", SCRIPT)]) else { return };
    assert!(said.contains("Found startup-script in metadata.") && said.contains("exit status 0"), "{said}");
    assert_eq!(ran, "ran\n");
}

/// The control, as in kubernetes/kops#16697: an image without cloud-init, and everything under cloud-init's key.
#[test]
fn user_data_alone_runs_nothing() {
    let Some((said, ran)) = run(&[("user-data", SCRIPT)]) else { return };
    assert!(said.contains("No startup scripts to run."), "{said}");
    assert_eq!(ran, "");
}

/// The control, as in kubernetes/kops#15589: the runner takes MIME for a script.
#[test]
fn mime_under_the_key_of_a_script_fails() {
    let Some((said, _)) = run(&[("startup-script", MIME)]) else { return };
    assert!(said.contains("line 1: Content-Type:: command not found"), "{said}");
    assert!(!said.contains("exit status 0"), "{said}");
}

/// cloud-init's own reader of the same server: what is under its key, also as base64, and nothing that is under another.
#[test]
fn cloud_init_reads_its_own_key_there() {
    // Its main program needs the firmware's word that it is on this platform, which a root cannot give.
    let read = "python3 -c 'import types, cloudinit.sources.DataSourceGCE as gce; \
        said = gce.read_md(\"http://169.254.169.254/computeMetadata/v1/\", types.SimpleNamespace(num_retries=1, sec_between_retries=1), \
        platform_check=False); print(\"read\", said[\"user-data\"])'";
    let server = [("startup-script", SCRIPT)];
    let plain = [("user-data", SCRIPT)];
    let encoded = [("user-data", "aGVsbG8="), ("user-data-encoding", "base64")];
    for (attributes, found) in [
        (&server[..], "read None"),
        (&plain, "read b'#!/bin/bash\\necho ran >>/var/ran\\n'"),
        (&encoded, "read b'hello'"),
    ] {
        let Some(root) = Root::of("trixie") else { return };
        root.attributes(attributes);
        let Some(booted) = root.boot(read) else { return };
        assert!(booted.said.contains(found), "{attributes:?}: {}", booted.said);
    }
}
