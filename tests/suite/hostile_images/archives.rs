//! What an embed area may hold that is no archive, or is one that nobody should unpack.

use std::io::Cursor;
use std::io::Read as _;
use std::io::Write as _;

use cotter::image;
use cotter::image::Archive;
use cotter::image::LiveImage;

use super::refusal;
use super::samples;
use crate::generations::AREA;

/// What it is, its bytes, and what is said of it.
pub type Embedded = (&'static str, Vec<u8>, &'static str);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Archives that unpack to more than can be embedded. Each fits into an area.
pub fn bombs() -> Vec<Embedded> {
    let mut bomb = Archive::default();
    bomb.insert("config.ign", vec![b' '; 65 << 20]);
    let xz = bomb.to_xz().unwrap();
    let mut plain = Vec::new();
    std::io::copy(&mut liblzma::read::XzDecoder::new(&*xz), &mut plain).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(&*plain, ruzstd::encoding::CompressionLevel::Fastest);
    let twice = gzip(&gzip(&plain));
    vec![
        ("an xz bomb", xz, "the xz archive at byte 0: it unpacks to more than 67108864 bytes"),
        ("a gzip bomb", gzip(&plain), "the gzip archive at byte 0: it unpacks to more than 67108864 bytes"),
        ("a zstd bomb", zstd, "the zstd archive at byte 0: it unpacks to more than 67108864 bytes"),
        ("a bomb in a member", twice, "the gzip archive at byte 0: at byte 0 of it there is no header"),
    ]
}

/// Archives that are none.
pub fn lies() -> Vec<Embedded> {
    let entry = |mode: u32, name: &str, contents: &[u8]| {
        let numbers = [0, mode, 0, 0, 1, 0, contents.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
        let numbers: String = numbers.iter().map(|number| format!("{number:08x}")).collect();
        let mut entry = format!("070701{numbers}{name}\0").into_bytes();
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry.extend_from_slice(contents);
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry
    };
    let trailer = entry(0, "TRAILER!!!", b"");
    let file = |name: &str| [entry(0o100_644, name, b"x"), trailer.clone()].concat();
    vec![
        (
            "a path that leads out",
            file("../../etc/cron.d/x"),
            "`../../etc/cron.d/x` leads out of the archive",
        ),
        ("a symbolic link", entry(0o120_777, "etc", b"/etc"), "`etc` is a symbolic link"),
        ("a device", entry(0o060_660, "sda", b""), "`sda` is neither a file nor a directory"),
        ("a file in a file", [file("a"), file("a/b")].concat(), "`a/b` is in `a`, which is a file"),
        ("a NUL in a name", file("a\0b"), "the name at byte 0 of it is not one line"),
        ("no trailer", entry(0o100_644, "config.ign", b"{}"), "there is no header"),
        ("something else", b"#!/bin/sh\n".to_vec(), "at byte 0 of it there is no archive"),
    ]
}

#[test]
fn archives_in_the_embed_area() {
    let samples = samples();
    // Bombs take their time: those in one image are enough.
    let bombs = bombs().into_iter().map(|bomb| (bomb, &samples[..1]));
    for ((name, archive, says), samples) in bombs.chain(lies().into_iter().map(|lie| (lie, &samples[..]))) {
        assert!(archive.len() < AREA, "{name} does not fit");
        for sample in samples {
            let mut image = sample.iso.bytes.clone();
            image[sample.embed.0..][..archive.len()].copy_from_slice(&archive);
            let said = refusal(&image).unwrap_err().to_string();
            assert!(said.contains(says), "{} {name}: {said}", sample.name);
            let live = LiveImage::read(&mut Cursor::new(&image)).unwrap();
            let mut reset = Vec::new();
            image::reset(&live).unwrap().over(Cursor::new(&image)).read_to_end(&mut reset).unwrap();
            assert!(reset == sample.iso.bytes, "{} {name}: it cannot be emptied", sample.name);
        }
    }
}
