//! What `cotter verify --ssh` finds on machines in clouds: real cloud-init and Google's script runner, where the payload
//! was applied and where nothing was.

use serde_json::Value;
use serde_json::json;

use crate::cloud_root::CLOUD_INIT;
use crate::cloud_root::Root;
use crate::cloud_root::SHELL;
use crate::cloud_root::STARTUP_SCRIPT;
use crate::cloud_root::Verdict;

/// What the stamp must say.
const DIGEST: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

/// What leaves a stamp with this digest.
fn stamping(digest: &str) -> String {
    format!(
        "mkdir -p /var/lib/cotter\necho '{{\"schema\":\"cotter.dev/payload/1\",\"machine\":\"m\",\"format\":\"script\",\"digest\":\"{digest}\",\
         \"by\":\"hand\",\"boot_id\":\"\"}}' >/var/lib/cotter/payload.json\n"
    )
}

/// Looks at a root over ssh, right after it has booted so.
fn verify(root: &Root, boots: &str) -> Option<Verdict> {
    verify_with(root, boots, SHELL)
}

fn verify_with(root: &Root, boots: &str, shell: &str) -> Option<Verdict> {
    let lacks = |subject: &str, value: &str| expectation(subject, "lacks", value);
    let expectations = [
        expectation("payload/digest", "has", DIGEST),
        lacks("cloud-init/status", "error"),
        lacks("cloud-init/user-data", "refused"),
        lacks("cloud-init/schema", "invalid"),
        lacks("startup-script/result", "failed"),
    ];
    let manifest = json!({
        "schema": "cotter.dev/manifest/1", "machine": "m", "target": "cloud",
        "spec": {"file": "m.yaml", "sha256": "0".repeat(64)}, "patience_seconds": 0, "expectations": expectations,
    });
    root.verify(&manifest, boots, shell)
}

fn expectation(subject: &str, wanted: &str, value: &str) -> Value {
    json!({
        "subject": subject, "wanted": wanted, "value": value, "says": subject, "lives": ["first-boot", "later-boots"],
        "origin": {"file": "m.yaml", "line": 7, "column": 1, "key": "cloud"},
    })
}

#[test]
fn whoever_applied_nothing_is_found_out_though_cloud_init_says_done() {
    for suite in ["trixie", "bookworm"] {
        let applied = format!("#!/bin/bash\n{}", stamping(DIGEST));
        let other = format!("#!/bin/bash\n{}", stamping(&"b".repeat(64)));
        let failed = format!("#!/bin/bash\nexit 7\n{}", stamping(DIGEST));
        for (user_data, not_met, hint) in [
            (applied.as_str(), &[][..], ""),
            (&failed, &["cloud-init/status", "payload/digest"], "cloud-init failed: "),
            (&other, &["payload/digest"], "another payload was applied by hand"),
            ("", &["payload/digest"], "cloud-init is done, and was given no such payload"),
        ] {
            let Some(root) = Root::seeded(suite, &[("user-data", user_data.as_bytes())]) else { return };
            let Some(verdict) = verify(&root, CLOUD_INIT) else { return };
            let mut subjects = verdict.subjects();
            subjects.sort_unstable();
            assert_eq!(subjects, not_met, "{suite}: {user_data}: {:?}", verdict.not_met);
            assert_eq!(verdict.code, i32::from(!not_met.is_empty()));
            assert!(verdict.hint("payload/digest").starts_with(hint), "{suite}: {:?}", verdict.not_met);
        }
    }
}

/// What cloud-init passes over without an error: no header, YAML that is none, a part of no known type, and what its
/// schema does not allow.
#[test]
fn what_cloud_init_passes_over_is_quoted() {
    let mime = "Content-Type: multipart/mixed; boundary=\"B\"\nMIME-Version: 1.0\n\n--B\nContent-Type: text/bogus\n\nfoo\n--B--\n";
    for (user_data, not_met, said) in [
        ("users: [ops]\n", &["cloud-init/schema", "cloud-init/user-data"][..], "Unhandled non-multipart"),
        ("#cloud-config\n a: b\nc: [\n", &["cloud-init/user-data"], "Failed loading yaml"),
        (mime, &["cloud-init/user-data"], "Unhandled unknown content-type (text/bogus)"),
        ("#cloud-config\nuserz: [ops]\n", &["cloud-init/schema"], "userz"),
    ] {
        let Some(root) = Root::seeded("trixie", &[("user-data", user_data.as_bytes())]) else { return };
        let Some(verdict) = verify(&root, CLOUD_INIT) else { return };
        let mut subjects = verdict.subjects();
        subjects.sort_unstable();
        assert_eq!(subjects, [not_met, &["payload/digest"]].concat(), "{user_data}: {:?}", verdict.not_met);
        for subject in not_met {
            assert!(
                verdict.hint(subject).contains(said) || not_met.len() > 1,
                "{user_data}: {:?}",
                verdict.not_met
            );
        }
        let quoted = verdict.not_met.iter().any(|(_, _, hint)| hint.contains(said));
        assert!(quoted, "{user_data}: {:?}", verdict.not_met);
        assert_eq!(verdict.code, 1);
    }
}

/// Only root may have what cloud-init was given checked; nobody else's look passes for one.
#[test]
fn without_root_the_schema_is_unknown() {
    let user_data = format!("#!/bin/bash\n{}", stamping(DIGEST));
    let Some(root) = Root::seeded("trixie", &[("user-data", user_data.as_bytes())]) else { return };
    let shell = "exec su nobody -s /bin/bash -c 'exec bash --norc -s'";
    let Some(verdict) = verify_with(&root, CLOUD_INIT, shell) else { return };
    assert_eq!(verdict.subjects(), ["cloud-init/schema", "startup-script/result"], "{:?}", verdict.not_met);
    assert!(verdict.not_met.iter().all(|(_, outcome, _)| outcome == "unknown"), "{:?}", verdict.not_met);
    assert_eq!(verdict.code, 1);
}

/// The runner's lines, as the journal has them.
const JOURNAL: &str = "#!/bin/bash\n[[ $* == *google-startup-scripts* ]] && cat /run/journal\n";

/// cloud-init is not there, as in Google's images of Rocky Linux.
const NO_CLOUD_INIT: &str = "rm -f /usr/bin/cloud-init; ";

#[test]
fn what_the_script_runner_says_is_told() {
    let good = format!("#!/bin/bash\necho startup-script exit status 9\n{}", stamping(DIGEST));
    let bad = "#!/bin/bash\nexit 7\n";
    for (key, script, not_met, hint) in [
        ("startup-script", good.as_str(), &[][..], ""),
        ("startup-script", bad, &["payload/digest", "startup-script/result"], "startup-script exit status 7"),
        ("user-data", &good, &["payload/digest"], "under a key that this image does not read"),
    ] {
        let Some(root) = Root::of("bookworm") else { return };
        root.attributes(&[(key, script)]);
        root.write("/usr/bin/journalctl", JOURNAL.as_bytes(), 0o755);
        let boots = format!("{NO_CLOUD_INIT} {STARTUP_SCRIPT} >/run/journal 2>&1");
        let Some(verdict) = verify(&root, &boots) else { return };
        assert_eq!(verdict.subjects(), not_met, "{key}: {:?}", verdict.not_met);
        for subject in not_met {
            assert!(verdict.hint(subject).contains(hint), "{key}: {:?}", verdict.not_met);
        }
    }
}

/// Newer runners say it in other words; these are theirs.
#[test]
fn what_newer_script_runners_say_is_told() {
    for (lines, not_met) in [
        (
            "Script \"startup-script\" failed with error: exit status 7\nFinished running startup scripts.",
            &["startup-script/result"][..],
        ),
        ("startup-script exit status 0\nFinished running startup scripts.", &[]),
        (
            "startup-script: Script \"startup-script\" failed with error: exit status 7\nstartup-script exit status 0",
            &[],
        ),
    ] {
        let Some(root) = Root::of("bookworm") else { return };
        root.write("/usr/bin/journalctl", JOURNAL.as_bytes(), 0o755);
        let lines = format!(
            "Starting startup scripts (version 20250901.00).\nFound startup-script in metadata.\n{lines}\n"
        );
        root.write("/etc/lines", lines.as_bytes(), 0o644);
        let boots = format!("{NO_CLOUD_INIT} cp /etc/lines /run/journal; {}", stamping(DIGEST));
        let Some(verdict) = verify(&root, &boots) else { return };
        assert_eq!(verdict.subjects(), not_met, "{lines}: {:?}", verdict.not_met);
    }
}

/// A cloud-init that hangs holds nothing up, and is nobody's pass.
#[test]
fn a_cloud_init_that_hangs_is_unknown() {
    let Some(root) = Root::of("trixie") else { return };
    root.write("/usr/bin/cloud-init", b"#!/bin/bash\nexec sleep infinity\n", 0o755);
    let shell = "export COTTER_TOOL_SECONDS=1; exec bash --norc -s";
    let Some(verdict) = verify_with(&root, &stamping(DIGEST), shell) else { return };
    let expected = ["cloud-init/status", "cloud-init/user-data", "cloud-init/schema"];
    assert_eq!(verdict.subjects(), expected, "{:?}", verdict.not_met);
    let says = "cloud-init does not answer within 6 s";
    assert!(verdict.not_met.iter().all(|(_, outcome, why)| outcome == "unknown" && why == says));
}
