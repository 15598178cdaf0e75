//! Regular files, mapped into memory: the whole capture is one window, and nothing of it is copied.

use super::FrameSink;
use super::error::Ending;
use super::progress::Progress;
use super::record::{Next, RecordParser};
use memmap2::{Advice, Mmap};
use std::fs::File;
use std::io;

/// Bytes between two looks at the progress.
const STRIDE: usize = 1 << 20;

/// Maps `file` for reading from front to back.
///
/// The file must not be cut short while it is read: the system ends the program (SIGBUS) that touches a page behind
/// the new end. A capture that is still being written only grows, and is read up to its length now.
#[allow(unsafe_code, reason = "mapping is what makes reading as fast as counting; there is no safe form")]
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is private and read-only, so this program cannot change the bytes under a borrow. Another
    // process could; that would give other numbers, no invalid value, since every byte is a valid `u8` and all
    // lengths are checked on the very values they are used with. Truncation is SIGBUS, as documented above.
    let map = unsafe { Mmap::map(file) }?;
    // Only advice: a kernel that does not take it reads ahead less.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}

/// Hands the frames of all records to `sink` that begin in `at..end`; moves `at` to where the reading ended.
/// [`Ending::Complete`] means that it came to `end` or beyond.
pub(super) fn walk<P: RecordParser, S: FrameSink>(
    parser: &mut P,
    bytes: &[u8],
    at: &mut usize,
    end: usize,
    sink: &mut S,
    progress: &Progress,
) -> Ending {
    while *at < end {
        if progress.is_stopped() {
            return Ending::Stopped { offset: *at as u64 };
        }
        let step = parser.advance(&bytes[*at..], STRIDE.min(end - *at), sink);
        *at += step.consumed;
        progress.add(step.consumed as u64);
        let offset = *at as u64;
        match step.next {
            Next::Reached => {}
            Next::Needs(_) => return Ending::Truncated { offset },
            Next::Damaged(damage) => return Ending::Damaged { offset, damage },
        }
    }
    Ending::Complete
}
