//! Captures that cannot be mapped: standard input, pipes, compressed files. Read through one buffer of fixed size.
//!
//! The parser consumes whole records from the buffer; the incomplete one at its end is moved to the front before the
//! next read. A record that would not fit is handed over by its first bytes, and the rest of it is read past.

use super::FrameSink;
use super::error::{Damage, Ending, FileError};
use super::progress::Progress;
use super::record::{HEAD_MAX, Next, RecordParser};
use super::unpack::Failure;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of the buffer: all the memory a stream takes, whatever is in it.
const BUFFER: usize = 1 << 20;

/// A wait for more that is long: what came is shown meanwhile.
const LONG: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Counts the bytes read through it, for the progress in a compressed file.
pub(super) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// The reader, and its count.
    pub(super) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { inner, count: Arc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(target)?;
        self.count.fetch_add(length as u64, Relaxed);
        Ok(length)
    }
}

/// How a source ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Clean,
    /// Compressed data that ends too early.
    Cut,
    Corrupt,
}

/// A source and the part of it that is in the buffer.
pub(super) struct Stream {
    source: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
    /// Where in the capture `start` is.
    offset: u64,
    ended: Option<End>,
    /// Bytes taken from the file itself, and how many of them were reported as progress.
    count: Arc<AtomicU64>,
    reported: u64,
    /// The source itself, where it is a pipe that shows whether there is more.
    pipe: Option<OwnedFd>,
}

impl Stream {
    /// Reads `source`; `count` is that of the [`Counted`] reader at its bottom.
    pub(super) fn new(source: Box<dyn Read + Send>, count: Arc<AtomicU64>, pipe: Option<OwnedFd>) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { source, buffer, start: 0, end: 0, offset: 0, ended: None, count, reported: 0, pipe }
    }

    /// The first bytes: `wanted` of them, or all there are. Errors of the decompressor refuse the file.
    pub(super) fn head(&mut self, wanted: usize) -> Result<&[u8], FileError> {
        while self.window().len() < wanted && self.ended.is_none() {
            self.refill().map_err(|failure| match failure {
                Failure::Io(error) => FileError::Io(error),
                Failure::Corrupt(what) => FileError::Compressed(what),
                Failure::Cut => FileError::Compressed("it is cut off at its start".into()),
            })?;
        }
        Ok(self.window())
    }

    /// Leaves the file header behind.
    pub(super) fn skip_header(&mut self, length: usize) {
        self.consume(length);
    }

    /// Hands the frames of all records to `sink`.
    pub(super) fn read<P: RecordParser, S: FrameSink>(
        &mut self,
        parser: &mut P,
        sink: &mut S,
        progress: &Progress,
    ) -> Result<Ending, FileError> {
        loop {
            let window = &self.buffer[self.start..self.end];
            let step = parser.advance(window, window.len(), sink);
            self.consume(step.consumed);
            self.report(progress);
            let wanted = match step.next {
                Next::Damaged(damage) => return Ok(Ending::Damaged { offset: self.offset, damage }),
                Next::Reached => 1,
                Next::Needs(length) => length,
            };
            if progress.is_stopped() {
                return Ok(Ending::Stopped { offset: self.offset });
            }
            self.await_more(sink);
            if wanted > self.buffer.len() {
                if let Some(ending) = self.read_oversized(wanted, parser, sink)? {
                    return Ok(ending);
                }
            } else if !self.fill(wanted)? {
                return Ok(self.ending());
            }
        }
    }

    /// Says so before a wait for more, and once more when it gets long. A source that stays silent then shows no life.
    fn await_more<S: FrameSink>(&self, sink: &mut S) {
        sink.caught_up();
        if self.pipe.as_ref().is_some_and(|pipe| !has_more(pipe)) {
            sink.caught_up();
        }
    }

    /// Hands over the record of `length` bytes that comes next, which is longer than the buffer.
    fn read_oversized<P: RecordParser, S: FrameSink>(
        &mut self,
        length: usize,
        parser: &mut P,
        sink: &mut S,
    ) -> Result<Option<Ending>, FileError> {
        if !self.fill(HEAD_MAX)? {
            return Ok(Some(self.ending()));
        }
        // At least 4 bytes are missing from the buffer's end or stand in it: either way the tail is kept whole.
        let Some(tail) = self.skip_behind_head(length)? else {
            return Ok(Some(self.ending()));
        };
        let head = &self.buffer[self.start..self.start + HEAD_MAX];
        if let Err(damage) = parser.oversized(head, length, tail, sink) {
            return Ok(Some(Ending::Damaged { offset: self.offset, damage }));
        }
        self.start = self.end;
        self.offset += length as u64;
        Ok(None)
    }

    /// Reads past all of a record but its head, which stays at `start`; returns the record's last four bytes, or
    /// `None` when the source ends before them.
    fn skip_behind_head(&mut self, length: usize) -> Result<Option<[u8; 4]>, FileError> {
        self.compact();
        let mut missing = length - self.end;
        let mut tail = [0; 4];
        keep_last(&mut tail, &self.buffer[HEAD_MAX..self.end]);
        while missing > 0 {
            let room = missing.min(self.buffer.len() - HEAD_MAX);
            let read = self.read_into(HEAD_MAX, room)?;
            if read == 0 {
                // The head alone: as good as any part of a record that is not whole.
                self.end = HEAD_MAX;
                return Ok(None);
            }
            keep_last(&mut tail, &self.buffer[HEAD_MAX..HEAD_MAX + read]);
            missing -= read;
        }
        Ok(Some(tail))
    }

    /// Puts at least `wanted` bytes into the window, if the source has them.
    fn fill(&mut self, wanted: usize) -> Result<bool, FileError> {
        while self.window().len() < wanted {
            if self.ended.is_some() {
                return Ok(false);
            }
            match self.refill() {
                Ok(()) => {}
                Err(Failure::Io(error)) => return Err(FileError::Io(error)),
                Err(Failure::Cut) => self.ended = Some(End::Cut),
                Err(Failure::Corrupt(_)) => self.ended = Some(End::Corrupt),
            }
        }
        Ok(true)
    }

    /// One read into the free part of the buffer.
    fn refill(&mut self) -> Result<(), Failure> {
        self.compact();
        let read = read_some(&mut self.source, &mut self.buffer[self.end..])?;
        self.end += read;
        if read == 0 {
            self.ended = Some(End::Clean);
        }
        Ok(())
    }

    /// One read of at most `room` bytes to `at`, which leaves the window as it is; 0 at the source's end.
    fn read_into(&mut self, at: usize, room: usize) -> Result<usize, FileError> {
        let end = match read_some(&mut self.source, &mut self.buffer[at..at + room]) {
            Ok(0) => End::Clean,
            Ok(read) => return Ok(read),
            Err(Failure::Io(error)) => return Err(FileError::Io(error)),
            Err(Failure::Cut) => End::Cut,
            Err(Failure::Corrupt(_)) => End::Corrupt,
        };
        self.ended = Some(end);
        Ok(0)
    }

    /// What the end of the source means for the capture.
    fn ending(&self) -> Ending {
        let offset = self.offset;
        match self.ended {
            Some(End::Corrupt) => Ending::Damaged { offset, damage: Damage::Compressed },
            Some(End::Clean) | None if self.window().is_empty() => Ending::Complete,
            _ => Ending::Truncated { offset },
        }
    }

    fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, length: usize) {
        self.start += length;
        self.offset += length as u64;
    }

    /// Moves the window to the front of the buffer.
    fn compact(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    fn report(&mut self, progress: &Progress) {
        let count = self.count.load(Relaxed);
        progress.add(count - self.reported);
        self.reported = count;
    }
}

/// Whether a pipe has more, or ends, before the wait for it gets long. What is wrong with it, reading will tell.
fn has_more(pipe: &OwnedFd) -> bool {
    poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&LONG)).map_or(true, |ready| ready > 0)
}

/// One read, again when a signal interrupted it.
fn read_some(source: &mut dyn Read, target: &mut [u8]) -> Result<usize, Failure> {
    loop {
        match source.read(target) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(Failure::from),
        }
    }
}

/// Keeps the last four of the bytes that came so far.
fn keep_last(tail: &mut [u8; 4], bytes: &[u8]) {
    if let Some(last) = bytes.last_chunk::<4>() {
        *tail = *last;
    } else {
        tail.rotate_left(bytes.len());
        tail[4 - bytes.len()..].copy_from_slice(bytes);
    }
}
