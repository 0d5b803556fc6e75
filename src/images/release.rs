//! A release of OpenShift as an image: which images it is made of stands in a file of one of its layers.

use std::io;
use std::io::BufReader;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;

/// The file.
const REFERENCES: &str = "release-manifests/image-references";
/// The largest file; real ones have about 50 kB.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// The most that a layer may unpack to; real ones have about 50 MB.
const MAX_LAYER_BYTES: u64 = 2 << 30;
/// The most files of a layer.
const MAX_FILES: usize = 200_000;

/// Looks into a layer, packed or not, for the list of the release's images.
///
/// # Errors
/// If it is no layer, or larger than any of a release.
pub fn references_in_layer(layer: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut layer = BufReader::new(layer);
    let begin = io::BufRead::fill_buf(&mut layer)?;
    let (is_gzip, is_zstd) = (begin.starts_with(&[0x1f, 0x8b]), begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    if is_gzip {
        return find(MultiGzDecoder::new(layer));
    }
    if is_zstd {
        let decoder = ruzstd::decoding::StreamingDecoder::new(layer);
        return find(decoder.map_err(|cause| io::Error::other(cause.to_string()))?);
    }
    find(layer)
}

fn find(tar: impl Read) -> io::Result<Option<Vec<u8>>> {
    let too_large =
        || io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than any layer of a release");
    let mut archive = tar::Archive::new(tar.take(MAX_LAYER_BYTES));
    // Raw: extensions for long names may be as long as they like, and this name is short.
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let entry = entry?;
        if count > MAX_FILES {
            return Err(too_large());
        }
        let name = entry.path_bytes();
        let is_it = name.strip_prefix(b"./").unwrap_or(&name) == REFERENCES.as_bytes();
        if !is_it || !entry.header().entry_type().is_file() {
            continue;
        }
        let size = entry.size();
        if size > MAX_FILE_BYTES {
            return Err(too_large());
        }
        let mut text = Vec::new();
        entry.take(MAX_FILE_BYTES).read_to_end(&mut text)?;
        return match text.len() as u64 == size {
            true => Ok(Some(text)),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        };
    }
    Ok(None)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::io::Write;

    use super::references_in_layer;

    fn layer(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn finds_the_file_packed_or_not() {
        let with = layer(&[("etc/a", b"1"), ("release-manifests/image-references", b"{}"), ("z", b"2")]);
        let without = layer(&[("release-manifests/image-references.old", b"{}")]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&with).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(&with[..], ruzstd::encoding::CompressionLevel::Fastest);
        for (layer, found) in [(&with, true), (&gzip, true), (&zstd, true), (&without, false)] {
            assert_eq!(references_in_layer(&layer[..]).unwrap(), found.then(|| b"{}".to_vec()));
        }
        for cut in
            [&with[..1100], &gzip[..60], b"no tar at all, but as long as it likes".repeat(40).as_slice()]
        {
            assert!(references_in_layer(cut).is_err());
        }
    }

    #[test]
    fn what_says_that_it_is_huge_is_refused() {
        let mut header = tar::Header::new_ustar();
        header.set_path("release-manifests/image-references").unwrap();
        header.set_size(1 << 33);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        assert!(references_in_layer(&header.as_bytes()[..]).is_err());
    }
}
