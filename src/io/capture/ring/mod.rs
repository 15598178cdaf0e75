//! Capture from a network interface through a receive ring of our own (`AF_PACKET`, `TPACKET_V3`), with no C library but
//! libc.
//!
//! What must hold: every packet the kernel gave this socket is delivered, filtered or dropped, and counted as one of
//! the three. No packet from before the opening or of another interface gets in. Sources: packet(7),
//! `Documentation/networking/packet_mmap.rst`.
//!
//! | file | what |
//! |---|---|
//! | `sys.rs` | system calls |
//! | `mapping.rs` | the memory shared with the kernel |
//! | `block.rs` | the packets of a block |
//! | `watch.rs` | the interface: down, up, removed |

mod block;
mod mapping;
pub(super) mod sys;
pub(super) mod watch;

use super::FrameSink;
use super::live::{Drain, LiveCounters, LiveError, Progress, finish, pump};
use crate::engine::filter::Program;
use crate::engine::filter::kernel::{self, REJECT_ALL, STUB_LEN, Unjudged};
use crate::model::frame::{Frame, LinkType};
use block::Packet;
use mapping::Mapping;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;
use watch::Watch;

/// After this long the kernel hands over a block that is not full.
const RETIRE_MILLIS: u32 = 60;
/// A block holds at least the longest packet of a virtual interface (64 KiB) and its header.
const BLOCK_MIN: usize = 128 << 10;
const BLOCK_MAX: usize = 1 << 20;
/// The kernel wants the ring below 2 GiB.
const RING_MAX: usize = (2 << 30) - BLOCK_MAX;
/// Frames are cut no shorter than this, so that filters find all headers.
const SNAPLEN_MIN: u32 = 256;
const SNAPLEN_MAX: u32 = 262_144;

/// How to open a ring.
#[derive(Clone, Copy, Debug)]
pub struct RingOptions<'a> {
    /// Memory for packets, in bytes; at least 256 KiB are taken.
    pub ring_bytes: usize,
    /// Bytes kept of a packet; 256 to 262,144 are possible.
    pub snaplen: u32,
    /// Whether to take frames addressed to other stations.
    pub promiscuous: bool,
    /// Sharing of the interface's packets with other rings.
    pub fanout: Option<Fanout>,
    /// Which frames to deliver; the others are counted as filtered.
    pub filter: Option<&'a Program>,
}

/// A group of rings that share an interface: each packet goes to one of them, those of a flow to the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fanout {
    /// A group of one, with a number nobody else uses.
    New,
    /// The group with this number, of which the interface must be the same.
    Join(u16),
}

/// An open receive ring.
pub struct Ring {
    // Before the socket, so that it is unmapped first.
    mapping: Mapping,
    socket: OwnedFd,
    watch: Watch,
    group: Option<u16>,
    judge: Judge,
    next_block: usize,
    counters: LiveCounters,
}

impl Ring {
    /// Opens a ring on `interface`, an Ethernet interface that is up. Capture begins with the return.
    ///
    /// # Errors
    /// See [`LiveError`].
    pub fn open(interface: &str, options: &RingOptions<'_>) -> Result<Self, LiveError> {
        let (socket, watch) = watch::open(interface)?;
        let fd = socket.as_fd();
        require_ethernet(fd, interface)?;
        let mapping = map_ring(fd, options.ring_bytes)?;
        let (program, unjudged) =
            kernel::rewrite(options.filter, options.snaplen.clamp(SNAPLEN_MIN, SNAPLEN_MAX));

        // A ring that is about to join a group would see all packets until it has.
        let until_joined = options.fanout.map(|_| &REJECT_ALL[..]);
        sys::attach(fd, until_joined.unwrap_or(&program)).map_err(LiveError::FilterRefused)?;
        sys::ignore_outgoing(fd).map_err(LiveError::socket("leave out what this host sends"))?;
        sys::bind(fd, watch.index()).map_err(LiveError::socket("bind to the interface"))?;
        if options.promiscuous {
            sys::promiscuous(fd, watch.index())
                .map_err(LiveError::socket("put the interface into promiscuous mode"))?;
        }
        let group = options.fanout.map(|fanout| join(fd, fanout)).transpose()?;
        if until_joined.is_some() {
            sys::attach(fd, &program).map_err(LiveError::FilterRefused)?;
        }
        let judge = Judge { program: options.filter.cloned(), unjudged };
        Ok(Self { mapping, socket, watch, group, judge, next_block: 0, counters: LiveCounters::default() })
    }

    /// The number of the group this ring belongs to.
    pub const fn fanout_group(&self) -> Option<u16> {
        self.group
    }

    /// Hands the packets that are there to `sink`, waiting up to `timeout` when there are none. Returns after once
    /// around the ring at the latest, and on a signal.
    ///
    /// # Errors
    /// [`LiveError::Removed`] when the interface is gone; [`Ring::finish`] still delivers what it left.
    pub fn pump<S: FrameSink>(&mut self, sink: &mut S, timeout: Duration) -> Result<Progress, LiveError> {
        pump(self, sink, timeout)
    }

    /// Ends the capture: lets nothing more in, delivers what is in the ring and reads the counters a last time.
    /// Afterwards [`LiveCounters::is_balanced`] holds.
    ///
    /// # Errors
    /// When the socket no longer answers.
    pub fn finish<S: FrameSink>(&mut self, sink: &mut S) -> Result<LiveCounters, LiveError> {
        finish(self, sink)
    }

    /// The counters as of the last [`Ring::pump`].
    pub const fn counters(&self) -> LiveCounters {
        self.counters
    }
}

impl Drain for Ring {
    /// Once around the ring at most, so that a flood cannot hold the reader.
    fn drain<S: FrameSink>(&mut self, sink: &mut S) -> Result<u64, LiveError> {
        let (mut delivered, mut filtered) = (0, 0);
        for _ in 0..self.mapping.block_count() {
            let Some(block) = self.mapping.ready(self.next_block) else { break };
            let judge = &self.judge;
            let outcome = block::for_each(block.bytes(), |packet| {
                if judge.deliver(&packet, sink) { delivered += 1 } else { filtered += 1 }
            });
            drop(block);
            self.next_block = (self.next_block + 1) % self.mapping.block_count();
            outcome.map_err(|block::Broken| LiveError::BrokenRing)?;
        }
        self.counters.delivered += delivered;
        self.counters.filtered += filtered;
        Ok(delivered + filtered)
    }

    fn read_statistics(&mut self) -> Result<(), LiveError> {
        let read = sys::statistics(self.socket.as_fd()).map_err(LiveError::socket("read the counters"))?;
        self.counters.received += u64::from(read.packets);
        self.counters.dropped += u64::from(read.drops);
        self.counters.freezes += u64::from(read.freezes);
        Ok(())
    }

    fn counters(&self) -> LiveCounters {
        self.counters
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn watch(&mut self) -> (BorrowedFd<'_>, &mut Watch) {
        (self.socket.as_fd(), &mut self.watch)
    }
}

/// Judges what the kernel left unjudged.
struct Judge {
    program: Option<Program>,
    unjudged: Unjudged,
}

impl Judge {
    /// Hands an accepted packet on; whether it was one.
    #[inline]
    fn deliver<S: FrameSink>(&self, packet: &Packet<'_>, sink: &mut S) -> bool {
        let &Packet { time, bytes, original_len, stripped_tag } = packet;
        let frame = Frame { link: LinkType::Ethernet, time, bytes, stripped_tag };
        let accepted = match (&self.program, self.unjudged) {
            (None, _) => true,
            (Some(program), Unjudged::Everything) => program.matches_cut(&frame, original_len),
            (Some(program), Unjudged::Tagged) if stripped_tag.is_some() => {
                program.matches_cut(&frame, original_len)
            }
            (Some(_), _) => !is_stub(packet),
        };
        if accepted {
            sink.frame(frame);
        }
        accepted
    }
}

/// What the kernel leaves of a packet that its filter rejected.
#[inline]
fn is_stub(packet: &Packet<'_>) -> bool {
    packet.bytes.len() == STUB_LEN as usize && packet.original_len > STUB_LEN
}

fn require_ethernet(fd: BorrowedFd<'_>, interface: &str) -> Result<(), LiveError> {
    match sys::hardware_type(fd, interface).map_err(LiveError::socket("read the interface's type"))? {
        // The loopback interface has Ethernet headers, all zeroes but for the Ethertype.
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Ok(()),
        hardware => Err(LiveError::NotEthernet { interface: interface.into(), hardware }),
    }
}

fn join(fd: BorrowedFd<'_>, fanout: Fanout) -> Result<u16, LiveError> {
    let group = match fanout {
        Fanout::New => None,
        Fanout::Join(group) => Some(group),
    };
    sys::join_fanout(fd, group).map_err(LiveError::socket("share the interface between workers"))
}

fn map_ring(fd: BorrowedFd<'_>, ring_bytes: usize) -> Result<Mapping, LiveError> {
    let (block_size, block_count) = geometry(ring_bytes);
    let refused = |source| LiveError::RingMemory { bytes: block_size.get() * block_count, source };
    sys::request_ring(fd, &ring_request(block_size, block_count)).map_err(refused)?;
    Mapping::new(fd, block_size, block_count).map_err(refused)
}

/// Block size and number: four blocks or more, so that the kernel fills some while others are read.
fn geometry(ring_bytes: usize) -> (NonZeroUsize, usize) {
    let ring_bytes = ring_bytes.clamp(2 * BLOCK_MIN, RING_MAX);
    let size = (ring_bytes / 4 + 1).next_power_of_two() / 2;
    let size = NonZeroUsize::new(size.clamp(BLOCK_MIN, BLOCK_MAX)).unwrap_or(NonZeroUsize::MIN);
    (size, ring_bytes / size)
}

#[allow(clippy::cast_possible_truncation, reason = "the ring is below 2 GiB")]
const fn ring_request(block_size: NonZeroUsize, block_count: usize) -> libc::tpacket_req3 {
    // Packets have no fixed size in version 3; the kernel still checks that frames fill the blocks.
    const FRAME: u32 = 2048;
    let size = block_size.get() as u32;
    libc::tpacket_req3 {
        tp_block_size: size,
        tp_block_nr: block_count as u32,
        tp_frame_size: FRAME,
        tp_frame_nr: size / FRAME * block_count as u32,
        tp_retire_blk_tov: RETIRE_MILLIS,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_has_blocks_enough_whatever_its_size() {
        for ring_bytes in [0, 1 << 18, 1 << 20, 3_000_000, 4 << 20, 32 << 20, usize::MAX] {
            let (size, count) = geometry(ring_bytes);
            assert!(size.is_power_of_two() && (BLOCK_MIN..=BLOCK_MAX).contains(&size.get()), "{ring_bytes}");
            assert!(count >= 2 && size.get() * count <= RING_MAX, "{ring_bytes}");
        }
        assert_eq!(geometry(4 << 20), (NonZeroUsize::new(1 << 20).unwrap(), 4));
        assert_eq!(geometry(1 << 20), (NonZeroUsize::new(1 << 18).unwrap(), 4));
    }

    #[test]
    fn an_interface_that_does_not_exist_is_answered_with_those_that_do() {
        match Ring::open("nonesuch0", &options()) {
            Err(LiveError::Permission { .. }) => println!("NOT RUN: needs root"),
            Err(LiveError::NoSuchInterface { present, .. }) => assert!(present.contains("lo"), "{present}"),
            other => panic!("{:?}", other.err()),
        }
    }

    fn options() -> RingOptions<'static> {
        RingOptions { ring_bytes: 1 << 20, snaplen: 2048, promiscuous: true, fanout: None, filter: None }
    }
}
