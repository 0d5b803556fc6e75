//! Any bytes as an image: one that was understood, or an error; and what was understood holds.
//!
//! The input is the header in the system area and all from the volume descriptor on; zeros stand for the rest.
#![no_main]

use std::io::Cursor;
use std::io::Read;

use cotter::image;
use cotter::image::LiveImage;
use libfuzzer_sys::fuzz_target;

const HEADER: usize = 32_672;

fuzz_target!(|bytes: &[u8]| {
    let (header, rest) = bytes.split_at(bytes.len().min(72));
    let mut iso = vec![0; 32_768];
    iso[HEADER..HEADER + header.len()].copy_from_slice(header);
    iso.extend_from_slice(rest);
    let Ok(live) = LiveImage::read(&mut Cursor::new(&iso)) else { return };
    assert!(live.embed.offset + live.embed.length <= live.length);
    let overlay = image::reset(&live).expect("what was read can be reset");
    let mut reset = Vec::new();
    overlay.over(Cursor::new(&iso)).read_to_end(&mut reset).expect("memory can be read");
    let after = LiveImage::read(&mut Cursor::new(&reset)).expect("a reset image can be read");
    assert_eq!(
        (after.embed, &after.volume_id, &after.features),
        (live.embed, &live.volume_id, &live.features)
    );
    assert!(image::embedded(&after, &mut Cursor::new(&reset)).expect("it is empty").is_empty());
    if let Some(areas) = after.kernel_arguments {
        assert_eq!(areas.current, areas.default.trim());
    }
});
