//! What images say of their areas: in JSON, and in the header of the system area.

use serde_json::Value;
use serde_json::json;

use super::VOLUME;
use super::all_are_refused;
use super::case;
use super::rewrite;
use super::samples;
use super::with_json;
use crate::generations;
use crate::generations::AREA;
use crate::generations::HEADER;
use crate::iso_builder::SECTOR;
use crate::iso_builder::Spelling;

#[test]
fn descriptions_of_the_embed_area() {
    const INFO: &str = "coreos/igninfo.json";
    let mut cases = Vec::new();
    for sample in samples().iter().filter(|sample| sample.iso.files.contains_key(INFO)) {
        let is_s390x = sample.name.contains("s390x");
        let file = if is_s390x { "images/cdboot.img" } else { "images/ignition.img" };
        let (_, there) = sample.iso.files[file];
        let mut set = |field: &str, value: Value, says: &str| {
            let what = format!("{INFO} {field} {value}");
            cases.push(with_json(sample, &what, says, INFO, |document| document[field] = value));
        };
        let no_part = format!("are no part of `{file}`, which has {there}");
        for value in [there, there + 1, usize::MAX] {
            set("offset", json!(value), &no_part);
        }
        for value in [0, there + 1, usize::MAX] {
            set("length", json!(value), &no_part);
        }
        for field in ["offset", "length"] {
            for value in [json!(-1), json!(0.5), json!("7"), json!(1e300)] {
                set(field, value, "`coreos/igninfo.json`: invalid ");
            }
        }
        // Over the kernel arguments, or over the kernel.
        if is_s390x {
            let says = if sample.places.is_empty() {
                "at byte 0 of it there is no archive"
            } else {
                "areas overlap"
            };
            set("offset", json!(0), says);
        }
        set("file", json!("nowhere.img"), "it has no `nowhere.img`");
        set("file", json!("images"), "it has no `images`");
        set("file", json!("../../etc/passwd"), "it has no `../../etc/passwd`");
        set("file", json!("a\u{1b}[2Jb\nc"), "it has no `a\\u{1b}[2Jb\\nc`");
        set("file", json!(""), "it has no ``");
        set("file", json!(null), "`coreos/igninfo.json`: invalid type: null");
        for text in ["", "{", "[]", "{\"file\": 7}", "\u{feff}{}", "\0\0\0"] {
            let what = format!("{INFO} {text:?}");
            cases.push(case(sample, &what, "`coreos/igninfo.json`: ", |image| {
                rewrite(sample, image, INFO, text.as_bytes());
            }));
        }
    }
    all_are_refused(cases);
}

#[test]
fn descriptions_of_the_kernel_arguments() {
    const KARGS: &str = "coreos/kargs.json";
    let mut cases = Vec::new();
    for sample in samples().iter().filter(|sample| sample.iso.files.contains_key(KARGS)) {
        let document: Value = {
            let (offset, length) = sample.iso.files[KARGS];
            serde_json::from_slice(&sample.iso.bytes[offset..offset + length]).unwrap()
        };
        let path = document["files"][0]["path"].as_str().unwrap().to_owned();
        let (offset, there) = (document["files"][0]["offset"].as_u64().unwrap(), sample.iso.files[&path].1);
        let size = sample.place_length as u64;
        let mut set = |what: String, says: &str, change: &dyn Fn(&mut Value)| {
            cases.push(with_json(sample, &format!("{KARGS} {what}"), says, KARGS, change));
        };
        for (value, says) in [
            (json!(0), "`coreos/kargs.json`: 0 bytes are no size of an area"),
            (json!(2049), "`coreos/kargs.json`: 2049 bytes are no size of an area"),
            (json!(u64::MAX), "bytes are no size of an area"),
            (json!(-1), "`coreos/kargs.json`: invalid value: integer `-1`"),
            (json!(8), "`coreos/kargs.json`: the pristine kernel arguments are not one line that fits"),
            (json!(size + 1), "the kernel arguments in `"),
        ] {
            set(format!("size {value}"), says, &|document| document["size"] = value.clone());
        }
        let no_part = format!("are no part of `{path}`, which has {there}");
        for (value, says) in [
            (json!(there), no_part.as_str()),
            (json!(there as u64 - size + 1), &no_part),
            (json!(u64::MAX), &no_part),
            (json!(-1), "`coreos/kargs.json`: invalid value: integer `-1`"),
            (json!(0), "the kernel arguments in `"),
            (json!(offset + 1), "the kernel arguments in `"),
            (json!(offset - 1), "the kernel arguments in `"),
        ] {
            set(format!("offset {value}"), says, &|document| document["files"][0]["offset"] = value.clone());
        }
        for field in ["pad", "end"] {
            for value in [json!(""), json!("##"), json!(7)] {
                let says = "`coreos/kargs.json`: invalid ";
                set(format!("{field} {value}"), says, &|document| {
                    document["files"][0][field] = value.clone()
                });
            }
            let says = format!("`coreos/kargs.json`: what fills and ends `{path}` is not one byte each");
            set(format!("{field} é"), &says, &|document| document["files"][0][field] = json!("é"));
            let says = "the kernel arguments in `";
            set(format!("{field} x"), says, &|document| document["files"][0][field] = json!("x"));
        }
        for (value, says) in [
            (json!("x".repeat(size as usize)), "are not one line that fits into its place"),
            (json!("a\nb"), "are not one line that fits into its place"),
            (json!(null), "`coreos/kargs.json`: invalid type: null"),
        ] {
            let what = format!("default {:.20}", value.to_string());
            set(what, says, &|document| document["default"] = value.clone());
        }
        let twice = json!([document["files"][0], document["files"][0]]);
        let many: Vec<&Value> = [&document["files"][0]].repeat(17);
        for (value, says) in [
            (json!([]), "`coreos/kargs.json`: 0 areas for kernel arguments"),
            (json!(many), "`coreos/kargs.json`: 17 areas for kernel arguments"),
            (twice, "two of its areas overlap"),
            (
                json!([{"path": "no\u{7}thing", "offset": 0}]),
                "`coreos/kargs.json`: there is no `no\\u{7}thing`",
            ),
            (json!([{"path": "images", "offset": 0}]), "`coreos/kargs.json`: there is no `images`"),
            (json!([{"path": path}]), "`coreos/kargs.json`: missing field `offset`"),
        ] {
            let what = format!("files {:.40}", value.to_string());
            set(what, says, &|document| document["files"] = value.clone());
        }
    }
    all_are_refused(cases);
}

#[test]
fn headers_in_the_system_area() {
    let sample = generations::sample("2021-01", "x86_64", Spelling::Short, AREA);
    let (end, places) = (sample.iso.bytes.len(), sample.places.clone());
    let mut cases = Vec::new();
    let mut set = |what: &str, word: usize, value: usize, says: &str| {
        let what = format!("{what} {value}");
        cases.push(case(&sample, &what, says, |image| {
            image[HEADER + word * 8..][..8].copy_from_slice(&(value as u64).to_le_bytes());
        }));
    };
    for value in [0, 2049, usize::MAX] {
        set("length", 1, value, &format!("the header `coreKarg`: {value} bytes are no size of an area"));
    }
    set("length", 1, sample.place_length + 1, "the header `coreKarg`: ");
    for value in [0, 20 * SECTOR, end - 1, end, usize::MAX] {
        set("defaults", 2, value, "the header `coreKarg`: ");
    }
    set("defaults", 2, sample.embed.0, "the kernel arguments in `images/ignition.img` have no ending");
    set("first area", 3, 0, "the header `coreKarg`: 0 areas for kernel arguments");
    for value in [1, VOLUME, end - 1, end, usize::MAX] {
        set("first area", 3, value, "the header `coreKarg`: ");
    }
    set("first area", 3, sample.embed.0, "the kernel arguments in `images/ignition.img` have no ending");
    set("first area", 3, places[0] + 1, "the kernel arguments in `");
    set("first area", 3, places[1], "two of its areas overlap");
    set("third area", 5, usize::MAX, "the header `coreKarg`: ");
    all_are_refused(cases);
}
