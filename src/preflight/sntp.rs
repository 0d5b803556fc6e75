//! Questions to time servers, and their answers, as bytes (RFC 5905, section 7.3; RFC 4330).

use crate::verify::quoted;

/// The length of an answer without what may follow it.
pub const TIME_ANSWER_BYTES: usize = 48;

/// The greatest distance from true time that an answer may admit, in seconds (`MAXDIST`, RFC 5905).
const MAX_DISTANCE_SECONDS: f64 = 1.5;
/// NTP counts from 1900, and Unix from 1970.
const EPOCH_SECONDS: u64 = 2_208_988_800;

/// A moment as NTP writes it: seconds since 1900 in the upper half, which begin anew every 136 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub u64);

impl Moment {
    /// A moment of a clock that counts from 1970.
    pub fn of_unix(seconds: u64, nanoseconds: u32) -> Self {
        let whole = seconds.wrapping_add(EPOCH_SECONDS) << 32;
        Self(whole | ((u64::from(nanoseconds) << 32) / 1_000_000_000))
    }

    /// How far it is after another, in seconds; right for those less than 68 years apart.
    pub fn seconds_after(self, other: Self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_wrap,
            reason = "the sign and the first digits count"
        )]
        let difference = self.0.wrapping_sub(other.0) as i64 as f64;
        difference / f64::from(1_u32 << 16) / f64::from(1_u32 << 16)
    }
}

/// What one answer tells of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeSample {
    /// How far the server is ahead of the clock here, in seconds.
    pub ahead_seconds: f64,
    /// How wrong that can be, in seconds.
    pub error_seconds: f64,
}

/// Why there is no time from a server.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeTrouble {
    /// Nobody knows its name.
    Name,
    /// There is no way to it.
    Unreachable(String),
    /// The host is there, and nobody listens at the port.
    Refused,
    /// No answer in time.
    Silent,
    /// Answers come, but none to this question.
    Foreign,
    /// It is no NTP.
    Garbage(String),
    /// It says of itself that it does not know the time.
    Unsynchronized,
    /// It does not want to be asked: its code.
    Kiss(String),
    /// It admits that it may be wrong by so many seconds.
    Coarse(f64),
}

/// The 48 bytes of a question: version 4, from a client. The server gives back `cookie`, which nobody can guess.
pub fn time_question(cookie: [u8; 8]) -> [u8; TIME_ANSWER_BYTES] {
    let mut bytes = [0; TIME_ANSWER_BYTES];
    let [first, ..] = &mut bytes;
    *first = 0x23;
    if let Some(place) = bytes.get_mut(40..48) {
        place.copy_from_slice(&cookie);
    }
    bytes
}

/// What an answer tells, if it was asked at `asked` and came at `came` by the clock here.
pub fn read_time_answer(
    bytes: &[u8],
    cookie: [u8; 8],
    asked: Moment,
    came: Moment,
) -> Result<TimeSample, TimeTrouble> {
    let garbage = |why: String| Err(TimeTrouble::Garbage(why));
    let (Some(&[first, stratum, ..]), Some(word)) = (bytes.first_chunk::<2>(), words(bytes)) else {
        return garbage(format!("{} bytes are no answer of NTP", bytes.len()));
    };
    let (leap, version, mode) = (first >> 6, (first >> 3) & 7, first & 7);
    if mode != 4 || !(1..=4).contains(&version) {
        return garbage(format!("it answers with mode {mode} of version {version}, not as a server"));
    }
    let long = |at: usize| Some(u64::from(*word.get(at)?) << 32 | u64::from(*word.get(at + 1)?));
    let (Some(origin), Some(received), Some(sent)) = (long(6), long(8), long(10)) else {
        return garbage("its answer is cut".to_owned());
    };
    if origin != u64::from_be_bytes(cookie) {
        return Err(TimeTrouble::Foreign);
    }
    let [_, delay, dispersion, reference, ..] = word;
    if stratum == 0 {
        let code = reference.to_be_bytes();
        let text: String = code.iter().copied().filter(u8::is_ascii_graphic).map(char::from).collect();
        return Err(if text.is_empty() {
            TimeTrouble::Unsynchronized
        } else {
            TimeTrouble::Kiss(quoted(&text))
        });
    }
    if leap == 3 || stratum == 16 || sent == 0 || received == 0 {
        return Err(TimeTrouble::Unsynchronized);
    }
    if stratum > 16 {
        return garbage(format!("its stratum is {stratum}"));
    }
    let (received, sent) = (Moment(received), Moment(sent));
    let ahead_seconds = f64::midpoint(received.seconds_after(asked), sent.seconds_after(came));
    let way = (came.seconds_after(asked) - sent.seconds_after(received)).max(0.0) / 2.0;
    let own = short(delay) / 2.0 + short(dispersion);
    if own > MAX_DISTANCE_SECONDS {
        return Err(TimeTrouble::Coarse(own));
    }
    Ok(TimeSample { ahead_seconds, error_seconds: way + own })
}

/// The twelve words of an answer.
fn words(bytes: &[u8]) -> Option<[u32; 12]> {
    let bytes = bytes.get(..TIME_ANSWER_BYTES)?;
    let mut words = [0; 12];
    for (word, four) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_be_bytes(four.try_into().ok()?);
    }
    Some(words)
}

/// Seconds with sixteen bits behind the point.
fn short(word: u32) -> f64 {
    f64::from(word) / 65_536.0
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Moment;
    use super::TimeTrouble;
    use super::read_time_answer;
    use super::time_question;

    const COOKIE: [u8; 8] = *b"nobody!?";
    const ASKED: Moment = Moment(100 << 32);
    const CAME: Moment = Moment(101 << 32);

    /// An answer of a server that is `ahead` seconds ahead.
    fn answer(ahead: u64) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes[..4].copy_from_slice(&[0x24, 2, 6, 0xe8]);
        bytes[24..32].copy_from_slice(&COOKIE);
        for at in [32, 40] {
            bytes[at..at + 8].copy_from_slice(&(((100 + ahead) << 32) + (1 << 31)).to_be_bytes());
        }
        bytes
    }

    #[test]
    fn a_question_is_what_servers_expect() {
        let question = time_question(COOKIE);
        assert_eq!((question[0], &question[40..]), (0x23, &COOKIE[..]));
    }

    #[test]
    fn an_answer_tells_how_far_the_server_is_ahead() {
        for ahead in [0, 7] {
            let sample = read_time_answer(&answer(ahead), COOKIE, ASKED, CAME).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "it is small")]
            let wanted = ahead as f64;
            assert!((sample.ahead_seconds - wanted).abs() < 1e-6, "{sample:?}");
            assert!((sample.error_seconds - 0.5).abs() < 1e-6, "{sample:?}");
        }
    }

    #[test]
    fn the_count_of_seconds_begins_anew_in_2036() {
        let (before, after) = (Moment(u64::MAX - (1 << 32)), Moment(1 << 32));
        assert!((after.seconds_after(before) - 2.0).abs() < 1e-6);
        let unix = Moment::of_unix(0, 500_000_000);
        assert_eq!(unix.0 >> 31, 2_208_988_800 << 1 | 1);
    }

    type Spoil = fn(&mut [u8; 48]);

    #[test]
    fn what_is_no_time_is_told_apart() {
        let cases: [(&str, Spoil, TimeTrouble); 9] = [
            ("alarm", |bytes| bytes[0] = 0xe4, TimeTrouble::Unsynchronized),
            ("stratum 16", |bytes| bytes[1] = 16, TimeTrouble::Unsynchronized),
            ("no stratum", |bytes| bytes[1] = 0, TimeTrouble::Unsynchronized),
            ("stratum 17", |bytes| bytes[1] = 17, TimeTrouble::Garbage("its stratum is 17".into())),
            (
                "kiss",
                |bytes| {
                    bytes[1] = 0;
                    bytes[12..16].copy_from_slice(b"RATE");
                },
                TimeTrouble::Kiss("RATE".into()),
            ),
            ("no time", |bytes| bytes[40..].fill(0), TimeTrouble::Unsynchronized),
            ("another's", |bytes| bytes[24] = 0, TimeTrouble::Foreign),
            (
                "a question",
                |bytes| bytes[0] = 0x23,
                TimeTrouble::Garbage("it answers with mode 3 of version 4, not as a server".into()),
            ),
            ("coarse", |bytes| bytes[8..12].copy_from_slice(&[0, 2, 0, 0]), TimeTrouble::Coarse(2.0)),
        ];
        for (name, spoil, wanted) in cases {
            let mut bytes = answer(0);
            spoil(&mut bytes);
            assert_eq!(read_time_answer(&bytes, COOKIE, ASKED, CAME), Err(wanted), "{name}");
        }
        for length in 0..48 {
            let cut = read_time_answer(&answer(0)[..length], COOKIE, ASKED, CAME);
            assert!(matches!(cut, Err(TimeTrouble::Garbage(_))), "{length}: {cut:?}");
        }
    }
}
