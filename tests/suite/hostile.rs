//! Records of a machine that lies, breaks off or attacks: never a crash, never a pass, nothing for the terminal.

use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

use cotter::verify;
use cotter::verify::BootRecord;
use cotter::verify::Life;
use cotter::verify::Manifest;
use cotter::verify::Wanted;
use serde_json::Value;
use serde_json::json;

use crate::golden;

/// How long one record may take, in a build without optimization on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn manifest() -> Manifest {
    let case = golden::cases().into_iter().find(|case| case.ends_with("everything")).unwrap();
    golden::plan(&case).unwrap().manifest
}

/// A record with which everything is met.
fn good(manifest: &Manifest) -> Value {
    let mut facts = serde_json::Map::new();
    for expectation in manifest.expectations.iter().filter(|e| e.lives.contains(&Life::LaterBoots)) {
        let values = facts.entry(expectation.subject.clone()).or_insert_with(|| json!([]));
        if expectation.wanted == Wanted::Has {
            values.as_array_mut().unwrap().push(json!(expectation.value));
        }
    }
    json!({
        "schema": "cotter.dev/boot/1", "machine": manifest.machine, "boot_id": "8e3b0d4a-1", "life": "later-boots",
        "uptime_seconds": 12, "time_seconds": 1_700_000_000, "facts": facts, "unknown": {},
    })
}

fn passes(manifest: &Manifest, records: Vec<BootRecord>) -> bool {
    let boots: Vec<_> = records.into_iter().map(|record| (record.name(), record)).collect();
    verify::judge(manifest, &boots).all_met()
}

/// Whether the record itself says, in plain JSON, all that is expected in the life it names.
fn says_all(manifest: &Manifest, bytes: &[u8]) -> bool {
    let Ok(record) = serde_json::from_slice::<Value>(bytes) else { return false };
    let Ok(life) = serde_json::from_value::<Life>(record["life"].clone()) else { return false };
    let no_excuses = json!({});
    let excuses = record.get("unknown").unwrap_or(&no_excuses).as_object().unwrap();
    let expected: Vec<_> = manifest.expectations.iter().filter(|e| e.lives.contains(&life)).collect();
    let holds = |e: &&verify::Expectation| {
        let found = record["facts"][&e.subject].as_array();
        found.is_some_and(|found| found.contains(&json!(e.value)) == (e.wanted == Wanted::Has))
            && !excuses.keys().any(|beginning| e.subject.starts_with(beginning))
    };
    record["schema"] == "cotter.dev/boot/1"
        && record["machine"] == json!(manifest.machine)
        && !expected.is_empty()
        && expected.iter().all(holds)
}

/// Reads and judges as a rehearsal and as `--facts` do; true if it passes anywhere.
fn judged(manifest: &Manifest, bytes: &[u8]) -> bool {
    let begin = Instant::now();
    let of_file = BootRecord::read_all(bytes).is_ok_and(|records| passes(manifest, records));
    let (records, _) = BootRecord::read_lines(&[bytes, b"\n"].concat());
    let of_stream = passes(manifest, records);
    assert!(begin.elapsed() < PATIENCE, "{} bytes took {:?}", bytes.len(), begin.elapsed());
    of_file || of_stream
}

/// xorshift64: the same numbers every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

const SNIPPETS: [&[u8]; 28] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"null",
    b"true",
    b"-1",
    b"1e308",
    b"1e309",
    b"0.5",
    b"99999999999999999999",
    b"\0",
    b"\\u0000",
    b"\x1b[2J",
    b"\\u001b[2J",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    "\u{202e}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{200b}".as_bytes(),
    b"\"hostname\":[\"x\"],",
    b"\n",
    b"{}",
];

#[test]
fn a_good_record_passes_and_its_beginnings_do_not() {
    let manifest = manifest();
    let record = good(&manifest).to_string().into_bytes();
    assert!(judged(&manifest, &record), "the record to begin with must pass");
    for end in 0..record.len() {
        assert!(!judged(&manifest, &record[..end]), "the first {end} of {} bytes pass", record.len());
    }
}

#[test]
fn thousands_of_changed_records_neither_crash_nor_pass() {
    let manifest = manifest();
    let record = good(&manifest).to_string().into_bytes();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut passed) = (0, 0);
    for round in 0..6000 {
        let mut bytes = record.clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(5) {
                0 => bytes[at] ^= 1 << chance.below(8),
                1 => bytes[at] = chance.below(256) as u8,
                2 => drop(bytes.splice(at..at, SNIPPETS[chance.below(SNIPPETS.len())].iter().copied())),
                3 => drop(bytes.drain(at..(at + 1 + chance.below(40)).min(bytes.len()))),
                _ => {
                    let end = (at + 1 + chance.below(200)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    let to = chance.below(bytes.len());
                    bytes.splice(to..to, again);
                }
            }
        }
        read += usize::from(BootRecord::read(&bytes).is_ok());
        let did = judged(&manifest, &bytes);
        passed += usize::from(did);
        assert!(
            !did || says_all(&manifest, &bytes),
            "round {round} passes:\n{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    // Changes that leave no record behind, or none that matters, would show nothing.
    assert!(read > 500 && passed > 10, "{read} were records, {passed} of them still right");
}

/// Records that are well-formed and wrong, each with a word for it.
fn lies(manifest: &Manifest) -> Vec<(&'static str, Vec<u8>)> {
    let record = good(manifest);
    let text = record.to_string();
    let with = |pointer: &str, value: Value| {
        let mut record = record.clone();
        *record.pointer_mut(pointer).unwrap() = value;
        record.to_string().into_bytes()
    };
    let first = manifest.expectations.iter().find(|e| e.subject == "hostname").unwrap();
    let twice = text.replacen("\"hostname\":", "\"hostname\":[\"other\"],\"hostname\":", 1);
    let nests = format!("\"facts\":{{\"hostname\":{}{},", "[".repeat(90_000), "]".repeat(90_000));
    let nested = text.replacen("\"facts\":{", &nests, 1);
    let many: String = (0..120_000).map(|n| format!("\"{n}\":[],")).collect();
    let name = |name: &str| with("/facts/hostname", json!([name]));
    let mut lies = vec![
        ("another machine", with("/machine", json!("other"))),
        ("nobody's machine", with("/machine", json!(""))),
        ("an unknown life", with("/life", json!("afterlife"))),
        ("a life of which nothing is expected", with("/life", json!("after-mco"))),
        ("an escape for a life", with("/life", json!("\u{1b}]0;met\u{7}"))),
        ("another schema", with("/schema", json!("cotter.dev/boot/2\u{1b}[2J"))),
        ("no boot id", with("/boot_id", json!(""))),
        ("a number for a boot id", with("/boot_id", json!(1e308))),
        ("a boot id to forge a line", name("x\n\u{1b}[1A8 of 8 met")),
        ("facts as a list", with("/facts", json!([]))),
        ("a text for values", with("/facts/hostname", json!(first.value))),
        ("a number among the values", with("/facts/hostname", json!([first.value, 1]))),
        ("deep values", with("/facts/hostname", json!([[[[first.value]]]]))),
        ("no values", with("/facts/hostname", json!([]))),
        ("both", twice.into_bytes()),
        ("all excused", with("/unknown", json!({"": ""}))),
        ("one excused", with("/unknown", json!({"host": "\u{202e}\u{2066}met"}))),
        ("a negative time", with("/time_seconds", json!(-1))),
        ("a time beyond all", with("/time_seconds", json!(1e308))),
        ("direction marks", name("a\u{202e}b\u{2066}c\u{200f}")),
        ("line separators", name("a\u{2028}b\u{2029}c\u{85}d")),
        ("what is not seen", name(&format!("{}\u{200b}", first.value))),
        ("a value of 900 KB", name(&"\u{1b}[31m".repeat(100_000))),
        ("nested without end", nested.into_bytes()),
        (
            "very many facts",
            text.replacen("\"facts\":{", &format!("\"facts\":{{{many}\"hostname\":[],"), 1).into_bytes(),
        ),
    ];
    let mut invalid = text.clone().into_bytes();
    let at = text.find("\"hostname\":[\"").unwrap() + 13;
    invalid.insert(at, 0xff);
    lies.push(("invalid UTF-8", invalid.clone()));
    invalid[at] = 0;
    lies.push(("a NUL", invalid));
    lies
}

#[test]
fn a_lie_is_never_a_pass() {
    let manifest = manifest();
    for (what, bytes) in lies(&manifest) {
        assert!(!judged(&manifest, &bytes), "{what} passes");
    }
}

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    // A record of at most 1 MiB must not need a thousand times that.
    let bounded = "ulimit -v 1500000; exec \"$0\" \"$@\"";
    let mut command = Command::new("bash");
    command.args(["-c", bounded, env!("CARGO_BIN_EXE_cotter")]).args(arguments).current_dir(folder);
    command.env("NO_COLOR", "1").output().unwrap()
}

#[test]
fn the_report_of_a_lie_is_plain_text_of_some_length() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest();
    std::fs::write(folder.path().join("m.manifest.json"), manifest.to_json()).unwrap();
    let mut records = lies(&manifest);
    let mut driving = good(&manifest);
    for values in driving["facts"].as_object_mut().unwrap().values_mut() {
        *values = json!(["\u{1b}[2J\u{9b}1A\r\n\u{202e}\u{2028}\u{7}\0\u{feff}met"]);
    }
    driving["boot_id"] = json!("\u{1b}[2J\u{202e}");
    records.push(("a boot of escapes", driving.to_string().into_bytes()));
    for (what, bytes) in records {
        std::fs::write(folder.path().join("record.json"), bytes).unwrap();
        for format in ["text", "json"] {
            let arguments = ["verify", "m.manifest.json", "--facts", "record.json", "--format", format];
            let begin = Instant::now();
            let done = cotter(folder.path(), &arguments);
            assert!(begin.elapsed() < PATIENCE, "{what} took {:?}", begin.elapsed());
            assert!(matches!(done.status.code(), Some(1 | 2)), "{what} ended with {}", done.status);
            for said in [done.stdout, done.stderr] {
                let said = String::from_utf8(said).unwrap();
                let is_plain = |c: char| matches!(c, '\n' | '…' | ' '..='~');
                let strange: Vec<char> = said.chars().filter(|c| !is_plain(*c)).collect();
                assert!(strange.is_empty(), "{what}: {strange:?}");
                assert!(format == "json" || said.len() < 100_000, "{what}: {} bytes", said.len());
            }
        }
    }
}

/// A folder from a machine's disk may hold anything under the name of a record.
#[test]
fn pipes_and_links_among_records_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest();
    std::fs::write(folder.path().join("m.manifest.json"), manifest.to_json()).unwrap();
    let records = folder.path().join("boots");
    std::fs::create_dir(&records).unwrap();
    std::fs::write(folder.path().join("outside"), good(&manifest).to_string()).unwrap();
    std::os::unix::fs::symlink("../outside", records.join("a.json")).unwrap();
    assert!(Command::new("mkfifo").arg(records.join("b.json")).status().unwrap().success());
    std::fs::create_dir(records.join("c.json")).unwrap();
    let done = cotter(folder.path(), &["verify", "m.manifest.json", "--facts", "boots"]);
    assert!(matches!(done.status.code(), Some(1 | 2)), "{}", String::from_utf8_lossy(&done.stdout));
    std::fs::write(records.join("d.json"), good(&manifest).to_string()).unwrap();
    let done = cotter(folder.path(), &["verify", "m.manifest.json", "--facts", "boots"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
}
