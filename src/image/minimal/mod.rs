//! The minimal image: a live ISO without its root file system, which the booted system fetches by URL.
//!
//! The full image has the recipe (`coreos/miniso.dat`): which of its ranges the minimal one has where, the
//! bytes between them, and the digest of the result. What comes is what `coreos-installer iso extract
//! minimal-iso` makes, byte for byte.

mod arguments;
mod recipe;

use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use liblzma::read::XzDecoder;
use liblzma::stream::Stream;
use sha2::Digest as _;
use sha2::Sha256;

use super::ImageError;
use super::LiveImage;
use super::edit;
use super::iso9660::Volume;
use super::iso9660::read_at;
pub use arguments::fetching_rootfs;
use recipe::Piece;

const FILE: &str = "coreos/miniso.dat";
/// coreos-installer reads no more.
const MAX_FILE: u64 = 1 << 20;
/// coreos-installer's preset 9 takes 65 MiB to unpack.
const MAX_DECODER_MEMORY: u64 = 128 << 20;

/// How a minimal image comes of the full one.
#[derive(Clone, Debug)]
pub struct Minimal {
    /// The ranges that both have, in the order of the minimal image.
    pieces: Vec<Piece>,
    /// All other bytes, in xz.
    packed: Vec<u8>,
    /// SHA-256 of the minimal image.
    digest: [u8; 32],
    /// Length of the full image, which no minimal one exceeds.
    full_length: u64,
}

impl Minimal {
    /// Reads the recipe of a live image.
    ///
    /// The image must be pristine: what is embedded would be lost, and the digest is that of a pristine one.
    pub fn read<R: Read + Seek>(live: &LiveImage, image: &mut R) -> Result<Self, ImageError> {
        let volume = Volume::read(image)?;
        let Some(entry) = volume.find(FILE)? else {
            return Err(ImageError::NoRecipe);
        };
        let has_arguments =
            live.kernel_arguments.as_ref().is_some_and(|areas| areas.current != areas.default);
        if has_arguments || edit::used(live, image)? > 0 {
            return Err(ImageError::Customized);
        }
        // The minimal image has the same areas: without them it would look for its medium.
        edit::argument_areas(live)?;
        if entry.length > MAX_FILE {
            return Err(ImageError::Damaged(format!("`{FILE}` has {} bytes", entry.length)));
        }
        let mut bytes = vec![0; entry.length as usize];
        read_at(image, entry.offset, &mut bytes)?;
        Self::parse(&bytes, volume.length)
    }

    /// Reads a recipe for a full image of `full_length` bytes.
    pub fn parse(bytes: &[u8], full_length: u64) -> Result<Self, ImageError> {
        recipe::parse(bytes, full_length).map_err(|why| ImageError::Damaged(format!("`{FILE}`: {why}")))
    }

    /// The minimal image, made of the full one as it is read. Its last read fails with
    /// [`io::ErrorKind::InvalidData`] unless the digest is right, as do reads of a recipe that is wrong.
    pub fn over<R: Read + Seek>(&self, full: R) -> io::Result<MinimalReader<'_, R>> {
        let decoder = Stream::new_stream_decoder(MAX_DECODER_MEMORY, 0).map_err(io::Error::other)?;
        Ok(MinimalReader {
            recipe: self,
            full,
            packed: XzDecoder::new_stream(self.packed.as_slice(), decoder),
            digest: Some(Sha256::new()),
            position: 0,
            piece: 0,
        })
    }
}

/// Reads a minimal image.
pub struct MinimalReader<'a, R> {
    recipe: &'a Minimal,
    full: R,
    packed: XzDecoder<&'a [u8]>,
    /// Gone when the end was reached.
    digest: Option<Sha256>,
    position: u64,
    piece: usize,
}

impl<R: Read + Seek> MinimalReader<'_, R> {
    /// Reads on, up to the end of the range that the position is in.
    fn part(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
        let limit = |end: u64| {
            let room = usize::try_from(end.saturating_sub(self.position)).unwrap_or(usize::MAX);
            buffer.len().min(room)
        };
        let Some(piece) = self.recipe.pieces.get(self.piece) else {
            // One byte more than there may be, to see it.
            let count = limit(self.recipe.full_length.saturating_add(1));
            let count = self.packed.read(buffer.get_mut(..count).unwrap_or_default())?;
            if self.position + count as u64 > self.recipe.full_length {
                return Err(wrong("it is longer than the full image"));
            }
            return Ok(count);
        };
        if self.position < piece.minimal {
            let count = limit(piece.minimal);
            return match self.packed.read(buffer.get_mut(..count).unwrap_or_default())? {
                0 => Err(wrong("its packed bytes end too early")),
                count => Ok(count),
            };
        }
        let (done, end) = (self.position - piece.minimal, piece.minimal + piece.length);
        let count = limit(end);
        self.full.seek(SeekFrom::Start(piece.full + done))?;
        let count = self.full.read(buffer.get_mut(..count).unwrap_or_default())?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.position + count as u64 == end {
            self.piece += 1;
        }
        Ok(count)
    }
}

impl<R: Read + Seek> Read for MinimalReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.digest.is_none() {
            return Ok(0);
        }
        let count = self.part(buffer)?;
        if count > 0 {
            self.position += count as u64;
            if let Some(digest) = &mut self.digest {
                digest.update(buffer.get(..count).unwrap_or_default());
            }
            return Ok(count);
        }
        match self.digest.take().map(|digest| digest.finalize()) {
            Some(digest) if digest.as_slice() != self.recipe.digest => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "what came of it has another digest"))
            }
            _ => Ok(0),
        }
    }
}
