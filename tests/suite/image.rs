//! Live images: only the areas change, a reset brings the base back, and coreos-installer agrees.

use std::fs::File;
use std::io::Cursor;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;

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
        ImageError::LongArguments { .. }
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

#[test]
fn an_edit_of_arguments_leaves_what_is_embedded_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else {
        return;
    };
    let base = std::fs::read(&path).unwrap();
    let live = LiveImage::read(&mut Cursor::new(&base)).unwrap();
    let overlay =
        image::embed(&live, &mut Cursor::new(&base), &edit(Generation::Current), Replace::No).unwrap();
    let mut built = Vec::new();
    overlay.over(Cursor::new(&base)).read_to_end(&mut built).unwrap();
    let live = LiveImage::read(&mut Cursor::new(&built)).unwrap();
    let before = image::embedded(&live, &mut Cursor::new(&built)).unwrap();
    let arguments = Edit { append_kernel_arguments: vec!["quiet".into()], ..Edit::default() };
    for replace in [Replace::No, Replace::Yes] {
        let overlay = image::embed(&live, &mut Cursor::new(&built), &arguments, replace).unwrap();
        let mut again = Vec::new();
        overlay.over(Cursor::new(&built)).read_to_end(&mut again).unwrap();
        let live = LiveImage::read(&mut Cursor::new(&again)).unwrap();
        assert_eq!(image::embedded(&live, &mut Cursor::new(&again)).unwrap(), before, "{replace:?}");
        assert!(live.kernel_arguments.unwrap().current.ends_with("console=ttyS0,115200n8 quiet"));
    }
    // What is there already is not added again, and nothing else changes.
    let same = Edit { append_kernel_arguments: vec!["console=ttyS0,115200n8".into()], ..Edit::default() };
    let overlay = image::embed(&live, &mut Cursor::new(&built), &same, Replace::No).unwrap();
    let mut again = Vec::new();
    overlay.over(Cursor::new(&built)).read_to_end(&mut again).unwrap();
    assert!(again == built);
}

#[test]
fn says_how_far_arguments_are_over_and_which_names_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else {
        return;
    };
    let base = std::fs::read(&path).unwrap();
    let live = LiveImage::read(&mut Cursor::new(&base)).unwrap();
    let room = usize::try_from(live.kernel_arguments.as_ref().unwrap().left()).unwrap();
    // A blank comes before each argument.
    for (length, over) in [(room - 1, None), (room, Some(1)), (room + 41, Some(42))] {
        let edit = Edit { append_kernel_arguments: vec!["x".repeat(length)], ..Edit::default() };
        let found = match image::embed(&live, &mut Cursor::new(&base), &edit, Replace::No) {
            Ok(_) => None,
            Err(ImageError::LongArguments { over, left }) => {
                assert_eq!(left, room as u64);
                Some(over)
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, over, "{length} bytes");
    }
    for name in ["", ".", "..", "../x.nmconnection", "a/b.nmconnection", "a\0", "a\n"] {
        let network = [(name.to_owned(), b"[connection]\n".to_vec())].into();
        let edit = Edit { network, ..Edit::default() };
        let error = image::embed(&live, &mut Cursor::new(&base), &edit, Replace::No).unwrap_err();
        assert!(matches!(error, ImageError::BadName(_)), "{name:?}: {error}");
    }
}

#[test]
fn areas_that_overlap_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else {
        return;
    };
    let mut image = std::fs::read(&path).unwrap();
    let (old, new) = (b"\"images/ignition.img\"", b"\"EFI/fedora/grub.cfg\"");
    let at = image.windows(old.len()).position(|window| window == old).unwrap();
    image[at..at + new.len()].copy_from_slice(new);
    let error = LiveImage::read(&mut Cursor::new(&image)).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
}

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotter")).args(arguments).current_dir(folder).output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_command_refuses_before_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if fixture::iso(folder, Generation::Current).is_none() {
        return;
    }
    let base = std::fs::read(folder.join("base.iso")).unwrap();
    std::fs::write(folder.join("c.ign"), "{\"ignition\":{\"version\":\"3.3.0\"}}").unwrap();
    let large = format!(
        "{{\"ignition\":{{\"version\":\"3.3.0\"}},\"x\":\"{}\"}}",
        hex::encode(fixture::noise(300_000))
    );
    std::fs::write(folder.join("large.ign"), large).unwrap();
    std::fs::write(folder.join("there.iso"), "mine").unwrap();
    std::fs::write(folder.join("short.iso"), &base[..base.len() - 4096]).unwrap();
    let before = names(folder);
    for (arguments, words) in [
        (&["embed", "base.iso"][..], "nothing to embed"),
        (&["embed", "base.iso", "--force"], "nothing to embed"),
        (&["embed", "base.iso", "--config", "large.ign", "-o", "out.iso"], "`config.ign` has 600"),
        (&["embed", "base.iso", "--config", "large.ign"], "more than the 262144"),
        (&["embed", "base.iso", "--config", "c.ign", "-o", "there.iso"], "there already"),
        (&["embed", "short.iso", "--config", "c.ign", "-o", "out.iso"], "4096 of"),
        (&["embed", "base.iso", "--append-karg", "a\nb"], "not one kernel argument"),
        (&["reset", "base.iso", "-o", "there.iso"], "there already"),
        (&["show", "short.iso"], "are missing"),
    ] {
        let done = cotter(folder, &[&["image"], arguments].concat());
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words) && said.contains("help: "), "{arguments:?}: {said}");
        assert_eq!(names(folder), before, "{arguments:?} left something");
        assert!(std::fs::read(folder.join("base.iso")).unwrap() == base, "{arguments:?} changed the base");
    }
    assert_eq!(std::fs::read(folder.join("there.iso")).unwrap(), b"mine");
}

#[test]
fn a_file_and_standard_output_and_a_change_in_place_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if fixture::iso(folder, Generation::Current).is_none() {
        return;
    }
    std::fs::write(folder.join("c.ign"), "{\"ignition\":{\"version\":\"3.3.0\"}}").unwrap();
    let embed = ["image", "embed", "base.iso", "--config", "c.ign", "--append-karg", "quiet"];
    let streamed = cotter(folder, &[&embed[..], &["-o", "-"]].concat());
    assert!(streamed.status.success());
    assert!(cotter(folder, &[&embed[..], &["-o", "out.iso"]].concat()).status.success());
    assert!(std::fs::read(folder.join("out.iso")).unwrap() == streamed.stdout);
    // The full device takes nothing: that is an error, and not a short image.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    let done = command.args(embed).args(["-o", "-"]).current_dir(folder).stdout(full).output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert!(cotter(folder, &embed).status.success());
    assert!(std::fs::read(folder.join("base.iso")).unwrap() == streamed.stdout);
}

#[test]
fn show_says_what_it_can_and_keeps_control_characters_off_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(path) = fixture::iso(folder, Generation::Current) else {
        return;
    };
    let mut image = std::fs::read(&path).unwrap();
    let live = LiveImage::read(&mut Cursor::new(&image)).unwrap();
    let area = usize::try_from(live.embed.offset).unwrap();
    let mut archive = image::Archive::default();
    archive.insert("\u{1b}]0;title\u{7}", b"x".to_vec());
    let packed = archive.to_xz().unwrap();
    image[area..area + packed.len()].copy_from_slice(&packed);
    std::fs::write(&path, &image).unwrap();
    let done = cotter(folder, &["image", "show", "base.iso"]);
    let shown = String::from_utf8(done.stdout).unwrap();
    assert!(shown.contains("\\u{1b}]0;title\\u{7}  1 bytes"), "{shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(shown.contains(&format!("{} used", packed.len())), "{shown}");
    image[area..area + 4].copy_from_slice(b"\x28\xb5\x2f\xfd");
    std::fs::write(&path, &image).unwrap();
    let done = cotter(folder, &["image", "show", "base.iso"]);
    let shown = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(1), "{shown}");
    assert!(
        shown.contains("the zstd archive at byte 0: it cannot be unpacked")
            && shown.contains("kernel arguments"),
        "{shown}"
    );
}

#[test]
fn killed_while_it_copies_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if fixture::iso(folder, Generation::Current).is_none() {
        return;
    }
    let large = File::options().append(true).open(folder.join("base.iso")).unwrap();
    large.set_len(300 << 20).unwrap();
    std::fs::write(folder.join("c.ign"), "{\"ignition\":{\"version\":\"3.3.0\"}}").unwrap();
    let before = names(folder);
    let mut in_the_middle = 0;
    for delay in [2, 5, 10, 20, 40, 80, 120, 160] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(["image", "embed", "base.iso", "--config", "c.ign", "-o", "out.iso"]);
        let mut child = command.current_dir(folder).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let was_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        let out = folder.join("out.iso");
        if out.exists() {
            // It had its name: then it is whole.
            assert_eq!(out.metadata().unwrap().len(), 300 << 20);
            let live = LiveImage::read(&mut File::open(&out).unwrap()).unwrap();
            assert!(!image::embedded(&live, &mut File::open(&out).unwrap()).unwrap().is_empty());
            std::fs::remove_file(out).unwrap();
        } else if was_running {
            in_the_middle += 1;
        }
        assert_eq!(names(folder), before, "after {delay} ms something was left");
    }
    assert!(in_the_middle > 0, "no kill came in the middle: make the base larger");
}
