//! An image with changes laid over it: written, served or compared without a copy.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use super::ImageError;

/// The byte ranges in which an image differs from its base. The length stays the same.
///
/// The ranges lie within the base and do not overlap, so that the order in which they are written does not
/// matter. Its `Debug` shows where they are and not what they hold: that may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Overlay {
    base_length: u64,
    patches: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    /// Changes nothing yet in a base of `base_length` bytes.
    pub(super) fn of(base_length: u64) -> Self {
        Self { base_length, patches: BTreeMap::new() }
    }

    /// Lays `bytes` over the image at `offset`.
    pub(super) fn lay(&mut self, offset: u64, bytes: Vec<u8>) -> Result<(), ImageError> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= self.base_length);
        let end = end.ok_or_else(|| ImageError::Damaged("an area lies outside of it".into()))?;
        let before = self.patches.range(..end).next_back();
        if before.is_some_and(|(begin, bytes)| begin + bytes.len() as u64 > offset) {
            return Err(ImageError::Damaged("two areas overlap".into()));
        }
        if !bytes.is_empty() {
            self.patches.insert(offset, bytes);
        }
        Ok(())
    }

    /// Length of the base, and of the changed image, in bytes.
    pub fn base_length(&self) -> u64 {
        self.base_length
    }

    /// The ranges: offset in bytes, and what stands there.
    pub fn patches(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.patches.iter().map(|(offset, bytes)| (*offset, bytes.as_slice()))
    }

    /// The changed image, to be read from anywhere.
    pub fn over<R: Read + Seek>(&self, base: R) -> OverlayReader<'_, R> {
        OverlayReader { overlay: self, base, position: 0 }
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<(u64, usize)> =
            self.patches.iter().map(|(offset, bytes)| (*offset, bytes.len())).collect();
        f.debug_struct("Overlay").field("base_length", &self.base_length).field("ranges", &ranges).finish()
    }
}

/// Reads an image as its overlay changes it.
#[derive(Debug)]
pub struct OverlayReader<'a, R> {
    overlay: &'a Overlay,
    base: R,
    position: u64,
}

impl<R: Read + Seek> Read for OverlayReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = self.overlay.patches.range(..=self.position).next_back();
        let inside =
            before.and_then(|(offset, bytes)| bytes.get(usize::try_from(self.position - offset).ok()?..));
        let count = match inside.filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                let count = rest.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(rest) {
                    *to = *from;
                }
                count
            }
            None => {
                let next = self
                    .overlay
                    .patches
                    .range(self.position..)
                    .next()
                    .map_or(u64::MAX, |(offset, _)| *offset);
                let room = usize::try_from(next - self.position).unwrap_or(usize::MAX).min(buffer.len());
                self.base.seek(SeekFrom::Start(self.position))?;
                self.base.read(buffer.get_mut(..room).unwrap_or_default())?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for OverlayReader<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(by) => {
                self.position.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?
            }
            SeekFrom::End(by) => {
                self.base.seek(SeekFrom::End(0))?.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?
            }
        };
        Ok(self.position)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::io::Cursor;
    use std::io::Read;
    use std::io::Seek;
    use std::io::SeekFrom;

    use super::Overlay;

    #[test]
    fn reads_as_if_it_had_been_written() {
        let base: Vec<u8> = (0..64).collect();
        let mut overlay = Overlay::of(64);
        overlay.lay(60, vec![103; 4]).unwrap();
        overlay.lay(3, vec![100, 101]).unwrap();
        overlay.lay(5, vec![102]).unwrap();
        overlay.lay(20, Vec::new()).unwrap();
        let mut written = base.clone();
        for (offset, bytes) in overlay.patches() {
            written[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        for start in 0..64 {
            let mut reader = overlay.over(Cursor::new(&base));
            reader.seek(SeekFrom::Start(start)).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert_eq!(read, written[start as usize..], "from {start}");
        }
    }
    #[test]
    fn refuses_ranges_that_overlap_or_lie_outside() {
        let mut overlay = Overlay::of(64);
        overlay.lay(10, vec![0; 10]).unwrap();
        for (offset, length) in [(10, 10), (5, 6), (19, 1), (12, 2), (0, 64), (60, 5), (64, 1), (u64::MAX, 2)]
        {
            assert!(overlay.lay(offset, vec![0; length]).is_err(), "{length} bytes at {offset}");
        }
        for (offset, length) in [(0, 10), (20, 44)] {
            overlay.lay(offset, vec![0; length]).unwrap();
        }
    }

    #[test]
    fn does_not_show_what_it_holds() {
        let mut overlay = Overlay::of(64);
        overlay.lay(10, vec![222; 3]).unwrap();
        assert_eq!(format!("{overlay:?}"), "Overlay { base_length: 64, ranges: [(10, 3)] }");
    }
}
