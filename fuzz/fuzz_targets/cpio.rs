//! Any bytes as what an embed area holds: an archive or an error, bounded, and clean paths.
#![no_main]

use cotter::image::Archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::read(bytes) else { return };
    let mut size = 0;
    for (path, contents) in archive.files() {
        size += contents.len();
        assert!(
            !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | "..")),
            "{path:?}"
        );
    }
    assert!(size <= bytes.len().max(64 << 20));
    if size < 1 << 16 {
        let again = Archive::read(&archive.to_xz().expect("it can be packed")).expect("it can be read");
        assert_eq!(again, archive);
    }
});
