//! Names of network interfaces, as the kernel takes them.

use std::str::FromStr;

use serde::Serialize;

use super::ValueError;

/// Prefixes of names that the kernel or udev hands out (systemd.net-naming-scheme(7)).
const ASSIGNED: [&str; 6] = ["eth", "en", "wl", "ww", "sl", "ib"];

/// The name of a network interface: 1 to 15 bytes that the kernel accepts.
///
/// The rule is `dev_valid_name` of the kernel (net/core/dev.c) and `ifname_valid` of systemd, which
/// also refuses `all`, `default` and plain numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InterfaceName(String);

impl InterfaceName {
    /// Says which namespace of the kernel or udev the name lies in, if it does.
    ///
    /// A name of ours must not: the port that gets `eno1` from udev would find it taken.
    pub fn assigned_namespace(&self) -> Option<&'static str> {
        ASSIGNED.into_iter().find(|prefix| self.0.starts_with(prefix))
    }
}

impl FromStr for InterfaceName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let why = if text.is_empty() {
            "it is empty"
        } else if text.len() > 15 {
            "the kernel takes at most 15 bytes"
        } else if text == "." || text == ".." || text == "all" || text == "default" {
            "the kernel has a meaning of its own for it"
        } else if text.bytes().all(|b| b.is_ascii_digit()) {
            "a number alone is taken for an interface index"
        } else if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'%')) {
            "only printable ASCII without space, `/`, `:` and `%` is allowed"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(ValueError::new(
            format!("`{text}` is not an interface name: {why}"),
            "use 1 to 15 letters and digits, as in `mgmt0`",
        ))
    }
}

shown_as_its_text!(InterfaceName);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::InterfaceName;

    #[test]
    fn accepts_what_the_kernel_accepts() {
        for right in ["mgmt0", "bond0.100", "a", "br-ex", "abcdefghijklmno"] {
            assert_eq!(right.parse::<InterfaceName>().unwrap().as_str(), right);
        }
    }

    #[test]
    fn refuses_what_the_kernel_or_systemd_refuse() {
        for wrong in ["", "a b", "a/b", "a:1", "..", "all", "12", "abcdefghijklmnop", "é0", "eth%d"] {
            assert!(wrong.parse::<InterfaceName>().is_err(), "{wrong:?} was accepted");
        }
    }

    #[test]
    fn knows_the_namespaces_of_others() {
        for (name, namespace) in
            [("eno1", Some("en")), ("eth0", Some("eth")), ("mgmt0", None), ("data0", None)]
        {
            assert_eq!(name.parse::<InterfaceName>().unwrap().assigned_namespace(), namespace, "{name}");
        }
    }
}
