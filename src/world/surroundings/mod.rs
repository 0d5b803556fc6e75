//! What surrounds a machine: asks time servers, name servers, places and neighbours. `preflight` says what answers mean.

mod link;
mod name_server;
mod ping;
mod place;
mod time_server;

use std::net::SocketAddr;
use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Failure;
use super::inputs::read_at_most;
use super::registry;
use super::registry::Wire;
use super::remote::Place;
use super::remote::Said;
use super::remote::Trouble;
use super::remote::run_script;
use crate::document::Sourced;
use crate::preflight::Endpoint;
use crate::preflight::Errand;
use crate::preflight::Observed;
use crate::preflight::SURROUNDINGS_SCRIPT;
use crate::preflight::Surroundings;
use crate::preflight::TimeTrouble;
use crate::preflight::name_servers_of;

/// How many are asked at a time.
const CONCURRENCY: usize = 16;
/// How many addresses of one name are tried.
const MAX_ADDRESSES: usize = 4;
/// How long the look on a machine may take.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(180);
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// What systemd-resolved itself asks, where the file above only names systemd-resolved.
const RESOLVED_CONF: &str = "/run/systemd/resolve/resolv.conf";
/// The largest `resolv.conf`.
const MAX_RESOLV_BYTES: u64 = 1 << 20;

/// How the surroundings are asked.
#[derive(Clone, Debug)]
pub struct AskingAround {
    /// How long one answer may take.
    pub timeout: Duration,
    /// A file with authorities to trust beside those of this system.
    pub authorities: Option<PathBuf>,
}

/// Looks at what surrounds a machine, from here.
///
/// # Errors
/// If the file of authorities is of no use.
pub fn look_around(wanted: &Surroundings, asking: &AskingAround) -> Result<Observed, Failure> {
    let authorities = match &asking.authorities {
        Some(path) => registry::authorities(path)?,
        None => Vec::new(),
    };
    let (wire, timeout) = (Wire::new(authorities, asking.timeout), asking.timeout);
    let mut seen = Observed {
        time: each(&wanted.time_servers, |server| time_server::ask(server, timeout)),
        names: each(&wanted.name_servers, |server| name_server::ask(server, &wanted.names, timeout)),
        places: each(&wanted.places, |place| place::ask(place, &wire, timeout)),
        addresses: each(&wanted.addresses, |address| link::look_for(address, timeout)),
        gateways: each(&wanted.gateways, |(gateway, mtu)| link::look_at_gateway(gateway, *mtu, timeout)),
        ..Observed::default()
    };
    // Where NTP is shut, whoever speaks HTTP tells the time too, to a second.
    let is_silent = |told: &Result<_, TimeTrouble>| {
        matches!(told, Err(TimeTrouble::Silent | TimeTrouble::Unreachable(_)))
    };
    if seen.time.iter().any(|one| is_silent(&one.told)) {
        seen.dated = each(&wanted.places, |place| place::date(place, &wire)).into_iter().flatten().collect();
    }
    Ok(seen)
}

/// Lets the machine itself ask, by a script.
///
/// # Errors
/// If nobody answers there, or not to the end.
pub fn ask_on_machine(
    place: Place<'_>,
    wanted: &Surroundings,
    asking: &AskingAround,
) -> Result<Observed, Trouble> {
    let errand = Errand::new(wanted, asking.timeout, cookie);
    let settings = errand.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = run_script(place, SURROUNDINGS_SCRIPT, &settings, SCRIPT_TIMEOUT)?;
    Ok(errand.read(said.iter().map(|Said { word, rest }| (word.as_str(), rest.as_str()))))
}

/// The name servers that this system asks.
pub fn own_name_servers() -> Vec<Sourced<Endpoint>> {
    let read = |path: &str| {
        let bytes = read_at_most(Path::new(path), MAX_RESOLV_BYTES).unwrap_or_default();
        name_servers_of(path, &String::from_utf8_lossy(&bytes))
    };
    let found = read(RESOLV_CONF);
    // What listens at 127.0.0.53 asks others, and hides what they say.
    let is_resolved = found.iter().any(|server| server.value.host == "127.0.0.53");
    let behind = if is_resolved { read(RESOLVED_CONF) } else { Vec::new() };
    if behind.is_empty() { found } else { behind }
}

/// Asks for each, several at a time; what comes is in their order.
fn each<T: Sync, R: Send>(wanted: &[T], ask: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut seen: Vec<(usize, R)> = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONCURRENCY.min(wanted.len()))
            .map(|_| {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = wanted.get(index) else { return own };
                        own.push((index, ask(one)));
                    }
                })
            })
            .collect();
        seen = workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect();
    });
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, one)| one).collect()
}

/// The addresses of a host, IPv4 first; none if nobody knows it.
fn resolve(endpoint: &Endpoint, port: u16) -> Vec<SocketAddr> {
    let found = (endpoint.host.as_str(), endpoint.port.unwrap_or(port)).to_socket_addrs();
    let mut found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.truncate(MAX_ADDRESSES);
    found
}

/// An address of this machine to ask `to` from: any, with any port.
fn from_any(to: SocketAddr) -> SocketAddr {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    any.parse().unwrap_or(to)
}

/// What the system says of a failure, in small letters.
fn plain(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Bytes that nobody can guess; if the kernel has none, there is no answer to be had.
fn cookie() -> [u8; 8] {
    let mut bytes = [0; 8];
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    bytes
}
