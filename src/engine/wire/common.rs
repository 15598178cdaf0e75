//! The short way through the decoder, for the frames that make up nearly all traffic.
//!
//! Ethernet with at most one VLAN tag, then plain IPv4, plain IPv6, or an Ethertype that carries no address. What is
//! read here is read with one length check and stays in registers. Any doubt ends in `None`, and [`super::decode`]
//! reads the frame from the start; a test holds the two to the same answer.

use super::ethernet::{ETHERTYPE_MIN, is_link_control, word_at};
use super::ip::{GRE, ICMPV6, V4_HEADER_MIN, V6Header};
use crate::model::frame::Frame;
use crate::model::frame::LinkType;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::vlan::VlanStack;
use pnet_packet::ipv4::Ipv4Packet;

/// The sender of a common frame, and its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sender {
    /// (MAC, source address?), in network 0.
    pub key: Key,
    /// The tag, if there is one.
    pub vlans: VlanStack,
}

/// A tag, an IPv4 header behind it, and the Ethernet header before.
const ENOUGH: usize = 14 + 4 + V4_HEADER_MIN;

/// Reads a frame of the common kinds.
#[inline(always)]
pub fn decode_common(frame: &Frame<'_>) -> Option<Sender> {
    let header = frame.bytes.first_chunk::<ENOUGH>()?;
    let source_and_type = word_at::<6>(header);
    let source = MacAddr::from_bits(source_and_type >> 16);
    let unusual = frame.link != LinkType::Ethernet
        || frame.stripped_tag.is_some()
        || is_link_control(word_at::<0>(header) >> 16)
        || !source.is_usable();
    if unusual {
        return None;
    }
    let mut vlans = VlanStack::default();
    let mut ethertype = low16(source_and_type);
    let mut payload = &frame.bytes[14..];
    if ethertype == 0x8100 {
        let tag_and_type = word_at::<10>(header);
        vlans.push_tci(low16(tag_and_type >> 16));
        ethertype = low16(tag_and_type);
        payload = &frame.bytes[18..];
    }
    let station = Key::station(source);
    let key = match ethertype {
        0x0800 => plain_v4(station, payload)?,
        0x86dd => plain_v6(station, payload)?,
        other if carries_no_address(other) => station,
        _ => return None,
    };
    Some(Sender { key, vlans })
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the low sixteen bits are what is wanted")]
const fn low16(word: u64) -> u16 {
    word as u16
}

/// A sound header of a protocol that hides no second frame.
#[inline]
fn plain_v4(station: Key, bytes: &[u8]) -> Option<Key> {
    let header = Ipv4Packet::new(bytes)?;
    let plain = header.get_version() == 4
        && usize::from(header.get_header_length()) * 4 >= V4_HEADER_MIN
        && header.get_next_level_protocol().0 != GRE;
    plain.then(|| station.with_v4(header.get_source().to_bits()))
}

/// A sound header with TCP, UDP or another upper layer that is neither walked nor looked into.
#[inline]
fn plain_v6(station: Key, bytes: &[u8]) -> Option<Key> {
    let header = V6Header::read(bytes)?;
    let plain = !matches!(header.next, 0 | 43 | 44 | GRE | 51 | ICMPV6 | 60);
    plain.then(|| station.with_v6(header.source))
}

/// Whether the longer way would stop at this Ethertype: PROFINET, GOOSE, EtherCAT and all that is unknown.
#[inline]
const fn carries_no_address(ethertype: u16) -> bool {
    !matches!(
        ethertype,
        ..ETHERTYPE_MIN
            | 0x0806
            | 0x8100
            | 0x8847
            | 0x8848
            | 0x8864
            | 0x88a8
            | 0x892f
            | 0x9100
            | 0x9200
            | 0xf1c1
    )
}
