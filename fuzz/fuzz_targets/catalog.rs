//! Any text as what vendors say: metadata, keys, and what gpgv says; nothing that comes of it leads out of its place.
#![no_main]

use cotter::catalog;
use cotter::catalog::Architecture;
use cotter::catalog::Catalog;
use cotter::catalog::Part;
use cotter::catalog::Reference;
use cotter::catalog::Unresolved;
use cotter::catalog::Wanted;
use cotter::catalog::is_plain_word;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let parts = [Part::Iso, Part::Kernel, Part::Initrd, Part::Rootfs];
    for family in &Catalog::own().families {
        let streams = family.stream_words();
        let stream = streams.first().map_or("", String::as_str);
        for (version, architecture) in
            [(None, Architecture::Aarch64), (Some("33.20201201.3.0"), Architecture::X86_64), (None, Architecture::X86_64)]
        {
            for parts in [&parts[..1], &parts[1..]] {
                let wanted = Wanted { stream, version, architecture, parts };
                let answer = |_: &catalog::Document| Ok::<String, Unresolved>(text.to_owned());
                let Ok(release) = catalog::resolve(family, &wanted, &mut { answer }) else { continue };
                assert!(is_plain_word(&release.version));
                for artifact in &release.artifacts {
                    assert!(is_plain_word(&artifact.file));
                    assert!(family.vendor.is_none() || artifact.signature.is_some() || artifact.checksum.is_some());
                }
            }
        }
    }
    if let Ok(keyring) = catalog::dearmor(text) {
        assert!(keyring.len() < text.len());
    }
    let _ = (catalog::verdict(text), Catalog::read(text));
    if let Ok(Reference::Name(name)) = Catalog::own().reference(text) {
        // What is shown is read as the same.
        assert_eq!(Catalog::own().reference(&name.to_string()), Ok(Reference::Name(name)));
    }
});
