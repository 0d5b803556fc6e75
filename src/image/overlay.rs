//! An image with changes laid over it: written, served or compared without a copy.

use std::collections::BTreeMap;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

/// The byte ranges in which an image differs from its base. The length stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    patches: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    /// Lays `bytes` over the image at `offset`; ranges must not overlap.
    pub(super) fn lay(&mut self, offset: u64, bytes: Vec<u8>) {
        self.patches.insert(offset, bytes);
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
        let mut overlay = Overlay::default();
        overlay.lay(3, vec![100, 101]);
        overlay.lay(5, vec![102]);
        overlay.lay(60, vec![103; 4]);
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
}
