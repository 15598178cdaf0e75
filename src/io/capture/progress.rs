//! How far a reading has come, and the request to stop it: shared between the readers and whoever watches.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Bytes of the file read so far, and whether to go on. Readers look and report about once a MiB.
#[derive(Debug, Default)]
pub struct Progress {
    consumed: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// At the start, not stopped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the file on disk read so far; of a compressed file, compressed bytes.
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Relaxed)
    }

    /// Asks the readers to end with [`Ending::Stopped`](super::error::Ending::Stopped).
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Whether [`Progress::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Another `bytes` were read.
    pub(super) fn add(&self, bytes: u64) {
        self.consumed.fetch_add(bytes, Relaxed);
    }

    /// `bytes` that were reported have to be read again.
    pub(super) fn take_back(&self, bytes: u64) {
        self.consumed.fetch_sub(bytes, Relaxed);
    }
}
