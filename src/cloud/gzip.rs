//! gzip, packed the same way every time, and unpacked no further than a bound.

use std::io;
use std::io::Read as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::GzBuilder;
use flate2::read::MultiGzDecoder;

/// True for what begins as gzip does.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Packs bytes, without a time or a name, so that the same bytes give the same.
pub(super) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // 255: made on no system in particular.
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Why something cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// It is damaged or cut off.
    Damaged,
    /// It becomes larger than the bound.
    TooLarge,
}

/// Unpacks at most `most` bytes.
pub(super) fn unpack(bytes: &[u8], most: usize) -> Result<Vec<u8>, Packed> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most as u64 + 1).read_to_end(&mut unpacked);
    match read {
        _ if unpacked.len() > most => Err(Packed::TooLarge),
        Ok(_) => Ok(unpacked),
        Err(_) => Err(Packed::Damaged),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Packed;
    use super::is_gzip;
    use super::pack;
    use super::unpack;

    #[test]
    fn what_is_packed_comes_back_and_a_bomb_does_not() {
        let packed = pack(b"#!/bin/bash\n").unwrap();
        assert!(is_gzip(&packed));
        assert_eq!(packed, pack(b"#!/bin/bash\n").unwrap());
        assert_eq!(unpack(&packed, 12).unwrap(), b"#!/bin/bash\n");
        assert_eq!(unpack(&packed, 11), Err(Packed::TooLarge));
        assert_eq!(unpack(&packed[..packed.len() - 9], 100), Err(Packed::Damaged));
        let bomb = pack(&vec![0; 32 << 20]).unwrap();
        assert!(bomb.len() < 64 << 10);
        assert_eq!(unpack(&bomb, 16 << 20), Err(Packed::TooLarge));
    }
}
