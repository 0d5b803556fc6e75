//! Live images of every generation since 2020, as coreos-installer's authors cut them down.

use std::io::Cursor;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use cotter::image;
use cotter::image::Edit;
use cotter::image::ImageError;
use cotter::image::LiveImage;
use cotter::image::Replace;

use crate::fixture;
use crate::tools;

const CONFIG: &[u8] = b"{\"ignition\":{\"version\":\"3.3.0\"}}";
const INFO: &str = "coreos/igninfo.json";
const FILE: &str = "images/ignition.img";
const KARGS: &str = "coreos/kargs.json";
const HEADER: &str = "coreKarg";

/// Name; embed area's offset and description; kernel-argument areas' offsets, length and description.
type Row = (&'static str, u64, &'static str, &'static [u64], u64, &'static str);
const IMAGES: [Row; 10] = [
    ("2020-09", 92160, FILE, &[], 0, ""),
    ("2021-01", 96256, FILE, &[94026, 365_415], 1131, HEADER),
    ("2021-09", 102_400, FILE, &[98126, 371_658], 1139, KARGS),
    ("2021-12", 161_792, FILE, &[139_086, 431_050], 1139, KARGS),
    ("2022-02", 159_744, FILE, &[137_038, 429_002], 1139, KARGS),
    ("2022-09", 159_744, FILE, &[137_038, 429_002], 1139, KARGS),
    ("2023-03.x86_64", 157_696, INFO, &[427_853, 431_050], 1139, KARGS),
    ("2023-03.s390x", 203_776, INFO, &[], 0, ""),
    ("2023-07.x86_64", 139_264, INFO, &[137_037, 408_522], 1139, KARGS),
    ("2023-07.s390x", 203_776, INFO, &[138_368], 896, KARGS),
];

fn read(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/iso").join(file);
    let packed = std::fs::File::open(path).unwrap();
    let mut image = Vec::new();
    liblzma::read::XzDecoder::new(packed).read_to_end(&mut image).unwrap();
    image
}

/// A live image as its makers cut it down.
pub fn genuine(name: &str) -> Vec<u8> {
    read(&format!("embed-areas-{name}.iso.xz"))
}

fn live(image: &[u8]) -> LiveImage {
    LiveImage::read(&mut Cursor::new(image)).unwrap()
}

/// All that this image can take.
fn edit(live: &LiveImage) -> Edit {
    let mut edit = Edit { config: Some(CONFIG.to_vec()), ..Edit::default() };
    if live.has("live-initrd-network") {
        edit.network.insert("a.nmconnection".into(), b"[connection]\nid=a\n".to_vec());
    }
    if live.kernel_arguments.is_some() {
        edit.append_kernel_arguments.push("foo=bar#".into());
    }
    edit
}

fn built(base: &[u8]) -> Vec<u8> {
    let live = live(base);
    let overlay = image::embed(&live, &mut Cursor::new(base), &edit(&live), Replace::No).unwrap();
    let mut built = Vec::new();
    overlay.over(Cursor::new(base)).read_to_end(&mut built).unwrap();
    built
}

#[test]
fn areas_are_found_in_every_generation() {
    for (name, offset, described_by, places, length, arguments_described_by) in IMAGES {
        let live = live(&genuine(name));
        let found = (live.embed.offset, live.embed.length, live.embed_described_by.as_str());
        assert_eq!(found, (offset, 262_144, described_by), "{name}");
        let mut offsets = Vec::new();
        if let Some(areas) = &live.kernel_arguments {
            offsets.extend(areas.places.iter().map(|place| place.offset));
            offsets.sort_unstable();
            assert_eq!(
                (areas.length, areas.described_by.as_str()),
                (length, arguments_described_by),
                "{name}"
            );
            assert_eq!(areas.current, areas.default, "{name}");
            assert!(areas.default.contains("ignition.firstboot"), "{name}: {}", areas.default);
        }
        assert_eq!(offsets, places, "{name}");
        let (generation, architecture) = name.split_once('.').unwrap_or((name, "x86_64"));
        assert_eq!(live.generation.unwrap().name, generation, "{name}");
        assert_eq!(live.architecture.as_deref(), Some(architecture), "{name}");
    }
    let synthetic = read("synthetic.iso.xz");
    assert!(matches!(LiveImage::read(&mut Cursor::new(synthetic)), Err(ImageError::NotALiveImage(_))));
}

#[test]
fn only_the_areas_change_and_reset_brings_the_base_back() {
    for (name, offset, _, places, length, _) in IMAGES {
        let base = genuine(name);
        let built = built(&base);
        assert!(built == self::built(&base), "{name}: two builds differ");
        let areas = || [(offset, 262_144)].into_iter().chain(places.iter().map(|place| (*place, length)));
        for (from, count) in fixture::differences(&base, &built) {
            let (from, to) = (from as u64, (from + count) as u64);
            assert!(areas().any(|(begin, size)| begin <= from && to <= begin + size), "{name}: {from}..{to}");
        }
        let after = live(&built);
        let embedded = image::embedded(&after, &mut Cursor::new(&built)).unwrap();
        assert_eq!(embedded.get("config.ign").unwrap(), CONFIG, "{name}");
        if let Some(areas) = &after.kernel_arguments {
            assert_eq!(areas.current, format!("{} foo=bar#", areas.default), "{name}");
        }
        let mut reset = Vec::new();
        image::reset(&after).unwrap().over(Cursor::new(&built)).read_to_end(&mut reset).unwrap();
        assert!(reset == base, "{name}: the reset image is not the base");
    }
}

#[test]
fn coreos_installer_agrees_in_every_generation() {
    let Some(installer) = tools::coreos_installer() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.iso");
    let run = |arguments: &[&str]| tools::output(Command::new(&installer).args(arguments).arg(&path));
    for (name, offset, _, places, ..) in IMAGES {
        let base = genuine(name);
        std::fs::write(&path, built(&base)).unwrap();
        assert_eq!(run(&["iso", "ignition", "show"]), CONFIG, "{name}");
        let shown: serde_json::Value =
            serde_json::from_slice(&run(&["dev", "show", "iso", "--ignition"])).unwrap();
        assert_eq!((&shown["offset"], &shown["length"]), (&offset.into(), &262_144.into()), "{name}");
        if let Some(areas) = live(&base).kernel_arguments {
            let arguments = String::from_utf8(run(&["iso", "kargs", "show"])).unwrap();
            assert_eq!(arguments.trim(), format!("{} foo=bar#", areas.default), "{name}");
            let shown: serde_json::Value =
                serde_json::from_slice(&run(&["dev", "show", "iso", "--kargs"])).unwrap();
            let mut theirs: Vec<u64> = shown["kargs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|area| area["offset"].as_u64().unwrap())
                .collect();
            theirs.sort_unstable();
            assert_eq!(theirs, places, "{name}");
            assert_eq!(shown["default"], areas.default.as_str(), "{name}");
        }
        run(&["iso", "reset"]);
        assert!(std::fs::read(&path).unwrap() == base, "{name}: their reset differs");
    }
}

#[test]
fn what_coreos_installer_customized_is_read() {
    let Some(installer) = tools::coreos_installer() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, contents: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    };
    let base = genuine("2023-07.x86_64");
    let (iso, config) = (file("image.iso", &base), file("c.ign", CONFIG));
    let keyfile = file("a.nmconnection", b"[connection]\nid=a\n");
    let mut command = Command::new(installer);
    command.args(["iso", "customize", "--dest-device", "/dev/vda", "--live-karg-append", "foo=bar"]);
    command.arg("--dest-ignition").arg(config).arg("--network-keyfile").arg(keyfile).arg(&iso);
    tools::output(&mut command);
    let theirs = std::fs::read(&iso).unwrap();
    let after = live(&theirs);
    let embedded = image::embedded(&after, &mut Cursor::new(&theirs)).unwrap();
    let paths: Vec<&str> = embedded.files().map(|(path, _)| path).collect();
    assert_eq!(paths, ["config.ign", "etc/coreos-firstboot-network/a.nmconnection"]);
    let document: serde_json::Value = serde_json::from_slice(embedded.get("config.ign").unwrap()).unwrap();
    assert_eq!(document["ignition"]["version"], "3.3.0");
    assert!(after.kernel_arguments.as_ref().unwrap().current.ends_with(" foo=bar"));
    let mut reset = Vec::new();
    image::reset(&after).unwrap().over(Cursor::new(&theirs)).read_to_end(&mut reset).unwrap();
    assert!(reset == base, "our reset of theirs differs");
}

#[test]
fn a_part_of_an_image_is_an_error_at_every_length() {
    let base = genuine("2021-09");
    for length in (0..base.len()).step_by(1021) {
        let error = LiveImage::read(&mut Cursor::new(&base[..length])).unwrap_err();
        let told = matches!(error, ImageError::Truncated { .. } | ImageError::NotALiveImage(_));
        assert!(told, "{length} bytes: {error}");
    }
}

#[test]
fn no_damage_is_a_panic() {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 11).unwrap()
    };
    for (name, ..) in IMAGES {
        // Damage where something is written: descriptors, directories, descriptions, areas.
        let mut image = built(&genuine(name));
        let places: Vec<usize> = (0..image.len()).filter(|at| image[*at] != 0).collect();
        for _ in 0..250 {
            let mut undo = Vec::new();
            for _ in 0..=next() % 6 {
                let at = places[next() % places.len()];
                undo.push((at, image[at]));
                image[at] = [0, 0xff, 0x7f, b'9', next().to_le_bytes()[0]][next() % 5];
            }
            if let Ok(live) = LiveImage::read(&mut Cursor::new(&image)) {
                let _ = image::embedded(&live, &mut Cursor::new(&image));
                let _ = image::used(&live, &mut Cursor::new(&image));
                let _ = image::reset(&live);
                let arguments = Edit { append_kernel_arguments: vec!["foo=bar".into()], ..Edit::default() };
                let _ = image::embed(&live, &mut Cursor::new(&image), &arguments, Replace::Yes);
            }
            while let Some((at, byte)) = undo.pop() {
                image[at] = byte;
            }
        }
    }
}
