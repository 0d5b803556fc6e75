//! What the fuzz targets for images start from: small images and archives, made anew each time `fuzz/run` asks.

use std::io::Cursor;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use cotter::image::Archive;
use cotter::image::LiveImage;

use crate::generations;
use crate::generations::HEADER;
use crate::generations::SAMPLES;
use crate::iso_builder::SECTOR;
use crate::iso_builder::Spelling;

/// Room for a small archive.
const AREA: usize = 4096;

/// `fuzz/run` takes the seeds of each target from here.
fn folder(target: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-seeds").join(target);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn small_images_are_read_and_kept_for_the_fuzzer() {
    for (generation, architecture) in SAMPLES {
        for spelling in [Spelling::Short, Spelling::Long] {
            let sample = generations::sample(generation, architecture, spelling, AREA);
            let live = LiveImage::read(&mut Cursor::new(&sample.iso.bytes)).unwrap();
            assert_eq!(
                (live.embed.offset as usize, live.embed.length as usize),
                sample.embed,
                "{}",
                sample.name
            );
            // As the target wants it: the header, and all from the volume descriptor on.
            let mut seed = sample.iso.bytes[HEADER..HEADER + 72].to_vec();
            seed.extend_from_slice(&sample.iso.bytes[16 * SECTOR..]);
            assert!(seed.len() <= 128 << 10, "{}: a seed of {} bytes fuzzes badly", sample.name, seed.len());
            std::fs::write(folder("iso9660").join(sample.name.replace(' ', "-")), seed).unwrap();
        }
    }
}

#[test]
fn the_image_that_the_fuzzer_embeds_into_is_one_of_ours() {
    let sample = generations::sample("2023-07", "x86_64", Spelling::Short, AREA);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets/embed.iso");
    let made = folder("").join("embed.iso");
    std::fs::write(&made, &sample.iso.bytes).unwrap();
    let same = std::fs::read(&path).is_ok_and(|kept| kept == sample.iso.bytes);
    assert!(same, "{} is another one: copy {} over it", path.display(), made.display());
}

#[test]
fn archives_are_kept_for_the_fuzzer() {
    let mut archive = Archive::default();
    archive.insert("config.ign", b"{}".to_vec());
    archive.insert("etc/coreos-firstboot-network/a.nmconnection", b"[connection]\n".to_vec());
    let xz = archive.to_xz().unwrap();
    let mut plain = Vec::new();
    std::io::copy(&mut liblzma::read::XzDecoder::new(&*xz), &mut plain).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(&*plain, ruzstd::encoding::CompressionLevel::Fastest);
    let all = [&plain[..], &[0; 512], &gzip, &xz, &[0; 4], &xz, &zstd].concat();
    for (name, member) in [("plain", plain), ("gzip", gzip), ("xz", xz), ("zstd", zstd), ("all", all)] {
        assert_eq!(Archive::read(&member).unwrap(), archive, "{name}");
        std::fs::write(folder("cpio").join(name), &member).unwrap();
        // Two bytes that say how many bytes of kernel arguments follow.
        let arguments = b"quiet console=ttyS0\n";
        let seed = [&(arguments.len() as u16).to_le_bytes()[..], arguments, &member].concat();
        std::fs::write(folder("embed").join(name), seed).unwrap();
    }
}
