//! Getting a file whole: from the place where it broke off, from another place if need be, and in the end or not at all.

use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use reqwest::StatusCode;
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::CONTENT_LENGTH;
use reqwest::header::CONTENT_RANGE;
use reqwest::header::ETAG;
use reqwest::header::HeaderName;
use reqwest::header::IF_RANGE;
use reqwest::header::LAST_MODIFIED;
use reqwest::header::RANGE;

use super::super::Failure;
use super::super::disk_files::free_bytes;
use super::FetchStep;
use super::client::Http;
use super::client::Trouble;
use super::client::header;
use super::part::Part;
use super::part::State;
use super::part::no_room;
use crate::catalog::Checksum;

/// How much of unknown length comes before the room is looked at again.
const ROOM_BYTES: u64 = 64 << 20;

/// What is to be got.
pub(super) struct Job<'a> {
    /// What people call it.
    pub(super) file: &'a str,
    /// Where it is: each is asked in turn.
    pub(super) urls: &'a [Url],
    /// Where it goes.
    pub(super) part: &'a Path,
    /// What it must be, if that is known.
    pub(super) checksums: &'a [Checksum],
}

/// Gets a file, or says why not. What came is kept if one can go on with it.
pub(super) fn download(
    http: &Http,
    job: &Job<'_>,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<Part, Failure> {
    let mut part = Part::open(job.part, job.checksums)?;
    let mut places: Vec<&Url> = job.urls.iter().collect();
    let (mut failed, mut slow, mut furthest) = (0, 0, part.have);
    let mut refusal = None;
    loop {
        let Some(url) = places.first().copied() else {
            return Err(Failure::bug("there was no place to download from"));
        };
        let trouble = match attempt(http, job, url, &mut part, tell) {
            Ok(()) => return Ok(part),
            Err(trouble) => trouble,
        };
        // Who gets on may fail as often as he likes.
        if part.have >= furthest.saturating_add(http.limits.progress_bytes) {
            (failed, furthest) = (0, part.have);
        }
        failed += 1;
        let mut wait = http.limits.wait(failed - 1);
        let why = match trouble {
            Trouble::Here(failure) => {
                put_away(part);
                return Err(failure);
            }
            Trouble::Refused { why, is_missing } => {
                places.remove(0);
                let said = format!("{why}; another place is asked");
                // What the first place says is what counts.
                let refusal = refusal.get_or_insert(refused(why, is_missing));
                if places.is_empty() {
                    put_away(part);
                    return Err(refusal.clone());
                }
                tell(FetchStep::Goes(&said));
                continue;
            }
            Trouble::Changed { why } => {
                part.begin_again()?;
                why
            }
            Trouble::Slow { why } => {
                slow += 1;
                why
            }
            Trouble::Passing { why, after } => {
                wait = after.unwrap_or(wait);
                why
            }
        };
        if failed >= http.limits.tries || slow >= http.limits.slow_tries {
            return Err(given_up(why, part));
        }
        tell(FetchStep::Goes(&format!("{why}; tried again in {:.0} s", wait.as_secs_f32().ceil())));
        std::thread::sleep(wait);
        places.rotate_left(1);
    }
}

/// One connection: from where we are to the end, or to what goes wrong.
fn attempt(
    http: &Http,
    job: &Job<'_>,
    url: &Url,
    part: &mut Part,
    tell: &mut dyn FnMut(FetchStep<'_>),
) -> Result<(), Trouble> {
    let headers = match resumption(part, url) {
        Some(headers) => headers,
        None => {
            part.begin_again().map_err(Trouble::Here)?;
            Vec::new()
        }
    };
    let mut response = http.get(url, &headers)?;
    let length = match response.status() {
        StatusCode::OK => {
            if part.have > 0 {
                part.begin_again().map_err(Trouble::Here)?;
            }
            header(response.headers(), &CONTENT_LENGTH).and_then(|length| length.parse().ok())
        }
        StatusCode::PARTIAL_CONTENT => Some(rest(&response, url, part)?),
        // There is nothing after the end: it is here already.
        StatusCode::RANGE_NOT_SATISFIABLE
            if part.state.as_ref().and_then(|state| state.length) == Some(part.have) =>
        {
            return Ok(());
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            return Err(Trouble::Changed { why: format!("`{url}` is shorter than what came of it") });
        }
        status => {
            let why = format!("`{url}`: the server says {status}");
            return Err(Trouble::Refused { why, is_missing: false });
        }
    };
    let mark = |name: &HeaderName| header(response.headers(), name).map(str::to_owned);
    part.describe(State {
        url: url.to_string(),
        // A weak one says that the file means the same, not that it is the same.
        etag: mark(&ETAG).filter(|etag| etag.starts_with('"')),
        last_modified: mark(&LAST_MODIFIED),
        length,
        checksums: job.checksums.to_vec(),
    })
    .map_err(Trouble::Here)?;
    let folder = job.part.parent().unwrap_or(Path::new("/"));
    let most = http.limits.most_bytes;
    if let Some(length) = length {
        if length > most {
            return Err(too_large(url, most));
        }
        let (left, free) = (length - part.have.min(length), free_bytes(folder).unwrap_or(u64::MAX));
        if left > free {
            let message = format!("`{}` needs {left} bytes more, and {free} are free in the cache", job.file);
            let failure = no_room(job.part);
            return Err(Trouble::Here(Failure { message, ..failure }));
        }
    }
    tell(FetchStep::Begins { file: job.file, have_bytes: part.have, total_bytes: length });
    let mut buffer = vec![0; 256 << 10];
    let (mut since, mut before, mut looked) = (Instant::now(), part.have, part.have);
    loop {
        let read = response.read(&mut buffer).map_err(|cause| http.of_reading(url, &cause))?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        if part.have + read as u64 > length.unwrap_or(most) {
            return Err(too_large(url, length.unwrap_or(most)));
        }
        part.append(piece).map_err(Trouble::Here)?;
        tell(FetchStep::At { have_bytes: part.have });
        if length.is_none() && part.have - looked > ROOM_BYTES {
            looked = part.have;
            if free_bytes(folder).unwrap_or(u64::MAX) < 2 * ROOM_BYTES {
                return Err(Trouble::Here(no_room(job.part)));
            }
        }
        let passed = since.elapsed();
        if passed >= http.limits.window {
            let came = part.have - before;
            if came < http.limits.least_bytes {
                let why =
                    format!("`{url}`: {came} bytes came in {:.1} s, which is too slow", passed.as_secs_f32());
                return Err(Trouble::Slow { why });
            }
            (since, before) = (Instant::now(), part.have);
        }
    }
    match length {
        Some(length) if part.have < length => {
            let why = format!("`{url}` ended after {} of {length} bytes", part.have);
            Err(Trouble::Passing { why, after: None })
        }
        _ => Ok(()),
    }
}

/// What to ask for, to go on where it broke off; nothing if one must begin again.
fn resumption(part: &Part, url: &Url) -> Option<Vec<(HeaderName, String)>> {
    if part.have == 0 {
        return Some(Vec::new());
    }
    let state = part.state.as_ref()?;
    let mut headers = vec![(RANGE, format!("bytes={}-", part.have))];
    let mark = state.etag.as_ref().or(state.last_modified.as_ref());
    match (state.url == url.as_str(), mark) {
        // The server sends the whole file instead if it is another by now.
        (true, Some(mark)) => headers.push((IF_RANGE, mark.clone())),
        // Another server's marks are its own; but if the digest is known, nothing can go wrong unnoticed.
        _ if !state.checksums.is_empty() && state.length.is_some() => {}
        _ => return None,
    }
    Some(headers)
}

/// The whole length, if an answer goes on exactly where we are.
fn rest(response: &Response, url: &Url, part: &mut Part) -> Result<u64, Trouble> {
    let told = header(response.headers(), &CONTENT_RANGE).unwrap_or_default();
    let wrong = || Trouble::Changed {
        why: format!("`{url}`: the server goes on at `{}` instead of {}", told.escape_default(), part.have),
    };
    let range = told.strip_prefix("bytes ").and_then(|range| range.split_once('/')).ok_or_else(wrong)?;
    let (first, last) = range.0.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let (first, last, total) = (number(first)?, number(last)?, number(range.1)?);
    if first != part.have || last.checked_add(1) != Some(total) {
        return Err(wrong());
    }
    let state = part.state.as_ref();
    let is_same_place = state.is_some_and(|state| state.url == url.as_str());
    let same_mark = !is_same_place
        || match (state.and_then(|state| state.etag.as_deref()), header(response.headers(), &ETAG)) {
            (Some(before), Some(now)) => before == now,
            _ => true,
        };
    if !same_mark || state.and_then(|state| state.length).is_some_and(|length| length != total) {
        return Err(Trouble::Changed { why: format!("`{url}` is another file by now") });
    }
    part.is_pieced = true;
    Ok(total)
}

fn too_large(url: &Url, most: u64) -> Trouble {
    Trouble::Refused { why: format!("`{url}` sends more than {most} bytes"), is_missing: false }
}

pub(super) fn refused(why: String, is_missing: bool) -> Failure {
    match is_missing {
        true => {
            Failure::input(why, "see whether the name or URL is right; `cotter fetch --list` shows the names")
        }
        false => {
            let hint = "see whether the address is right and the network lets it through, or download it yourself \
                        and name its path";
            Failure::surroundings(why, hint)
        }
    }
}

/// Says that it is over, and whether the next try goes on from here.
fn given_up(why: String, part: Part) -> Failure {
    match put_away(part) {
        0 => Failure::surroundings(why, "try again later, and see whether the network is there"),
        bytes => {
            let hint =
                format!("try again later: the {bytes} bytes that came are kept, and it goes on from there");
            Failure::surroundings(why, hint)
        }
    }
}

/// Keeps what came if one can go on with it, and takes it away if not; gives how many bytes stay.
fn put_away(part: Part) -> u64 {
    let can_go_on = part.state.as_ref().is_some_and(|state| {
        let is_marked = state.etag.is_some() || state.last_modified.is_some();
        is_marked || (!state.checksums.is_empty() && state.length.is_some())
    });
    let have = if can_go_on { part.have } else { 0 };
    if have == 0 {
        part.remove();
    }
    have
}
