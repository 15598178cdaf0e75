//! Bytes to sightings: who sent this frame?
//!
//! [`decode`] walks a frame from its link header inwards (counting rules, section 2) and answers with at most two
//! sightings. It allocates nothing, never panics, and every loop has a constant bound: six tags, eight labels, eight
//! extension headers, sixteen neighbour-discovery options, two mirror headers. So the work for one frame is bounded
//! whatever its bytes say.
//!
//! Each layer is one file with one entry, named after what it reads, that takes the bytes *after* the layer above and
//! the [`Decoded`] so far, and gives back what it is then. What is certain is written down before the next layer is
//! tried; a layer that is cut short or malformed sets `undecoded` and stops, and what was written stands. `Decoded`
//! goes by value, so that for the common frame it lives in registers.
//!
//! To add a link type: give it a number in [`LinkType`], write its file, and add its arm to [`decode`].

mod arp;
mod common;
mod cooked;
mod ethernet;
mod ip;
mod loopback;
mod mirror;
mod neighbor;
pub mod payload;
mod shim;

pub use common::{Sender, decode_common};

use crate::model::frame::{Frame, LinkType};
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::vlan::VlanStack;

/// What one frame says. Keys carry network 0; which network a frame belongs to is configuration, not wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Decoded {
    /// The sender: (MAC, source address), either half absent. Empty when nothing usable was there.
    pub sender: Key,
    /// A second pair that an ARP packet or a neighbour advertisement claims; empty otherwise.
    pub claimed: Key,
    /// The sender's own address is such a claim (the usual ARP packet: one pair, not two).
    pub sender_claims: bool,
    /// A link-control frame: its MAC is a switch port's, and counts nothing.
    pub control: bool,
    /// Cut short or malformed somewhere; what stands above was certain all the same.
    pub undecoded: bool,
    /// The VLAN tags of the frame that the sightings come from.
    pub vlans: VlanStack,
}

impl Decoded {
    /// The MAC that frames of this link came from, if usable.
    #[inline]
    fn station(mac: MacAddr, vlans: VlanStack) -> Self {
        Self { sender: Key::station(mac.usable_or_none()), vlans, ..Self::default() }
    }

    /// With a pair that answers for itself; merged with the sender when it is the same station.
    fn with_claim(self, claimed: Key) -> Self {
        if self.sender == claimed || self.sender == claimed.without_address() {
            Self { sender: claimed, sender_claims: true, ..self }
        } else {
            Self { claimed, ..self }
        }
    }

    /// As it stands, cut short or malformed from here on.
    #[inline]
    fn undecoded(self) -> Self {
        Self { undecoded: true, ..self }
    }
}

/// Reads one frame of any kind. [`decode_common`] reads most of them sooner.
pub fn decode(frame: &Frame<'_>) -> Decoded {
    let bytes = frame.bytes;
    match frame.link {
        LinkType::Ethernet => ethernet::decode(bytes, frame.stripped_tag),
        LinkType::LinuxSll => cooked::decode_v1(bytes),
        LinkType::LinuxSll2 => cooked::decode_v2(bytes),
        LinkType::Null => loopback::decode_null(bytes),
        LinkType::Loop => loopback::decode_loop(bytes),
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => {
            ip::decode_by_version(bytes, Decoded::default(), 0)
        }
    }
}

/// The big-endian 16-bit word at `at`, if both bytes were captured.
#[inline]
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

/// The MAC at `at`, if all six bytes were captured.
#[inline]
fn mac_at(bytes: &[u8], at: usize) -> Option<MacAddr> {
    bytes.get(at..at + 6)?.try_into().ok().map(MacAddr::new)
}

#[cfg(test)]
mod tests;
