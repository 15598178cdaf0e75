//! Capture from a network interface through libpcap.
//!
//! What must hold: the same accounting as of the own ring. So no filter is given to libpcap, whose rejected packets
//! would vanish: each packet is judged here. Immediate mode stays off (it costs the block ring, `TPACKET_V3`), and no
//! read blocks (with `TPACKET_V3` a blocking read does not return on a silent line): poll(2) waits instead.

use super::FrameSink;
use super::live::{Drain, LiveCounters, LiveError, LiveOptions, Progress, finish, pump, settle};
use super::ring::sys;
use super::ring::watch::{self, Watch};
use crate::engine::filter::Program;
use crate::engine::filter::kernel::{self, REJECT_ALL};
use crate::io::clock;
use crate::model::frame::{Frame, LinkType, UnsupportedLinkType};
use crate::model::time::CaptureTime;
use pcap::{Active, Capture, Precision};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

/// After this long libpcap's ring hands over a block that is not full.
const TIMEOUT_MILLIS: i32 = 60;
/// Blocks read in one go.
const BATCHES_MAX: usize = 64;
/// How often the counters are read; they are 32 bits wide and wrap.
const STATISTICS_EVERY: Duration = Duration::from_secs(1);
/// Waits for packets that came in before the capture was set up.
const START_ROUNDS: usize = 3;

/// An open libpcap capture.
pub struct PcapSource {
    capture: Capture<Active>,
    link: LinkType,
    watch: Watch,
    program: Option<Program>,
    counters: LiveCounters,
    seen: Seen,
}

/// libpcap's counters when last read.
struct Seen {
    received: u32,
    dropped: u32,
    at: Instant,
}

impl PcapSource {
    /// Opens a capture on `interface`, which must be up. It begins with the return.
    ///
    /// # Errors
    /// See [`LiveError`].
    pub fn open(interface: &str, options: &LiveOptions<'_>) -> Result<Self, LiveError> {
        // Found with a socket of our own, so that errors are the same on both backends.
        let (_socket, watch) = watch::open(interface)?;
        let capture = activate(interface, options).map_err(failed(interface))?;
        let seen = Seen { received: 0, dropped: 0, at: clock::now() };
        let mut source = Self {
            link: link_of(interface, capture.get_datalink())?,
            capture,
            watch,
            program: options.filter.cloned(),
            counters: LiveCounters::default(),
            seen,
        };
        source.begin(options.snaplen)?;
        Ok(source)
    }

    /// What frames this source delivers.
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// As [`super::live::LiveSource::pump`].
    ///
    /// # Errors
    /// As there.
    pub fn pump<S: FrameSink>(&mut self, sink: &mut S, timeout: Duration) -> Result<Progress, LiveError> {
        pump(self, sink, timeout)
    }

    /// As [`super::live::LiveSource::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish<S: FrameSink>(&mut self, sink: &mut S) -> Result<LiveCounters, LiveError> {
        self.seen.at -= STATISTICS_EVERY;
        finish(self, sink)
    }

    /// The counters, at most a second older than the last [`PcapSource::pump`].
    pub const fn counters(&self) -> LiveCounters {
        self.counters
    }

    /// Looks before libpcap does: once libpcap has seen that an interface was removed, it gives out nothing more of
    /// what the interface left.
    fn is_readable(&mut self) -> Result<bool, LiveError> {
        let socket = self.capture.as_fd();
        let ready = sys::poll(socket, Duration::ZERO).map_err(LiveError::socket("look for packets"))?;
        if ready.error {
            self.watch.take_error(socket)?;
        }
        Ok(ready.readable)
    }

    /// Throws away what came in while libpcap was setting up, among it what this host sent, and starts counting.
    fn begin(&mut self, snaplen: u32) -> Result<(), LiveError> {
        sys::attach(self.capture.as_fd(), &REJECT_ALL).map_err(LiveError::FilterRefused)?;
        settle(self, &mut Nobody, START_ROUNDS)?;
        self.counters = LiveCounters::default();
        let (incoming, _) = kernel::rewrite(None, snaplen);
        sys::attach(self.capture.as_fd(), &incoming).map_err(LiveError::FilterRefused)
    }
}

impl Drain for PcapSource {
    fn drain<S: FrameSink>(&mut self, sink: &mut S) -> Result<u64, LiveError> {
        let before = self.counters.delivered + self.counters.filtered;
        for _ in 0..BATCHES_MAX {
            if !self.is_readable()? {
                break;
            }
            let Self { capture, link, program, counters, .. } = self;
            let outcome = capture.dispatch(None, |packet| {
                if deliver(&packet, *link, program.as_ref(), sink) {
                    counters.delivered += 1;
                } else {
                    counters.filtered += 1;
                }
            });
            match outcome {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    self.watch.check_present(self.capture.as_fd())?;
                    return Err(failed(self.watch.interface())(error));
                }
            }
        }
        Ok(self.counters.delivered + self.counters.filtered - before)
    }

    fn read_statistics(&mut self) -> Result<(), LiveError> {
        let now = clock::now();
        if now.saturating_duration_since(self.seen.at) < STATISTICS_EVERY {
            return Ok(());
        }
        let read = self.capture.stats().map_err(failed(self.watch.interface()))?;
        self.counters.received += u64::from(read.received.wrapping_sub(self.seen.received));
        self.counters.dropped += u64::from(read.dropped.wrapping_sub(self.seen.dropped));
        self.seen = Seen { received: read.received, dropped: read.dropped, at: now };
        Ok(())
    }

    fn counters(&self) -> LiveCounters {
        self.counters
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.capture.as_fd()
    }

    fn watch(&mut self) -> (BorrowedFd<'_>, &mut Watch) {
        (self.capture.as_fd(), &mut self.watch)
    }
}

/// Takes nothing.
struct Nobody;

impl FrameSink for Nobody {
    fn frame(&mut self, _frame: Frame<'_>) {}
    fn undecodable(&mut self) {}
}

fn activate(interface: &str, options: &LiveOptions<'_>) -> Result<Capture<Active>, pcap::Error> {
    Capture::from_device(interface)?
        .promisc(options.promiscuous)
        .snaplen(i32::try_from(options.snaplen).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.ring_bytes).unwrap_or(i32::MAX))
        .timeout(TIMEOUT_MILLIS)
        // libpcap can do so on every Linux interface.
        .precision(Precision::Nano)
        .open()?
        .setnonblock()
}

fn link_of(interface: &str, link: pcap::Linktype) -> Result<LinkType, LiveError> {
    let number = u16::try_from(link.0).unwrap_or(u16::MAX);
    LinkType::from_number(number)
        .map_err(|source: UnsupportedLinkType| LiveError::LinkType { interface: interface.into(), source })
}

fn failed(interface: &str) -> impl FnOnce(pcap::Error) -> LiveError {
    move |source| LiveError::Libpcap { interface: interface.into(), source }
}

/// Hands an accepted packet on; whether it was one. libpcap has put a stripped tag back into the frame.
#[inline]
fn deliver<S: FrameSink>(
    packet: &pcap::Packet<'_>,
    link: LinkType,
    program: Option<&Program>,
    sink: &mut S,
) -> bool {
    let time = packet.header.ts;
    let frame = Frame {
        link,
        // With nanosecond precision libpcap puts nanoseconds where microseconds were.
        time: CaptureTime::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u64::try_from(time.tv_usec).unwrap_or(0),
        ),
        bytes: packet.data,
        stripped_tag: None,
    };
    let accepted = program.is_none_or(|program| program.matches_cut(&frame, packet.header.len));
    if accepted {
        sink.frame(frame);
    }
    accepted
}
