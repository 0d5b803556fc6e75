//! Any text as a machine file and as a Butane file: read, checked and planned, never a panic.
#![no_main]

use cotter::spec;
use cotter::spec::Variables;
use cotter::target;
use cotter::target::Files;
use cotter::value::Digest;
use cotter::verify::SpecDigest;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let files = Files::default();
    let (machine, mut findings) = spec::parse("fuzz.yaml", text, &Variables::new());
    if let Some(machine) = machine {
        findings.append(target::check(&machine, &files));
        if !findings.has_errors() {
            let spec = SpecDigest { file: "fuzz.yaml".into(), sha256: Digest::of(text.as_bytes()) };
            if let Ok(plan) = target::plan(&machine, &spec, &files) {
                let live = plan.medium().map(|medium| medium.live.to_json());
                let (_, _) = (live, plan.destination.to_json());
            }
        }
    }
    for finding in findings.sorted() {
        finding.render(Some(text));
    }
    let (butane, mut findings) = spec::parse_butane("fuzz.bu", text);
    if let Some(butane) = butane {
        target::butane_document(&butane, &files, &mut findings);
    }
});
