//! Small live ISOs without a kernel, laid out as each generation of CoreOS lays them out.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::tools;

/// Length of the embed area in bytes.
pub const AREA: usize = 262_144;
/// Kernel arguments of a pristine fixture.
pub const DEFAULT: &str = "coreos.liveiso=fixture ignition.firstboot ignition.platform.id=metal";

/// How a fixture is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// igninfo.json, kargs.json with pads and ends, features.json; 8.3 names (2023 and later).
    Current,
    /// The same with long names, as remastering leaves them.
    LongNames,
    /// No description of the embed area and no kernel-argument areas (2020).
    First,
    /// The area is a part of another file, and arguments are filled with NUL (s390x).
    InsideAFile,
}

/// Makes a fixture in `folder`; nothing if xorriso is missing.
pub fn iso(folder: &Path, generation: Generation) -> Option<PathBuf> {
    let xorriso = tools::program("xorriso")?;
    let tree = folder.join("tree");
    for inner in ["images/pxeboot", "coreos", "isolinux", "EFI/fedora"] {
        std::fs::create_dir_all(tree.join(inner)).unwrap();
    }
    let write = |path: &str, bytes: &[u8]| std::fs::write(tree.join(path), bytes).unwrap();
    write("images/pxeboot/vmlinuz", b"kernel");
    write("images/pxeboot/initrd.img", &noise(900_000));
    if generation == Generation::InsideAFile {
        let mut image = noise(AREA + 4096);
        image[2048..2048 + AREA].fill(0);
        write("images/cdboot.img", &image);
        write(
            "coreos/igninfo.json",
            format!("{{\"file\": \"images/cdboot.img\", \"offset\": 2048, \"length\": {AREA}}}").as_bytes(),
        );
    } else {
        write("images/ignition.img", &vec![0; AREA]);
    }
    if matches!(generation, Generation::Current | Generation::LongNames) {
        write("coreos/igninfo.json", b"{\"file\": \"images/ignition.img\"}");
    }
    if generation != Generation::First {
        let (pad, end) = if generation == Generation::InsideAFile { (0, "\0") } else { (b'#', "\n") };
        let mut files = Vec::new();
        for (path, head) in
            [("isolinux/isolinux.cfg", "append initrd=x "), ("EFI/fedora/grub.cfg", "linux /vmlinuz ")]
        {
            let mut area = format!("{DEFAULT}{end}").into_bytes();
            area.resize(1024, pad);
            let text = [head.as_bytes(), &area, b" COREOS_KARG_EMBED_AREA\n"].concat();
            write(path, &text);
            files.push(serde_json::json!({"path": path, "offset": head.len(), "pad": char::from(pad).to_string(), "end": end}));
        }
        let description = serde_json::json!({"default": DEFAULT, "size": 1024, "files": files});
        write("coreos/kargs.json", description.to_string().as_bytes());
        let features = br#"{"installer-config": true, "installer-config-directives": {"console": true}, "live-initrd-network": true}"#;
        write("coreos/features.json", features);
    }
    let level = if generation == Generation::LongNames { "3" } else { "1" };
    let out = folder.join("base.iso");
    let mut command = Command::new(xorriso);
    command.args([
        "-as",
        "mkisofs",
        "-quiet",
        "-V",
        "fixture",
        "-iso-level",
        level,
        "-R",
        "-J",
        "-joliet-long",
        "-o",
    ]);
    tools::output(command.arg(&out).arg(&tree));
    Some(out)
}

/// Bytes without a pattern, the same every time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The ranges in which two files differ, as (offset, length), with gaps of less than 64 bytes closed.
pub fn differences(a: &[u8], b: &[u8]) -> Vec<(usize, usize)> {
    assert_eq!(a.len(), b.len(), "the length changed");
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for at in (0..a.len()).filter(|at| a[*at] != b[*at]) {
        match ranges.last_mut() {
            Some((begin, length)) if at < *begin + *length + 64 => *length = at - *begin + 1,
            _ => ranges.push((at, 1)),
        }
    }
    ranges
}

/// Gives an image another volume id: 32 bytes in the primary volume descriptor (ECMA-119, 8.4.7).
pub fn rename_volume(image: &Path, name: &str) {
    let mut bytes = std::fs::read(image).unwrap();
    let at = 16 * 2048 + 40;
    bytes[at..at + 32].copy_from_slice(format!("{name:32}").as_bytes());
    std::fs::write(image, bytes).unwrap();
}
