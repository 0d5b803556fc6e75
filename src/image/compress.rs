//! xz as the kernel reads it, with as little memory as the input needs, and over as soon as it is too much.

use std::io;
use std::io::Write;

use liblzma::stream::Check;
use liblzma::stream::Filters;
use liblzma::stream::LzmaOptions;
use liblzma::stream::Stream;
use liblzma::write::XzEncoder;

/// The kernel checks CRC32 only; it takes no other (Documentation/staging/xz.rst).
const CHECK: Check = Check::Crc32;
/// Preset 9 with a 1 MiB dictionary: the same size as preset 9 for what fits into the area, without its
/// 64 MiB dictionary in memory.
const LARGEST_DICTIONARY: u64 = 1 << 20;
/// xz itself goes no lower than 4 KiB; below this, nothing is saved.
const SMALLEST_DICTIONARY: u64 = 64 << 10;

/// Packs what is written to it, up to `room` bytes.
pub(super) struct Packer(XzEncoder<Bounded>);

struct Bounded {
    packed: Vec<u8>,
    room: u64,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.packed.len() + bytes.len()) as u64 > self.room {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.packed.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Packer {
    /// For about `size` bytes of input. A dictionary that is larger than the input only costs memory and time.
    pub(super) fn new(size: u64, room: u64) -> io::Result<Self> {
        let mut options = LzmaOptions::new_preset(9)?;
        let dictionary = size.next_power_of_two().clamp(SMALLEST_DICTIONARY, LARGEST_DICTIONARY);
        options.dict_size(u32::try_from(dictionary).unwrap_or(u32::MAX));
        let mut filters = Filters::new();
        filters.lzma2(&options);
        let stream = Stream::new_stream_encoder(&filters, CHECK)?;
        let packed = Bounded { packed: Vec::new(), room, is_full: false };
        Ok(Self(XzEncoder::new_stream(packed, stream)))
    }

    /// Packs what `fill` writes; nothing if there is too little room for it.
    pub(super) fn pack(
        mut self,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Option<Vec<u8>>> {
        match fill(&mut self.0).and_then(|()| self.0.try_finish()) {
            Ok(()) => Ok(Some(std::mem::take(&mut self.0.get_mut().packed))),
            Err(_) if self.0.get_ref().is_full => Ok(None),
            Err(cause) => Err(cause),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Packer;

    #[test]
    fn what_fits_is_whole_and_what_does_not_is_over_early() {
        let text = b"the same again and again\n".repeat(400);
        let pack = |room| {
            let packer = Packer::new(text.len() as u64, room).unwrap();
            packer.pack(|out| out.write_all(&text)).unwrap()
        };
        let whole = pack(u64::MAX).unwrap();
        assert_eq!(pack(whole.len() as u64).unwrap(), whole);
        assert_eq!(pack(whole.len() as u64 - 1), None);

        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        let noise: Vec<u8> = (0..64 << 10).map(|_| next()).collect();
        let mut written = 0;
        let none = Packer::new(256 << 20, 256 << 10).unwrap().pack(|out| {
            for part in 0..4096_u32 {
                out.write_all(&part.to_le_bytes())?;
                out.write_all(
                    &noise.iter().map(|byte| byte.wrapping_mul(part as u8 | 1)).collect::<Vec<u8>>(),
                )?;
                written += noise.len();
            }
            Ok(())
        });
        assert_eq!(none.unwrap(), None);
        // The encoder fills its window before it begins; it does not go through the rest.
        assert!(written < 16 << 20, "{written}");
    }
}
