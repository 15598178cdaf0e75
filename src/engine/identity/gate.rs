//! Whether a frame may say something of its sender: few instructions, since it is asked of every frame.

use crate::model::frame::{Frame, LinkType};

/// Ports at which stations say who they are, or whose protocols have tags.
const PORTS: [u16; 17] =
    [67, 68, 80, 102, 137, 161, 443, 502, 2404, 4712, 4840, 5094, 8080, 9600, 20000, 44818, 47808];
const TCP: u8 = 6;
const UDP: u8 = 17;
const GRE: u8 = 47;
const ICMPV6: u8 = 58;
/// One bit for each port by its low six bits: most frames of other ports end here.
const FEW: u64 = {
    let (mut bits, mut at) = (0, 0);
    while at < PORTS.len() {
        bits |= 1 << (PORTS[at] % 64);
        at += 1;
    }
    bits
};

/// What a frame promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// Nothing.
    Nothing,
    /// The protocol its sender speaks, which many frames tell and few need to be asked for.
    Protocol,
    /// Perhaps who its sender is.
    Identity,
}

/// What the frame promises, by its Ethertype and ports; one VLAN tag is passed over.
#[inline(always)]
pub fn promise(frame: &Frame<'_>) -> Promise {
    if frame.link != LinkType::Ethernet {
        return Promise::Nothing;
    }
    let is_tagged = frame.bytes.get(12..14) == Some(&[0x81, 0]);
    frame.bytes.get(if is_tagged { 16 } else { 12 }..).map_or(Promise::Nothing, by_ethertype)
}

#[inline(always)]
fn by_ethertype(bytes: &[u8]) -> Promise {
    let Some(&[high, low, first, second]) = bytes.first_chunk() else { return Promise::Nothing };
    match u16::from_be_bytes([high, low]) {
        0x0800 => by_ports(&bytes[2..]),
        0x86dd => by_v6_ports(&bytes[2..]),
        0x8892 if first >= 0xfc => Promise::Identity,
        0x8892 | 0x88a4 | 0x88b8 | 0x88ba => Promise::Protocol,
        // More tags: what lies behind is asked for in the slow way.
        0x88cc | 0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x892f | 0xf1c1 => Promise::Identity,
        ..0x0600 => by_llc(first, second),
        _ => Promise::Nothing,
    }
}

/// SNAP only.
#[inline(always)]
fn by_llc(first: u8, second: u8) -> Promise {
    if [first, second] == [0xaa, 0xaa] { Promise::Identity } else { Promise::Nothing }
}

/// The ports behind an IPv4 header without options; with options, and of mirrors, the slow way tells.
#[inline(always)]
fn by_ports(packet: &[u8]) -> Promise {
    let Some(&[a, b, c, d]) = packet.get(20..24) else { return Promise::Nothing };
    let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    if !may_be_ours(from, to) && packet[0] == 0x45 && packet[9] != GRE {
        return Promise::Nothing;
    }
    by_exact_ports(packet, from, to)
}

#[inline(always)]
fn by_v6_ports(packet: &[u8]) -> Promise {
    let Some(&[a, b, c, d]) = packet.get(40..44) else { return Promise::Nothing };
    let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let is_plain = packet[0] >> 4 == 6 && matches!(packet[6], TCP | UDP | ICMPV6);
    if is_plain && !may_be_ours(from, to) { Promise::Nothing } else { Promise::Identity }
}

#[inline(always)]
const fn may_be_ours(from: u16, to: u16) -> bool {
    (FEW >> (from % 64) | FEW >> (to % 64)) & 1 != 0
}

/// Frames to and from busy services tell their protocol, and few of them more than that.
#[inline(never)]
fn by_exact_ports(packet: &[u8], from: u16, to: u16) -> Promise {
    if packet[0] != 0x45 || packet[9] == GRE {
        return Promise::Identity;
    }
    match (packet[9], from, to) {
        (UDP, 68, 67) | (UDP, 137, 137) | (UDP, 161 | 44818 | 47808, _) => Promise::Identity,
        (TCP, 80 | 102 | 502 | 8080 | 44818, _) if may_identify(packet, from) => Promise::Identity,
        (TCP | UDP, ..) if PORTS.contains(&from) || PORTS.contains(&to) => Promise::Protocol,
        _ => Promise::Nothing,
    }
}

/// Whether the TCP payload is of the kind that says who answers.
fn may_identify(packet: &[u8], from: u16) -> bool {
    let payload = packet.get(32).and_then(|offset| packet.get(20 + usize::from(offset >> 4).max(5) * 4..));
    match (from, payload.unwrap_or_default()) {
        (502, [_, _, _, _, _, _, _, function, ..]) => *function == 43,
        (102, [3, 0, _, _, _, _, _, 0x32, 7, ..])
        | (80 | 8080, [b'H', b'T', b'T', b'P', ..])
        | (44818, [0x63, 0, ..]) => true,
        _ => false,
    }
}
