//! Any bytes as a machine's records, judged by any manifest: never a panic, nothing that cannot be shown, and a pass only
//! if the records themselves say everything that is expected.
#![no_main]

use cotter::value::is_printable;
use cotter::verify;
use cotter::verify::BootRecord;
use cotter::verify::Manifest;
use cotter::verify::Wanted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A manifest on the first line, then what the machine says.
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, said) = bytes.split_at(end);
    let Ok(manifest) = serde_json::from_slice::<Manifest>(first) else { return check_words(bytes) };
    let (records, refused) = BootRecord::read_lines(said);
    assert!(refused.iter().flat_map(|why| why.chars()).all(is_printable));
    judge(&manifest, records);
    match BootRecord::read_all(said) {
        Ok(records) => judge(&manifest, records),
        Err(why) => assert!(why.chars().all(is_printable)),
    }
});

fn judge(manifest: &Manifest, records: Vec<BootRecord>) {
    let boots: Vec<(String, BootRecord)> =
        records.into_iter().map(|record| (record.name(), record)).collect();
    let report = verify::judge(manifest, &boots);
    for (name, record) in &boots {
        let facts = record.facts.iter().flat_map(|(subject, values)| values.iter().chain([subject]));
        let words = facts.chain(record.unknown.values()).chain([name, &record.machine]);
        assert!(words.flat_map(|word| word.chars()).all(is_printable));
    }
    if !report.all_met() {
        return;
    }
    assert!(!boots.is_empty() && report.regressions.is_empty());
    let mut expected = 0;
    for (_, record) in &boots {
        assert_eq!(record.machine, manifest.machine);
        for expectation in manifest.expectations.iter().filter(|e| e.lives.contains(&record.life)) {
            expected += 1;
            let found = &record.facts[&expectation.subject];
            assert_eq!(found.contains(&expectation.value), expectation.wanted == Wanted::Has);
            assert!(!record.unknown.keys().any(|beginning| expectation.subject.starts_with(beginning)));
        }
    }
    assert!(expected > 0);
}

/// What cannot be shown is gone from any text, and the rest is as it was.
fn check_words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let shown = cotter::value::printable(&text);
    assert!(shown.chars().all(is_printable) && shown.chars().count() == text.chars().count());
    assert_eq!(cotter::value::printable(&shown), shown);
}
