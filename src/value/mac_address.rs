//! The permanent hardware address of a port.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use super::ValueError;

/// A 48-bit Ethernet hardware address, as burned into a port.
///
/// Accepts `:` or `-` between octets in either case; prints lowercase with `:`. Refuses group
/// addresses and all zeros: no port is made with one (IEEE 802, bit 0 of the first octet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress(mac_address::MacAddress);

impl MacAddress {
    /// True if no maker gave it (IEEE 802, bit 1 of the first octet): virtual ports have such addresses.
    pub fn is_locally_administered(self) -> bool {
        let [first, ..] = self.0.bytes();
        first & 2 != 0
    }
}

impl FromStr for MacAddress {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |why: &str| {
            ValueError::new(
                format!("`{text}` is not a port's MAC address: {why}"),
                "write six octets as in `e4:43:4b:0a:00:01` (`ip -d link` shows `permaddr` or `link/ether`)",
            )
        };
        let separator = if text.contains('-') { '-' } else { ':' };
        let octets: Vec<&str> = text.split(separator).collect();
        if octets.len() != 6
            || octets.iter().any(|octet| octet.len() != 2 || !octet.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(wrong("six pairs of hexadecimal digits are needed"));
        }
        let address: mac_address::MacAddress =
            octets.join(":").parse().map_err(|_| wrong("it cannot be read"))?;
        let [first, ..] = address.bytes();
        if first & 1 == 1 {
            return Err(wrong("it is a group address"));
        }
        if address.bytes() == [0; 6] {
            return Err(wrong("it is all zeros"));
        }
        Ok(Self(address))
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0.bytes();
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl TryFrom<String> for MacAddress {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(address: MacAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::MacAddress;

    #[test]
    fn prints_lowercase_with_colons() {
        for right in ["e4:43:4b:0a:00:01", "E4:43:4B:0A:00:01", "e4-43-4b-0A-00-01"] {
            assert_eq!(right.parse::<MacAddress>().unwrap().to_string(), "e4:43:4b:0a:00:01");
        }
    }

    #[test]
    fn refuses_what_is_not_a_ports_address() {
        for wrong in [
            "",
            "52:54:00:ab:cd",
            "52:54:00:ab:cd:ef:01",
            "5254.00ab.cdef",
            "52:54:00:ab:cd:+f",
            "52:54:00-ab:cd:ef",
            "01:00:5e:00:00:01",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
        ] {
            assert!(wrong.parse::<MacAddress>().is_err(), "{wrong:?} was accepted");
        }
    }
}
