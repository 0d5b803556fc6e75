//! Live images: only the areas change, a reset brings the base back, and coreos-installer agrees.

use std::fs::File;
use std::io::Cursor;
use std::io::Read as _;
use std::process::Command;

use cotter::image;
use cotter::image::Edit;
use cotter::image::ImageError;
use cotter::image::LiveImage;
use cotter::image::Replace;

use crate::fixture;
use crate::fixture::Generation;
use crate::tools;

const GENERATIONS: [Generation; 4] =
    [Generation::Current, Generation::LongNames, Generation::First, Generation::InsideAFile];

fn edit(generation: Generation) -> Edit {
    let mut edit =
        Edit { config: Some(b"{\"ignition\":{\"version\":\"3.3.0\"}}".to_vec()), ..Edit::default() };
    if generation != Generation::First {
        edit.network.insert("a.nmconnection".into(), b"[connection]\nid=a\n".to_vec());
        edit.append_kernel_arguments.push("console=ttyS0,115200n8".into());
    }
    edit
}

#[test]
fn only_the_areas_change_and_reset_brings_the_base_back() {
    for generation in GENERATIONS {
        let folder = tempfile::tempdir().unwrap();
        let Some(path) = fixture::iso(folder.path(), generation) else {
            return;
        };
        let base = std::fs::read(&path).unwrap();
        let live = LiveImage::read(&mut Cursor::new(&base)).unwrap();
        let overlay = image::embed(&live, &mut Cursor::new(&base), &edit(generation), Replace::No).unwrap();
        let mut built = Vec::new();
        overlay.over(Cursor::new(&base)).read_to_end(&mut built).unwrap();
        let mut allowed = vec![(live.embed.offset, live.embed.length)];
        if let Some(areas) = &live.kernel_arguments {
            allowed.extend(areas.places.iter().map(|place| (place.offset, areas.length)));
        }
        for (offset, length) in fixture::differences(&base, &built) {
            let (offset, end) = (offset as u64, (offset + length) as u64);
            assert!(
                allowed.iter().any(|(from, size)| *from <= offset && end <= from + size),
                "{generation:?}: {offset}"
            );
        }
        let after = LiveImage::read(&mut Cursor::new(&built)).unwrap();
        let read = image::embedded(&after, &mut Cursor::new(&built)).unwrap();
        assert_eq!(read.get("config.ign").unwrap(), edit(generation).config.unwrap());
        assert!(matches!(
            image::embed(&after, &mut Cursor::new(&built), &edit(generation), Replace::No),
            Err(ImageError::Occupied)
        ));
        let mut reset = Vec::new();
        image::reset(&after).unwrap().over(Cursor::new(&built)).read_to_end(&mut reset).unwrap();
        assert!(reset == base, "{generation:?}: the reset image is not the base");
    }
}

#[test]
fn refuses_what_does_not_fit_or_is_no_argument() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else {
        return;
    };
    let base = std::fs::read(&path).unwrap();
    let live = LiveImage::read(&mut Cursor::new(&base)).unwrap();
    let refuse = |edit: Edit| image::embed(&live, &mut Cursor::new(&base), &edit, Replace::No).unwrap_err();
    let config = Some(fixture::noise(400_000));
    assert!(matches!(refuse(Edit { config, ..Edit::default() }), ImageError::TooLarge { .. }));
    for argument in ["a\nb", "a b", "", "a\0"] {
        let append_kernel_arguments = vec![argument.to_owned()];
        let error = refuse(Edit { append_kernel_arguments, ..Edit::default() });
        assert!(matches!(error, ImageError::BadArgument(_)), "{argument:?}: {error}");
    }
    let append_kernel_arguments = vec!["x".repeat(1024)];
    assert!(matches!(
        refuse(Edit { append_kernel_arguments, ..Edit::default() }),
        ImageError::TooLarge { .. }
    ));
}

#[test]
fn survives_any_damage_to_an_image() {
    for generation in GENERATIONS {
        let folder = tempfile::tempdir().unwrap();
        let Some(path) = fixture::iso(folder.path(), generation) else {
            return;
        };
        let base = std::fs::read(&path).unwrap();
        assert!(matches!(
            LiveImage::read(&mut Cursor::new(&base[..base.len() / 2])),
            Err(ImageError::Truncated { .. })
        ));
        // Descriptors, directories and descriptions lie before the large files and in the first 256 KiB.
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..400 {
            let mut bytes = base.clone();
            for _ in 0..8 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = 32_768 + state as usize % 131_072.min(bytes.len() - 32_768);
                bytes[at] = (state >> 24) as u8;
            }
            if let Ok(live) = LiveImage::read(&mut Cursor::new(&bytes)) {
                let _ = image::embedded(&live, &mut Cursor::new(&bytes));
                let _ = image::embed(&live, &mut Cursor::new(&bytes), &edit(generation), Replace::Yes);
                let _ = image::reset(&live);
            }
        }
    }
}

#[test]
fn a_description_that_points_outside_is_an_error_and_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::InsideAFile) else {
        return;
    };
    let base = std::fs::read(&path).unwrap();
    let old = b"\"offset\": 2048,";
    let at = base.windows(old.len()).position(|window| window == old).unwrap();
    let mut bytes = base;
    bytes[at..at + old.len()].copy_from_slice(b"\"offset\":999999");
    // The comma moved: mend it by taking the space after it.
    bytes[at + old.len()] = b',';
    let error = LiveImage::read(&mut Cursor::new(&bytes)).unwrap_err();
    assert!(matches!(error, ImageError::Damaged(_)), "{error}");
}

#[test]
fn coreos_installer_agrees_both_ways() {
    let Some(installer) = tools::coreos_installer() else {
        return;
    };
    let run = |arguments: &[&str]| tools::output(Command::new(&installer).args(arguments));
    for generation in [Generation::Current, Generation::First, Generation::InsideAFile] {
        let folder = tempfile::tempdir().unwrap();
        let Some(base) = fixture::iso(folder.path(), generation) else {
            return;
        };
        let ours = folder.path().join("ours.iso");
        let path = ours.to_str().unwrap();
        let live = LiveImage::read(&mut File::open(&base).unwrap()).unwrap();
        let overlay =
            image::embed(&live, &mut File::open(&base).unwrap(), &edit(generation), Replace::No).unwrap();
        cotter::world::write_image(&base, &overlay, &ours, cotter::world::Existing::Refuse, 0o600).unwrap();

        assert_eq!(
            run(&["iso", "ignition", "show", path]),
            edit(generation).config.unwrap(),
            "{generation:?}"
        );
        let shown: serde_json::Value =
            serde_json::from_slice(&run(&["dev", "show", "iso", "--ignition", path])).unwrap();
        assert_eq!(shown["offset"], live.embed.offset, "{generation:?}");
        assert_eq!(shown["length"], live.embed.length, "{generation:?}");
        if let Some(areas) = &live.kernel_arguments {
            let arguments = String::from_utf8(run(&["iso", "kargs", "show", path])).unwrap();
            assert_eq!(arguments.trim(), format!("{} console=ttyS0,115200n8", fixture::DEFAULT));
            let shown: serde_json::Value =
                serde_json::from_slice(&run(&["dev", "show", "iso", "--kargs", path])).unwrap();
            let theirs: Vec<u64> =
                shown["kargs"].as_array().unwrap().iter().map(|k| k["offset"].as_u64().unwrap()).collect();
            let mut offsets: Vec<u64> = areas.places.iter().map(|place| place.offset).collect();
            offsets.sort_unstable();
            let mut theirs = theirs;
            theirs.sort_unstable();
            assert_eq!(theirs, offsets, "{generation:?}");
            let extracted = folder.path().join("network");
            std::fs::create_dir(&extracted).unwrap();
            run(&["iso", "network", "extract", "-C", extracted.to_str().unwrap(), path]);
            assert_eq!(std::fs::read(extracted.join("a.nmconnection")).unwrap(), b"[connection]\nid=a\n");
        }
        run(&["iso", "reset", path]);
        assert!(
            std::fs::read(&ours).unwrap() == std::fs::read(&base).unwrap(),
            "{generation:?}: their reset differs"
        );

        // Theirs, read by us.
        let config = folder.path().join("their.ign");
        std::fs::write(&config, b"{\"ignition\":{\"version\":\"3.2.0\"}}").unwrap();
        run(&["iso", "ignition", "embed", "-i", config.to_str().unwrap(), path]);
        let live = LiveImage::read(&mut File::open(&ours).unwrap()).unwrap();
        let read = image::embedded(&live, &mut File::open(&ours).unwrap()).unwrap();
        assert_eq!(read.get("config.ign").unwrap(), b"{\"ignition\":{\"version\":\"3.2.0\"}}");
    }
}
