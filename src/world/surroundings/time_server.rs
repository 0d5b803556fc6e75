//! Asks a time server.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use super::cookie;
use super::from_any;
use super::plain;
use super::resolve;
use crate::document::Sourced;
use crate::preflight::Endpoint;
use crate::preflight::Moment;
use crate::preflight::TimeSample;
use crate::preflight::TimeSeen;
use crate::preflight::TimeTrouble;
use crate::preflight::read_time_answer;
use crate::preflight::time_question;

const PORT: u16 = 123;
/// How often a server is asked.
const TRIES: u32 = 3;
/// How many answers to one question are read.
const MAX_ANSWERS: usize = 16;

/// Asks a server until there is a time, or no hope of one.
pub(super) fn ask(server: &Sourced<Endpoint>, timeout: Duration) -> TimeSeen {
    let mut told = Err(TimeTrouble::Name);
    for address in resolve(&server.value, PORT) {
        told = at(address, timeout);
        if told.is_ok() {
            break;
        }
    }
    TimeSeen { server: server.clone(), told }
}

fn at(address: SocketAddr, timeout: Duration) -> Result<TimeSample, TimeTrouble> {
    let mut last = TimeTrouble::Silent;
    for _ in 0..TRIES {
        match once(address, timeout / TRIES) {
            Ok(sample) => return Ok(sample),
            // A packet may be lost; who says something says it again.
            Err(TimeTrouble::Silent) => {}
            Err(trouble @ TimeTrouble::Foreign) => last = trouble,
            Err(trouble) => return Err(trouble),
        }
    }
    Err(last)
}

fn once(address: SocketAddr, timeout: Duration) -> Result<TimeSample, TimeTrouble> {
    let lost = |cause: std::io::Error| match cause.kind() {
        ErrorKind::ConnectionRefused => TimeTrouble::Refused,
        ErrorKind::WouldBlock | ErrorKind::TimedOut => TimeTrouble::Silent,
        _ => TimeTrouble::Unreachable(plain(&cause)),
    };
    let socket = UdpSocket::bind(from_any(address)).map_err(lost)?;
    // A connected socket hears nobody else.
    socket.connect(address).map_err(lost)?;
    let cookie = cookie();
    let (now, begun) = (now(), Instant::now());
    socket.send(&time_question(cookie)).map_err(lost)?;
    let mut trouble = TimeTrouble::Silent;
    let mut bytes = [0; 512];
    for _ in 0..MAX_ANSWERS {
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(left)).map_err(lost)?;
        let length = match socket.recv(&mut bytes) {
            Ok(length) => length,
            Err(cause) if matches!(trouble, TimeTrouble::Silent) => return Err(lost(cause)),
            Err(_) => break,
        };
        let took = begun.elapsed();
        let (asked, came) = (moment(now), moment(now + took));
        match read_time_answer(bytes.get(..length).unwrap_or_default(), cookie, asked, came) {
            Err(why @ TimeTrouble::Foreign) => trouble = why,
            told => return told,
        }
    }
    Err(trouble)
}

/// Since 1970.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn moment(since: Duration) -> Moment {
    Moment::of_unix(since.as_secs(), since.subsec_nanos())
}
