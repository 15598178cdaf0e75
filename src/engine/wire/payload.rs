//! What a frame carries for whoever reads further than its sender: an Ethernet payload, or that of UDP or TCP.
//!
//! Ethernet only, with its tags and mirrors; each length that a header gives cuts off the padding behind it. What is cut
//! short, fragmented or hidden is nothing to read.

use super::ethernet::{ETHERTYPE_MIN, HEADER_LEN, untag};
use super::ip::{self, GRE, V4_HEADER_MIN, V6_HEADER_LEN, V6Header};
use super::{be16, mac_at, mirror};
use crate::model::frame::{Frame, LinkType};
use crate::model::key::Key;
use crate::model::vlan::VlanStack;

const TCP: u8 = 6;
const UDP: u8 = 17;
/// Of the fragment field: more fragments follow, or the offset is not zero.
const MORE_OR_LATER: u16 = 0x3fff;
const UDP_HEADER_LEN: usize = 8;
const TCP_HEADER_MIN: usize = 20;

/// How the payload is marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// An Ethertype that is not IP, in a frame from station to station or from a switch port.
    Ethernet(u16),
    /// An 802.3 frame; the payload begins with its LLC header.
    Llc,
    /// Source and destination port.
    Udp(u16, u16),
    /// The same of TCP.
    Tcp(u16, u16),
}

/// A payload and what it is marked as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payload<'a> {
    /// How it is marked.
    pub carrier: Carrier,
    /// To whom it goes: the MAC, perhaps of a group, and the address if there is one.
    pub to: Key,
    /// Its bytes, as far as they were captured.
    pub bytes: &'a [u8],
}

/// The payload of an Ethernet frame; the inner one of a mirrored frame.
pub fn payload<'a>(frame: &Frame<'a>) -> Option<Payload<'a>> {
    (frame.link == LinkType::Ethernet).then(|| of_ethernet(frame.bytes, 0)).flatten()
}

/// The frame that a switch wrapped in `gre` behind so many others, if there is one to open.
pub fn mirrored(gre: &[u8], depth: u8) -> Option<&[u8]> {
    mirror::opened(gre, depth)
}

fn of_ethernet(bytes: &[u8], depth: u8) -> Option<Payload<'_>> {
    let ethertype = be16(bytes, HEADER_LEN - 2)?;
    let to = Key::station(mac_at(bytes, 0)?);
    let (ethertype, rest) = untag(ethertype, &bytes[HEADER_LEN..], None, &mut VlanStack::default())?;
    match ethertype {
        0x0800 | 0x86dd => of_ip(rest, to, depth),
        length if length < ETHERTYPE_MIN => {
            Some(Payload { carrier: Carrier::Llc, to, bytes: cut(rest, usize::from(length)) })
        }
        other => Some(Payload { carrier: Carrier::Ethernet(other), to, bytes: rest }),
    }
}

fn cut(bytes: &[u8], length: usize) -> &[u8] {
    &bytes[..length.min(bytes.len())]
}

fn of_ip(bytes: &[u8], to: Key, depth: u8) -> Option<Payload<'_>> {
    let (to, (protocol, rest)) = match bytes.first()? >> 4 {
        4 => (to.with_v4(u32::from_be_bytes(*bytes.get(16..)?.first_chunk()?)), within_v4(bytes)?),
        6 => (to.with_v6(u128::from_be_bytes(*bytes.get(24..)?.first_chunk()?)), within_v6(bytes)?),
        _ => return None,
    };
    match protocol {
        UDP => of_udp(rest, to),
        TCP => of_tcp(rest, to),
        GRE => of_ethernet(mirrored(rest, depth)?, depth + 1),
        _ => None,
    }
}

fn within_v4(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let header_len = usize::from(bytes[0] & 0xf) * 4;
    let is_fragment = be16(bytes, 6)? & MORE_OR_LATER != 0;
    let packet = cut(bytes, usize::from(be16(bytes, 2)?));
    let rest = packet.get(header_len.max(V4_HEADER_MIN)..)?;
    (!is_fragment).then_some((packet[9], rest))
}

fn within_v6(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let next = V6Header::read(bytes)?.next;
    ip::skip_extensions(next, cut(&bytes[V6_HEADER_LEN..], usize::from(be16(bytes, 4)?)))
}

fn of_udp(bytes: &[u8], to: Key) -> Option<Payload<'_>> {
    let carrier = Carrier::Udp(be16(bytes, 0)?, be16(bytes, 2)?);
    let datagram = cut(bytes, usize::from(be16(bytes, 4)?));
    Some(Payload { carrier, to, bytes: datagram.get(UDP_HEADER_LEN..)? })
}

fn of_tcp(bytes: &[u8], to: Key) -> Option<Payload<'_>> {
    let carrier = Carrier::Tcp(be16(bytes, 0)?, be16(bytes, 2)?);
    let header_len = usize::from(*bytes.get(12)? >> 4) * 4;
    Some(Payload { carrier, to, bytes: bytes.get(header_len.max(TCP_HEADER_MIN)..)? })
}
