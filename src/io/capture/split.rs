//! One mapped file read by several workers, with exactly the sequential reader's frames.
//!
//! A chain of records cannot be entered in the middle for certain, so each worker but the first starts at a guess
//! ([`boundary`](super::boundary)) and none waits for another. Afterwards the guesses are verified from the front:
//! part `i + 1` counts if part `i` counts, ended at the very byte where `i + 1` began, and had learned just what
//! `i + 1` was told. By induction the parts that count are the sequential reading. From the first guess that fails
//! on, the work is thrown away and the rest read sequentially: at worst everything is read twice.

use super::FrameSink;
use super::boundary::Splittable;
use super::error::Ending;
use super::mapped::walk;
use super::progress::Progress;
use std::ops::Range;
use std::thread::{Builder, ScopedJoinHandle, scope};

/// What reading a part came to.
struct Part<P, S> {
    start: usize,
    parser: P,
    sink: S,
    /// Where it ended: at the first record that begins behind the part, or before that.
    at: usize,
    ending: Ending,
}

/// Reads `bytes` from `start` on with up to `workers` threads. Returns the sinks that together got each frame once,
/// in the order of the file, and the parser as it is at the end.
pub(super) fn read_split<P: Splittable, S: FrameSink + Send>(
    parser: &P,
    bytes: &[u8],
    start: usize,
    workers: usize,
    make_sink: &(impl Fn() -> S + Sync),
    progress: &Progress,
) -> (Vec<S>, P, Ending) {
    let mut origin = parser.clone();
    let front = start + origin.prologue(&bytes[start..]);
    progress.add((front - start) as u64);
    let parts = read_parts(&origin, bytes, &plan(&origin, bytes, front, workers), make_sink, progress);
    verify(&origin, parts, bytes, progress)
}

/// Cuts `front..` into at most `workers` parts at plausible record boundaries.
fn plan<P: Splittable>(origin: &P, bytes: &[u8], front: usize, workers: usize) -> Vec<Range<usize>> {
    let share = (bytes.len() - front) / workers.max(1);
    let mut starts = vec![front];
    for index in 1..workers {
        let from = (front + share * index).max(starts[starts.len() - 1] + 1);
        starts.extend(origin.boundary(bytes, from));
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Reads all parts at the same time, the first one in this thread. If the system gives no more threads, the parts
/// after the last thread are missing.
fn read_parts<P: Splittable, S: FrameSink + Send>(
    origin: &P,
    bytes: &[u8],
    ranges: &[Range<usize>],
    make_sink: &(impl Fn() -> S + Sync),
    progress: &Progress,
) -> Vec<Part<P, S>> {
    let read = |range: Range<usize>, parser: P| read_part(parser, bytes, range, make_sink(), progress);
    scope(|scope| {
        let spawn = |range: &Range<usize>| {
            let (range, parser) = (range.clone(), origin.speculative());
            Builder::new().name("reader".into()).spawn_scoped(scope, || read(range, parser)).ok()
        };
        let others: Vec<_> = ranges[1..].iter().map_while(spawn).collect();
        let first = read(ranges[0].clone(), origin.clone());
        std::iter::once(first).chain(others.into_iter().map(join)).collect()
    })
}

fn join<T>(worker: ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read_part<P: Splittable, S: FrameSink>(
    mut parser: P,
    bytes: &[u8],
    range: Range<usize>,
    mut sink: S,
    progress: &Progress,
) -> Part<P, S> {
    let mut at = range.start;
    let ending = walk(&mut parser, bytes, &mut at, range.end, &mut sink, progress);
    Part { start: range.start, parser, sink, at, ending }
}

/// Keeps the parts up to the first wrong guess, and reads what follows it again.
fn verify<P: Splittable, S: FrameSink>(
    origin: &P,
    parts: Vec<Part<P, S>>,
    bytes: &[u8],
    progress: &Progress,
) -> (Vec<S>, P, Ending) {
    let mut sinks = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter().peekable();
    let Some(mut last) = parts.next() else {
        return (sinks, origin.clone(), Ending::Complete);
    };
    while let Some(mut part) = parts.next_if(|part| follows(origin, &last, part)) {
        part.parser.continue_from(&last.parser);
        sinks.push(std::mem::replace(&mut last, part).sink);
    }
    // Frees their sinks before the rest is read.
    parts.for_each(|part| progress.take_back((part.at - part.start) as u64));
    if last.ending == Ending::Complete {
        last.ending = walk(&mut last.parser, bytes, &mut last.at, bytes.len(), &mut last.sink, progress);
    }
    sinks.push(last.sink);
    (sinks, last.parser, last.ending)
}

/// Whether `part` is what a sequential reader would have done after `last`.
fn follows<P: Splittable, S>(origin: &P, last: &Part<P, S>, part: &Part<P, S>) -> bool {
    last.ending == Ending::Complete && last.at == part.start && last.parser.leads_to(origin, &part.parser)
}
