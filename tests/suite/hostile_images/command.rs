//! The same by the command: one of each kind.

use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::json;

use super::Case;
use super::EXTENT;
use super::LENGTH;
use super::MAX;
use super::VOLUME;
use super::archives::bombs;
use super::archives::lies;
use super::case;
use super::place;
use super::with_json;
use crate::generations;
use crate::generations::AREA;
use crate::generations::HEADER;
use crate::iso_builder::SECTOR;
use crate::iso_builder::Spelling;
use crate::iso_builder::both32;

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    // Little memory: nobody may believe a length before it is checked.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 786432; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cotter")]);
    command.args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_command_refuses_one_of_each_kind_and_writes_nothing() {
    const INFO: &str = "coreos/igninfo.json";
    const KARGS: &str = "coreos/kargs.json";
    let sample = generations::sample("2023-07", "x86_64", Spelling::Short, AREA);
    let old = generations::sample("2021-01", "x86_64", Spelling::Short, AREA);
    let record = |path: &str, field: usize| sample.iso.records[path] + field;
    let mut cases = vec![
        case(&sample, "a part", "bytes are missing", |image| image.truncate(image.len() / 2)),
        case(&sample, "volume size", "0 sectors", |image| both32(&mut image[VOLUME + 80..], 0)),
        case(&sample, "a directory", "the directory `coreos` has 4294967295 bytes", |image| {
            both32(&mut image[record("coreos", LENGTH)..], MAX);
        }),
        case(&sample, "a loop", "the directory `images` is at the place of another one", |image| {
            let root = place(image, sample.iso.records[""]).0 / SECTOR;
            both32(&mut image[record("images", EXTENT)..], root);
        }),
        case(&sample, "a file", "`coreos/kargs.json` has ", |image| {
            both32(&mut image[record(KARGS, EXTENT)..], MAX);
        }),
        with_json(&sample, "an offset", "are no part of", INFO, |document| {
            document["offset"] = json!(u64::MAX)
        }),
        with_json(&sample, "a size", "no size of an area", KARGS, |document| {
            document["size"] = json!(u64::MAX)
        }),
        case(&old, "a header", "the header `coreKarg`: ", |image| image[HEADER + 8..HEADER + 16].fill(0xff)),
    ];
    for (name, archive, says) in bombs().into_iter().chain(lies()) {
        cases.push(case(&sample, name, says, |image| {
            image[sample.embed.0..][..archive.len()].copy_from_slice(&archive);
        }));
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("c.ign"), "{\"ignition\":{\"version\":\"3.3.0\"}}").unwrap();
    for Case { name, image, says } in cases {
        std::fs::write(folder.join("hostile.iso"), &image).unwrap();
        for arguments in [
            &["image", "embed", "hostile.iso", "--config", "c.ign", "-o", "out.iso"][..],
            &["image", "embed", "hostile.iso", "--config", "c.ign"],
            &["image", "extract", "hostile.iso", "-C", "out"],
        ] {
            let done = cotter(folder, arguments);
            let said = String::from_utf8(done.stderr).unwrap();
            assert_eq!(done.status.code(), Some(2), "{name}, {arguments:?}: {said}");
            assert!(
                said.contains(&says) && said.contains("`hostile.iso`: "),
                "{name}, {arguments:?}: {said}"
            );
            assert!(said.contains("help: ") && said.lines().count() == 2, "{name}, {arguments:?}: {said}");
            assert!(done.stdout.is_empty(), "{name}, {arguments:?}");
            let mut left: Vec<_> =
                folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
            left.sort();
            assert_eq!(left, ["c.ign", "hostile.iso"], "{name}, {arguments:?}");
            assert!(
                std::fs::read(folder.join("hostile.iso")).unwrap() == image,
                "{name}, {arguments:?} changed it"
            );
        }
    }
}
