//! Booting over the network: what is taken out, what is loaded beside it, the script; and live initrds alone.

use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cotter::image::LiveInitrd;
use cotter::image::LiveSystem;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixture;
use crate::initrds;
use crate::real_images::genuine;
use crate::schemas;
use crate::tools;

const CONFIG: &[u8] = b"{\"ignition\":{\"version\":\"3.3.0\"}}";
const KEYFILE: &[u8] = b"[connection]\nid=a\ntype=ethernet\n[ethernet]\nmac-address=e4:43:4b:0a:00:01\n";

/// Packs an archive.
type Pack = fn(&[u8]) -> Vec<u8>;

/// A folder with a live image, a document and a keyfile.
struct Test(TempDir);

impl Test {
    fn new(image: &[u8]) -> Self {
        let test = Self(tempfile::tempdir().unwrap());
        test.write("live.iso", image);
        test.write("c.ign", CONFIG);
        test.write("a.nmconnection", KEYFILE);
        test
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = self.path(folder).read_dir() else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `cotter` and expects an exit code; gives what it printed.
    fn expect(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        let done = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{said}");
        said
    }

    fn installer(&self, installer: &Path, arguments: &[&str]) -> Vec<u8> {
        tools::output(Command::new(installer).args(arguments).current_dir(self.0.path()))
    }
}

#[test]
fn what_is_taken_out_is_what_coreos_installer_takes_out() {
    let Some(installer) = tools::coreos_installer() else { return };
    for name in ["2020-09", "2021-12", "2023-03.s390x", "2023-07.x86_64", "2023-07.s390x"] {
        let test = Test::new(&genuine(name));
        test.expect(0, &["image", "pxe", "live.iso", "-o", "ours"]);
        test.installer(&installer, &["iso", "extract", "pxe", "-o", "theirs", "live.iso"]);
        let theirs = test.names("theirs");
        let mut ours = test.names("ours");
        ours.retain(|name| name != "boot.ipxe");
        assert_eq!(ours, theirs, "{name}");
        for file in theirs {
            assert_eq!(
                test.read(&format!("ours/{file}")),
                test.read(&format!("theirs/{file}")),
                "{name}: {file}"
            );
        }
        let has_script = !name.ends_with("s390x");
        assert_eq!(test.path("ours/boot.ipxe").exists(), has_script, "{name}: iPXE does not run on s390x");
    }
}

#[test]
fn the_script_has_the_arguments_of_the_image_without_its_medium() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    let arguments = "mitigations=auto,nosmt ignition.firstboot ignition.platform.id=metal";
    test.expect(0, &["image", "pxe", "live.iso", "-o", "plain"]);
    assert_eq!(
        String::from_utf8(test.read("plain/boot.ipxe")).unwrap(),
        format!(
            "#!ipxe\n# Boots the live system of CoreOS over the network.\n\
             kernel live-vmlinuz initrd=initrd initrd=rootfs {arguments}\n\
             initrd --name initrd live-initrd.img\n\
             initrd --name rootfs live-rootfs.img\n\
             boot\n"
        )
    );
    let mut command = vec!["image", "pxe", "live.iso", "-o", "served", "--url", "http://h:8080/x//"];
    command.extend(["--config", "c.ign", "--network-keyfile", "a.nmconnection", "--name", "r640-1"]);
    command.extend(["--append-karg", "console=ttyS0", "--delete-karg", "mitigations=auto,nosmt"]);
    test.expect(0, &command);
    assert_eq!(
        String::from_utf8(test.read("served/r640-1.ipxe")).unwrap(),
        "#!ipxe\n# Boots the live system of CoreOS over the network.\n\
         kernel http://h:8080/x/live-vmlinuz initrd=initrd initrd=ignition ignition.firstboot \
         ignition.platform.id=metal console=ttyS0 coreos.live.rootfs_url=http://h:8080/x/live-rootfs.img\n\
         initrd --name initrd http://h:8080/x/live-initrd.img\n\
         initrd --name ignition http://h:8080/x/r640-1-ignition.img\n\
         boot\n"
    );
}

#[test]
fn names_are_written_so_that_ipxe_reads_them_as_one() {
    let test = Test::new(b"");
    test.write("my ${live} #1.iso", &genuine("2023-07.x86_64"));
    test.expect(0, &["image", "pxe", "my ${live} #1.iso", "-o", "out"]);
    let script = String::from_utf8(test.read("out/boot.ipxe")).unwrap();
    assert!(script.contains("kernel my%20%24%7Blive%7D%20%231-vmlinuz initrd=initrd "), "{script}");
    assert!(test.path("out/my ${live} #1-vmlinuz").exists());
}

#[test]
fn only_what_holds_secrets_is_private() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    let hash = "$6$0123456789abcdef$7N0Yy0wSxvV8hIyH2mJkqjJXc9oYyYq3zYp3pA5bC2Q1";
    let secret = format!(
        "{{\"ignition\":{{\"version\":\"3.3.0\"}},\"passwd\":{{\"users\":[{{\"name\":\"core\",\"passwordHash\":\"{hash}\"}}]}}}}"
    );
    test.write("secret.ign", secret.as_bytes());
    let said = test.expect(0, &["image", "pxe", "live.iso", "-o", "plain", "--config", "c.ign"]);
    assert!(!said.contains("only you"), "{said}");
    let mode = test.path("plain/live-ignition.img").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o644);
    let said = test.expect(0, &["image", "pxe", "live.iso", "-o", "said", "--config", "secret.ign"]);
    assert!(
        said.contains("live-ignition.img (only you can read it: it holds") && !said.contains(hash),
        "{said}"
    );
    let command = ["image", "pxe", "live.iso", "-o", "out", "--config", "secret.ign", "--format", "json"];
    let json: Value = serde_json::from_str(&test.expect(0, &command)).unwrap();
    schemas::assert_is("netboot", &json);
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.len(), 5);
    for file in files {
        let path = file["path"].as_str().unwrap();
        let mode = test.path(path).metadata().unwrap().permissions().mode() & 0o777;
        let holds_secrets = path.ends_with("-ignition.img");
        assert_eq!(
            (mode, &file["holds_secrets"]),
            (if holds_secrets { 0o600 } else { 0o644 }, &holds_secrets.into())
        );
    }
}

#[test]
fn coreos_installer_reads_the_initrd_with_the_configuration() {
    let Some(installer) = tools::coreos_installer() else { return };
    let test = Test::new(&genuine("2022-02"));
    let mut command = vec!["image", "pxe", "live.iso", "-o", "out"];
    command.extend(["--config", "c.ign", "--network-keyfile", "a.nmconnection"]);
    test.expect(0, &command);
    let ours = "out/live-ignition.img";
    assert_eq!(test.installer(&installer, &["pxe", "ignition", "unwrap", ours]), CONFIG);
    std::fs::create_dir(test.path("network")).unwrap();
    test.installer(&installer, &["pxe", "network", "unwrap", "-C", "network", ours]);
    assert_eq!(test.read("network/a.nmconnection"), KEYFILE);
    // Behind the image's own initrd, as a boot loader puts them.
    let mut both = initrds::live();
    both.extend(test.read(ours));
    test.write("both.img", &both);
    let listed = test.installer(&installer, &["dev", "show", "initrd", "both.img"]);
    let listed = String::from_utf8(listed).unwrap();
    for file in
        ["config.ign", "etc/coreos-firstboot-network/a.nmconnection", "etc/coreos-live-initramfs", "init"]
    {
        assert!(listed.lines().any(|line| line == file), "{file} in\n{listed}");
    }
    let read = LiveInitrd::read(&mut Cursor::new(both)).unwrap();
    assert_eq!(read.embedded.get("config.ign").unwrap(), CONFIG);
}

#[test]
fn an_initrd_that_coreos_installer_customized_is_read() {
    let Some(installer) = tools::coreos_installer() else { return };
    let test = Test::new(b"");
    test.write("initrd.img", &initrds::live());
    let mut command = vec!["pxe", "customize", "initrd.img", "-o", "theirs.img", "--live-ignition", "c.ign"];
    command.extend(["--network-keyfile", "a.nmconnection", "--dest-device", "/dev/vda"]);
    test.installer(&installer, &command);
    let theirs = test.read("theirs.img");
    let read = LiveInitrd::read(&mut Cursor::new(&theirs)).unwrap();
    assert_eq!((read.system.clone(), read.length), (LiveSystem::CoreOs, theirs.len() as u64));
    let paths: Vec<&str> = read.embedded.files().map(|(path, _)| path).collect();
    assert_eq!(paths, ["config.ign", "etc/coreos-firstboot-network/a.nmconnection"]);
    let compressions: Vec<&str> = read.archives.iter().map(|archive| archive.compression).collect();
    assert_eq!(compressions, ["plain", "zstd", "gzip", "xz"]);
    let said = test.expect(2, &["image", "pxe", "theirs.img", "-o", "out", "--config", "c.ign"]);
    assert!(said.contains("in it already") && said.contains("as it was published"), "{said}");
}

#[test]
fn the_same_initrd_comes_of_an_initrd_alone() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    test.write("initrd.img", &initrds::live());
    let edit = ["--config", "c.ign", "--network-keyfile", "a.nmconnection", "--name", "a"];
    test.expect(0, &[&["image", "pxe", "live.iso", "-o", "iso"][..], &edit].concat());
    let said = test.expect(0, &[&["image", "pxe", "initrd.img", "-o", "alone"][..], &edit].concat());
    assert_eq!(test.names("alone"), ["a-ignition.img"]);
    assert_eq!(test.read("alone/a-ignition.img"), test.read("iso/a-ignition.img"));
    assert!(said.contains("kernel arguments: ignition.firstboot ignition.platform.id=metal\n"), "{said}");
    let said = test.expect(2, &["image", "pxe", "initrd.img", "-o", "none"]);
    assert!(said.contains("nothing to take out") && !test.path("none").exists(), "{said}");
}

#[test]
fn what_is_embedded_in_the_iso_comes_along() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    let keyfile = ["--network-keyfile", "a.nmconnection"];
    let command = ["image", "embed", "live.iso", "--config", "c.ign", "--append-karg", "foo=bar"];
    test.expect(0, &[&command[..], &keyfile].concat());
    let said = test.expect(0, &["image", "pxe", "live.iso", "-o", "out"]);
    assert!(said.contains("platform.id=metal foo=bar"), "{said}");
    let mut both = initrds::live();
    both.extend(test.read("out/live-ignition.img"));
    let read = LiveInitrd::read(&mut Cursor::new(both)).unwrap();
    assert_eq!(read.embedded.get("config.ign").unwrap(), CONFIG);
    assert_eq!(read.embedded.get("etc/coreos-firstboot-network/a.nmconnection").unwrap(), KEYFILE);
    // Another one takes its place only if that is asked for.
    let other = ["image", "pxe", "live.iso", "-o", "other", "--config", "c.ign"];
    assert!(test.expect(2, &other).contains("has an embedded configuration already"));
    assert!(!test.path("other").exists());
    test.expect(0, &[&other[..], &["--force"]].concat());
}

#[test]
fn a_fleet_shares_what_is_the_same_for_all() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    for name in ["a", "b"] {
        test.expect(0, &["image", "pxe", "live.iso", "-o", "out", "--config", "c.ign", "--name", name]);
    }
    assert_eq!(
        test.names("out"),
        [
            "a-ignition.img",
            "a.ipxe",
            "b-ignition.img",
            "b.ipxe",
            "live-initrd.img",
            "live-rootfs.img",
            "live-vmlinuz"
        ]
    );
    // A file of another image is not replaced, and then nothing else is written.
    test.write("out/live-initrd.img", b"another one!");
    let said = test.expect(2, &["image", "pxe", "live.iso", "-o", "out", "--name", "c"]);
    assert!(said.contains("live-initrd.img` is there already"), "{said}");
    assert_eq!(test.names("out").len(), 7);
    assert_eq!(test.read("out/live-initrd.img"), b"another one!");
    test.expect(0, &["image", "pxe", "live.iso", "-o", "out", "--name", "c", "--force"]);
    assert_ne!(test.read("out/live-initrd.img"), b"another one!");
}

#[test]
fn a_minimal_iso_must_say_where_its_root_file_system_is() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    test.expect(0, &["image", "minimal", "live.iso", "-o", "minimal.iso"]);
    let said = test.expect(2, &["image", "pxe", "minimal.iso", "-o", "out"]);
    assert!(
        said.contains("--append-karg coreos.live.rootfs_url=URL") && !test.path("out").exists(),
        "{said}"
    );
    let url = "coreos.live.rootfs_url=http://h/r.img";
    let said = test.expect(0, &["image", "pxe", "minimal.iso", "-o", "out", "--append-karg", url]);
    assert!(said.contains(&format!("platform.id=metal {url}")), "{said}");
    assert_eq!(test.names("out"), ["boot.ipxe", "minimal-initrd.img", "minimal-vmlinuz"]);
}

#[test]
fn flatcar_takes_its_document_beside_its_own_initrd() {
    let Some(xorriso) = tools::program("xorriso") else { return };
    let test = Test::new(b"");
    for folder in ["tree/flatcar", "tree/syslinux"] {
        std::fs::create_dir_all(test.path(folder)).unwrap();
    }
    let initrd = initrds::gzip(&initrds::cpio(&[("usr.squashfs", &fixture::noise(300_000))]));
    test.write("tree/flatcar/vmlinuz", b"kernel");
    test.write("tree/flatcar/cpio.gz", &initrd);
    test.write("tree/syslinux/syslinux.cfg", b"append initrd=/flatcar/cpio.gz flatcar.autologin\n");
    let mut command = Command::new(xorriso);
    command.args(["-as", "mkisofs", "-quiet", "-l", "-r", "-J", "-o"]).arg(test.path("flatcar.iso"));
    tools::output(command.arg(test.path("tree")));

    let said = test.expect(2, &["image", "embed", "flatcar.iso", "--config", "c.ign"]);
    assert!(
        said.contains("Flatcar's live image keeps no room") && said.contains("`cotter image pxe`"),
        "{said}"
    );
    test.expect(0, &["image", "pxe", "flatcar.iso", "-o", "out", "--config", "c.ign"]);
    assert_eq!(
        test.names("out"),
        ["boot.ipxe", "flatcar-cpio.gz", "flatcar-ignition.img", "flatcar-vmlinuz"]
    );
    assert_eq!(test.read("out/flatcar-cpio.gz"), initrd);
    let script = String::from_utf8(test.read("out/boot.ipxe")).unwrap();
    assert!(
        script.contains("kernel flatcar-vmlinuz initrd=initrd initrd=ignition flatcar.first_boot=1\n"),
        "{script}"
    );
    let mut both = initrd.clone();
    both.extend(test.read("out/flatcar-ignition.img"));
    let read = LiveInitrd::read(&mut Cursor::new(both)).unwrap();
    assert_eq!(read.system, LiveSystem::Other("Flatcar".into()));
    assert_eq!(read.embedded.get("usr/share/oem/config.ign").unwrap(), CONFIG);
    let keyfile = ["image", "pxe", "flatcar.iso", "-o", "no", "--network-keyfile", "a.nmconnection"];
    assert!(test.expect(2, &keyfile).contains("Flatcar reads no keyfiles"));
    // As it is published beside the ISO.
    test.write("flatcar_production_pxe_image.cpio.gz", &initrd);
    let said = test.expect(
        0,
        &["image", "pxe", "flatcar_production_pxe_image.cpio.gz", "-o", "alone", "--config", "c.ign"],
    );
    assert!(said.contains("kernel arguments: flatcar.first_boot=1\n"), "{said}");
    assert_eq!(test.names("alone"), ["flatcar_production_pxe_image.cpio-ignition.img"]);
}

#[test]
fn bad_input_is_one_clear_error_and_nothing_is_written() {
    let test = Test::new(&genuine("2021-09"));
    test.write("text.iso", &[b'x'; 50_000]);
    test.write("empty.iso", b"");
    test.write("half.iso", &genuine("2023-07.x86_64")[..300_000]);
    test.write("other.img", &initrds::gzip(&initrds::cpio(&[("init", b"x")])));
    test.write("broken.img", &initrds::live()[..6000]);
    let config = ["--config", "c.ign"];
    for (arguments, why) in [
        (&["text.iso"][..], "neither an ISO 9660 image nor an initrd"),
        (&["empty.iso"], "neither an ISO 9660 image nor an initrd"),
        (&["half.iso"], "incomplete"),
        (&["other.img"], "not one of a live system"),
        (&["broken.img"], "contradicts itself"),
        (&["missing.iso"], "failed to open"),
        (&["."], "directory"),
        (&["live.iso", "--name", "../x"], "no name for files"),
        (&["live.iso", "--name", ""], "no name for files"),
        (&["live.iso", "--url", "h/x"], "no address"),
        (&["live.iso", "--url", "http://"], "no address"),
        (&["live.iso", "--url", "http://h/a b"], "no address"),
        (&["live.iso", "--append-karg", "a b"], "not one kernel argument"),
        (&["live.iso", "--append-karg", "&&"], "not one kernel argument"),
        (&["live.iso", "--network-keyfile", "a.nmconnection"], "does not read embedded network"),
        (&["live.iso", "--config", "a.nmconnection"], "ignition-child"),
    ] {
        let command = [&["image", "pxe", "-o", "out"][..], arguments];
        let said = test.expect(2, &command.concat());
        assert!(said.contains(why) && said.contains("help:"), "{arguments:?}: {said}");
        assert!(!test.path("out").exists(), "{arguments:?}");
    }
    test.expect(0, &[&["image", "pxe", "live.iso", "-o", "out"][..], &config].concat());
}

#[test]
fn initrds_are_read_whatever_they_are_packed_with() {
    let features = br#"{"live-initrd-network": true}"#;
    let of_live: &[(&str, &[u8])] = &[
        ("etc/coreos-live-initramfs", b"1"),
        ("./etc/coreos/features.json", features),
        ("config.ign", b"old"),
    ];
    let later = initrds::cpio(&[("config.ign", CONFIG), ("../config.ign", b"outside"), ("etc/passwd", b"x")]);
    let pack: [(&str, Pack); 4] =
        [("plain", <[u8]>::to_vec), ("gzip", initrds::gzip), ("xz", initrds::xz), ("zstd", initrds::zstd)];
    for (one, first) in pack {
        for (other, second) in pack {
            let mut initrd = first(&initrds::cpio(of_live));
            initrd.resize((initrd.len() + 1000).next_multiple_of(4), 0);
            let at = initrd.len() as u64;
            initrd.extend(second(&later));
            let read = LiveInitrd::read(&mut Cursor::new(&initrd)).unwrap();
            assert!(read.has("live-initrd-network"), "{one} {other}");
            assert_eq!(read.embedded.get("config.ign").unwrap(), CONFIG, "{one} {other}");
            assert_eq!(read.embedded.files().count(), 1, "{one} {other}");
            let archives: Vec<_> = read
                .archives
                .iter()
                .map(|archive| (archive.area.offset, archive.compression, archive.files))
                .collect();
            assert_eq!(archives, [(0, one, 3), (at, other, 2)]);
            let end = read.archives[1].area.offset + read.archives[1].area.length;
            assert_eq!(end, initrd.len() as u64, "{one} {other}");
        }
    }
}

#[test]
fn damaged_initrds_are_errors_and_not_panics() {
    let whole = initrds::live();
    let archives = LiveInitrd::read(&mut Cursor::new(&whole)).unwrap().archives;
    for end in (0..whole.len()).step_by(61) {
        let read = LiveInitrd::read(&mut Cursor::new(&whole[..end]));
        assert!(read.is_err(), "{end} of {} bytes: {archives:?}", whole.len());
    }
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..3000 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = state as usize % bytes.len();
            bytes[at] = (state >> 32) as u8;
        }
        let _ = LiveInitrd::read(&mut Cursor::new(&bytes));
    }
}

#[test]
fn an_initrd_cannot_ask_for_memory_that_it_has_not() {
    // A configuration of 4 GiB in a header, a name of 2 GiB, features that are too large.
    let mut large = initrds::cpio(&[("etc/coreos-live-initramfs", b"1"), ("config.ign", b"x")]);
    let at = large.windows(10).position(|window| window == b"config.ign").unwrap() - 110;
    large[at + 54..at + 62].copy_from_slice(b"FFFFFFFF");
    let mut name = initrds::cpio(&[("init", b"x")]);
    name[94..102].copy_from_slice(b"7FFFFFFF");
    let features =
        initrds::cpio(&[("etc/coreos-live-initramfs", b"1"), ("etc/coreos/features.json", &[b' '; 70_000])]);
    for (initrd, why) in [(large, "more than"), (name, "a name of"), (features, "features.json` has")] {
        let error = LiveInitrd::read(&mut Cursor::new(initrd)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_machine_file_is_built_for_the_network_too() {
    let test = Test::new(&genuine("2023-07.x86_64"));
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dell-r640");
    std::fs::create_dir(test.path("secrets")).unwrap();
    for file in ["machine.yaml", "secrets/core.pw", "secrets/id_ed25519.pub"] {
        std::fs::copy(case.join(file), test.path(file)).unwrap();
    }
    let command = ["build", "machine.yaml", "-o", "out", "--pxe", "--base", "live.iso", "--url", "http://h"];
    let json: Value =
        serde_json::from_str(&test.expect(0, &[&command[..], &["--format", "json"]].concat())).unwrap();
    schemas::assert_is("netboot", &json);
    let manifest = json["manifest"].as_str().unwrap();
    let name = manifest.strip_prefix("out/").unwrap().strip_suffix(".manifest.json").unwrap();
    let mut both = initrds::live();
    both.extend(test.read(&format!("out/{name}-ignition.img")));
    let read = LiveInitrd::read(&mut Cursor::new(both)).unwrap();
    let document = test.expect(0, &["ignition", "machine.yaml", "--life", "live"]);
    let built: Value = serde_json::from_slice(read.embedded.get("config.ign").unwrap()).unwrap();
    assert_eq!(built, serde_json::from_str::<Value>(&document).unwrap());
    assert!(read.embedded.files().any(|(path, _)| path.starts_with("etc/coreos-firstboot-network/")));
    let script = String::from_utf8(test.read(&format!("out/{name}.ipxe"))).unwrap();
    assert!(script.contains(&format!("http://h/{name}-ignition.img")), "{script}");
    let said = test.expect(2, &command);
    assert!(said.contains(".manifest.json` is there already"), "{said}");
}
