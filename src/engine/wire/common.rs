//! The short way through the decoder, for the frames that make up nearly all traffic.
//!
//! Ethernet with at most one VLAN tag, then plain IPv4, plain IPv6, a station's own ARP, or an Ethertype that carries no
//! address. What is read here is read with one length check and stays in registers; whether there is a tag chooses
//! places, not ways, since in a trunk no branch on it can be foreseen. Any doubt ends in `None`, and
//! [`super::decode`] reads the frame from the start; a test holds the two to the same answer.

use super::ethernet::{ETHERTYPE_MIN, is_link_control, word_at};
use super::ip::{GRE, ICMPV6, V4_HEADER_MIN, V6Header};
use crate::model::frame::Frame;
use crate::model::frame::LinkType;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::vlan::VlanStack;

/// The sender of a common frame, and its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sender<'a> {
    /// (MAC, source address?), in network 0.
    pub key: Key,
    /// The address is claimed by ARP.
    pub claims: bool,
    /// The tag, if there is one.
    pub vlans: VlanStack,
    /// What it carries, behind the tag.
    pub ethertype: u16,
    /// The bytes of that, as far as they were captured, with padding.
    pub payload: &'a [u8],
}

/// A tag, an IPv4 header behind it, and the Ethernet header before.
const ENOUGH: usize = 14 + 4 + V4_HEADER_MIN;
const ARP_LEN: usize = 28;

/// Reads a frame of the common kinds.
#[inline(always)]
pub fn decode_common<'a>(frame: &Frame<'a>) -> Option<Sender<'a>> {
    let header = frame.bytes.first_chunk::<ENOUGH>()?;
    let source_and_type = word_at::<6>(header);
    let source = MacAddr::from_bits(source_and_type >> 16);
    let unusual = frame.link != LinkType::Ethernet
        || frame.stripped_tag.is_some()
        || may_be_link_control(header) && is_link_control(word_at::<0>(header) >> 16)
        || !source.is_usable();
    if unusual {
        return None;
    }
    let tagged = low16(source_and_type) == 0x8100;
    let tag_and_type = word_at::<10>(header);
    let (tci, ethertype, start) = if tagged {
        (low16(tag_and_type >> 16), low16(tag_and_type), 18)
    } else {
        (0, low16(source_and_type), 14)
    };
    let mut vlans = VlanStack::default();
    vlans.push_tci(tci);
    let payload = &frame.bytes[start..];
    let (key, claims) = match ethertype {
        0x0800 => (plain_v4(source, payload)?, false),
        0x86dd => (plain_v6(source, payload)?, false),
        0x0806 => (own_arp(source, payload)?, true),
        other if carries_no_address(other) => (Key::station(source), false),
        _ => return None,
    };
    Some(Sender { key, claims, vlans, ethertype, payload })
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the low sixteen bits are what is wanted")]
const fn low16(word: u64) -> u16 {
    word as u16
}

/// By the first four bytes of the destination, which two comparisons tell.
#[inline(always)]
fn may_be_link_control(header: &[u8; ENOUGH]) -> bool {
    let [a, b, c, d, ..] = *header;
    matches!([a, b, c, d], [0x01, 0x80, 0xc2, 0x00] | [0x01, 0x00, 0x0c, 0xcc])
}

/// A sound header of a protocol that hides no second frame.
#[inline(always)]
fn plain_v4(source: MacAddr, bytes: &[u8]) -> Option<Key> {
    let header = bytes.first_chunk::<V4_HEADER_MIN>()?;
    // Version 4, and a length of at least five words.
    let plain = matches!(header[0], 0x45..=0x4f) && header[9] != GRE;
    let address = u32::from_be_bytes([header[12], header[13], header[14], header[15]]);
    plain.then(|| Key::station(source).with_v4(address))
}

/// A sound header with TCP, UDP or another upper layer that is neither walked nor looked into.
#[inline(always)]
fn plain_v6(source: MacAddr, bytes: &[u8]) -> Option<Key> {
    let header = V6Header::read(bytes)?;
    let plain = !matches!(header.next, 0 | 43 | 44 | GRE | 51 | ICMPV6 | 60);
    plain.then(|| Key::station(source).with_v6(header.source))
}

/// ARP for IPv4 over Ethernet in which the frame's sender speaks for itself.
#[inline(always)]
fn own_arp(source: MacAddr, bytes: &[u8]) -> Option<Key> {
    /// Hardware Ethernet, protocol IPv4, lengths 6 and 4; any opcode.
    const ETHERNET_IPV4: u64 = 0x0001_0800_0604;
    let packet = bytes.first_chunk::<ARP_LEN>()?;
    let own = word_at::<0>(packet) >> 16 == ETHERNET_IPV4
        && MacAddr::from_bits(word_at::<8>(packet) >> 16) == source;
    let address = u32::from_be_bytes([packet[14], packet[15], packet[16], packet[17]]);
    own.then(|| Key::station(source).with_v4(address))
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
