//! The file that a recipe is in: bincode 1.3 with variable integers, as coreos-installer 0.11 and later write it.

use super::Minimal;

const MAGIC: &[u8] = b"MINISO\0\0";
const VERSION: u64 = 1;
const SECTOR: u64 = 2048;

/// A range that the minimal image has from the full one; all in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) minimal: u64,
    pub(super) full: u64,
    pub(super) length: u64,
}

/// Reads the file, and checks that all it says lies within an image of `full_length` bytes.
pub(super) fn parse(bytes: &[u8], full_length: u64) -> Result<Minimal, String> {
    let mut rest = Rest(bytes);
    if rest.take(MAGIC.len() as u64)? != MAGIC {
        return Err("it does not begin as a recipe for a minimal image".into());
    }
    let version = rest.number()?;
    let maker_length = rest.number()?;
    let maker = String::from_utf8_lossy(rest.take(maker_length)?);
    if version != VERSION {
        let maker: String = maker.chars().take(32).collect();
        return Err(format!("it is of version {version} (by `{}`), and not {VERSION}", maker.escape_debug()));
    }
    let count = rest.number()?;
    // Three bytes or more each: a count cannot ask for more memory than the file has.
    if count == 0 || count > rest.0.len() as u64 / 3 {
        return Err(format!("it cannot have {count} ranges"));
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for _ in 0..count {
        let piece = Piece {
            minimal: rest.number_32()? * SECTOR,
            full: rest.number_32()? * SECTOR,
            length: rest.number_32()?,
        };
        let end = pieces.last().map_or(0, |last| last.minimal + last.length);
        if piece.minimal < end {
            return Err(format!("the ranges at bytes {end} and {} overlap", piece.minimal));
        }
        let inside = |offset: u64| offset + piece.length <= full_length;
        if piece.length == 0 || !inside(piece.full) || !inside(piece.minimal) {
            return Err(format!("the range at byte {} lies outside of the image", piece.minimal));
        }
        pieces.push(piece);
    }
    let digest = rest.take(32)?.try_into().map_err(|_| "its digest breaks off")?;
    let packed_length = rest.number()?;
    let packed = rest.take(packed_length)?.to_vec();
    Ok(Minimal { pieces, packed, digest, full_length })
}

/// What was not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], String> {
        let split = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = split.ok_or("it breaks off")?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number below 251 is one byte; 251, 252 and 253 say that two, four or eight follow, the lowest first.
    fn number(&mut self) -> Result<u64, String> {
        let length = match self.take(1)? {
            [251] => 2,
            [252] => 4,
            [253] => 8,
            [small @ 0..251] => return Ok(u64::from(*small)),
            _ => return Err("a number in it has more than 64 bits".into()),
        };
        let bytes = self.take(length)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn number_32(&mut self) -> Result<u64, String> {
        let number = self.number()?;
        u32::try_from(number).map(u64::from).map_err(|_| format!("{number} has more than 32 bits"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Piece;
    use super::Rest;
    use super::parse;

    /// A recipe with these ranges, in sectors and bytes.
    fn recipe(pieces: &[(u8, u8, u8)]) -> Vec<u8> {
        let mut bytes = b"MINISO\0\0\x01\x060.27.0".to_vec();
        bytes.push(pieces.len() as u8);
        bytes.extend(pieces.iter().flat_map(|(minimal, full, length)| [*minimal, *full, *length]));
        bytes.extend([7; 32]);
        bytes.extend(b"\x03abcrest");
        bytes
    }

    #[test]
    fn reads_what_was_written() {
        let minimal = parse(&recipe(&[(1, 2, 100), (2, 1, 200)]), 3 * 2048).unwrap();
        let pieces = [
            Piece { minimal: 2048, full: 4096, length: 100 },
            Piece { minimal: 4096, full: 2048, length: 200 },
        ];
        assert_eq!((minimal.pieces.as_slice(), minimal.packed.as_slice()), (&pieces[..], &b"abc"[..]));
        assert_eq!(minimal.digest, [7; 32]);
    }

    #[test]
    fn numbers_have_one_to_nine_bytes() {
        for (bytes, expected) in [
            (&[250][..], Ok(250)),
            (&[251, 1, 2], Ok(0x201)),
            (&[252, 1, 2, 3, 4], Ok(0x403_0201)),
            (&[253, 255, 255, 255, 255, 255, 255, 255, 255], Ok(u64::MAX)),
            (&[253, 1], Err(())),
            (&[254, 0], Err(())),
            (&[255], Err(())),
            (&[], Err(())),
        ] {
            assert_eq!(Rest(bytes).number().map_err(|_| ()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn refuses_ranges_that_overlap_or_lie_outside() {
        for (pieces, why) in [
            (&[][..], "0 ranges"),
            (&[(1, 1, 0)], "outside"),
            (&[(1, 3, 1)], "outside"),
            (&[(3, 1, 1)], "outside"),
            (&[(1, 1, 1), (1, 1, 1)], "overlap"),
            (&[(2, 1, 1), (1, 1, 1)], "overlap"),
        ] {
            let error = parse(&recipe(pieces), 3 * 2048).unwrap_err();
            assert!(error.contains(why), "{pieces:?}: {error}");
        }
    }

    #[test]
    fn a_recipe_that_breaks_off_is_none_wherever_that_is() {
        let whole = recipe(&[(1, 2, 100)]);
        for end in 0..whole.len() - 4 {
            assert!(parse(&whole[..end], 3 * 2048).is_err(), "{end}");
        }
        assert!(parse(&whole[..whole.len() - 4], 3 * 2048).is_ok());
        let mut newer = whole;
        newer[8] = 2;
        assert!(parse(&newer, 3 * 2048).unwrap_err().contains("version 2 (by `0.27.0`)"));
    }
}
