//! Cases: a machine file and what must come of it. `COTTER_BLESS=1` writes what comes instead.
//!
//! A case is a folder with `machine.yaml` and what it names. A right one has `expect/`: the installed
//! system's files as they will be (`expect/installed/…`, with modes and owners in `installed.txt`), the live
//! system's, the persistence matrix and the manifest. A wrong one has `expect-error.txt`: every finding.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use cotter::plan::Delivery;
use cotter::plan::Handover;
use cotter::plan::Plan;
use cotter::plan::Served;
use cotter::value::Digest;
use cotter::world;

use crate::data_url;

/// Every case, and every starter.
pub fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 5, "the cases are gone");
    cases
}

/// The plan of a case, if it has one.
pub fn plan(case: &Path) -> Option<Plan> {
    world::plan_machine(&case.join("machine.yaml"), &world::Given::default(), &mut |_| ())
        .unwrap()
        .machine
        .map(|(_, plan)| plan)
}

#[test]
fn every_case_gives_what_it_expects() {
    let mut wrong = Vec::new();
    for case in cases() {
        let planned =
            world::plan_machine(&case.join("machine.yaml"), &world::Given::default(), &mut |_| ()).unwrap();
        let source = |file: &str| planned.sources.get(file).map(String::as_str);
        let rendered: Vec<String> =
            planned.findings.iter().map(|finding| finding.render(source(&finding.origin.file))).collect();
        let mut got = BTreeMap::new();
        if !rendered.is_empty() {
            got.insert("expect-error.txt".to_owned(), format!("{}\n", rendered.join("\n\n")).into_bytes());
        }
        if let Some((_, plan)) = &planned.machine {
            tree(plan, &mut got);
        }
        compare(&case, &got, &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "{}\n(COTTER_BLESS=1 writes what comes; read the difference)",
        wrong.join("\n")
    );
}

/// What a plan comes to, as files.
fn tree(plan: &Plan, got: &mut BTreeMap<String, Vec<u8>>) {
    document("installed", &plan.destination.to_json(), got);
    if let Some(medium) = plan.medium() {
        document("live", &medium.live.to_json(), got);
        for (name, keyfile) in &medium.edit.network {
            got.insert(format!("expect/live-initramfs/{name}"), keyfile.clone());
        }
    }
    if let Some(delivery) = plan.delivery() {
        deliver(delivery, got);
    }
    if let Some(handover) = plan.handover() {
        hand_over(handover, got);
    }
    if let Some(served) = plan.served() {
        serve(served, got);
    }
    let lives: Vec<String> = plan.lives.iter().map(ToString::to_string).collect();
    let lives = lives.join(", ");
    let mut matrix = format!("({lives})\n");
    for row in plan.matrix() {
        let marks: String = row.present.iter().map(|present| if *present { 'x' } else { '-' }).collect();
        matrix.push_str(&format!(
            "{marks} {}: {}  <- {}\n",
            row.artifact.section, row.artifact.what, row.artifact.origin
        ));
    }
    if let Some(medium) = plan.medium() {
        let arguments = medium.edit.append_kernel_arguments.join(" ");
        matrix.push_str(&format!("live kernel arguments: {arguments}\n"));
    }
    got.insert("expect/matrix.txt".to_owned(), matrix.into_bytes());
    got.insert("expect/manifest.json".to_owned(), plan.manifest.to_json());
}

/// What a cloud is given: what was chosen, and the files that are text.
fn deliver(delivery: &Delivery, got: &mut BTreeMap<String, Vec<u8>>) {
    let choice = &delivery.choice;
    let mut list = format!("{} for {}, {}\n", choice.format, delivery.platform, choice.runs);
    for key in &delivery.keys {
        list.push_str(&format!("key {} {}\n", key.key, key.encoding.word()));
    }
    for note in &delivery.notes {
        list.push_str(&format!("note {note}\n"));
    }
    for (name, output) in &delivery.files {
        list.push_str(&format!(
            "{name} {:?}{}\n",
            output.secrecy,
            if output.is_program { " program" } else { "" }
        ));
        if let Ok(text) = std::str::from_utf8(&output.bytes) {
            // What is left out below is in the payload too.
            let payload = delivery.files.get("payload").map(|payload| Digest::of(&payload.bytes));
            let text = match &payload {
                Some(digest) => text.replace(digest.as_str(), "(digest of payload)"),
                None => text.to_owned(),
            };
            got.insert(format!("expect/delivery/{name}"), without_scripts(&text).into_bytes());
        }
    }
    got.insert("expect/delivery.txt".to_owned(), list.into_bytes());
}

/// What a cluster's operator is given.
fn hand_over(handover: &Handover, got: &mut BTreeMap<String, Vec<u8>>) {
    let mut list = format!("for {} of {}\n", handover.role, handover.openshift);
    for note in &handover.notes {
        list.push_str(&format!("note {note}\n"));
    }
    for (name, output) in &handover.files {
        list.push_str(&format!("{name} {:?}\n", output.secrecy));
        got.insert(format!("expect/objects/{name}"), output.bytes.clone());
    }
    got.insert("expect/objects.txt".to_owned(), list.into_bytes());
}

/// What another system's installer reads.
fn serve(served: &Served, got: &mut BTreeMap<String, Vec<u8>>) {
    let mut list = String::new();
    for note in &served.notes {
        list.push_str(&format!("note {note}\n"));
    }
    for (name, output) in &served.files {
        list.push_str(&format!("{name} {:?}\n", output.secrecy));
        got.insert(format!("expect/served/{name}"), output.bytes.clone());
    }
    got.insert("expect/served.txt".to_owned(), list.into_bytes());
}

/// What is the same in all machines, and what is compressed, would only hide the rest.
fn without_scripts(text: &str) -> String {
    if text.lines().all(|line| line.len() > 1000) {
        return "(one line)\n".to_owned();
    }
    let is_base64 = |line: &str| {
        !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    };
    let (mut shown, mut is_hidden, mut is_packed) = (String::new(), false, false);
    for line in text.lines() {
        let word = line.trim();
        is_packed = word.starts_with("H4sI") || is_packed && is_base64(word) && word != "COTTER";
        is_hidden = word.starts_with("# What follows is the same") || is_hidden && word != "begin";
        if word.starts_with("H4sI") || word.starts_with("# What follows is the same") {
            shown.push_str(&line.replace(word, "(left out)\n"));
        } else if !is_packed && !is_hidden {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    shown
}

/// A document taken apart: its files as files, the rest as a list.
fn document(place: &str, json: &[u8], got: &mut BTreeMap<String, Vec<u8>>) {
    let document: serde_json::Value = serde_json::from_slice(json).unwrap();
    let mut list = format!("ignition {}\n", document["ignition"]["version"].as_str().unwrap());
    for user in document["passwd"]["users"].as_array().into_iter().flatten() {
        list.push_str(&format!("user {user}\n"));
    }
    for file in document["storage"]["files"].as_array().into_iter().flatten() {
        let path = file["path"].as_str().unwrap();
        let mode = file["mode"].as_u64().unwrap_or(0o644);
        let owner = |who: &str| match (file[who]["name"].as_str(), file[who]["id"].as_u64()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(id)) => id.to_string(),
            _ => "root".to_owned(),
        };
        list.push_str(&format!("{mode:04o} {}:{} {path}\n", owner("user"), owner("group")));
        let written_elsewhere =
            ["/usr/local/bin/cotter-verify", "/etc/coreos/dest.ign", "/etc/cotter/manifest.json"];
        // What is fetched is not in the document.
        let is_known = file["contents"]["source"].as_str().is_none_or(|source| source.starts_with("data:"));
        if is_known && !written_elsewhere.contains(&path) {
            let bytes = data_url::decode(&file["contents"]);
            got.insert(format!("expect/{place}{path}"), bytes);
        }
    }
    for unit in document["systemd"]["units"].as_array().into_iter().flatten() {
        let name = unit["name"].as_str().unwrap();
        list.push_str(&format!("unit {name} enabled={} mask={}\n", unit["enabled"], unit["mask"]));
        if let Some(contents) = unit["contents"].as_str() {
            got.insert(format!("expect/{place}/units/{name}"), contents.as_bytes().to_vec());
        }
        for dropin in unit["dropins"].as_array().into_iter().flatten() {
            let file = format!("expect/{place}/units/{name}.d/{}", dropin["name"].as_str().unwrap());
            got.insert(file, dropin["contents"].as_str().unwrap().as_bytes().to_vec());
        }
    }
    got.insert(format!("expect/{place}.txt"), list.into_bytes());
}

fn compare(case: &Path, got: &BTreeMap<String, Vec<u8>>, wrong: &mut Vec<String>) {
    let bless = std::env::var_os("COTTER_BLESS").is_some();
    if bless {
        let _ = std::fs::remove_dir_all(case.join("expect"));
        let _ = std::fs::remove_file(case.join("expect-error.txt"));
    }
    for (name, bytes) in got {
        let path = case.join(name);
        if bless {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        match std::fs::read(&path) {
            Ok(expected) if expected == *bytes => {}
            Ok(expected) => {
                wrong.push(format!("{} differs: {}", path.display(), first_difference(&expected, bytes)))
            }
            Err(_) => wrong.push(format!("{} is not expected", path.display())),
        }
    }
    let mut expected = Vec::new();
    files(&case.join("expect"), &mut expected);
    expected.extend(Some(case.join("expect-error.txt")).filter(|path| path.exists()));
    for path in expected {
        let name = path.strip_prefix(case).unwrap().to_string_lossy().into_owned();
        if !got.contains_key(&name) {
            wrong.push(format!("{} does not come", path.display()));
        }
    }
}

fn first_difference(expected: &[u8], got: &[u8]) -> String {
    let (expected, got) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let line = expected.lines().zip(got.lines()).position(|(a, b)| a != b).unwrap_or(0);
    let of = |text: &str| text.lines().nth(line).unwrap_or("(no line)").to_owned();
    format!("line {}: expected `{}`, got `{}`", line + 1, of(&expected), of(&got))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Damaged machine files give findings, never a panic; not even in the libraries that read parts of them.
#[test]
fn survives_any_damage_to_a_machine_file() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let letters = b"{}[]:,-#&*!|>'\"%@ \n\t0aZ~.\\<\x00\xff";
    for case in cases() {
        let text = std::fs::read(case.join("machine.yaml")).unwrap();
        for _ in 0..300 {
            let mut bytes = text.clone();
            for _ in 0..=next() % 4 {
                let at = next() % bytes.len().max(1);
                match next() % 4 {
                    0 if at < bytes.len() => bytes[at] = letters[next() % letters.len()],
                    1 if at < bytes.len() => drop(bytes.remove(at)),
                    0..=2 => bytes.insert(at, letters[next() % letters.len()]),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let (machine, findings) =
                cotter::spec::parse("machine.yaml", &text, &cotter::spec::Variables::new());
            for finding in findings.sorted() {
                finding.render(Some(&text));
            }
            if let Some(machine) = machine {
                let _ = cotter::target::check(&machine, &cotter::target::Files::default());
                let digest = cotter::value::Digest::of(text.as_bytes());
                let spec = cotter::verify::SpecDigest { file: "machine.yaml".into(), sha256: digest };
                let _ = cotter::target::plan(&machine, &spec, &cotter::target::Files::default());
            }
        }
    }
}
