//! Counting live: packet threads until time is up, a signal comes, or the interface is gone.

use super::args::BackendArg;
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
/// What stations say of themselves may stand at the end of a frame.
const SNAPLEN_LISTENING: u32 = 2048;

/// Counts what comes in on `interface`, then prints.
pub(super) fn count(job: &Job<'_>, interface: &str, ring_bytes: u32) -> Result<Outcome, CountError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    // The ring filters in the kernel. What libpcap delivers, and of which link type, the meter judges.
    let at_source = job.args.backend != BackendArg::Libpcap;
    let program = if at_source { job.ethernet_program()? } else { None };
    let sources = LiveSource::open(
        interface,
        &LiveOptions {
            backend: job.args.backend.into(),
            ring_bytes: ring_bytes as usize,
            snaplen: if job.args.properties { SNAPLEN_LISTENING } else { SNAPLEN },
            promiscuous: true,
            workers: job.workers,
            filter: program.as_ref(),
        },
    )?;
    let link = sources.first().map_or(LinkType::Ethernet, LiveSource::link);
    if !at_source && job.filter_lacks(interface, link) {
        return Ok(Outcome::Incomplete);
    }
    let deadline = job.args.duration.map(|duration| clock::now() + duration);
    screen::talk(&format!("counting on {interface}; Ctrl-C ends it and prints the result"));
    let meter = || if at_source { job.unfiltered_meter() } else { job.meter() };
    let workers = sources.into_iter().map(|source| (source, meter())).collect();
    let Some((mut meter, counters, outcome)) = run_workers(workers, &Until { stop: &stop, deadline }) else {
        return Ok(Outcome::Incomplete);
    };
    job.print(&mut meter, Source::Interface(interface.to_owned()), |report| {
        report.filtered += counters.filtered;
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

/// One thread for each source and its table; then the union of all. `None` when there is no source.
fn run_workers(
    workers: Vec<(LiveSource, Meter)>,
    until: &Until<'_>,
) -> Option<(Meter, LiveCounters, Outcome)> {
    let finished: Vec<_> = std::thread::scope(|scope| {
        let run = |(source, meter)| scope.spawn(move || run_worker(source, meter, until));
        let threads: Vec<_> = workers.into_iter().map(run).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    finished.into_iter().reduce(|mut whole, mut part| {
        whole.0.unite(&mut part.0);
        whole.1 += part.1;
        (whole.0, whole.1, whole.2.and(part.2))
    })
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
