//! Small initrds, made by hand: archives of every kind, one after another.

use std::io::Write as _;

/// One `newc` archive.
pub fn cpio(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut cpio = Vec::new();
    let entries = files.iter().map(|(path, contents)| (*path, 0o100_644, *contents));
    for (path, mode, contents) in entries.chain([("TRAILER!!!", 0, &[][..])]) {
        let fields = [0, mode, 0, 0, 1, 0, contents.len(), 0, 0, 0, 0, path.len() + 1, 0];
        cpio.extend_from_slice(b"070701");
        for field in fields {
            cpio.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        cpio.extend_from_slice(path.as_bytes());
        cpio.push(0);
        cpio.resize(cpio.len().next_multiple_of(4), 0);
        cpio.extend_from_slice(contents);
        cpio.resize(cpio.len().next_multiple_of(4), 0);
    }
    cpio
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let check = liblzma::stream::Check::Crc32;
    let stream = liblzma::stream::Stream::new_easy_encoder(1, check).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A live initrd as CoreOS builds it: microcode that is not compressed, dracut's archive, and what makes it live.
pub fn live() -> Vec<u8> {
    let features = br#"{"installer-config": true, "live-initrd-network": true}"#;
    let of_live: &[(&str, &[u8])] =
        &[("etc/coreos-live-initramfs", b"39.2\n"), ("etc/coreos/features.json", features)];
    let mut initrd = cpio(&[("kernel/x86/microcode/GenuineIntel.bin", &crate::fixture::noise(5000))]);
    initrd.resize(initrd.len().next_multiple_of(512), 0);
    initrd.extend(zstd(&cpio(&[("init", b"#!/bin/sh\n"), ("usr/lib/os-release", &[b'x'; 200_000])])));
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd.extend(gzip(&cpio(of_live)));
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    initrd
}
