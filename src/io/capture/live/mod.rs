//! Capture from a network interface, by one of two backends of the same behaviour.
//!
//! What must hold, once a capture is finished and on each backend: `received == delivered + filtered + dropped`.

mod error;

pub use error::LiveError;

use super::FrameSink;
#[cfg(feature = "libpcap")]
use super::libpcap::PcapSource;
use super::ring::watch::Watch;
use super::ring::{Fanout, Ring, RingOptions, sys};
use crate::engine::filter::Program;
use crate::engine::filter::kernel::REJECT_ALL;
use crate::model::frame::LinkType;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Longer than the kernel takes to hand over a block that is not full.
const SETTLE_POLL: Duration = Duration::from_millis(100);
/// Rounds of [`SETTLE_POLL`] after which the counters are taken as they are.
const SETTLE_ROUNDS: usize = 20;

/// What reads the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// The own ring.
    #[default]
    Auto,
    /// libpcap, where it was built in; also for interfaces that are not Ethernet.
    Libpcap,
    /// The own ring, always.
    AfPacket,
}

/// How to capture.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions<'a> {
    /// What reads the interface.
    pub backend: Backend,
    /// Memory for packets, in bytes, of each source.
    pub ring_bytes: usize,
    /// Bytes kept of a packet.
    pub snaplen: u32,
    /// Whether to take frames addressed to other stations.
    pub promiscuous: bool,
    /// Sources that share the interface, one for each packet thread. libpcap has one.
    pub workers: usize,
    /// Which frames to deliver.
    pub filter: Option<&'a Program>,
}

/// Packets of one source since it was opened. None of them ever decreases.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LiveCounters {
    /// Came in on the interface.
    pub received: u64,
    /// Lost for want of room in the ring.
    pub dropped: u64,
    /// Rejected by the filter.
    pub filtered: u64,
    /// Handed to the sink.
    pub delivered: u64,
    /// Times the ring was full. Always 0 with libpcap, which does not tell.
    pub freezes: u64,
}

impl LiveCounters {
    /// Whether every received packet is accounted for.
    pub const fn is_balanced(&self) -> bool {
        self.received == self.delivered + self.filtered + self.dropped
    }
}

impl std::ops::AddAssign for LiveCounters {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.dropped += other.dropped;
        self.filtered += other.filtered;
        self.delivered += other.delivered;
        self.freezes += other.freezes;
    }
}

/// What one call of `pump` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Packets delivered or filtered.
    pub packets: u64,
    /// What happened to the interface.
    pub event: Option<LinkEvent>,
}

/// News of the interface; the capture goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkEvent {
    /// It went down, and nothing comes in.
    Down,
    /// It is up again.
    Up,
}

/// An open live capture.
pub enum LiveSource {
    /// By the own ring.
    Ring(Box<Ring>),
    /// By libpcap.
    #[cfg(feature = "libpcap")]
    Libpcap(Box<PcapSource>),
}

impl LiveSource {
    /// Opens a capture on `interface`, of one source a worker; at least one.
    ///
    /// # Errors
    /// See [`LiveError`].
    pub fn open(interface: &str, options: &LiveOptions<'_>) -> Result<Vec<Self>, LiveError> {
        match options.backend {
            Backend::Auto | Backend::AfPacket => open_rings(interface, options),
            Backend::Libpcap => open_libpcap(interface, options),
        }
    }

    /// What frames this source delivers.
    pub fn link(&self) -> LinkType {
        match self {
            Self::Ring(_) => LinkType::Ethernet,
            #[cfg(feature = "libpcap")]
            Self::Libpcap(source) => source.link(),
        }
    }

    /// Hands the packets that are there to `sink`, waiting up to `timeout` when there are none. Returns soon under
    /// any load, and at once on a signal, so that the caller can look whether it is to stop.
    ///
    /// # Errors
    /// [`LiveError::Removed`] when the interface is gone; [`LiveSource::finish`] still delivers what it left.
    pub fn pump<S: FrameSink>(&mut self, sink: &mut S, timeout: Duration) -> Result<Progress, LiveError> {
        match self {
            Self::Ring(ring) => ring.pump(sink, timeout),
            #[cfg(feature = "libpcap")]
            Self::Libpcap(source) => source.pump(sink, timeout),
        }
    }

    /// Ends the capture: lets nothing more in, delivers what is buffered and reads the counters a last time.
    ///
    /// # Errors
    /// When the backend no longer answers.
    pub fn finish<S: FrameSink>(&mut self, sink: &mut S) -> Result<LiveCounters, LiveError> {
        match self {
            Self::Ring(ring) => ring.finish(sink),
            #[cfg(feature = "libpcap")]
            Self::Libpcap(source) => source.finish(sink),
        }
    }

    /// The counters, at most a second older than the last [`LiveSource::pump`].
    pub fn counters(&self) -> LiveCounters {
        match self {
            Self::Ring(ring) => ring.counters(),
            #[cfg(feature = "libpcap")]
            Self::Libpcap(source) => source.counters(),
        }
    }
}

fn open_rings(interface: &str, options: &LiveOptions<'_>) -> Result<Vec<LiveSource>, LiveError> {
    let mut fanout = (options.workers > 1).then_some(Fanout::New);
    let mut sources = Vec::new();
    for _ in 0..options.workers.max(1) {
        let &LiveOptions { ring_bytes, snaplen, promiscuous, filter, .. } = options;
        let ring = Ring::open(interface, &RingOptions { ring_bytes, snaplen, promiscuous, fanout, filter })?;
        fanout = ring.fanout_group().map(Fanout::Join);
        sources.push(LiveSource::Ring(Box::new(ring)));
    }
    Ok(sources)
}

#[cfg(feature = "libpcap")]
fn open_libpcap(interface: &str, options: &LiveOptions<'_>) -> Result<Vec<LiveSource>, LiveError> {
    Ok(vec![LiveSource::Libpcap(Box::new(PcapSource::open(interface, options)?))])
}

#[cfg(not(feature = "libpcap"))]
fn open_libpcap(_interface: &str, _options: &LiveOptions<'_>) -> Result<Vec<LiveSource>, LiveError> {
    Err(LiveError::NoLibpcap)
}

/// What the backends have in common.
pub(super) trait Drain {
    /// Delivers what is there without waiting, and returns soon: the number of packets.
    fn drain<S: FrameSink>(&mut self, sink: &mut S) -> Result<u64, LiveError>;
    fn read_statistics(&mut self) -> Result<(), LiveError>;
    fn counters(&self) -> LiveCounters;
    fn socket(&self) -> BorrowedFd<'_>;
    fn watch(&mut self) -> (BorrowedFd<'_>, &mut Watch);
}

/// One step of a capture.
pub(super) fn pump<D: Drain, S: FrameSink>(
    source: &mut D,
    sink: &mut S,
    timeout: Duration,
) -> Result<Progress, LiveError> {
    let mut progress = Progress { packets: source.drain(sink)?, event: None };
    if progress.packets == 0 {
        let ready = sys::poll(source.socket(), timeout).map_err(LiveError::socket("wait for packets"))?;
        let (socket, watch) = source.watch();
        progress.event = watch.look(socket, ready)?;
        progress.packets = source.drain(sink)?;
    }
    source.read_statistics()?;
    Ok(progress)
}

/// The last step of a capture.
pub(super) fn finish<D: Drain, S: FrameSink>(
    source: &mut D,
    sink: &mut S,
) -> Result<LiveCounters, LiveError> {
    sys::attach(source.socket(), &REJECT_ALL).map_err(LiveError::FilterRefused)?;
    settle(source, sink, SETTLE_ROUNDS)?;
    Ok(source.counters())
}

/// Drains a source that lets nothing in until its counters balance: packets may still be in a block that is not
/// full, and another processor may be at work on one that it let in before the filter was changed.
pub(super) fn settle<D: Drain, S: FrameSink>(
    source: &mut D,
    sink: &mut S,
    rounds: usize,
) -> Result<(), LiveError> {
    for _ in 0..rounds {
        while source.drain(sink)? > 0 {}
        source.read_statistics()?;
        if source.counters().is_balanced() {
            break;
        }
        let ready = sys::poll(source.socket(), SETTLE_POLL).map_err(LiveError::socket("wait for packets"))?;
        if ready.error {
            // The interface went down or away, which no longer matters.
            let (socket, watch) = source.watch();
            watch.take_error(socket)?;
        }
    }
    Ok(())
}
