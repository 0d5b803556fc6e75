//! Moments as RFC 3339 writes them.

const SECONDS_PER_DAY: u64 = 86_400;

/// Writes a moment, in seconds since 1970, in UTC: `2026-11-21T07:25:26Z`.
pub fn timestamp(seconds: u64) -> String {
    let (year, month, day) = date(seconds / SECONDS_PER_DAY);
    let of_day = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
///
/// Years begin in March, so that the day that is sometimes missing is the last one.
fn date(days: u64) -> (u64, u64, u64) {
    // Day 0 is 0000-03-01; 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, after_new_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + after_new_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    /// As `date -u -d @SECONDS +%FT%TZ` says.
    #[test]
    fn writes_what_date_writes() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_245_926, "2026-11-21T07:25:26Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
