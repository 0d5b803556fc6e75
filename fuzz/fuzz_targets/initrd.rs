//! Any bytes as an initrd: never a panic, and what is read of it lies in it.
#![no_main]

use std::io::Cursor;

use cotter::image::LiveInitrd;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(initrd) = LiveInitrd::read(&mut Cursor::new(bytes)) else { return };
    assert_eq!(initrd.length, bytes.len() as u64);
    let mut end = 0;
    for archive in &initrd.archives {
        assert!(archive.area.offset >= end);
        end = archive.area.offset + archive.area.length;
    }
    assert!(end <= initrd.length && end > 0);
    for (path, _) in initrd.embedded.files() {
        assert!(!path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | "..")));
    }
});
