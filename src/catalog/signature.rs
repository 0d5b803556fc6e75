//! What gpgv says of a signature (GnuPG 2.2, doc/DETAILS: status lines).

/// What is to be thought of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is good, and was made with this primary key.
    Good {
        /// The primary key's fingerprint, in uppercase hexadecimal.
        fingerprint: String,
    },
    /// It does not fit the data.
    Bad,
    /// Nobody's key here made it.
    UnknownKey {
        /// The key's id or fingerprint.
        key: String,
    },
    /// It is good, but its key has expired.
    ExpiredKey {
        /// The key's id or fingerprint.
        key: String,
    },
    /// It is good, but is no longer valid.
    Expired,
    /// Its key was revoked.
    RevokedKey {
        /// The key's id or fingerprint.
        key: String,
    },
    /// It is made in a way that is not accepted.
    Unsupported,
    /// There is no signature.
    None,
}

/// Judges the status lines of one run of gpgv. Of several signatures a good one is enough, if none is bad.
pub fn verdict(status: &str) -> Verdict {
    let lines = status.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
    let mut each: Vec<Vec<Vec<&str>>> = vec![Vec::new()];
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        match words.first() {
            Some(&"NEWSIG") => each.push(Vec::new()),
            _ => each.last_mut().map_or((), |signature| signature.push(words)),
        }
    }
    let verdicts: Vec<Verdict> = each.iter().map(|lines| of_one(lines)).collect();
    let first = |is: &dyn Fn(&Verdict) -> bool| verdicts.iter().find(|verdict| is(verdict)).cloned();
    first(&|verdict| *verdict == Verdict::Bad)
        .or_else(|| first(&|verdict| matches!(verdict, Verdict::Good { .. })))
        .or_else(|| first(&|verdict| *verdict != Verdict::None))
        .unwrap_or(Verdict::None)
}

/// Judges what was said of one signature.
fn of_one(lines: &[Vec<&str>]) -> Verdict {
    let find = |word: &str| lines.iter().find(|words| words.first() == Some(&word));
    let key = |words: &[&str]| words.get(1).copied().unwrap_or_default().to_owned();
    if find("BADSIG").is_some() {
        return Verdict::Bad;
    }
    if let Some(words) = find("REVKEYSIG") {
        return Verdict::RevokedKey { key: key(words) };
    }
    if let Some(words) = find("EXPKEYSIG") {
        return Verdict::ExpiredKey { key: key(words) };
    }
    if find("EXPSIG").is_some() {
        return Verdict::Expired;
    }
    if let Some(words) = find("NO_PUBKEY") {
        return Verdict::UnknownKey { key: key(words) };
    }
    if let Some(words) = find("ERRSIG") {
        // The sixth word is why: 9 for a key that is not there.
        return match words.get(6) {
            Some(&"9") => Verdict::UnknownKey { key: key(words) },
            _ => Verdict::Unsupported,
        };
    }
    // The fingerprint of the signing key, day, time, expiry, version, 0, algorithm, digest, class, primary key.
    let valid = find("VALIDSIG").filter(|_| find("GOODSIG").is_some());
    let of_data = |words: &&Vec<&str>| matches!(words.get(9), Some(&"00" | &"01"));
    match valid.filter(of_data).and_then(|words| words.get(10)) {
        Some(primary) => Verdict::Good { fingerprint: primary.to_ascii_uppercase() },
        None if find("VALIDSIG").is_some() || find("GOODSIG").is_some() => Verdict::Unsupported,
        None => Verdict::None,
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;
    use super::verdict;

    const VALID: &str = "[GNUPG:] GOODSIG 32DA80F91EF52974 Flatcar\n[GNUPG:] VALIDSIG 52F145DFD00BBDCD928CBB5A32DA80F91EF52974 2026-01-01 1767225600 0 4 0 1 10 00 F88CFEDEFF29A5B4D9523864E25D9AED0593B34A\n";

    #[test]
    fn judges_what_gpgv_says() {
        let good = Verdict::Good { fingerprint: "F88CFEDEFF29A5B4D9523864E25D9AED0593B34A".into() };
        let key = || "96E7E91491211FCE".to_owned();
        let new = "[GNUPG:] NEWSIG\n";
        let unknown =
            "[GNUPG:] ERRSIG 96E7E91491211FCE 1 10 00 1767225600 9 -\n[GNUPG:] NO_PUBKEY 96E7E91491211FCE\n";
        let bad = "[GNUPG:] BADSIG 96E7E91491211FCE x\n";
        for (status, expected) in [
            (format!("{new}{VALID}"), good.clone()),
            (VALID.into(), good.clone()),
            (format!("{new}{unknown}{new}{VALID}"), good.clone()),
            (format!("{new}{VALID}{new}{unknown}"), good),
            (format!("{new}{VALID}{new}{bad}"), Verdict::Bad),
            (format!("{new}{VALID}{bad}"), Verdict::Bad),
            (format!("{new}{unknown}"), Verdict::UnknownKey { key: key() }),
            ("[GNUPG:] ERRSIG 96E7E91491211FCE 1 10 00 1 4 -\n".into(), Verdict::Unsupported),
            (VALID.replace("GOODSIG", "EXPKEYSIG"), Verdict::ExpiredKey { key: "32DA80F91EF52974".into() }),
            (VALID.replace("GOODSIG", "REVKEYSIG"), Verdict::RevokedKey { key: "32DA80F91EF52974".into() }),
            (VALID.replace("GOODSIG", "EXPSIG"), Verdict::Expired),
            // A signature of a key or of nothing is none of a file.
            (VALID.replace(" 00 F88C", " 10 F88C"), Verdict::Unsupported),
            (VALID.lines().next().unwrap_or_default().into(), Verdict::Unsupported),
            (VALID.lines().nth(1).unwrap_or_default().into(), Verdict::Unsupported),
            (format!("gpgv: {VALID}").replace("\n[", "\ngpgv: ["), Verdict::None),
            ("[GNUPG:] NODATA 4\n".into(), Verdict::None),
            (String::new(), Verdict::None),
        ] {
            assert_eq!(verdict(&status), expected, "{status}");
        }
    }
}
