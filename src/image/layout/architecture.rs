//! The architecture that a live image is for: its kernel says so, else a file that only its images have.

use std::io::Read;
use std::io::Seek;

use serde::Deserialize;

use super::Layouts;
use crate::image::ImageError;
use crate::image::iso9660::Volume;
use crate::image::iso9660::read_at;

/// A file by which an architecture is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Architecture {
    name: String,
    file: String,
}

/// `Machine` of a PE header (PE format, 3.3.1), at which the firmware looks.
const MACHINES: [(u16, &str); 2] = [(0x8664, "x86_64"), (0xaa64, "aarch64")];
/// `e_machine` of PowerPC64 in an ELF header (elf.h), little-endian.
const ELF_PPC64: [u8; 2] = [21, 0];

/// Tells the architecture, as in `x86_64`, if it can be told.
pub(super) fn architecture<R: Read + Seek>(
    image: &mut R,
    volume: &Volume,
    layouts: &Layouts,
) -> Result<Option<String>, ImageError> {
    // A file that is damaged is no mark; who needs it says what is wrong with it.
    let find = |path: &str| volume.find(path).ok().flatten();
    if let Some(kernel) = find(&layouts.kernel) {
        // The headers are at the beginning; x86 kernels have theirs within the first sector.
        let mut head = vec![0; usize::try_from(kernel.length).unwrap_or(usize::MAX).min(4096)];
        read_at(image, kernel.offset, &mut head)?;
        if let Some(name) = of_kernel(&head) {
            return Ok(Some(name.to_owned()));
        }
    }
    let has = |row: &&Architecture| find(&row.file).is_some();
    Ok(layouts.architectures.iter().find(has).map(|row| row.name.clone()))
}

fn of_kernel(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\x7fELF") {
        return (head.get(18..20) == Some(&ELF_PPC64[..])).then_some("ppc64le");
    }
    let at = head.get(0x3c..0x40).filter(|_| head.starts_with(b"MZ"))?;
    let at = u32::from_le_bytes(at.try_into().ok()?) as usize;
    let header = head.get(at..)?.strip_prefix(b"PE\0\0")?;
    let machine = u16::from_le_bytes(header.get(..2)?.try_into().ok()?);
    MACHINES.iter().find(|(number, _)| *number == machine).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::of_kernel;

    #[test]
    fn knows_kernels_by_their_headers() {
        let pe = |machine: [u8; 2]| {
            let mut head = b"MZ".to_vec();
            head.resize(0x3c, 0);
            head.extend([0x40, 0, 0, 0]);
            head.extend(b"PE\0\0");
            head.extend(machine);
            head
        };
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(18, 0);
        elf.extend([21, 0]);
        for (head, name) in [
            (pe([0x64, 0x86]), Some("x86_64")),
            (pe([0x64, 0xaa]), Some("aarch64")),
            (pe([0, 0]), None),
            (elf, Some("ppc64le")),
            (b"MZ".to_vec(), None),
            (b"kernel".to_vec(), None),
        ] {
            assert_eq!(of_kernel(&head), name);
        }
    }
}
