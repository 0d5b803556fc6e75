//! The archives of an initrd, found and unpacked one after another.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;

use liblzma::stream::Stream;
use ruzstd::decoding::StreamingDecoder;

use crate::image::ImageError;
use crate::image::archive::member::Compression;
use crate::image::archive::member::MAX_DECODER_MEMORY;
use crate::image::iso9660::read_at;

const BUFFER: usize = 1 << 18;

/// What is read forward, and may be able to leave something out without reading it.
pub(super) trait Forward: Read {
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

/// Finds the next archive from `at` on, after zeros; and what it is, if that is known.
pub(super) fn next<R: Read + Seek>(
    initrd: &mut R,
    mut at: u64,
    length: u64,
) -> Result<Option<(u64, Option<Compression>)>, ImageError> {
    initrd.seek(SeekFrom::Start(at))?;
    let mut reader = BufReader::with_capacity(BUFFER, &mut *initrd);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let zeros = buffer.iter().position(|byte| *byte != 0);
        let count = zeros.unwrap_or(buffer.len());
        at += count as u64;
        reader.consume(count);
        if zeros.is_some() {
            break;
        }
    }
    let mut magic = [0; 6];
    let there = length.saturating_sub(at).min(6) as usize;
    read_at(initrd, at, magic.get_mut(..there).unwrap_or_default())?;
    Ok(Some((at, Compression::of(&magic))))
}

/// Unpacks the archive at `offset` for `read`, and says where it ends.
pub(super) fn open<R: Read + Seek>(
    initrd: &mut R,
    offset: u64,
    compression: Compression,
    read: impl FnOnce(&mut dyn Forward) -> Result<(), ImageError>,
) -> Result<u64, ImageError> {
    initrd.seek(SeekFrom::Start(offset))?;
    let mut stored = Stored { reader: BufReader::with_capacity(BUFFER, initrd), used: 0 };
    match compression {
        Compression::None => read(&mut stored)?,
        Compression::Gzip => read(&mut Packed::new(flate2::bufread::GzDecoder::new(&mut stored)))?,
        Compression::Xz => {
            let decoder = Stream::new_stream_decoder(MAX_DECODER_MEMORY, 0).map_err(io::Error::other)?;
            read(&mut Packed::new(liblzma::bufread::XzDecoder::new_stream(&mut stored, decoder)))?;
        }
        Compression::Zstd => {
            let decoder = StreamingDecoder::new_with_max_window_size(&mut stored, MAX_DECODER_MEMORY)
                .map_err(io::Error::other)?;
            read(&mut Packed::new(decoder))?;
        }
    }
    Ok(offset + stored.used)
}

/// The initrd as it is stored, with a count of what was used of it.
struct Stored<R> {
    reader: R,
    used: u64,
}

impl<R: Read> Read for Stored<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.used += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Stored<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.used += count as u64;
        self.reader.consume(count);
    }
}

impl<R: Read + Seek> Forward for Stored<BufReader<R>> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.used += count;
        let by = i64::try_from(count).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.reader.seek_relative(by)
    }
}

/// What a decoder makes of it.
struct Packed<R>(BufReader<R>);

impl<R: Read> Packed<R> {
    fn new(decoder: R) -> Self {
        Self(BufReader::with_capacity(BUFFER, decoder))
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Forward for Packed<R> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.0.by_ref().take(count), &mut io::sink())? {
            all if all == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
