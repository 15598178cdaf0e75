//! Tells others what happens: syslog, webhooks, mail, each receiver with a bounded queue and a thread of its own.
//!
//! ```text
//! keeper, desk ── tell ──▶ one outbox a receiver ──▶ its thread ──▶ syslog, webhook or mail; again after a while
//! ```
//!
//! What must hold: telling costs a moment under a lock and never waits for a receiver; a full queue loses its oldest, and
//! that is counted; a receiver that fails is tried again with growing waits, and named once in the log.

pub mod config;
mod door;

pub use config::{Notify, NotifyError};

use crate::engine::backoff::Backoff;
use crate::engine::notify::{Figures, Notification, Origin, Outbox, Severity};
use crate::io::{clock, random, whole_file};
use door::{Door, Fault};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What waits for one receiver at most.
const WAITING_MAX: usize = 1000;
/// The bound of the wait after the first failure, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The way to all receivers. Without any, telling does nothing.
#[derive(Clone, Default)]
pub(crate) struct Notifier(Arc<[Arc<Post>]>);

/// One receiver's queue.
struct Post {
    to: String,
    least: Severity,
    outbox: Mutex<Outbox>,
    more: Condvar,
}

impl Notifier {
    /// Starts a thread for each receiver. They end with the program.
    pub(crate) fn start(config: &Notify, program: &'static str) -> Result<Self, NotifyError> {
        let origin = Arc::new(Origin { program, host: host(config) });
        let doors = config.doors(&origin)?;
        let posts = doors.into_iter().map(|(least, door)| post(least, door)).collect::<Result<_, _>>()?;
        Ok(Self(posts))
    }

    /// Tells all who want to hear of something as bad as this.
    pub(crate) fn tell(&self, told: &Notification) {
        for post in self.0.iter().filter(|post| told.severity() >= post.least) {
            post.outbox().put(told.clone());
            post.more.notify_one();
        }
    }

    /// How each receiver is served.
    pub(crate) fn figures(&self) -> Vec<Figures> {
        self.0.iter().map(|post| post.outbox().figures(&post.to)).collect()
    }
}

fn post(least: Severity, door: Door) -> Result<Arc<Post>, NotifyError> {
    let (outbox, more) = (Mutex::new(Outbox::new(WAITING_MAX)), Condvar::new());
    let post = Arc::new(Post { to: door.to_string(), least, outbox, more });
    let its = Arc::clone(&post);
    let thread = std::thread::Builder::new().name("notify".to_owned());
    thread.spawn(move || work(&its, door)).map_err(NotifyError::Thread)?;
    Ok(post)
}

fn work(post: &Post, mut door: Door) {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    // Names what is sent among all runs; without randomness the time does.
    let run = random::key().map_or_else(|_| clock::both().wall.millis(), |[run, _]| run);
    loop {
        let (number, told) = post.next();
        match door.send(&told, &format!("{run:016x}-{number}")) {
            Ok(()) => {
                post.sent(number);
                backoff.succeeded(clock::both().ticks);
            }
            Err(Fault::Never(why)) => {
                tracing::warn!(to = post.to, why, "a notification was refused, and is left out");
                post.outbox().refused(number);
            }
            Err(Fault::Later(why)) => {
                post.failed(&why);
                let now = clock::both().ticks;
                // Without randomness the longest wait is taken.
                let bits = random::key().map_or(u64::MAX, |[bits, _]| bits);
                std::thread::sleep(backoff.failed(bits, now).since(now));
            }
        }
    }
}

impl Post {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> (u64, Notification) {
        let mut outbox = self.outbox();
        loop {
            if let Some(first) = outbox.first() {
                return first;
            }
            outbox = self.more.wait(outbox).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn sent(&self, number: u64) {
        let mut outbox = self.outbox();
        if outbox.is_failing() {
            tracing::info!(to = self.to, "notifications go out again");
        }
        outbox.sent(number);
    }

    fn failed(&self, why: &str) {
        if self.outbox().failed(why.to_owned()) {
            tracing::warn!(to = self.to, why, "notifications do not go out; it is tried again");
        }
    }
}

/// The machine's name, as configured or as the kernel has it.
fn host(config: &Notify) -> String {
    let kernel = || {
        let name = whole_file::read(Path::new("/proc/sys/kernel/hostname"), 256).unwrap_or_default();
        String::from_utf8_lossy(&name).trim().to_owned()
    };
    config.host.clone().unwrap_or_else(kernel)
}
