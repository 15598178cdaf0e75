//! Counting live: packet threads until time is up, a signal comes, or the interface is gone.

use super::count::{CountError, Job, Outcome};
use super::meter::Meter;
use super::report::Source;
use super::screen;
use crate::io::capture::live::{LinkEvent, LiveCounters, LiveError, LiveOptions, LiveSource};
use crate::io::clock;
use crate::model::frame::LinkType;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a packet thread waits for a packet before it looks whether it is to stop.
const POLL: Duration = Duration::from_millis(100);
/// Headers are all that is read; mirrored frames carry two sets of them.
const SNAPLEN: u32 = 256;

/// Counts what comes in on `interface`, then prints.
pub(super) fn count(job: &Job<'_>, interface: &str, ring_bytes: u32) -> Result<Outcome, CountError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let filter = job.filter(LinkType::Ethernet)?;
    let sources = LiveSource::open(
        interface,
        &LiveOptions {
            backend: job.args.backend.into(),
            ring_bytes: ring_bytes as usize,
            snaplen: SNAPLEN,
            promiscuous: true,
            workers: job.workers,
            filter: filter.as_ref(),
        },
    )?;
    let link = sources.first().map_or(LinkType::Ethernet, LiveSource::link);
    let deadline = job.args.duration.map(|duration| clock::now() + duration);
    screen::talk(&format!("counting on {interface}; Ctrl-C ends it and prints the result"));
    let (mut meter, counters, outcome) = run_workers(job, sources, &Until { stop: &stop, deadline });
    job.print(&mut meter, Source::Interface(interface.to_owned()), |report| {
        report.filtered = counters.filtered;
        report.link_types = vec![link.to_string()];
        report.live = Some(counters.into());
    })?;
    Ok(outcome)
}

/// When a packet thread ends.
struct Until<'a> {
    stop: &'a AtomicBool,
    deadline: Option<Instant>,
}

impl Until<'_> {
    fn reached(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| clock::now() >= deadline)
    }

    fn wait(&self) -> Duration {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(clock::now()));
        left.unwrap_or(POLL).min(POLL)
    }
}

/// One thread and one table for each source; then the union of all.
fn run_workers(job: &Job<'_>, sources: Vec<LiveSource>, until: &Until<'_>) -> (Meter, LiveCounters, Outcome) {
    let meters: Vec<_> = sources.iter().map(|_| job.unfiltered_meter()).collect();
    let work = |(source, meter)| run_worker(source, meter, until);
    let finished: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            sources.into_iter().zip(meters).map(|pair| scope.spawn(move || work(pair))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let united = finished.into_iter().reduce(|mut whole, mut part| {
        whole.0.unite(&mut part.0);
        whole.1 += part.1;
        (whole.0, whole.1, whole.2.and(part.2))
    });
    // There is at least one source, and a packet thread that panics ends the program.
    united.unwrap_or_else(|| (job.unfiltered_meter(), LiveCounters::default(), Outcome::Incomplete))
}

fn run_worker(mut source: LiveSource, mut meter: Meter, until: &Until<'_>) -> (Meter, LiveCounters, Outcome) {
    let mut outcome = Outcome::Complete;
    while !until.reached() {
        match source.pump(&mut meter, until.wait()) {
            Ok(progress) => progress.event.into_iter().for_each(tell_event),
            Err(error) => {
                outcome = fail(until, &error);
                break;
            }
        }
    }
    let counters = source.finish(&mut meter).unwrap_or_else(|error| {
        outcome = fail(until, &error);
        source.counters()
    });
    (meter, counters, outcome)
}

/// The first thread that fails says why and ends the others; what was counted is printed all the same.
fn fail(until: &Until<'_>, error: &LiveError) -> Outcome {
    if !until.stop.swap(true, Ordering::Relaxed) {
        screen::talk(&error.to_string());
    }
    Outcome::Incomplete
}

fn tell_event(event: LinkEvent) {
    screen::talk(match event {
        LinkEvent::Down => "the interface went down; waiting for it to come up again",
        LinkEvent::Up => "the interface is up again",
    });
}
