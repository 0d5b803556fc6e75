//! What differs between two images, found at its place and said without what it holds.

use std::io::Cursor;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use cotter::image;
use cotter::image::Difference;
use cotter::image::Edit;
use cotter::image::Listing;
use cotter::image::LiveImage;
use cotter::image::Replace;
use cotter::image::Within;
use serde_json::Value;

use crate::fixture;
use crate::fixture::Generation;
use crate::real_images::genuine;
use crate::schemas;
use crate::tools;

const SECRET: &str = "hunter2";

fn between(old: &[u8], new: &[u8]) -> Difference {
    let (mut old, mut new) = (Cursor::new(old), Cursor::new(new));
    let (a, b) = (Listing::read(&mut old).unwrap(), Listing::read(&mut new).unwrap());
    Difference::between((&mut old, &a), (&mut new, &b)).unwrap()
}

/// A document with a password hash of its own.
fn document(hash: &str) -> Vec<u8> {
    format!("{{\"ignition\":{{\"version\":\"3.3.0\"}},\"passwd\":{{\"users\":[\"{SECRET}{hash}\"]}}}}")
        .into_bytes()
}

fn customized(base: &[u8], config: Vec<u8>, keyfile: &str, argument: &str) -> Vec<u8> {
    let live = LiveImage::read(&mut Cursor::new(base)).unwrap();
    let mut edit = Edit { config: Some(config), ..Edit::default() };
    if live.has("live-initrd-network") {
        edit.network.insert(keyfile.to_owned(), SECRET.into());
    }
    if live.kernel_arguments.is_some() {
        edit.append_kernel_arguments.push(argument.to_owned());
    }
    let overlay = image::embed(&live, &mut Cursor::new(base), &edit, Replace::Yes).unwrap();
    let mut built = Vec::new();
    overlay.over(Cursor::new(base)).read_to_end(&mut built).unwrap();
    built
}

#[test]
fn what_is_customized_is_told_from_what_is_another_image() {
    for name in [
        "2020-09",
        "2021-01",
        "2021-09",
        "2021-12",
        "2022-09",
        "2023-03.s390x",
        "2023-07.x86_64",
        "2023-07.s390x",
    ] {
        let base = genuine(name);
        assert!(between(&base, &base).is_empty(), "{name}");
        let one = customized(&base, document("1"), "a.nmconnection", "foo=1");
        let other = customized(&base, document("2"), "b.nmconnection", "foo=2");
        let live = LiveImage::read(&mut Cursor::new(&base)).unwrap();
        let difference = between(&one, &other);
        assert!(difference.only_customized && !difference.files_moved, "{name}: {difference:?}");
        let json = serde_json::to_value(&difference).unwrap();
        assert_eq!(json["embedded"]["config.ign"]["parts"], serde_json::json!(["passwd.users"]), "{name}");
        if live.has("live-initrd-network") {
            let folder = "etc/coreos-firstboot-network";
            assert_eq!(json["embedded"][format!("{folder}/a.nmconnection")]["change"], "gone", "{name}");
            assert_eq!(json["embedded"][format!("{folder}/b.nmconnection")]["change"], "added", "{name}");
        }
        let arguments = difference.kernel_arguments.map(|change| (change.added, change.removed));
        let expected = (vec!["foo=2".to_owned()], vec!["foo=1".to_owned()]);
        assert_eq!(arguments, live.kernel_arguments.as_ref().map(|_| expected), "{name}");
        let within: Vec<_> = difference.files.values().flat_map(|file| &file.only_in).collect();
        assert!(within.contains(&&Within::EmbedArea), "{name}: {within:?}");
        assert_eq!(within.contains(&&Within::KernelArguments), live.kernel_arguments.is_some(), "{name}");

        // One more byte in one of those very files, outside of the area.
        let (mut changed, at) = (other.clone(), (live.embed.offset + live.embed.length) as usize);
        changed[at] ^= 1;
        let difference = between(&one, &changed);
        assert!(!difference.only_customized, "{name}: {difference:?}");
    }
}

#[test]
fn every_byte_that_differs_is_found_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else { return };
    let base = std::fs::read(path).unwrap();
    let at = |needle: &[u8]| base.windows(needle.len()).position(|window| window == needle).unwrap();
    let noise = fixture::noise(900_000);
    let initrd = at(&noise[..64]);
    for (place, file) in [
        (at(b"kernel"), Some("vmlinuz")),
        (initrd, Some("initrd.img")),
        (initrd + 899_999, Some("initrd.img")),
        (initrd + 900_000, None),
        (100, None),
        (16 * 2048 + 200, None),
        (base.len() - 1, None),
    ] {
        let mut changed = base.clone();
        changed[place] ^= 1;
        let difference = between(&base, &changed);
        assert!(!difference.is_empty() && !difference.only_customized);
        let files: Vec<&String> = difference.files.keys().collect();
        match file {
            Some(name) => {
                assert!(matches!(files.as_slice(), [path] if path.ends_with(name)), "{place}: {files:?}");
                assert!(difference.outside.is_empty());
            }
            None => {
                let place = place as u64;
                let [one] = difference.outside.as_slice() else { panic!("{place}: {difference:?}") };
                assert!(one.offset <= place && place < one.offset + one.length, "{place}: {one:?}");
                assert!(files.is_empty());
            }
        }
    }
}

#[test]
fn files_are_added_gone_and_of_another_length() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = fixture::iso(folder.path(), Generation::Current) else { return };
    let old = std::fs::read(&path).unwrap();
    let tree = folder.path().join("tree");
    std::fs::write(tree.join("images/pxeboot/rootfs.img"), vec![7; 5000]).unwrap();
    std::fs::write(tree.join("images/pxeboot/vmlinuz"), "kernel, longer").unwrap();
    std::fs::remove_file(tree.join("coreos/features.json")).unwrap();
    let mut command = Command::new(tools::program("xorriso").unwrap());
    command.args(["-as", "mkisofs", "-quiet", "-V", "another", "-iso-level", "1", "-R", "-J", "-o"]);
    tools::output(command.arg(&path).arg(&tree));
    let difference = between(&old, &std::fs::read(&path).unwrap());
    let json = serde_json::to_value(&difference).unwrap();
    let bytes = |ending: &str| {
        let (_, file) = difference.files.iter().find(|(path, _)| path.ends_with(ending)).unwrap();
        (file.old_bytes, file.new_bytes)
    };
    assert_eq!(bytes("rootfs.img"), (None, Some(5000)));
    assert_eq!(bytes("vmlinuz"), (Some(6), Some(14)));
    assert!(
        matches!(bytes("features.json"), (Some(_), None)) || matches!(bytes("features.jso"), (Some(_), None))
    );
    assert_eq!(difference.files.len(), 3, "the others moved, and are the same: {:?}", difference.files);
    assert_eq!(json["volume_id"], serde_json::json!({"old": "fixture", "new": "another"}));
    assert!(difference.files_moved && !difference.only_customized);
}

#[test]
fn the_command_says_it_in_words_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let base = genuine("2023-07.x86_64");
    write("base.iso", &base);
    write("same.iso", &base);
    write("one.iso", &customized(&base, document("1"), "a.nmconnection", "foo=1"));
    write("other.iso", &customized(&base, document("2"), "a.nmconnection", "foo=2"));
    write("half.iso", &base[..300_000]);
    write("text", &[b'x'; 40_000]);
    let run = |code: i32, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        let done =
            command.args(["image", "diff"]).args(arguments).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
        said
    };
    assert_eq!(run(0, &["base.iso", "same.iso"]), "the images are the same\n");
    assert_eq!(
        run(1, &["one.iso", "other.iso"]),
        "differs           EFI/fedora/grub.cfg, 2192 bytes: only kernel arguments\n\
         differs           images/ignition.img, 262144 bytes: only what is embedded\n\
         differs           isolinux/isolinux.cfg, 3082 bytes: only kernel arguments\n\
         kernel arguments  added foo=2\n\
         kernel arguments  removed foo=1\n\
         embedded          config.ign differs in passwd.users\n\
         It is the same image: only what is embedded and the kernel arguments differ.\n"
    );
    for (code, pair) in
        [(0, ["base.iso", "same.iso"]), (1, ["one.iso", "other.iso"]), (1, ["base.iso", "one.iso"])]
    {
        let json: Value =
            serde_json::from_str(&run(code, &[&pair[..], &["--format", "json"]].concat())).unwrap();
        schemas::assert_is("image-difference", &json);
        assert_eq!(json["same"], code == 0);
    }
    for (pair, name) in [
        (["half.iso", "base.iso"], "half.iso"),
        (["base.iso", "half.iso"], "half.iso"),
        (["base.iso", "text"], "text"),
        (["missing", "base.iso"], "missing"),
    ] {
        let said = run(2, &pair);
        assert!(said.contains(&format!("`{name}`")) && said.contains("help:"), "{said}");
    }
}

#[test]
fn damaged_images_are_compared_or_refused() {
    let base = genuine("2022-02");
    let mut state = 88_172_645_463_325_252_u64;
    for _ in 0..400 {
        let mut image = base.clone();
        for _ in 0..6 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = 32_768 + state as usize % 120_000;
            image[at] = (state >> 24) as u8;
        }
        let (mut old, mut new) = (Cursor::new(&base), Cursor::new(&image));
        let a = Listing::read(&mut old).unwrap();
        if let Ok(b) = Listing::read(&mut new) {
            let difference = Difference::between((&mut old, &a), (&mut new, &b));
            let is_same = difference.is_ok_and(|difference| difference.is_empty());
            assert_eq!(is_same, base == image);
        }
    }
    let synthetic = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/iso/synthetic.iso.xz");
    let mut image = Vec::new();
    let packed = std::fs::File::open(synthetic).unwrap();
    liblzma::read::XzDecoder::new(packed).read_to_end(&mut image).unwrap();
    assert!(between(&image, &image).is_empty(), "an image that is no live one is compared all the same");
}
