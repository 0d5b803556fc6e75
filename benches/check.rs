//! How long it takes to check machine files: one as a user does, and those of a fleet.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;

use cotter::spec;
use cotter::target;
use cotter::target::Files;
use cotter::world;
use cotter::world::Given;

/// How many hosts a fleet has.
const HOSTS: usize = 10_000;

/// Reading the file and what it names, and checking it: what `cotter check` does.
fn one(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for case in ["dell-r640", "everything"] {
        let path = root.join(case).join("machine.yaml");
        criterion.bench_function(&format!("check {case}"), |bencher| {
            bencher.iter(|| world::check_machine(black_box(&path), &Given::default()).unwrap());
        });
    }
}

/// The R640 example for each host of a fleet, on one core, each with names and addresses of its own.
fn fleet(_: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dell-r640/machine.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMQ1po5St10KuX/FTQMHPzd810+zEPj/i0iztTRNGJgZ a\n";
    let mut files = Files::default();
    files.contents.insert("secrets/core.pw".into(), b"hunter2\n".to_vec());
    files.contents.insert("secrets/id_ed25519.pub".into(), key.as_bytes().to_vec());
    let begin = Instant::now();
    let mut wrong = 0;
    for host in 0..HOSTS {
        let (high, low) = (host / 250, host % 250 + 2);
        let own = text
            .replace("192.168.50.10/24", &format!("10.{high}.50.{low}/16"))
            .replace("192.168.50.1,", &format!("10.{high}.50.1,"))
            .replace("r640.lab", &format!("host{host}.lab"));
        let (machine, findings) = spec::parse("machine.yaml", &own, &spec::Variables::new());
        let more = target::check(&machine.unwrap(), &files);
        wrong += usize::from(findings.has_errors() || more.has_errors());
    }
    assert_eq!(wrong, 0);
    println!("check of {HOSTS} hosts' files on one core: {:.2} s", begin.elapsed().as_secs_f64());
}

criterion_group!(benches, one, fleet);
criterion_main!(benches);
