//! What other tools write, read without trust: a value of another type or form than expected is not there.

use serde_json::Value;

use crate::hardware::Device;
use crate::hardware::PciFunction;
use crate::value::MacAddress;
use crate::value::printable;

/// The most of a word that is kept, in characters.
const MAX_CHARACTERS: usize = 512;

/// What firmware and tools write where nobody wrote anything.
const FILLERS: [&str; 13] = [
    "[removed]",
    "default string",
    "n/a",
    "na",
    "none",
    "not applicable",
    "not available",
    "not provided",
    "not specified",
    "null",
    "o.e.m.",
    "to be filled by o.e.m.",
    "unknown",
];

/// The text at a place (a JSON Pointer), trimmed, so that it can be shown; a filler is no text.
pub fn word(node: &Value, at: &str) -> Option<String> {
    let text =
        node.pointer(at)?.as_str()?.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
    let is_filler = FILLERS.contains(&text.to_ascii_lowercase().as_str());
    (!text.is_empty() && !is_filler).then(|| printable(text).chars().take(MAX_CHARACTERS).collect())
}

/// The number at a place, also one that is written as text; a fraction is cut off.
pub fn number(node: &Value, at: &str) -> Option<u64> {
    match node.pointer(at)? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => whole(text.trim().parse().ok()?),
        _ => None,
    }
}

/// A number that is not 0: many tools write 0 for what they do not know.
pub fn positive<T: TryFrom<u64>>(node: &Value, at: &str) -> Option<T> {
    number(node, at).filter(|number| *number > 0)?.try_into().ok()
}

fn whole(number: f64) -> Option<u64> {
    // Beyond this a float is no exact number.
    (0.0..=9_007_199_254_740_992.0).contains(&number).then_some(number as u64)
}

/// Whether it is so, at a place; also `yes` and `no`.
pub fn flag(node: &Value, at: &str) -> Option<bool> {
    match node.pointer(at)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text == "yes" => Some(true),
        Value::String(text) if text == "no" => Some(false),
        _ => None,
    }
}

/// The list at a place; nothing is an empty one.
pub fn list<'a>(node: &'a Value, at: &str) -> &'a [Value] {
    node.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The address of a port at a place: six octets or, of InfiniBand, twenty; in lowercase with colons.
pub fn hardware_address(node: &Value, at: &str) -> Option<String> {
    let text = word(node, at)?.to_ascii_lowercase().replace('-', ":");
    let is_octet = |octet: &str| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit());
    let octets: Vec<&str> = text.split(':').collect();
    let has_a_length = matches!(octets.len(), 6 | 20);
    let is_one = has_a_length && octets.iter().all(|octet| is_octet(octet));
    (is_one && octets.iter().any(|octet| *octet != "00")).then_some(text)
}

/// The MAC address at a place.
pub fn mac(node: &Value, at: &str) -> Option<MacAddress> {
    hardware_address(node, at)?.parse().ok()
}

/// A PCI address as sysfs has it, as in `0000:18:00.0`.
pub fn pci_address(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let mut parts = text.split([':', '.']);
    let (domain, bus, slot, function) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_one = parts.next().is_none()
        && (4..=8).contains(&domain.len())
        && bus.len() == 2
        && slot.len() == 2
        && function.len() == 1
        && [domain, bus, slot, function].iter().all(|part| is_hex(part))
        && text == format!("{domain}:{bus}:{slot}.{function}");
    let (slot, function) = (u8::from_str_radix(slot, 16).ok()?, function.parse::<u8>().ok()?);
    (is_one && slot < 32 && function < 8).then_some(text)
}

/// A PCI function of which others told.
pub fn pci_device(address: String, id: Option<String>) -> Device {
    let pci = PciFunction { id, ..PciFunction::default() };
    Device { subsystem: Some("pci".to_owned()), name: address, pci: Some(pci), ..Device::default() }
}

/// Four hexadecimal digits at a place, with or without `0x`, as in vendors' and devices' numbers.
pub fn pci_number(node: &Value, at: &str) -> Option<String> {
    let text = word(node, at)?.to_ascii_lowercase();
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digits.to_owned())
}

/// A machine's name without its order number, which lshw puts behind it, as in
/// `PowerEdge R640 (SKU=NotProvided;ModelName=PowerEdge R640)` and `ProLiant DL360 Gen10 (868703-B21)`.
pub fn product(text: String) -> String {
    let parts = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    match parts {
        Some((name, order))
            if !name.is_empty()
                && (order.starts_with("SKU=")
                    || !order.contains(' ')
                    || FILLERS.contains(&order.to_ascii_lowercase().as_str())) =>
        {
            name.to_owned()
        }
        _ => text,
    }
}

/// How a disk is attached, by its kernel's name and its name in `/dev/disk/by-path`.
pub fn transport(name: &str, by_path: &[String]) -> Option<String> {
    let by_name = [("nvme", "nvme"), ("vd", "virtio")];
    let of_name = by_name.iter().find(|(beginning, _)| name.starts_with(beginning));
    let marks =
        [("-nvme-", "nvme"), ("-usb-", "usb"), ("-sas-", "sas"), ("-ata-", "sata"), ("-scsi-", "scsi")];
    let of_path = || marks.iter().find(|(mark, _)| by_path.iter().any(|path| path.contains(mark)));
    of_name.or_else(of_path).map(|(_, transport)| (*transport).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::number;
    use super::pci_address;
    use super::product;
    use super::word;

    #[test]
    fn only_whole_pci_addresses_are_some() {
        assert_eq!(pci_address(" 0000:3B:1f.7\n").as_deref(), Some("0000:3b:1f.7"));
        assert_eq!(pci_address("10000:e1:00.0").as_deref(), Some("10000:e1:00.0"));
        for wrong in
            ["", "18:00.0", "0000:18:00", "0000:18:20.0", "0000:18:00.8", "0000.18:00:0", "0000:+8:00.0"]
        {
            assert_eq!(pci_address(wrong), None, "{wrong:?} was taken");
        }
    }

    #[test]
    fn order_numbers_are_left_out_of_names() {
        for (told, name) in [
            ("PowerEdge R640 (SKU=NotProvided;ModelName=PowerEdge R640)", "PowerEdge R640"),
            ("ProLiant DL360 Gen10 (868703-B21)", "ProLiant DL360 Gen10"),
            ("SYS-1029P (To be filled by O.E.M.)", "SYS-1029P"),
            ("Standard PC (Q35 + ICH9, 2009)", "Standard PC (Q35 + ICH9, 2009)"),
            ("PowerEdge R640", "PowerEdge R640"),
        ] {
            assert_eq!(product(told.to_owned()), name);
        }
    }

    #[test]
    fn fillers_and_wrong_types_are_nothing() {
        for nothing in ["", " \0", "N/A", "To be filled by O.E.M.", "[REMOVED]"] {
            assert_eq!(word(&json!({"a": nothing}), "/a"), None, "{nothing:?} is a word");
        }
        assert_eq!(word(&json!({"a": " b\u{1b}c "}), "/a").as_deref(), Some("b?c"));
        for (told, value) in [
            (json!(5), Some(5)),
            (json!("5"), Some(5)),
            (json!(5.9), Some(5)),
            (json!(-5), None),
            (json!(1e300), None),
            (json!("NaN"), None),
            (json!([5]), None),
        ] {
            assert_eq!(number(&told, ""), value, "{told}");
        }
    }
}
