//! A lane over capture files: read once, one after the other; then it stays and answers.

use super::teller::Teller;
use crate::io::capture::FrameSink;
use crate::io::capture::error::{Ending, FileError};
use crate::io::capture::file::CaptureFile;
use crate::model::frame::Frame;
use crate::model::message::LinkState;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Frames between two looks at the clock.
const FRAMES_A_TURN: u32 = 4096;
const POLL: Duration = Duration::from_millis(100);

/// Reads the files, then waits for orders.
pub(super) fn read(files: &[PathBuf], mut teller: Teller) {
    teller.source.link = LinkState::Up;
    for file in files {
        if !teller.turn() {
            break;
        }
        if let Some(trouble) = read_one(file, &mut teller) {
            let reason = teller.source.reason.get_or_insert_default();
            // The first few say enough; a status has no room for more.
            if reason.len() < 512 {
                let separator = if reason.is_empty() { "" } else { "; " };
                *reason = format!("{reason}{separator}{}: {trouble}", file.display());
            }
        }
    }
    teller.source.link = LinkState::Ended;
    teller.show_now();
    while teller.turn() {
        teller.wait(POLL);
    }
    teller.finish();
}

/// Reads one file; says what is wrong with it, if anything.
fn read_one(path: &Path, teller: &mut Teller) -> Option<String> {
    let shared = Arc::clone(&teller.shared);
    let mut sink = Sink { teller, frames: 0 };
    let ending = CaptureFile::open(path).and_then(|mut file| file.read(&mut sink, &shared.progress));
    teller.show_now();
    trouble(ending)
}

fn trouble(ending: Result<Ending, FileError>) -> Option<String> {
    match ending {
        Ok(Ending::Complete | Ending::Stopped { .. }) => None,
        Ok(ending) => Some(ending.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// Counts frames, and now and then does what else is due.
struct Sink<'a> {
    teller: &'a mut Teller,
    frames: u32,
}

impl Sink<'_> {
    fn took(&mut self) {
        self.teller.source.counters.received += 1;
        self.teller.source.counters.delivered += 1;
        self.frames += 1;
        if self.frames == FRAMES_A_TURN {
            self.frames = 0;
            // A wish to stop comes through the reader's progress.
            let _ = self.teller.turn();
        }
    }
}

impl FrameSink for Sink<'_> {
    fn frame(&mut self, frame: Frame<'_>) {
        self.teller.meter.frame(frame);
        self.took();
    }

    fn undecodable(&mut self) {
        self.teller.meter.undecodable();
        self.took();
    }

    fn caught_up(&mut self) {
        let _ = self.teller.turn();
    }
}
