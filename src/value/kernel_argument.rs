//! Kernel arguments.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

/// One word of the kernel command line.
///
/// A line break would open a second line in a boot loader's file and a space a second word, so both
/// are refused; so are `"`, which the kernel uses to join words, and what GRUB's shell takes for its own: it would put
/// the value of a variable of its own in the place of `$word`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KernelArgument(String);

impl FromStr for KernelArgument {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"'\\;|&<>`$".contains(&b))
            && !text.starts_with('#')
        {
            return Ok(Self(text.to_owned()));
        }
        Err(ValueError::new(format!("`{}` is not one kernel argument", text.escape_debug()), Self::HOW))
    }
}

shown_as_its_text!(KernelArgument);

impl KernelArgument {
    /// How to write one.
    pub const HOW: &str =
        "write one word without spaces, line breaks, quotes and `$;|&<>\\`, as in `console=ttyS0,115200n8`";

    /// True if it turns on networking in the initramfs (dracut.cmdline(7): `ip=`, `rd.neednet`).
    pub fn turns_on_initramfs_network(&self) -> bool {
        self.0.starts_with("ip=") || matches!(self.0.as_str(), "rd.neednet" | "rd.neednet=1")
    }
}

#[cfg(test)]
mod tests {
    use super::KernelArgument;

    #[test]
    fn is_one_word() {
        for right in ["quiet", "console=ttyS0,115200n8", "ip=dhcp"] {
            assert!(right.parse::<KernelArgument>().is_ok(), "{right:?} was refused");
        }
        for (text, network) in [
            ("ip=mgmt0:dhcp", true),
            ("rd.neednet=1", true),
            ("rd.neednet=0", false),
            ("ipv6.disable=1", false),
        ] {
            let turns_on =
                text.parse().is_ok_and(|argument: KernelArgument| argument.turns_on_initramfs_network());
            assert_eq!(turns_on, network, "{text}");
        }
        for wrong in ["", "a b", "a\nb", "a\0", "x=\"y\"", "#", "a;b", "a|b", "a'b", "memmap=1G$4G"] {
            assert!(wrong.parse::<KernelArgument>().is_err(), "{wrong:?} was accepted");
        }
    }
}
