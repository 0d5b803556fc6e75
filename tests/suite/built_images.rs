//! Images of every generation, built here: what is found, what changes, and that coreos-installer agrees.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use cotter::image;
use cotter::image::Archive;
use cotter::image::Edit;
use cotter::image::ImageError;
use cotter::image::LiveImage;
use cotter::image::Overlay;
use cotter::image::Replace;

use crate::fixture;
use crate::generations;
use crate::generations::DEFAULT;
use crate::generations::SAMPLES;
use crate::generations::Sample;
use crate::iso_builder::Spelling;
use crate::tools;

const CONFIG: &[u8] = b"{\"ignition\":{\"version\":\"3.3.0\"}}";
const KEYFILE: &[u8] = b"[connection]\nid=a\n";
const ARGUMENT: &str = "foo=bar#";
/// What is put into an image.
const EDITS: [&str; 4] = ["config", "network", "kargs", "all"];

fn live(image: &[u8]) -> LiveImage {
    LiveImage::read(&mut Cursor::new(image)).unwrap()
}

fn edit(what: &str, sample: &Sample) -> Edit {
    let all = what == "all";
    let mut edit = Edit::default();
    if all || what == "config" {
        edit.config = Some(CONFIG.to_vec());
    }
    if what == "network" || (all && sample.network) {
        edit.network.insert("a.nmconnection".into(), KEYFILE.to_vec());
    }
    if what == "kargs" || (all && !sample.places.is_empty()) {
        edit.append_kernel_arguments.push(ARGUMENT.into());
    }
    edit
}

/// True if the image can take it.
fn takes(what: &str, sample: &Sample) -> bool {
    match what {
        "network" => sample.network,
        "kargs" => !sample.places.is_empty(),
        _ => true,
    }
}

fn over(overlay: &Overlay, base: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    overlay.over(Cursor::new(base)).read_to_end(&mut image).unwrap();
    image
}

fn embed(base: &[u8], edit: &Edit) -> Result<Vec<u8>, ImageError> {
    let live = LiveImage::read(&mut Cursor::new(base))?;
    let overlay = image::embed(&live, &mut Cursor::new(base), edit, Replace::No)?;
    Ok(over(&overlay, base))
}

fn read_back(image: &[u8]) -> (Archive, Option<String>) {
    let live = live(image);
    let embedded = image::embedded(&live, &mut Cursor::new(image)).unwrap();
    (embedded, live.kernel_arguments.map(|areas| areas.current))
}

/// What must be found after an edit.
fn expected(what: &str, sample: &Sample) -> (Archive, Option<String>) {
    let edit = edit(what, sample);
    let mut archive = Archive::default();
    if let Some(config) = edit.config {
        archive.insert("config.ign", config);
    }
    for (name, keyfile) in edit.network {
        archive.insert(format!("etc/coreos-firstboot-network/{name}"), keyfile);
    }
    let words: Vec<&str> =
        [DEFAULT].into_iter().chain(edit.append_kernel_arguments.iter().map(String::as_str)).collect();
    (archive, (!sample.places.is_empty()).then(|| words.join(" ")))
}

#[test]
fn all_is_found_in_every_generation_and_spelling() {
    for spelling in [Spelling::Short, Spelling::Long, Spelling::AsIs] {
        for (sample, (generation, architecture)) in generations::all(spelling).iter().zip(SAMPLES) {
            let live = live(&sample.iso.bytes);
            let found = (live.embed.offset as usize, live.embed.length as usize);
            assert_eq!(found, sample.embed, "{}", sample.name);
            assert_eq!(live.generation.unwrap().name, generation, "{}", sample.name);
            assert_eq!(live.architecture.as_deref(), Some(architecture), "{}", sample.name);
            assert_eq!(live.features.contains_key("live-initrd-network"), sample.network, "{}", sample.name);
            let mut places = Vec::new();
            if let Some(areas) = &live.kernel_arguments {
                assert_eq!(areas.length as usize, sample.place_length, "{}", sample.name);
                assert_eq!(
                    (areas.default.as_str(), areas.current.as_str()),
                    (DEFAULT, DEFAULT),
                    "{}",
                    sample.name
                );
                places.extend(areas.places.iter().map(|place| place.offset as usize));
                places.sort_unstable();
            }
            assert_eq!(places, sample.places, "{}", sample.name);
        }
    }
}

#[test]
fn only_the_areas_change_and_what_was_put_in_is_read_back() {
    for spelling in [Spelling::Short, Spelling::Long] {
        for sample in generations::all(spelling) {
            let base = &sample.iso.bytes;
            for what in EDITS {
                let name = format!("{} {what}", sample.name);
                if !takes(what, &sample) {
                    let error = embed(base, &edit(what, &sample)).unwrap_err();
                    assert!(matches!(error, ImageError::Unsupported(_)), "{name}: {error}");
                    continue;
                }
                let built = embed(base, &edit(what, &sample)).unwrap();
                assert!(built == embed(base, &edit(what, &sample)).unwrap(), "{name}: two builds differ");
                let differences = fixture::differences(base, &built);
                assert!(!differences.is_empty(), "{name}");
                for (offset, length) in differences {
                    let inside =
                        |(from, size): &(usize, usize)| *from <= offset && offset + length <= from + size;
                    assert!(sample.areas().iter().any(inside), "{name}: {length} bytes at {offset}");
                }
                assert_eq!(read_back(&built), expected(what, &sample), "{name}");
                let reset = over(&image::reset(&live(&built)).unwrap(), &built);
                assert!(reset == *base, "{name}: the reset image is not the base");
            }
        }
    }
}

#[test]
fn coreos_installer_reads_what_we_wrote_and_we_what_it_wrote() {
    let Some(installer) = tools::coreos_installer() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, contents: &[u8]| {
        std::fs::write(folder.path().join(name), contents).unwrap();
        folder.path().join(name)
    };
    let (config, keyfile) = (file("c.ign", CONFIG), file("a.nmconnection", KEYFILE));
    let iso = folder.path().join("image.iso");
    let run = |arguments: &[&str]| {
        let done = Command::new(&installer).arg("iso").args(arguments).arg(&iso).output().unwrap();
        (done.status.success(), done.stdout)
    };
    for sample in generations::all(Spelling::Short) {
        let base = &sample.iso.bytes;
        for what in EDITS {
            let name = format!("{} {what}", sample.name);
            let (archive, arguments) = expected(what, &sample);
            let (has_config, has_network) =
                (what != "network" && what != "kargs", archive.files().count() > usize::from(what == "all"));
            let has_network = has_network && what != "config";
            let has_arguments = what == "kargs" || (what == "all" && !sample.places.is_empty());
            if takes(what, &sample) {
                std::fs::write(&iso, embed(base, &edit(what, &sample)).unwrap()).unwrap();
                let shown = run(&["ignition", "show"]);
                assert_eq!(
                    shown,
                    (has_config, if has_config { CONFIG.to_vec() } else { Vec::new() }),
                    "{name}"
                );
                let network = folder.path().join("network");
                std::fs::create_dir(&network).unwrap();
                let extracted = run(&["network", "extract", "-C", network.to_str().unwrap()]).0;
                assert_eq!(extracted, has_network, "{name}");
                assert_eq!(
                    contents(&network),
                    if has_network { keyfiles() } else { BTreeMap::new() },
                    "{name}"
                );
                std::fs::remove_dir_all(&network).unwrap();
                let shown = run(&["kargs", "show"]);
                let shown = shown.0.then(|| String::from_utf8(shown.1).unwrap().trim().to_owned());
                assert_eq!(shown, arguments, "{name}");
                assert!(run(&["reset"]).0, "{name}");
                assert!(std::fs::read(&iso).unwrap() == *base, "{name}: their reset differs");
            }
            // Theirs, step by step in place.
            std::fs::write(&iso, base).unwrap();
            let mut all = true;
            if has_config {
                all &= run(&["ignition", "embed", "-i", config.to_str().unwrap()]).0;
            }
            // `network embed` asks no feature; `customize` does.
            if has_network && sample.network {
                all &= run(&["network", "embed", "-k", keyfile.to_str().unwrap()]).0;
            }
            if has_arguments {
                all &= run(&["kargs", "modify", "-a", ARGUMENT]).0;
            }
            if what == "network" && !sample.network {
                all = run(&["customize", "--network-keyfile", keyfile.to_str().unwrap()]).0;
            }
            assert_eq!(all, takes(what, &sample), "{name}");
            let theirs = std::fs::read(&iso).unwrap();
            if all {
                assert_eq!(read_back(&theirs), expected(what, &sample), "{name}");
                let reset = over(&image::reset(&live(&theirs)).unwrap(), &theirs);
                assert!(reset == *base, "{name}: our reset of theirs differs");
            } else {
                assert!(theirs == *base, "{name}: they changed what they refused");
            }
        }
    }
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = folder.read_dir().unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

fn keyfiles() -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([("a.nmconnection".to_owned(), KEYFILE.to_vec())])
}

#[test]
fn xorriso_sees_the_tree_that_was_built() {
    let Some(xorriso) = tools::program("xorriso") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for sample in generations::all(Spelling::Short) {
        let path = folder.path().join("built.iso");
        std::fs::write(&path, &sample.iso.bytes).unwrap();
        let out = folder.path().join("tree");
        let mut command = Command::new(&xorriso);
        command.args(["-osirrox", "on", "-indev"]).arg(&path).args(["-extract", "/"]).arg(&out);
        tools::output(&mut command);
        tools::output(Command::new("chmod").args(["-R", "u+rwX"]).arg(&out));
        let mut seen = BTreeMap::new();
        walk(&out, &out, &mut seen);
        let wrote: Vec<&[u8]> =
            sample.iso.files.values().map(|(at, length)| &sample.iso.bytes[*at..at + length]).collect();
        assert_eq!(seen.len(), wrote.len(), "{}: {:?}", sample.name, seen.keys());
        for contents in wrote {
            assert!(seen.values().any(|seen| seen == contents), "{}", sample.name);
        }
        assert!(
            seen.keys().any(|path| path.eq_ignore_ascii_case("images/pxeboot/vmlinuz")),
            "{:?}",
            seen.keys()
        );
        std::fs::remove_dir_all(&out).unwrap();
    }
}

fn walk(folder: &Path, root: &Path, seen: &mut BTreeMap<String, Vec<u8>>) {
    for entry in folder.read_dir().unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), root, seen);
        } else {
            let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            seen.insert(path, std::fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn an_image_that_xorriso_made_anew_is_read() {
    let Some(xorriso) = tools::program("xorriso") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.iso"), folder.path().join("to.iso"));
    for sample in generations::all(Spelling::AsIs) {
        std::fs::write(&from, &sample.iso.bytes).unwrap();
        let mut command = Command::new(&xorriso);
        command.arg("-indev").arg(&from).arg("-outdev").arg(&to).args(["-boot_image", "any", "discard"]);
        tools::output(command.args(["-joliet", "on", "-changes_pending", "yes"]));
        let remastered = std::fs::read(&to).unwrap();
        std::fs::remove_file(&to).unwrap();
        if sample.name.starts_with("2021-01") {
            // The header stays, and what it tells of has moved.
            let error = LiveImage::read(&mut Cursor::new(&remastered)).unwrap_err();
            assert!(error.to_string().contains("the header `coreKarg`: "), "{error}");
            continue;
        }
        let built = embed(&remastered, &edit("all", &sample)).unwrap();
        assert_eq!(read_back(&built), expected("all", &sample), "{}", sample.name);
        let reset = over(&image::reset(&live(&built)).unwrap(), &built);
        assert!(reset == remastered, "{}", sample.name);
    }
}

#[test]
fn initrds_are_read_as_coreos_installer_reads_them() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/initrd").join(name);
        let packed = std::fs::read(path).unwrap();
        let mut initrd = Vec::new();
        match name.ends_with(".xz") {
            true => liblzma::read::XzDecoder::new(&*packed).read_to_end(&mut initrd).map(|_| initrd).unwrap(),
            false => packed,
        }
    };
    let compressed = Archive::read(&read("compressed.img.xz")).unwrap();
    let mut expected = Archive::default();
    for folder in ["uncompressed-1", "uncompressed-2", "gzip", "xz", "zstd"] {
        expected.insert(format!("{folder}/hello"), b"HELLO\n".to_vec());
        expected.insert(format!("{folder}/world"), b"WORLD\n".to_vec());
    }
    assert_eq!(compressed, expected);
    let mut expected = Archive::default();
    expected.insert("data/file", b"third\n".to_vec());
    assert_eq!(Archive::read(&read("redundant.img.xz")).unwrap(), expected);
    let mut expected = Archive::default();
    expected.insert("dir/hello", vec![b'z'; 5000]);
    expected.insert("dir/world", vec![b'q'; 4500]);
    assert_eq!(Archive::read(&read("padded-names.img.xz")).unwrap(), expected);
    let error = Archive::read(&read("traversal-relative.img")).unwrap_err();
    assert!(error.to_string().contains("`../f` leads out of the archive"), "{error}");
    // From the root of the initramfs, as everything in it.
    let absolute = Archive::read(&read("traversal-absolute.img")).unwrap();
    assert_eq!(absolute.files().map(|(path, _)| path).collect::<Vec<_>>(), ["etc/adjtime"]);
}
