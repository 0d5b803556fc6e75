//! `cotter nics`: what ports will be called, and why, as people and programs are told.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use cotter::hardware;
use cotter::hardware::naming::Schemes;
use cotter::target::NameQuestion;
use cotter::target::NameReport;

use crate::recorded;
use crate::recorded::Recorded;
use crate::schemas;

fn cotter(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).arg("nics").args(arguments).output().unwrap()
}

fn said(arguments: &[&str], code: i32) -> String {
    let done = cotter(arguments);
    let said = String::from_utf8(done.stdout).unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}\n{error}");
    said
}

fn found() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/name-is-lost")
}

#[test]
fn an_r640_is_told_that_its_port_will_have_another_name_and_why() {
    let inventory = found().join("r640.json");
    let said = said(&[inventory.to_str().unwrap(), "--scheme", "all"], 0);
    let first: Vec<&str> =
        said.split("\n\n").find(|part| part.starts_with("e4:43:4b:0a:00:01")).unwrap().lines().collect();
    let line = |name: &str| first.iter().position(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(first[line("eno1 ")].contains("kernels before 6.7, by every scheme"), "{first:#?}");
    let later = line("eno1np0 ");
    assert!(first[later].contains("kernel 6.7 and later, by every scheme"), "{first:#?}");
    assert!(first[later + 1].contains("the firmware numbers it 1"), "{first:#?}");
    assert!(first[later + 2].contains("i40e calls the port `p0` on its card (1)"), "{first:#?}");
    assert!(said.lines().any(|line| line.starts_with("1: kernel commit 9e479d64dc58")), "{said}");
}

#[test]
fn what_is_bound_to_names_is_judged() {
    let spec = found().join("machine.yaml");
    let said = said(&[spec.to_str().unwrap()], 1);
    let bound: Vec<&str> = said.split("bound to names\n").nth(1).unwrap().lines().collect();
    let of = |name: &str| bound.iter().position(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(bound[of("data0")].contains("lasts"), "{bound:#?}");
    assert!(bound[of("spare0")].contains("no port has it"), "{bound:#?}");
    assert!(
        bound[of("eno1")].contains("is lost") && bound[of("eno1")].contains("machine.yaml:22"),
        "{bound:#?}"
    );
    assert!(bound[of("eno1") + 1].contains("becomes `eno1np0` with kernel 6.7 and later"), "{bound:#?}");
}

#[test]
fn schemes_kernels_and_arguments_can_be_chosen() {
    let inventory = found().join("r640.json");
    let inventory = inventory.to_str().unwrap();
    let before = said(&[inventory, "--kernel", "6.6.1", "--scheme", "v252"], 0);
    assert!(
        before.contains("  eno1  kernels before 6.7, by v252") && !before.contains("eno1np0"),
        "{before}"
    );
    let kept = said(&[inventory, "--argument", "net.ifnames=0", "--scheme", "latest"], 0);
    assert!(kept.contains("`net.ifnames=0` leaves it the kernel's name"), "{kept}");
    let em = said(&[inventory, "--argument", "biosdevname=1", "--kernel", "6.6"], 0);
    assert!(em.contains("  em1 "), "{em}");
    for (wrong, words) in [
        (["--scheme", "v2522"], "did you mean `v252`?"),
        (["--scheme", "newest"], "`all` is every one"),
        (["--kernel", "six"], "not a kernel's version"),
    ] {
        let done = cotter(&[inventory, wrong[0], wrong[1]]);
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{wrong:?}");
        assert!(error.contains(words), "{wrong:?}: {error}");
    }
}

/// Other tools do not tell the firmware's numbers; the names that the ports had then do, and so do a BMC's.
#[test]
fn what_other_tools_saw_is_enough_too() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventory");
    for (file, lines) in [
        ("lshw-r640", ["  eno1     kernels before 6.7", "  eno1np0  kernel 6.7 and later"]),
        ("metal3-hardwaredata", ["  eno1np0  by every scheme", "  eno2np1  by every scheme"]),
        ("redfish-idrac9", ["  eno1  by every scheme", "  eno2  by every scheme"]),
        ("ironic-inventory-save", ["  eno8303  by every scheme", "           the firmware numbers it 8303"]),
    ] {
        let said = said(&[fixtures.join(format!("{file}.json")).to_str().unwrap()], 0);
        for wanted in lines {
            assert!(
                said.lines().any(|line| line.starts_with(wanted)),
                "{file}: {wanted:?} is not in\n{said}"
            );
        }
    }
}

#[test]
fn a_kind_of_machine_is_enough_to_be_warned() {
    let said = said(&["dell-r640"], 0);
    assert!(said.contains("nobody has looked at this one") && said.contains("eno1np0"), "{said}");
    let list = cotter(&["--profiles"]);
    let list = String::from_utf8(list.stdout).unwrap();
    for profile in hardware::profiles() {
        assert!(list.contains(&profile.name) && list.contains(&profile.title), "{list}");
    }
}

/// Of every recorded machine, and of this one.
#[test]
fn reports_are_what_the_schema_says() {
    let own = said(&["--format", "json"], 0);
    schemas::assert_is("nics", &serde_json::from_str(&own).unwrap());
    let spec = found().join("machine.yaml");
    let judged = said(&[spec.to_str().unwrap(), "--format", "json"], 1);
    schemas::assert_is("nics", &serde_json::from_str(&judged).unwrap());
    let schemes = "all".parse::<Schemes>().unwrap().0;
    let mut ports = 0;
    for case in recorded::names() {
        let inventory = hardware::seen(&Recorded::named(&case).tree());
        let question = NameQuestion { schemes: Some(schemes.clone()), ..NameQuestion::default() };
        let report = NameReport::of_inventory(&inventory, &question);
        ports += report.ports.len();
        schemas::assert_is("nics", &serde_json::to_value(&report).unwrap());
    }
    assert!(ports > 200, "{ports} ports are not all there are");
}
