//! Minimal images: byte for byte what coreos-installer makes, and nothing at all of a recipe that is wrong.

use std::fs::File;
use std::io::Cursor;
use std::io::ErrorKind;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use cotter::image;
use cotter::image::ImageError;
use cotter::image::LiveImage;
use cotter::image::Minimal;

use crate::fixture;
use crate::initrds;
use crate::real_images::genuine;
use crate::tools;

/// The images that have a recipe, and kernel arguments that can be changed.
const IMAGES: [&str; 6] =
    ["2021-12", "2022-02", "2022-09", "2023-03.x86_64", "2023-07.x86_64", "2023-07.s390x"];
const URL: &str = "http://192.0.2.1:8080/rootfs.img";

fn cotter(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    command.args(["image", "minimal"]).args(arguments).current_dir(folder).output().unwrap()
}

fn says(done: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{said}");
    said
}

#[test]
fn what_comes_is_what_coreos_installer_makes() {
    let Some(installer) = tools::coreos_installer() else { return };
    for name in IMAGES {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::write(folder.join("full.iso"), genuine(name)).unwrap();
        for (out, url) in [("plain", &[][..]), ("url", &["--rootfs-url", URL])] {
            let (ours, theirs) = (format!("{out}-ours.iso"), format!("{out}-theirs.iso"));
            let rootfs = format!("{out}-rootfs.img");
            let mut arguments = vec!["full.iso", "-o", &ours, "--rootfs", &rootfs];
            arguments.extend(url);
            says(&cotter(folder, &arguments), 0);
            let mut command = Command::new(&installer);
            command.args([
                "iso",
                "extract",
                "minimal-iso",
                "full.iso",
                &theirs,
                "--output-rootfs",
                "theirs.img",
            ]);
            tools::output(command.args(url).current_dir(folder));
            let read = |file: &str| std::fs::read(folder.join(file)).unwrap();
            assert!(read(&ours) == read(&theirs), "{name}, {out}: they differ");
            assert_eq!(read(&rootfs), read("theirs.img"), "{name}, {out}");
            std::fs::remove_file(folder.join("theirs.img")).unwrap();
            let to_stdout = cotter(folder, &[&["full.iso", "-o", "-"], url].concat());
            says(&to_stdout, 0);
            assert!(to_stdout.stdout == read(&theirs), "{name}, {out}: standard output differs");
        }
        let live = LiveImage::read(&mut File::open(folder.join("url-ours.iso")).unwrap()).unwrap();
        let areas = live.kernel_arguments.unwrap();
        assert!(!areas.default.contains("coreos.liveiso"), "{name}: {}", areas.default);
        assert_eq!(areas.current, format!("{} coreos.live.rootfs_url={URL}", areas.default), "{name}");
    }
}

/// A recipe of larger numbers than the cut-down images have, for an image that xorriso made.
#[test]
fn recipes_that_coreos_installer_packs_are_read() {
    let (Some(installer), Some(xorriso)) = (tools::coreos_installer(), tools::program("xorriso")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if fixture::iso(folder, fixture::Generation::Current).is_none() {
        return;
    }
    let tree = folder.join("tree");
    // As coreos-assembler writes it: in lines, so that there is room for a shorter text.
    let description = tree.join("coreos/kargs.json");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&description).unwrap()).unwrap();
    std::fs::write(&description, serde_json::to_string_pretty(&json).unwrap()).unwrap();
    let make = |out: &str| {
        let mut command = Command::new(&xorriso);
        command.args(["-as", "mkisofs", "-quiet", "-V", "fixture", "-iso-level", "1", "-R", "-J", "-o"]);
        tools::output(command.arg(folder.join(out)).arg(&tree));
    };
    make("minimal.iso");
    std::fs::write(tree.join("coreos/miniso.dat"), [0; 65_536]).unwrap();
    std::fs::write(
        tree.join("images/pxeboot/rootfs.img"),
        initrds::cpio(&[("root.squashfs", &fixture::noise(3 << 20))]),
    )
    .unwrap();
    make("full.iso");
    let expected = std::fs::read(folder.join("minimal.iso")).unwrap();
    let mut command = Command::new(&installer);
    tools::output(command.args(["pack", "minimal-iso", "full.iso", "minimal.iso"]).current_dir(folder));
    let mut full = File::open(folder.join("full.iso")).unwrap();
    let live = LiveImage::read(&mut full).unwrap();
    let minimal = Minimal::read(&live, &mut full).unwrap();
    let mut made = Vec::new();
    minimal.over(full).unwrap().read_to_end(&mut made).unwrap();
    assert!(made == expected, "it is not what was packed");
    says(&cotter(folder, &["full.iso", "-o", "ours.iso"]), 0);
    let mut command = Command::new(&installer);
    tools::output(
        command.args(["iso", "extract", "minimal-iso", "full.iso", "theirs.iso"]).current_dir(folder),
    );
    assert!(
        std::fs::read(folder.join("ours.iso")).unwrap() == std::fs::read(folder.join("theirs.iso")).unwrap()
    );
}

#[test]
fn images_without_a_recipe_or_with_something_embedded_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    for name in ["2020-09", "2021-01", "2021-09"] {
        write("old.iso", &genuine(name));
        let said = says(&cotter(folder, &["old.iso", "-o", "out.iso"]), 2);
        assert!(said.contains("no recipe") && said.contains("since December 2021"), "{name}: {said}");
    }
    write("s390x.iso", &genuine("2023-03.s390x"));
    let said = says(&cotter(folder, &["s390x.iso", "-o", "out.iso"]), 2);
    assert!(said.contains("cannot be changed"), "{said}");
    let full = genuine("2023-07.x86_64");
    let live = LiveImage::read(&mut Cursor::new(&full)).unwrap();
    for edit in [
        image::Edit { config: Some(b"{}".to_vec()), ..image::Edit::default() },
        image::Edit { append_kernel_arguments: vec!["foo".into()], ..image::Edit::default() },
    ] {
        let overlay = image::embed(&live, &mut Cursor::new(&full), &edit, image::Replace::No).unwrap();
        let mut built = Vec::new();
        overlay.over(Cursor::new(&full)).read_to_end(&mut built).unwrap();
        write("built.iso", &built);
        let said = says(&cotter(folder, &["built.iso", "-o", "out.iso"]), 2);
        assert!(said.contains("cotter image reset"), "{said}");
    }
    assert!(!folder.join("out.iso").exists());
}

#[test]
fn an_output_that_is_there_and_an_address_that_is_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("full.iso"), genuine("2023-07.x86_64")).unwrap();
    std::fs::write(folder.join("there"), "theirs").unwrap();
    for arguments in [
        &["full.iso", "-o", "there"][..],
        &["full.iso", "-o", "out.iso", "--rootfs", "there"],
        &["full.iso", "-o", "out.iso", "--rootfs-url", "http://h/a b"],
        &["full.iso", "-o", "out.iso", "--rootfs-url", "rootfs.img"],
        &["full.iso", "-o", "out.iso", "--rootfs-url", &format!("http://h/{}", "x".repeat(1200))],
    ] {
        let said = says(&cotter(folder, arguments), 2);
        assert!(said.contains("help:"), "{said}");
        assert!(!folder.join("out.iso").exists(), "{arguments:?}");
    }
    assert_eq!(std::fs::read(folder.join("there")).unwrap(), b"theirs");
    says(&cotter(folder, &["full.iso", "-o", "there", "--force"]), 0);
}

/// Where the recipe is in an image, and its length without the filling.
fn recipe(image: &[u8]) -> (usize, usize) {
    let at = image.windows(8).position(|window| window == b"MINISO\0\0").unwrap();
    let length = image[at..at + 16_384].iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (at, length)
}

#[test]
fn a_damaged_recipe_makes_nothing() {
    let full = genuine("2023-07.x86_64");
    let live = LiveImage::read(&mut Cursor::new(&full)).unwrap();
    let made = |image: &[u8]| -> Result<Vec<u8>, String> {
        let minimal = Minimal::read(&live, &mut Cursor::new(image)).map_err(|cause| match cause {
            ImageError::Damaged(why) => why,
            other => panic!("{other}"),
        })?;
        let mut made = Vec::new();
        match minimal.over(Cursor::new(image)).unwrap().read_to_end(&mut made) {
            Ok(_) => Ok(made),
            Err(cause) if cause.raw_os_error().is_none() => Err(cause.to_string()),
            Err(cause) => panic!("{cause}"),
        }
    };
    let right = made(&full).unwrap();
    let (at, length) = recipe(&full);
    let mut image = full.clone();
    let (mut unread, mut undone) = (0, 0);
    // Magic, version, ranges and digest take some 150 bytes; the rest is xz.
    for place in (at..at + 150).chain((at + 150..at + length).step_by(41)) {
        for flipped in [image[place] ^ 1, image[place] ^ 0x80, 0, 250, 253, 255] {
            image[place] = flipped;
            match made(&image) {
                // Who packed it, and bytes that xz does not look at, make no difference.
                Ok(made) => assert!(made == right, "byte {} as {flipped} makes another image", place - at),
                Err(why) if why.contains("miniso.dat") => unread += 1,
                Err(_) => undone += 1,
            }
        }
        image[place] = full[place];
    }
    assert!(unread > 100 && undone > 200, "{unread} {undone}");
}

#[test]
fn a_recipe_that_makes_something_else_leaves_no_output() {
    let mut full = genuine("2023-07.x86_64");
    let (at, length) = recipe(&full);
    // In the packed bytes, behind the digest.
    full[at + length - 40] ^= 0xff;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("full.iso"), full).unwrap();
    let said = says(&cotter(folder.path(), &["full.iso", "-o", "out.iso"]), 2);
    assert!(said.contains("recipe for a minimal image is wrong"), "{said}");
    let names: Vec<_> = folder.path().read_dir().unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_recipe_cannot_make_more_than_the_full_image() {
    let bomb = initrds::xz(&vec![0; 64 << 20]);
    let mut bytes = b"MINISO\0\0\x01\x01x\x01\x00\x00\x10".to_vec();
    bytes.extend([0; 32]);
    bytes.push(252);
    bytes.extend(u32::try_from(bomb.len()).unwrap().to_le_bytes());
    bytes.extend(bomb);
    let minimal = Minimal::parse(&bytes, 1 << 20).unwrap();
    let mut made = Vec::new();
    let error = minimal.over(Cursor::new(vec![0; 1 << 20])).unwrap().read_to_end(&mut made).unwrap_err();
    assert_eq!((error.kind(), made.len() <= 1 << 20), (ErrorKind::InvalidData, true), "{} bytes", made.len());
}
