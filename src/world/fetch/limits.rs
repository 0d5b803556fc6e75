//! How long, how slow, how often and how much: the bounds of a download.

use std::time::Duration;

use super::super::Failure;

/// Replaces bounds, as in `stall_ms=100,tries=2`; for tests, which must not wait.
const VARIABLE: &str = "COTTER_FETCH_LIMITS";

/// The bounds of a download.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// How long a connection may take to come about.
    pub(super) connect: Duration,
    /// How long nothing may come.
    pub(super) stall: Duration,
    /// How long a document may take altogether.
    pub(super) document: Duration,
    /// The time over which the rate is looked at.
    pub(super) window: Duration,
    /// The least that must come in a window, in bytes.
    pub(super) least_bytes: u64,
    /// How often in a row it may go wrong without getting on.
    pub(super) tries: u32,
    /// How often it may be too slow.
    pub(super) slow_tries: u32,
    /// What counts as getting on, in bytes.
    pub(super) progress_bytes: u64,
    /// The first wait; each is twice the one before.
    pub(super) backoff: Duration,
    /// The longest wait, whoever asks for it.
    pub(super) longest_wait: Duration,
    /// The largest file, in bytes.
    pub(super) most_bytes: u64,
    /// The largest document, in bytes.
    pub(super) most_document_bytes: u64,
}

impl Limits {
    pub(super) fn of_environment() -> Result<Self, Failure> {
        let mut limits = Self {
            connect: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            document: Duration::from_secs(120),
            window: Duration::from_secs(30),
            least_bytes: 128 << 10,
            tries: 6,
            slow_tries: 3,
            progress_bytes: 1 << 20,
            backoff: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            most_bytes: 32 << 30,
            most_document_bytes: 16 << 20,
        };
        let given = std::env::var(VARIABLE).unwrap_or_default();
        for setting in given.split(',').filter(|setting| !setting.is_empty()) {
            let wrong = || {
                Failure::input(format!("`{setting}` in {VARIABLE} is no bound"), "unset it: it is for tests")
            };
            let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
            let number: u64 = value.parse().map_err(|_| wrong())?;
            let (time, count) = (Duration::from_millis(number), u32::try_from(number).unwrap_or(u32::MAX));
            match name {
                "connect_ms" => limits.connect = time,
                "stall_ms" => limits.stall = time,
                "document_ms" => limits.document = time,
                "window_ms" => limits.window = time,
                "least_bytes" => limits.least_bytes = number,
                "tries" => limits.tries = count,
                "slow_tries" => limits.slow_tries = count,
                "progress_bytes" => limits.progress_bytes = number,
                "backoff_ms" => limits.backoff = time,
                "longest_wait_ms" => limits.longest_wait = time,
                "most_bytes" => limits.most_bytes = number,
                "most_document_bytes" => limits.most_document_bytes = number,
                _ => return Err(wrong()),
            }
        }
        Ok(limits)
    }

    /// How long to wait before the next try: twice as long each time, and never the same for two who began together.
    pub(super) fn wait(&self, failed: u32) -> Duration {
        let longest = self.backoff.saturating_mul(1 << failed.min(5)).min(self.longest_wait);
        let mut random = [0; 2];
        // Without randomness it is half of it.
        let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::NONBLOCK);
        longest.mul_f64(0.5 + f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX) / 2.0)
    }
}
