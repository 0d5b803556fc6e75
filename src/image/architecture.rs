//! The architecture that a live image is for, by what its boot loaders and its kernel are.

use std::io::Read;
use std::io::Seek;

use super::ImageError;
use super::iso9660::Volume;
use super::iso9660::read_at;

/// Files that only one architecture's images have.
const MARKS: [(&str, &str); 4] = [
    ("generic.ins", "s390x"),
    ("images/cdboot.img", "s390x"),
    ("ppc/bootinfo.txt", "ppc64le"),
    ("isolinux/isolinux.bin", "x86_64"),
];
const KERNEL: &str = "images/pxeboot/vmlinuz";
/// `Machine` of a PE header (PE format, 3.3.1), at which the firmware looks.
const MACHINES: [(u16, &str); 2] = [(0x8664, "x86_64"), (0xaa64, "aarch64")];
/// `e_machine` of PowerPC64 in an ELF header (elf.h), little-endian.
const ELF_PPC64: [u8; 2] = [21, 0];

/// Tells the architecture, as in `x86_64`, if it can be told.
pub fn architecture<R: Read + Seek>(image: &mut R) -> Result<Option<&'static str>, ImageError> {
    let volume = Volume::read(image)?;
    for (path, name) in MARKS {
        if volume.find(image, path)?.is_some() {
            return Ok(Some(name));
        }
    }
    let Some(kernel) = volume.find(image, KERNEL)? else {
        return Ok(None);
    };
    // The headers are at the beginning; x86 kernels have theirs within the first sector.
    let mut head = vec![0; kernel.length.min(4096) as usize];
    read_at(image, kernel.offset, &mut head)?;
    Ok(of_kernel(&head))
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
