//! What an initrd is made of: archives one after another, each compressed or not.

use std::io::Read;

use liblzma::stream::Stream;
use ruzstd::decoding::StreamingDecoder;

/// coreos-installer's preset 9 takes 65 MiB to unpack; the kernel unpacks zstd with windows of up to 128 MiB.
pub(in crate::image) const MAX_DECODER_MEMORY: u64 = 128 << 20;

/// How a member is stored. The kernel knows more ways, which nobody uses here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::image) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// Looks at the first bytes of a member.
    pub(in crate::image) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => Some(Self::None),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(in crate::image) fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }

    /// Unpacks the member that `stored` begins with, takes it off, and takes what it unpacks to off `room`.
    ///
    /// A plain member is not taken off: only its reader knows where it ends.
    pub(super) fn unpack(self, stored: &mut &[u8], room: &mut u64) -> Result<Vec<u8>, String> {
        match self {
            Self::None => Ok(stored.to_vec()),
            Self::Gzip => {
                let mut decoder = flate2::bufread::GzDecoder::new(*stored);
                let plain = bounded(&mut decoder, room)?;
                *stored = decoder.into_inner();
                Ok(plain)
            }
            Self::Xz => {
                let stream = Stream::new_stream_decoder(MAX_DECODER_MEMORY, 0).map_err(broken)?;
                let mut decoder = liblzma::bufread::XzDecoder::new_stream(*stored, stream);
                let plain = bounded(&mut decoder, room)?;
                let used = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
                *stored = stored.get(used..).unwrap_or_default();
                Ok(plain)
            }
            Self::Zstd => {
                let mut decoder =
                    StreamingDecoder::new_with_max_window_size(&mut *stored, MAX_DECODER_MEMORY)
                        .map_err(broken)?;
                let plain = bounded(&mut decoder, room)?;
                let frame = decoder.into_frame_decoder();
                let (told, found) = (frame.get_checksum_from_data(), frame.get_calculated_checksum());
                if told.is_some() && told != found {
                    return Err("it cannot be unpacked: its checksum is another one".to_owned());
                }
                Ok(plain)
            }
        }
    }
}

fn bounded(decoder: &mut impl Read, room: &mut u64) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    decoder.take(*room + 1).read_to_end(&mut plain).map_err(broken)?;
    let left = room.checked_sub(plain.len() as u64);
    *room = left.ok_or_else(|| format!("it unpacks to more than {} bytes in all", super::MAX_UNPACKED))?;
    Ok(plain)
}

fn broken(cause: impl std::fmt::Display) -> String {
    format!("it cannot be unpacked: {cause}")
}
