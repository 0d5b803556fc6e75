//! Small live images of every generation and architecture, as the table in `image/layouts.toml` has them.

use std::collections::BTreeMap;

use serde_json::json;

use crate::iso_builder;
use crate::iso_builder::Iso;
use crate::iso_builder::Spelling;

/// Kernel arguments of a pristine image.
pub const DEFAULT: &str =
    "mitigations=auto,nosmt coreos.liveiso=built ignition.firstboot ignition.platform.id=metal";
/// The real length of the embed area.
pub const AREA: usize = 262_144;
/// Generation and architecture of each sample.
pub const SAMPLES: [(&str, &str); 14] = [
    ("2020-09", "x86_64"),
    ("2021-01", "x86_64"),
    ("2021-09", "x86_64"),
    ("2021-12", "x86_64"),
    ("2022-02", "x86_64"),
    ("2022-09", "x86_64"),
    ("2023-03", "x86_64"),
    ("2023-03", "s390x"),
    ("2023-07", "x86_64"),
    ("2023-07", "s390x"),
    ("2023-07", "ppc64le"),
    ("2025", "x86_64"),
    ("2025", "aarch64"),
    ("2025", "s390x"),
];

/// A live image, and where what can be changed in it is.
#[derive(Clone, Debug)]
pub struct Sample {
    pub iso: Iso,
    /// Generation, architecture and spelling.
    pub name: String,
    /// Offset and length of the embed area.
    pub embed: (usize, usize),
    /// Offsets of the kernel-argument areas.
    pub places: Vec<usize>,
    /// Length of each.
    pub place_length: usize,
    /// True if it reads embedded network profiles.
    pub network: bool,
}

impl Sample {
    /// The ranges that may change.
    pub fn areas(&self) -> Vec<(usize, usize)> {
        let places = self.places.iter().map(|place| (*place, self.place_length));
        places.chain([self.embed]).collect()
    }
}

/// Every sample in a spelling.
pub fn all(spelling: Spelling) -> Vec<Sample> {
    SAMPLES
        .iter()
        .map(|(generation, architecture)| sample(generation, architecture, spelling, AREA))
        .collect()
}

/// One live image with an embed area of `area` bytes; a small one leaves out what is only there to be large.
pub fn sample(generation: &str, architecture: &str, spelling: Spelling, area: usize) -> Sample {
    let is_small = area < AREA;
    let (since, s390x) = (|month: &str| generation >= month, architecture == "s390x");
    let mut tree: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut put = |path: &str, bytes: &[u8]| tree.insert(path.to_owned(), bytes.to_vec());
    for (path, contents) in
        [("vmlinuz", "the kernel"), ("initrd.img", "the initrd"), ("rootfs.img", "the rootfs")]
    {
        put(&format!("images/pxeboot/{path}"), contents.as_bytes());
    }
    // Two kernel-argument areas in text files, or one in the image that s390x boots.
    let place_length = if s390x { 896 } else { DEFAULT.len() + 1024 };
    let boot_files = match architecture {
        "s390x" => vec![],
        "ppc64le" => vec!["boot/grub/grub.cfg"],
        _ if since("2021-01") => vec!["EFI/fedora/grub.cfg", "isolinux/isolinux.cfg"],
        _ => vec!["EFI/redhat/grub.cfg", "isolinux/isolinux.cfg"],
    };
    let head = "menuentry 'live' {\n\tlinux /images/pxeboot/vmlinuz ";
    let mut filled = format!("{DEFAULT}\n").into_bytes();
    filled.resize(place_length, b'#');
    for path in &boot_files {
        let text = [head.as_bytes(), &filled, b" COREOS_KARG_EMBED_AREA\n}\n"].concat();
        put(path, if since("2021-01") { &text } else { DEFAULT.as_bytes() });
    }
    if architecture == "x86_64" {
        put("isolinux/isolinux.bin", &[0; 64]);
    }
    if matches!(architecture, "x86_64" | "aarch64") {
        put("images/efiboot.img", b"efiboot.img\n");
    }
    if !s390x && generation < "2024" && architecture != "ppc64le" {
        put("zipl.prm", DEFAULT.as_bytes());
    }
    let has_header = !s390x && since("2021-01") && generation < "2022-02";
    if has_header {
        put(".cmdline", &filled);
    }
    // The numbers are those of mk-s390image.
    let (kernel_end, embed_at) = if is_small { (64, SMALL_EMBED_AT) } else { (66_688, 132_096) };
    if s390x {
        let mut image = vec![0xb1; embed_at + area];
        image[embed_at..].fill(0);
        if since("2023-07") {
            image[kernel_end..kernel_end + place_length].fill(0);
            image[kernel_end..kernel_end + DEFAULT.len()].copy_from_slice(DEFAULT.as_bytes());
        }
        put("images/cdboot.img", &image);
        put("generic.ins", b"* minimal lpar ins file\n");
        if generation < "2025" {
            put("images/pxeboot/kernel.img", b"the kernel");
        }
    } else {
        put("images/ignition.img", &vec![0; area]);
    }
    if since("2023-03") {
        put(
            "coreos/igninfo.json",
            &match s390x {
                true => pretty(&json!({"file": "images/cdboot.img", "length": area, "offset": embed_at})),
                false => pretty(&json!({"file": "images/ignition.img"})),
            },
        );
    }
    let describes = if s390x { since("2023-07") } else { since("2021-09") };
    if describes {
        let (end, pad) = if s390x { ("\0", "\0") } else { ("\n", "#") };
        let s390x_place = s390x.then_some(("images/cdboot.img", kernel_end));
        let places = boot_files.iter().map(|path| (*path, head.len())).chain(s390x_place);
        let files: Vec<serde_json::Value> = places
            .map(|(path, offset)| match since("2023-07") {
                true => json!({"end": end, "offset": offset, "pad": pad, "path": path}),
                false => json!({"offset": offset, "path": path}),
            })
            .collect();
        put("coreos/kargs.json", &pretty(&json!({"default": DEFAULT, "files": files, "size": place_length})));
    }
    if since("2021-12") {
        let mut features = json!({"installer-config": true, "live-initrd-network": true});
        if since("2022-09") {
            features["installer-config-directives"] = json!({"append-karg": true, "console": true});
        }
        put("coreos/features.json", &pretty(&features));
        if !is_small {
            put("coreos/miniso.dat", &[0; 16_384]);
        }
    }
    let mut iso = iso_builder::build("built", &tree, spelling);
    let (embed_file, _) = iso.files[if s390x { "images/cdboot.img" } else { "images/ignition.img" }];
    let embed = (embed_file + if s390x { embed_at } else { 0 }, area);
    let mut places: Vec<usize> = match (s390x, describes, has_header) {
        (true, true, _) => vec![embed_file + kernel_end],
        (_, false, false) => vec![],
        _ => boot_files.iter().map(|path| iso.files[*path].0 + head.len()).collect(),
    };
    places.sort_unstable();
    if has_header {
        let cmdline = iso.files[".cmdline"].0;
        header(&mut iso.bytes, HEADER, b"coreKarg", &[&[place_length, cmdline], places.as_slice()].concat());
    }
    if !s390x && generation < "2022-02" {
        header(&mut iso.bytes, HEADER + 72, b"coreiso+", &[embed.0, area]);
    }
    if since("2022-02") && architecture == "x86_64" {
        // isohybrid puts a partition table behind the volume.
        let length = iso.bytes.len();
        iso.bytes.resize(length + 2 * iso_builder::SECTOR, 0);
    }
    let name = format!("{generation} {architecture} {spelling:?}");
    Sample { iso, name, embed, places, place_length, network: since("2021-12") }
}

/// Where the header of the kernel-argument areas is.
pub const HEADER: usize = 32_672;
/// Where the embed area of a small image for s390x is in its file.
const SMALL_EMBED_AT: usize = 2048;

fn header(bytes: &mut [u8], at: usize, magic: &[u8], words: &[usize]) {
    bytes[at..at + 8].copy_from_slice(magic);
    for (word, to) in words.iter().zip(bytes[at + 8..].chunks_mut(8)) {
        to.copy_from_slice(&(*word as u64).to_le_bytes());
    }
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
