//! ASCII armor of OpenPGP (RFC 9580, section 6.2): keys as people pass them on, made into what gpgv reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::ValueError;

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
/// What the checksum begins with, and what it is divided by (RFC 9580, section 6.1).
const CRC_BEGIN: u32 = 0x00b7_04ce;
const CRC_POLYNOMIAL: u32 = 0x0186_4cfb;

/// The bytes of all public keys in a text, one after the other, as a keyring has them.
pub fn dearmor(text: &str) -> Result<Vec<u8>, ValueError> {
    let mut keyring = Vec::new();
    let mut lines = text.lines().map(str::trim);
    let mut count = 0;
    while lines.any(|line| line == BEGIN) {
        count += 1;
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != END).collect();
        let wrong = |what: &str| refuse(&format!("key block {count} {what}"));
        // Headers such as `Comment: …` end with an empty line.
        let after = block.iter().position(|line| line.is_empty());
        let (headers, body) = match after.map(|at| block.split_at(at)) {
            Some(parts) => parts,
            None => return wrong("has no empty line before its data"),
        };
        if headers.iter().any(|line| !line.contains(": ")) {
            return wrong("has a header that is none");
        }
        let (sums, data): (Vec<&str>, Vec<&str>) =
            body.iter().copied().filter(|line| !line.is_empty()).partition(|line| line.starts_with('='));
        let Ok(bytes) = STANDARD.decode(data.concat()) else {
            return wrong("is not base64");
        };
        if let [sum] = sums.as_slice() {
            let expected = crc24(&bytes).to_be_bytes();
            let told = STANDARD.decode(sum.trim_start_matches('=')).unwrap_or_default();
            if expected.get(1..) != Some(told.as_slice()) {
                return wrong("is damaged: its checksum is another");
            }
        } else if !sums.is_empty() {
            return wrong("has several checksums");
        }
        // A packet of a public key: tag 6, in the old format or the new one.
        if !bytes.first().is_some_and(|first| matches!(first & 0xfc, 0x98) || *first == 0xc6) {
            return wrong("holds no public key");
        }
        keyring.extend(bytes);
    }
    if count == 0 {
        return refuse("there is no armored public key in it");
    }
    Ok(keyring)
}

fn refuse(message: &str) -> Result<Vec<u8>, ValueError> {
    Err(ValueError::new(message, "export the key with `gpg --armor --export`"))
}

fn crc24(bytes: &[u8]) -> u32 {
    let mut crc = CRC_BEGIN;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= CRC_POLYNOMIAL;
            }
        }
    }
    crc & 0x00ff_ffff
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::dearmor;
    use crate::catalog::every_key;

    #[test]
    fn every_vendors_key_is_sound_and_several_make_one_keyring() {
        let mut all = String::from("words around blocks do not matter\n");
        let mut lengths = 0;
        for key in every_key() {
            lengths += dearmor(key.armored).unwrap().len();
            all.push_str(key.armored);
        }
        assert!(lengths > 8000);
        assert_eq!(dearmor(&all).unwrap().len(), lengths);
    }

    #[test]
    fn refuses_what_is_damaged() {
        let key = every_key().next().unwrap().armored;
        let third = key.lines().nth(2).unwrap();
        let (begin, rest) = third.split_at(10);
        let other = if rest.starts_with('A') { "B" } else { "A" };
        let damaged = format!("{begin}{other}{}", &rest[1..]);
        for (text, words) in [
            (String::new(), "no armored public key"),
            (key.replace("PUBLIC KEY", "PRIVATE KEY"), "no armored public key"),
            (key.replace(third, &damaged), "checksum"),
            (key.replace(third, "*"), "base64"),
            (key.replacen("\n\n", "\n", 1), "empty line"),
            (key.replacen("BLOCK-----\n\n", "BLOCK-----\nnonsense\n\n", 1), "header"),
            ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\niQEz\n".into(), "no public key"),
            ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n".into(), "no public key"),
        ] {
            let error = dearmor(&text).unwrap_err();
            assert!(error.message.contains(words), "{words}: {}", error.message);
        }
        // Headers, and lines that end as in DOS, are fine.
        let commented =
            key.replacen("BLOCK-----\n\n", "BLOCK-----\nComment: a key\n\n", 1).replace('\n', "\r\n");
        assert_eq!(dearmor(&commented).unwrap(), dearmor(key).unwrap());
    }
}
