//! Files compared where they are, with an eye on the areas that are there to be changed.

use std::collections::BTreeSet;
use std::io::Read;
use std::io::Seek;

use super::Within;
use crate::image::Area;
use crate::image::ImageError;
use crate::image::iso9660::read_at;

const BUFFER: u64 = 1 << 20;

/// An area of an image that is there to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) area: Area,
    pub(super) within: Within,
}

/// Where the differences of a file lie.
#[derive(Debug, Default)]
pub(super) struct Found {
    elsewhere: bool,
    within: BTreeSet<Within>,
}

impl Found {
    pub(super) fn is_same(&self) -> bool {
        !self.elsewhere && self.within.is_empty()
    }

    pub(super) fn only_in(self) -> BTreeSet<Within> {
        if self.elsewhere { BTreeSet::new() } else { self.within }
    }
}

/// A file in an image: the image, the file's ranges, and the image's marks.
type Side<'a, R> = (&'a mut R, &'a [Area], &'a [Mark]);

/// Compares two files of the same length.
pub(super) fn compare<A: Read + Seek, B: Read + Seek>(
    (old, areas_a, marks_a): Side<'_, A>,
    (new, areas_b, marks_b): Side<'_, B>,
) -> Result<Found, ImageError> {
    let mut found = Found::default();
    for (a, b, length) in together(areas_a, areas_b) {
        for (begin, end, within) in cut(a, b, length, marks_a, marks_b) {
            let is_known = within.map_or(found.elsewhere, |within| found.within.contains(&within));
            if is_known || same(old, a + begin, new, b + begin, end - begin)? {
                continue;
            }
            match within {
                Some(within) => drop(found.within.insert(within)),
                None => found.elsewhere = true,
            }
        }
    }
    Ok(found)
}

/// The ranges of two files cut so that each pair is of the same length: where it is in each, and its length.
fn together(a: &[Area], b: &[Area]) -> Vec<(u64, u64, u64)> {
    let (mut a, mut b) = (a.iter().copied(), b.iter().copied());
    let (mut left, mut right) = (a.next(), b.next());
    let mut pairs = Vec::new();
    while let (Some(one), Some(other)) = (left, right) {
        let length = one.length.min(other.length);
        pairs.push((one.offset, other.offset, length));
        let rest = |area: Area| Area { offset: area.offset + length, length: area.length - length };
        left = Some(rest(one)).filter(|rest| rest.length > 0).or_else(|| a.next());
        right = Some(rest(other)).filter(|rest| rest.length > 0).or_else(|| b.next());
    }
    pairs
}

/// A range cut at the marks that both images have at the same place of it: begin, end, and the mark.
fn cut(a: u64, b: u64, length: u64, marks_a: &[Mark], marks_b: &[Mark]) -> Vec<(u64, u64, Option<Within>)> {
    let inside = |marks: &[Mark], offset: u64| -> Vec<(u64, u64, Within)> {
        let relative = |mark: &Mark| {
            let begin = mark.area.offset.checked_sub(offset)?;
            let end = begin.checked_add(mark.area.length).filter(|end| *end <= length)?;
            Some((begin, end, mark.within))
        };
        marks.iter().filter_map(relative).collect()
    };
    let other = inside(marks_b, b);
    let mut shared = inside(marks_a, a);
    shared.retain(|mark| other.contains(mark));
    shared.sort_unstable();
    let mut parts = Vec::new();
    let mut at = 0;
    // Reading an image has made sure that its areas do not overlap.
    for (begin, end, within) in shared {
        parts.push((at, begin, None));
        parts.push((begin, end, Some(within)));
        at = end;
    }
    parts.push((at, length, None));
    parts.retain(|(begin, end, _)| begin < end);
    parts
}

/// Compares two ranges, a megabyte at a time, up to the first difference.
fn same<A: Read + Seek, B: Read + Seek>(
    old: &mut A,
    a: u64,
    new: &mut B,
    b: u64,
    length: u64,
) -> Result<bool, ImageError> {
    let (mut one, mut other) = (vec![0; length.min(BUFFER) as usize], vec![0; length.min(BUFFER) as usize]);
    let mut done = 0;
    while done < length {
        let count = (length - done).min(BUFFER) as usize;
        let (Some(one), Some(other)) = (one.get_mut(..count), other.get_mut(..count)) else { break };
        read_at(old, a + done, one)?;
        read_at(new, b + done, other)?;
        if one != other {
            return Ok(false);
        }
        done += count as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::Mark;
    use super::cut;
    use super::together;
    use crate::image::Area;
    use crate::image::difference::Within;

    #[test]
    fn ranges_of_different_cuts_are_compared_byte_for_byte() {
        let area = |offset, length| Area { offset, length };
        let pairs = together(&[area(0, 10), area(100, 5)], &[area(50, 4), area(70, 11)]);
        assert_eq!(pairs, [(0, 50, 4), (4, 70, 6), (100, 76, 5)]);
        assert_eq!(together(&[], &[area(0, 0)]), []);
    }

    #[test]
    fn only_marks_that_both_have_at_the_same_place_count() {
        let mark = |offset| Mark { area: Area { offset, length: 10 }, within: Within::EmbedArea };
        let parts =
            cut(1000, 2000, 100, &[mark(1020), mark(1050), mark(1095), mark(900)], &[mark(2020), mark(2051)]);
        assert_eq!(parts, [(0, 20, None), (20, 30, Some(Within::EmbedArea)), (30, 100, None)]);
    }
}
