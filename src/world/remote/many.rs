//! Many machines at once, a bounded number at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

use super::Look;
use super::Seen;
use super::Ssh;
use super::Trouble;
use super::answer;
use super::seen;
use crate::value::SshDestination;
use crate::verify::Manifest;
use crate::world::Failure;
use crate::world::failure::plain;
use crate::world::rehearse::interruption;

/// Looking takes little: most of the time it is waiting.
const STACK_BYTES: usize = 512 << 10;
/// The files that one look has open, while it starts.
const FILES_A_LOOK: u64 = 10;

/// Looks at each of `machines`, at most `parallel` at a time; `judge` makes of each what is kept of it, as soon as
/// it is there, and `done` hears of it with its number.
pub fn look_at_all<T: Send>(
    ssh: &Ssh,
    machines: &[(&SshDestination, &Manifest)],
    how: &Look,
    parallel: usize,
    judge: &(dyn Fn(usize, Result<Seen, Trouble>) -> T + Sync),
    done: &mut dyn FnMut(usize, T),
) -> Result<(), Failure> {
    let workers = parallel.min(machines.len());
    allow_files(workers as u64 * FILES_A_LOOK + 64);
    let next = AtomicUsize::new(0);
    let turns = Mutex::new(());
    let (sender, results) = mpsc::channel();
    let work = |sender: &mpsc::Sender<(usize, T)>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((destination, manifest)) = machines.get(number) else { return };
            let answer = answer(ssh, destination, manifest, how);
            // One after the other: a record takes many times the room of its text.
            let turn = turns.lock().unwrap_or_else(PoisonError::into_inner);
            let judged = judge(number, answer.and_then(|lines| seen(destination, lines)));
            drop(turn);
            if sender.send((number, judged)).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let work = &work;
            let started = std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || work(&sender));
            if let Err(cause) = started {
                // Those that did start do the work of the others; without any there is none.
                if next.load(Ordering::Relaxed) == 0 {
                    let message = format!("failed to look at many at once: {}", plain(&cause));
                    return Err(Failure::surroundings(message, "look at fewer with `--parallel N`"));
                }
                break;
            }
        }
        drop(sender);
        for (number, judged) in results {
            done(number, judged);
        }
        if interruption().load(Ordering::Relaxed) {
            return Err(Failure::surroundings("interrupted", "nothing was left running"));
        }
        Ok(())
    })
}

/// Each look holds some pipes: the limit that a shell sets is often 1024 files, and may be raised.
fn allow_files(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let current = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        // If that is refused, looks fail aloud.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    }
}
