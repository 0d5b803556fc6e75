//! Asks a name server.

use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::time::Duration;
use std::time::Instant;

use super::cookie;
use super::from_any;
use super::plain;
use super::resolve;
use crate::document::Sourced;
use crate::preflight::Endpoint;
use crate::preflight::NameAnswer;
use crate::preflight::NameQuestion;
use crate::preflight::NameRecord;
use crate::preflight::NameServerSeen;
use crate::preflight::name_question;
use crate::preflight::read_name_answer;

const PORT: u16 = 53;
/// How often a question is asked, as the C library does.
const TRIES: u32 = 2;
/// How many answers to one question are read.
const MAX_ANSWERS: usize = 16;

/// Asks a server all questions. One that is silent from the beginning is asked no more.
pub(super) fn ask(
    server: &Sourced<Endpoint>,
    questions: &[NameQuestion],
    timeout: Duration,
) -> NameServerSeen {
    let address = resolve(&server.value, PORT).into_iter().next();
    let mut gone: Option<NameAnswer> = None;
    let mut has_answered = false;
    let mut one = |record: &NameRecord| {
        if let Some(gone) = &gone {
            return gone.clone();
        }
        let answer = match address {
            Some(address) => at(address, record, timeout),
            None => NameAnswer::Unreachable("its name cannot be resolved".to_owned()),
        };
        let is_gone = matches!(answer, NameAnswer::Silent | NameAnswer::Unreachable(_));
        has_answered |= !is_gone;
        gone = (is_gone && !has_answered).then(|| answer.clone());
        answer
    };
    let answers =
        questions.iter().map(|question| question.records().iter().map(&mut one).collect()).collect();
    NameServerSeen { server: server.clone(), answers }
}

fn at(address: SocketAddr, record: &NameRecord, timeout: Duration) -> NameAnswer {
    for _ in 0..TRIES {
        match by_udp(address, record, timeout) {
            Ok(NameAnswer::Truncated) => {
                return by_tcp(address, record, timeout)
                    .unwrap_or_else(|cause| NameAnswer::NoTcp(plain(&cause)));
            }
            Ok(answer) => return answer,
            Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(cause) => return NameAnswer::Unreachable(plain(&cause)),
        }
    }
    NameAnswer::Silent
}

fn by_udp(address: SocketAddr, record: &NameRecord, timeout: Duration) -> io::Result<NameAnswer> {
    let (id, question) = question(record)?;
    let socket = UdpSocket::bind(from_any(address))?;
    socket.connect(address)?;
    let begun = Instant::now();
    socket.send(&question)?;
    let mut bytes = vec![0; 4096];
    for _ in 0..MAX_ANSWERS {
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(left))?;
        let length = socket.recv(&mut bytes)?;
        if let Some(answer) = read_name_answer(id, record, bytes.get(..length).unwrap_or_default()) {
            return Ok(answer);
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// The same over a stream, where two bytes with the length come first (RFC 1035, section 4.2.2).
fn by_tcp(address: SocketAddr, record: &NameRecord, timeout: Duration) -> io::Result<NameAnswer> {
    let (id, question) = question(record)?;
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let length = u16::try_from(question.len()).unwrap_or_default().to_be_bytes();
    stream.write_all(&[&length[..], &question].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    let (begun, mut at) = (Instant::now(), 0);
    // Who sends a byte at a time must not hold us for longer.
    while at < bytes.len() {
        let read = stream.read(bytes.get_mut(at..).unwrap_or_default())?;
        at += read;
        if read == 0 || begun.elapsed() > timeout {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ends too early"));
        }
    }
    let answer = read_name_answer(id, record, &bytes);
    Ok(answer.unwrap_or_else(|| NameAnswer::Garbage("it answers another question".to_owned())))
}

fn question(record: &NameRecord) -> io::Result<(u16, Vec<u8>)> {
    let [one, two, ..] = cookie();
    let id = u16::from_be_bytes([one, two]);
    let question = name_question(id, record);
    question.map(|question| (id, question)).ok_or_else(|| ErrorKind::InvalidInput.into())
}
