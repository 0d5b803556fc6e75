//! Any bytes as the recipe of a minimal image: never a panic, and never more than the full image has.
#![no_main]

use std::io::Cursor;
use std::io::Read;

use cotter::image::Minimal;

const FULL: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(minimal) = Minimal::parse(bytes, FULL as u64) else { return };
    let full: Vec<u8> = (0..FULL).map(|at| at as u8).collect();
    let Ok(mut image) = minimal.over(Cursor::new(full)) else { return };
    let mut buffer = vec![0; 10_000];
    let mut made = 0;
    // It ends with an error: nobody finds the digest of another image.
    while let Ok(count) = image.read(&mut buffer) {
        made += count;
        if count == 0 {
            break;
        }
    }
    assert!(made <= FULL);
});
