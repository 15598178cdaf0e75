//! A lane on an interface: the first worker opens the sources of all, and again when the interface comes back.

use super::Plan;
use super::teller::Teller;
use crate::io::capture::live::{LinkEvent, LiveCounters, LiveError, LiveOptions, LiveSource};
use crate::io::clock;
use crate::model::message::LinkState;
use crossbeam_channel::{Receiver, Sender};
use std::time::{Duration, Instant};

/// How long a packet thread waits for a packet before it looks after other things.
const POLL: Duration = Duration::from_millis(100);
/// Headers, of mirrored frames two sets, and behind them what most stations say of themselves: a host's name in DHCP
/// comes after 282 bytes.
const SNAPLEN: u32 = 640;
/// Pauses between attempts to open an interface.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// The first worker of an interface.
pub(super) fn lead(plan: &Plan, followers: &[Sender<LiveSource>], mut teller: Teller) {
    let mut retry = Retry { due: clock::now(), pause: RETRY_MIN };
    let mut worker = Worker::default();
    while teller.turn() {
        if worker.source.is_some() {
            if worker.pump(&mut teller) {
                retry.pause = RETRY_MIN;
            } else {
                retry.put_off();
            }
        } else if clock::now() >= retry.due {
            match open(plan, followers) {
                Ok(source) => worker.begin(source, &mut teller),
                Err(error) => {
                    retry.put_off();
                    missing(&error, &mut teller);
                }
            }
        } else {
            teller.wait(POLL);
        }
    }
    worker.end(teller);
}

/// Another worker of the same interface.
pub(super) fn follow(handed: &Receiver<LiveSource>, mut teller: Teller) {
    let mut worker = Worker::default();
    while teller.turn() {
        if worker.source.is_some() {
            worker.pump(&mut teller);
        } else {
            match handed.try_recv() {
                Ok(source) => worker.begin(source, &mut teller),
                Err(_) => teller.wait(POLL),
            }
        }
    }
    worker.end(teller);
}

struct Retry {
    due: Instant,
    pause: Duration,
}

impl Retry {
    fn put_off(&mut self) {
        self.due = clock::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_MAX);
    }
}

/// Opens a source for every worker and hands out those of the others.
fn open(plan: &Plan, followers: &[Sender<LiveSource>]) -> Result<LiveSource, LiveError> {
    let sources = LiveSource::open(
        &plan.name,
        &LiveOptions {
            backend: plan.backend,
            ring_bytes: plan.ring_bytes,
            snaplen: SNAPLEN,
            promiscuous: true,
            workers: followers.len() + 1,
            filter: plan.program.as_ref(),
        },
    )?;
    let mut sources = sources.into_iter();
    let first = sources
        .next()
        .ok_or_else(|| LiveError::NoSuchInterface { interface: plan.name.clone(), present: String::new() });
    for (source, follower) in sources.zip(followers) {
        // One that still holds a source that broke takes this one next.
        let _ = follower.try_send(source);
    }
    first
}

fn missing(error: &LiveError, teller: &mut Teller) {
    let link = if matches!(error, LiveError::Down { .. }) { LinkState::Down } else { LinkState::Lost };
    teller.source.stands(link, Some(error.to_string()));
    teller.show_now();
}

/// A source, and what those before it counted.
#[derive(Default)]
struct Worker {
    source: Option<LiveSource>,
    closed: LiveCounters,
}

impl Worker {
    fn begin(&mut self, source: LiveSource, teller: &mut Teller) {
        self.source = Some(source);
        teller.source.stands(LinkState::Up, None);
        teller.show_now();
    }

    /// Takes what packets there are; false when the source broke, which closes it.
    fn pump(&mut self, teller: &mut Teller) -> bool {
        let Some(source) = &mut self.source else { return false };
        match source.pump(&mut teller.meter, POLL) {
            Ok(progress) => {
                teller.source.counters = self.closed;
                teller.source.counters += source.counters();
                if let Some(event) = progress.event {
                    note(event, teller);
                }
                true
            }
            Err(error) => {
                self.close(teller);
                missing(&error, teller);
                false
            }
        }
    }

    fn close(&mut self, teller: &mut Teller) {
        if let Some(mut source) = self.source.take() {
            // A source that no longer answers has said all that it will.
            self.closed += source.finish(&mut teller.meter).unwrap_or_else(|_| source.counters());
            teller.source.counters = self.closed;
        }
    }

    fn end(mut self, mut teller: Teller) {
        self.close(&mut teller);
        teller.finish();
    }
}

fn note(event: LinkEvent, teller: &mut Teller) {
    match event {
        LinkEvent::Down => teller.source.stands(LinkState::Down, Some("the interface went down".to_owned())),
        LinkEvent::Up => teller.source.stands(LinkState::Up, None),
    }
    teller.show_now();
}
