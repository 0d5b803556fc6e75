//! Second opinions: Debian's `ignition-validate` on every document, and its engine applying one to a folder.

use std::path::Path;
use std::process::Command;

use cotter::cloud::Format;
use cotter::verify::Expectation;
use cotter::verify::Life;

use crate::data_url;
use crate::golden;
use crate::tools;

#[test]
fn ignition_validate_accepts_every_document() {
    let Some(validate) = tools::program("ignition-validate") else {
        return;
    };
    let mut count = 0;
    for case in golden::cases() {
        let Some(plan) = golden::plan(&case) else {
            continue;
        };
        let mut documents = vec![plan.destination.to_json()];
        if let Some(delivery) = plan.delivery().filter(|delivery| delivery.choice.format == Format::Ignition)
        {
            let of = |name: &&str| delivery.files.contains_key(*name);
            let names = ["user-data", "config.ign", "payload"].into_iter().filter(of);
            documents.extend(names.map(|name| delivery.files[name].bytes.clone()));
        }
        if let Some(medium) = plan.medium() {
            documents.push(medium.live.to_json());
            documents.extend(layers(medium.live.value()));
        }
        for document in documents {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("document.ign");
            std::fs::write(&path, as_known(&document)).unwrap();
            let said = tools::output(Command::new(&validate).arg(&path));
            assert!(said.is_empty(), "{}: {}", case.display(), String::from_utf8_lossy(&said));
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} documents were looked at");
}

/// The newest spec that Debian's tool reads. OpenShift's operator gets newer documents, in which nothing is of a newer spec.
const KNOWN: &str = "3.3.0";

fn as_known(document: &[u8]) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(document).unwrap();
    let version = document["ignition"]["version"].as_str().unwrap();
    if version > KNOWN {
        document["ignition"]["version"] = KNOWN.into();
    }
    document.to_string().into_bytes()
}

/// The documents that ride in a single node's live document: what the bootstrap merges, and MachineConfigs.
fn layers(live: &serde_json::Value) -> Vec<Vec<u8>> {
    let files = live["storage"]["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = files.iter().filter(|file| file["path"].as_str().unwrap().starts_with("/opt/openshift/"));
    let ours = ours.filter(|file| file["path"].as_str().unwrap().contains("cotter"));
    let layers: Vec<Vec<u8>> = ours
        .map(|file| {
            let bytes = data_url::decode(&file["contents"]);
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            match value["spec"]["config"].is_object() {
                true => value["spec"]["config"].to_string().into_bytes(),
                false => bytes,
            }
        })
        .collect();
    let is_single_node = files.iter().any(|file| file["path"] == "/usr/local/bin/install-to-disk.sh");
    assert_eq!(layers.len(), if is_single_node { 3 } else { 0 });
    layers
}

/// Applies the destination document to a folder, and looks there for what the manifest expects of files
/// and users. Root only: it makes users.
#[test]
fn ignitions_engine_makes_what_the_manifest_expects() {
    let Some(engine) = tools::ignition_engine() else {
        return;
    };
    if !rustix_is_root() {
        tools::skip("Ignition makes users, which takes root");
        return;
    }
    let cases = [
        "dell-r640",
        "dhcp-and-both-families",
        "pin-by-rule",
        "everything",
        "bridge",
        "ipv6-and-routes",
        "single-node",
    ];
    let mut total = 0;
    for case in cases {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case);
        let plan = golden::plan(&case).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        empty_system(&root);
        apply(&engine, folder.path(), &root, &plan.destination.to_json());
        let mut looked = 0;
        let installed = |expectation: &&Expectation| expectation.lives.contains(&Life::FirstBoot);
        for expectation in plan.manifest.expectations.iter().filter(installed) {
            looked += usize::from(look(&root, expectation));
        }
        total += looked;
        for profile in root.join("etc/NetworkManager/system-connections").read_dir().unwrap() {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = profile.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "NetworkManager ignores a keyfile that others can read");
        }
    }
    assert!(total >= 60, "only {total} expectations could be looked at");
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// As little of a system as Ignition needs: accounts, and an SELinux policy that labels nothing.
fn empty_system(root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    write("etc/shadow", "root:*:19000:0:99999:7:::\n");
    write("etc/group", "root:x:0:\nwheel:x:10:\nsystemd-journal:x:190:\n");
    write("etc/gshadow", "root:*::\nwheel:!::\nsystemd-journal:!::\n");
    write(
        "etc/login.defs",
        "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nCREATE_HOME yes\nUSERGROUPS_ENAB yes\n",
    );
    write("etc/selinux/config", "SELINUXTYPE=dummy\n");
    write("etc/selinux/dummy/contexts/files/file_contexts", "");
    std::fs::create_dir_all(root.join("home")).unwrap();
}

fn apply(engine: &Path, work: &Path, root: &Path, document: &[u8]) {
    let config = work.join("config.ign");
    std::fs::write(&config, document).unwrap();
    // The engine relabels for SELinux whether there is a policy or not.
    let tools_folder = work.join("bin");
    tools::put_program(&tools_folder.join("setfiles"), b"#!/bin/sh\ncat >/dev/null\n");
    let path = format!("{}:{}:/usr/sbin:/sbin", tools_folder.display(), std::env::var("PATH").unwrap());
    for stage in ["fetch-offline", "files"] {
        let argument = |name: &str, value: &Path| format!("-{name}={}", value.display());
        let mut command = Command::new(engine);
        command
            .env("IGNITION_CONFIG_FILE", &config)
            .env("PATH", &path)
            .arg("-platform=file")
            .arg(argument("root", root))
            .arg(argument("config-cache", &work.join("cache")))
            .arg(argument("state-file", &work.join("state")))
            .arg(argument("neednet", &work.join("neednet")))
            .arg(format!("-stage={stage}"));
        tools::output(&mut command);
    }
}

/// Looks for one expectation in the folder; false if a folder cannot show it.
fn look(root: &Path, expectation: &Expectation) -> bool {
    let found = match subject(&expectation.subject) {
        Some(Subject::File(path, "sha256")) => {
            let text = tools::output(Command::new("sha256sum").arg(root.join(path)));
            String::from_utf8(text).unwrap().split(' ').next().unwrap().to_owned()
        }
        Some(Subject::File(path, "mode")) => {
            let mode = tools::output(Command::new("stat").args(["-c", "%a"]).arg(root.join(path)));
            format!("{:0>4}", String::from_utf8(mode).unwrap().trim())
        }
        Some(Subject::File(path, "owner")) => {
            let ids = tools::output(Command::new("stat").args(["-c", "%u:%g"]).arg(root.join(path)));
            let ids = String::from_utf8(ids).unwrap();
            let (user, group) = ids.trim().split_once(':').unwrap();
            let is_number = expectation.value.starts_with(|letter: char| letter.is_ascii_digit());
            match is_number {
                true => ids.trim().to_owned(),
                false => format!("{}:{}", name(root, "etc/passwd", user), name(root, "etc/group", group)),
            }
        }
        Some(Subject::File(path, "kind")) => {
            let kind = tools::output(Command::new("stat").args(["-c", "%F"]).arg(root.join(path)));
            match kind.as_slice() {
                b"symbolic link\n" => "link".to_owned(),
                b"directory\n" => "directory".to_owned(),
                _ => "file".to_owned(),
            }
        }
        Some(Subject::Group(group, "exists")) => {
            let there = account(root, "etc/group", group).is_some();
            if there { "yes" } else { "no" }.to_owned()
        }
        Some(Subject::User(user, "exists")) => {
            let there = account(root, "etc/passwd", user).is_some();
            if there { "yes" } else { "no" }.to_owned()
        }
        Some(Subject::User(user, "password")) => {
            let hash = account(root, "etc/shadow", user).unwrap()[1].clone();
            if hash.starts_with("$6$") { "set" } else { "locked" }.to_owned()
        }
        Some(Subject::User(user, "group")) => {
            let members = account(root, "etc/group", &expectation.value).unwrap()[3].clone();
            assert!(members.split(',').any(|member| member == user), "{expectation:?}: {members}");
            expectation.value.clone()
        }
        Some(Subject::User(user, "key")) => {
            let home = account(root, "etc/passwd", user).unwrap()[5].trim_start_matches('/').to_owned();
            let keys = root.join(format!("{home}/.ssh/authorized_keys.d/ignition"));
            let listed = tools::output(Command::new("ssh-keygen").arg("-lf").arg(keys));
            let listed = String::from_utf8(listed).unwrap();
            assert!(listed.contains(&expectation.value), "{expectation:?}: {listed}");
            expectation.value.clone()
        }
        _ => return false,
    };
    assert_eq!(found, expectation.value, "{expectation:?}");
    true
}

enum Subject<'a> {
    File(&'a str, &'a str),
    User(&'a str, &'a str),
    Group(&'a str, &'a str),
}

fn subject(key: &str) -> Option<Subject<'_>> {
    if let Some(rest) = key.strip_prefix("file/") {
        return rest.rsplit_once('/').map(|(path, property)| Subject::File(path, property));
    }
    if let Some(rest) = key.strip_prefix("group/") {
        return rest.split_once('/').map(|(name, property)| Subject::Group(name, property));
    }
    key.strip_prefix("user/")?.split_once('/').map(|(name, property)| Subject::User(name, property))
}

fn account(root: &Path, file: &str, name: &str) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    text.lines().map(fields).find(|fields| fields[0] == name)
}

fn name(root: &Path, file: &str, id: &str) -> String {
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(id)).unwrap();
    line.split(':').next().unwrap().to_owned()
}
