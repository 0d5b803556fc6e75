//! Finds the largest packet that comes back from a neighbour, without letting anybody cut it (RFC 792, RFC 4443).

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;
use std::time::Instant;

use rustix::net::AddressFamily;
use rustix::net::RecvFlags;
use rustix::net::SendFlags;
use rustix::net::SocketType;
use rustix::net::ipproto;
use rustix::net::sockopt;

use super::cookie;
use super::plain;

/// How often a packet of one size is sent.
const TRIES: u32 = 3;
/// How many packets of others are passed over.
const MAX_PACKETS: usize = 64;
/// What every network must carry.
const LEAST_V4: u32 = 576;
const LEAST_V6: u32 = 1280;
/// The least time that a packet is waited for, when it is known how long others take.
const LEAST_PATIENCE: Duration = Duration::from_millis(200);

/// The size in bytes of the largest packet that comes back, with all headers; no more than `wanted` is tried.
///
/// # Errors
/// Why nobody can tell.
pub(super) fn largest(to: IpAddr, wanted: u32, timeout: Duration) -> Result<u32, String> {
    let socket = open(to).map_err(|cause| match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            "pings may not be sent from here: see `net.ipv4.ping_group_range`, or look as root".to_owned()
        }
        _ => format!("pings cannot be sent: {}", plain(&cause)),
    })?;
    let least = if to.is_ipv4() { LEAST_V4 } else { LEAST_V6 };
    if comes_back(&socket, to, wanted, timeout / TRIES)?.is_some() {
        return Ok(wanted);
    }
    let Some(took) = comes_back(&socket, to, least.min(wanted), timeout / TRIES)? else {
        return Err("it answers no pings".to_owned());
    };
    let patience = (took * 4).clamp(LEAST_PATIENCE, timeout.max(LEAST_PATIENCE));
    let (mut good, mut bad) = (least.min(wanted), wanted);
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        match comes_back(&socket, to, middle, patience)? {
            Some(_) => good = middle,
            None => bad = middle,
        }
    }
    Ok(good)
}

/// A socket for pings: where any user may send them, and else as root.
fn open(to: IpAddr) -> io::Result<OwnedFd> {
    let (family, protocol) = match to {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    let socket = rustix::net::socket(family, SocketType::DGRAM, Some(protocol))
        .or_else(|_| rustix::net::socket(family, SocketType::RAW, Some(protocol)))?;
    // Nobody may cut it, and what the kernel learned of the way before does not count.
    match to {
        IpAddr::V4(_) => sockopt::set_ip_mtu_discover(&socket, sockopt::Ipv4PathMtuDiscovery::PROBE)?,
        IpAddr::V6(_) => sockopt::set_ipv6_mtu_discover(&socket, sockopt::Ipv6PathMtuDiscovery::PROBE)?,
    }
    rustix::net::connect(&socket, &SocketAddr::new(to, 0))?;
    Ok(socket)
}

/// How long a packet of this size takes, if it comes back.
fn comes_back(
    socket: &OwnedFd,
    to: IpAddr,
    size: u32,
    patience: Duration,
) -> Result<Option<Duration>, String> {
    for number in 0..TRIES {
        let cookie = cookie();
        let packet = question(to, size, number, cookie);
        match rustix::net::send(socket, &packet, SendFlags::empty()) {
            Ok(_) => {}
            Err(rustix::io::Errno::MSGSIZE) => return Ok(None),
            Err(cause) => return Err(format!("pings cannot be sent: {}", plain(&cause.into()))),
        }
        if let Some(took) = hear(socket, size, cookie, patience) {
            return Ok(Some(took));
        }
    }
    Ok(None)
}

fn hear(socket: &OwnedFd, size: u32, cookie: [u8; 8], patience: Duration) -> Option<Duration> {
    let begun = Instant::now();
    let mut bytes = vec![0; size as usize + 128];
    for _ in 0..MAX_PACKETS {
        let left = patience.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return None;
        }
        sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, Some(left)).ok()?;
        let (length, _) = rustix::net::recv(socket, &mut bytes[..], RecvFlags::empty()).ok()?;
        if is_answer(bytes.get(..length).unwrap_or_default(), cookie) {
            return Some(begun.elapsed());
        }
    }
    None
}

/// An echo request; with all headers it has `size` bytes.
fn question(to: IpAddr, size: u32, number: u32, cookie: [u8; 8]) -> Vec<u8> {
    let (kind, head) = if to.is_ipv4() { (8, 20) } else { (128, 40) };
    let mut packet = vec![0_u8; (size.saturating_sub(head) as usize).max(16)];
    let [low, ..] = number.to_le_bytes();
    let start = [kind, 0, 0, 0, 0x0c, 0x07, 0, low];
    for (byte, value) in packet.iter_mut().zip(start.into_iter().chain(cookie)) {
        *byte = value;
    }
    // The kernel makes the one of IPv6 itself: addresses are part of it.
    if to.is_ipv4() {
        let [one, two] = checksum(&packet).to_be_bytes();
        for (byte, value) in packet.iter_mut().skip(2).zip([one, two]) {
            *byte = value;
        }
    }
    packet
}

/// True for an echo reply with the cookie; a raw socket gives the header of IPv4 too.
fn is_answer(bytes: &[u8], cookie: [u8; 8]) -> bool {
    let header = match bytes.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 15) * 4,
        _ => 0,
    };
    let echo = bytes.get(header..).unwrap_or_default();
    matches!(echo.first(), Some(0 | 129)) && echo.get(8..16) == Some(&cookie)
}

/// The checksum of the Internet (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([
            pair.first().copied().unwrap_or_default(),
            pair.get(1).copied().unwrap_or_default(),
        ]));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::checksum;
    use super::is_answer;
    use super::question;

    #[test]
    fn a_question_has_the_size_and_a_right_checksum() {
        let packet = question("10.0.0.1".parse().unwrap(), 1500, 1, *b"01234567");
        assert_eq!((packet.len(), checksum(&packet)), (1480, 0));
        assert_eq!(question("fd00::1".parse().unwrap(), 1500, 1, *b"01234567").len(), 1460);
    }

    #[test]
    fn knows_its_own_answer() {
        let mut packet = question("10.0.0.1".parse().unwrap(), 100, 1, *b"01234567");
        assert!(!is_answer(&packet, *b"01234567"), "it is the question");
        packet[0] = 0;
        assert!(is_answer(&packet, *b"01234567"));
        assert!(!is_answer(&packet, *b"76543210"));
        let raw = [&[0x45; 1][..], &[0; 19], &packet].concat();
        assert!(is_answer(&raw, *b"01234567"));
        for length in 0..16 {
            assert!(!is_answer(&packet[..length], *b"01234567"));
        }
    }
}
