//! Two texts as a unified diff.
//!
//! The shortest script of Myers ("An O(ND) Difference Algorithm and Its Variations", 1986), up to a bound; beyond it,
//! everything between the first and the last difference is replaced, which is right and longer.

use std::collections::HashMap;
use std::fmt::Write as _;

/// Lines around a change.
const CONTEXT: usize = 3;
/// More lines than this that are added and removed are not matched up.
const MOST_EDITS: usize = 1000;

/// A run of lines: how many are the same, then how many go and how many come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    old: usize,
    old_count: usize,
    new: usize,
    new_count: usize,
}

/// The hunks of a unified diff, without a head; empty if the texts are the same.
pub(super) fn unified(old: &str, new: &str) -> String {
    let (before, after) = (lines(old), lines(new));
    let edits = edits(&before, &after);
    let mut text = String::new();
    let mut rest = edits.as_slice();
    while let Some(first) = rest.first() {
        // Changes with few lines between them share a hunk.
        let is_near = |pair: &[Edit]| pair[1].old - (pair[0].old + pair[0].old_count) <= 2 * CONTEXT;
        let count = 1 + rest.windows(2).take_while(|pair| is_near(pair)).count();
        let (hunk, others) = rest.split_at(count);
        let last = hunk.last().unwrap_or(first);
        write_hunk(hunk, *first, *last, &before, &after, &mut text);
        rest = others;
    }
    text
}

fn write_hunk(hunk: &[Edit], first: Edit, last: Edit, before: &[&str], after: &[&str], text: &mut String) {
    let lead = first.old.min(CONTEXT);
    let (old_start, new_start) = (first.old - lead, first.new - lead);
    let old_end = (last.old + last.old_count + CONTEXT).min(before.len());
    let new_end = last.new + last.new_count + (old_end - last.old - last.old_count);
    let range = |start: usize, end: usize| match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    };
    // Writing to a text does not fail.
    let _ = writeln!(text, "@@ -{} +{} @@", range(old_start, old_end), range(new_start, new_end));
    let mut at = old_start;
    for edit in hunk {
        put(' ', before.get(at..edit.old), text);
        put('-', before.get(edit.old..edit.old + edit.old_count), text);
        put('+', after.get(edit.new..edit.new + edit.new_count), text);
        at = edit.old + edit.old_count;
    }
    put(' ', before.get(at..old_end), text);
}

fn put(sign: char, lines: Option<&[&str]>, text: &mut String) {
    for line in lines.unwrap_or_default() {
        text.push(sign);
        match line.strip_suffix('\n') {
            Some(line) => text.push_str(line),
            None => {
                text.push_str(line);
                text.push_str("\n\\ No newline at end of file");
            }
        }
        text.push('\n');
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn edits(before: &[&str], after: &[&str]) -> Vec<Edit> {
    let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let whole = || vec![Edit { old: 0, old_count: old.len(), new: 0, new_count: new.len() }];
    let mut found = matched(old, new).unwrap_or_else(whole);
    for edit in &mut found {
        edit.old += head;
        edit.new += head;
    }
    found
}

/// The shortest script, unless it has too many edits.
fn matched(old: &[&str], new: &[&str]) -> Option<Vec<Edit>> {
    let mut numbers = HashMap::new();
    let mut numbered = |lines: &[&str]| -> Vec<u32> {
        let mut number = |line: &str| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(line.to_owned()).or_insert(next)
        };
        lines.iter().map(|line| number(line)).collect()
    };
    let (old, new) = (numbered(old), numbered(new));
    let most = (old.len() + new.len()).min(MOST_EDITS);
    // `furthest[k + most]`: how far into `old` one comes on the diagonal k.
    let mut furthest = vec![0_usize; 2 * most + 2];
    let mut rounds = Vec::new();
    for d in 0..=most {
        for k in (0..=d).map(|step| 2 * step + most - d) {
            let from_above = k == most - d || (k != most + d && furthest[k - 1] < furthest[k + 1]);
            let mut x = if from_above { furthest[k + 1] } else { furthest[k - 1] + 1 };
            // Where y would lie before the beginning, or x behind the end, there is nothing.
            let Some(mut y) = (x + most).checked_sub(k) else { continue };
            while x < old.len() && y < new.len() && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            furthest[k] = x;
            if x >= old.len() && y >= new.len() {
                return Some(script(&rounds, old.len(), new.len(), most));
            }
        }
        rounds.push(furthest[most - d..=most + d].to_vec());
    }
    None
}

/// Goes the way back through the rounds; `rounds[d][k + d]` is how far round d came.
fn script(rounds: &[Vec<usize>], old_len: usize, new_len: usize, most: usize) -> Vec<Edit> {
    let (mut x, mut y) = (old_len, new_len);
    let mut edits: Vec<Edit> = Vec::new();
    for (d, round) in rounds.iter().enumerate().rev() {
        // The diagonal of the round after this one, from -(d + 1).
        let k = (x + most) - y;
        let at = |k: Option<usize>| (k? + d).checked_sub(most).and_then(|index| round.get(index).copied());
        let (left, right) = (at(k.checked_sub(1)), at(Some(k + 1)));
        let from_above = match (left, right) {
            (Some(left), Some(right)) => left < right,
            (left, _) => left.is_none(),
        };
        let previous = if from_above { k + 1 } else { k.saturating_sub(1) };
        let from = at(Some(previous)).unwrap_or(0);
        let from_y = (from + most).saturating_sub(previous);
        match from_above {
            true => add(&mut edits, Edit { old: from, old_count: 0, new: from_y, new_count: 1 }),
            false => add(&mut edits, Edit { old: from, old_count: 1, new: from_y, new_count: 0 }),
        }
        (x, y) = (from, from_y);
    }
    edits.reverse();
    edits
}

/// Puts an edit before the others (the list is backwards); neighbours become one.
fn add(edits: &mut Vec<Edit>, edit: Edit) {
    match edits.last_mut() {
        Some(next) if edit.old + edit.old_count == next.old && edit.new + edit.new_count == next.new => {
            *next = Edit {
                old: edit.old,
                old_count: edit.old_count + next.old_count,
                new: edit.new,
                new_count: edit.new_count + next.new_count,
            };
        }
        _ => edits.push(edit),
    }
}

#[cfg(test)]
mod tests {
    use super::MOST_EDITS;
    use super::edits;
    use super::lines;
    use super::unified;

    #[test]
    fn shows_what_differs_with_lines_around() {
        for (old, new, expected) in [
            ("", "", ""),
            ("a\n", "a\n", ""),
            ("a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"),
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"),
            ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
            ("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
            ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nx\n6\n", "@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+x\n 6\n"),
            ("a\nb\nc\n", "b\nc\nd\n", "@@ -1,3 +1,3 @@\n-a\n b\n c\n+d\n"),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
                "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n",
            ),
        ] {
            assert_eq!(unified(old, new), expected, "{old:?} {new:?}");
        }
    }

    /// What is left and what comes makes the new text again, and the script is the shortest.
    #[test]
    fn the_script_makes_the_new_of_the_old() {
        let mut state = 0x9e37_79b9_u32;
        let mut next = |most: u32| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state % most
        };
        for _ in 0..300 {
            let text = |next: &mut dyn FnMut(u32) -> u32| -> String {
                (0..next(12)).map(|_| format!("{}\n", next(4))).collect()
            };
            let (old, new) = (text(&mut next), text(&mut next));
            let (before, after) = (lines(&old), lines(&new));
            let edits = edits(&before, &after);
            let (mut made, mut at, mut count) = (String::new(), 0, 0);
            for edit in &edits {
                made.push_str(&before[at..edit.old].concat());
                made.push_str(&after[edit.new..edit.new + edit.new_count].concat());
                at = edit.old + edit.old_count;
                count += edit.old_count + edit.new_count;
            }
            made.push_str(&before[at..].concat());
            assert_eq!(made, new, "{old:?}");
            assert_eq!(count, shortest(&before, &after), "{old:?} {new:?} {edits:?}");
        }
    }

    fn shortest(old: &[&str], new: &[&str]) -> usize {
        let mut row: Vec<usize> = (0..=new.len()).collect();
        for (i, line) in old.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i + 1;
            for (j, other) in new.iter().enumerate() {
                let best = if line == other { diagonal } else { 1 + row[j].min(row[j + 1]) };
                diagonal = std::mem::replace(&mut row[j + 1], best);
            }
        }
        row[new.len()]
    }

    #[test]
    fn many_differences_are_replaced_as_a_whole() {
        let text = |word: &str| -> String { (0..MOST_EDITS).map(|n| format!("{word}{n}\nsame\n")).collect() };
        let (old, new) = (text("a"), text("b"));
        let edits = edits(&lines(&old), &lines(&new));
        assert_eq!(edits.len(), 1);
        assert_eq!((edits[0].old_count, edits[0].new_count), (2 * MOST_EDITS - 1, 2 * MOST_EDITS - 1));
    }
}
