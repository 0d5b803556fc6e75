//! Which texts YAML 1.1 reads as a point in time, by the formats that the library tries.

/// True for `2001-01-31`, `2001-1-31 5:04:5.25` and `2001-01-31T05:04:05Z`.
pub(super) fn is_timestamp(text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    let year = rest.digits(4, 4);
    let date = year.zip(rest.byte(b'-').and_then(|()| rest.digits(1, 2)));
    let date = date.zip(rest.byte(b'-').and_then(|()| rest.digits(1, 2)));
    let Some(((year, month), day)) = date else { return false };
    if !(1..=12).contains(&month) || day == 0 || day > days_of(year, month) {
        return false;
    }
    match rest.next() {
        None => true,
        Some(b'T' | b't') => rest.time() && rest.zone() && rest.is_empty(),
        Some(b' ') => {
            while rest.byte(b' ').is_some() {}
            rest.time() && rest.is_empty()
        }
        Some(_) => false,
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[wanted])?;
        Some(())
    }

    /// A number of so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = (count >= least).then(|| self.0.split_at(count))?;
        self.0 = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// `15:4:5`, and parts of a second.
    fn time(&mut self) -> bool {
        for (index, most) in [23, 59, 59].into_iter().enumerate() {
            if index > 0 && self.byte(b':').is_none() {
                return false;
            }
            if self.digits(1, 2).is_none_or(|number| number > most) {
                return false;
            }
        }
        if let [b'.' | b',', digit, ..] = self.0
            && digit.is_ascii_digit()
        {
            let count = self.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            self.0 = &self.0[1 + count..];
        }
        true
    }

    /// `Z` or `+01:00`.
    fn zone(&mut self) -> bool {
        match self.next() {
            Some(b'Z') => true,
            Some(b'+' | b'-') => {
                self.digits(2, 2).is_some_and(|hours| hours <= 24)
                    && self.byte(b':').is_some()
                    && self.digits(2, 2).is_some_and(|minutes| minutes <= 60)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn knows_points_in_time() {
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2000-02-29",
            "2001-1-1 1:2:3.5",
            "2001-01-01t1:2:3Z",
            "2001-01-01T01:02:03+01:00",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001-01",
            "2001-02-29",
            "2001-13-01",
            "2001-01-01T1:2:3",
            "2001-01-01 1:2",
            "20011-01-01",
            "2001-01-011",
            "2001-01-01 24:0:0",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
