//! Any bytes in the areas of a live image: they are read or refused, and an edit changes the areas alone.
//!
//! The input is the length of what stands in the kernel-argument areas, that, and what stands in the embed area.
#![no_main]

use std::io::Cursor;
use std::io::Read;

use cotter::image;
use cotter::image::Edit;
use cotter::image::LiveImage;
use cotter::image::Overlay;
use cotter::image::Replace;
use libfuzzer_sys::fuzz_target;

const BASE: &[u8] = include_bytes!("embed.iso");

fn over(overlay: &Overlay, base: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    overlay.over(Cursor::new(base)).read_to_end(&mut image).expect("memory can be read");
    image
}

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let (arguments, embedded) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
    let pristine = LiveImage::read(&mut Cursor::new(BASE)).expect("the base can be read");
    let areas = pristine.kernel_arguments.clone().expect("the base has arguments");
    let mut ranges: Vec<(u64, u64)> = areas.places.iter().map(|place| (place.offset, areas.length)).collect();
    let mut iso = BASE.to_vec();
    let mut lay = |offset: u64, length: u64, bytes: &[u8]| {
        let bytes = &bytes[..bytes.len().min(length as usize)];
        iso[offset as usize..][..bytes.len()].copy_from_slice(bytes);
    };
    for (offset, length) in &ranges {
        lay(*offset, *length, &vec![b'#'; *length as usize]);
        lay(*offset, *length, arguments);
    }
    lay(pristine.embed.offset, pristine.embed.length, embedded);
    ranges.push((pristine.embed.offset, pristine.embed.length));

    let Ok(live) = LiveImage::read(&mut Cursor::new(&iso)) else { return };
    let found = image::embedded(&live, &mut Cursor::new(&iso));
    let word = String::from_utf8_lossy(arguments).chars().take(40).collect();
    let edit = Edit {
        config: Some(b"{}".to_vec()),
        append_kernel_arguments: vec!["quiet".into(), word],
        ..Edit::default()
    };
    let refused = image::embed(&live, &mut Cursor::new(&iso), &edit, Replace::No).is_err();
    assert!(refused || found.is_ok_and(|archive| archive.is_empty()), "what was there is replaced");
    if let Ok(overlay) = image::embed(&live, &mut Cursor::new(&iso), &edit, Replace::Yes) {
        let built = over(&overlay, &iso);
        let same = |at: usize| {
            ranges.iter().any(|(offset, length)| (*offset..offset + length).contains(&(at as u64)))
        };
        assert!((0..iso.len()).all(|at| built[at] == iso[at] || same(at)), "something else changed");
        let after = LiveImage::read(&mut Cursor::new(&built)).expect("what was built can be read");
        let archive =
            image::embedded(&after, &mut Cursor::new(&built)).expect("what was embedded can be read");
        assert_eq!(archive.files().collect::<Vec<_>>(), [("config.ign", &b"{}"[..])]);
        assert!(after.kernel_arguments.expect("they stay").current.contains("quiet"));
    }
    assert!(over(&image::reset(&live).expect("it can be reset"), &iso) == BASE, "a reset is not the base");
});
