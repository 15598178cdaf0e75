//! Whether a frame may say something of its sender: few instructions, since it is asked of every frame.

use crate::engine::wire::payload::mirrored;
use crate::model::frame::{Frame, LinkType};

/// Ports at which stations say who they are, or whose protocols have tags.
const PORTS: [u16; 31] = [
    22, 53, 67, 68, 80, 102, 123, 137, 161, 443, 445, 502, 514, 1883, 2404, 3389, 4712, 4713, 4840, 5006,
    5007, 5094, 5353, 8080, 8443, 8883, 9600, 19999, 20000, 44818, 47808,
];
const TCP: u8 = 6;
const UDP: u8 = 17;
const GRE: u8 = 47;
const ICMPV6: u8 = 58;
/// One bit for each port by its low ten bits: most frames of other ports end here.
static FEW: [u32; 32] = {
    let (mut bits, mut at) = ([0; 32], 0);
    while at < PORTS.len() {
        let low = PORTS[at] % 1024;
        bits[low as usize / 32] |= 1 << (low % 32);
        at += 1;
    }
    bits
};

/// From these ports a station says who it is; by their low eight bits.
static SPEAKERS: [bool; 256] = {
    let ports: [u16; 12] = [22, 68, 80, 102, 137, 161, 502, 4840, 5353, 8080, 44818, 47808];
    let (mut low, mut at) = ([false; 256], 0);
    while at < ports.len() {
        low[ports[at] as usize % 256] = true;
        at += 1;
    }
    low
};

/// Whether a frame of a common kind may say who its sender is, by its Ethertype and what follows: the least that can be
/// asked of every frame. What it lets through, [`promise`] looks at.
#[inline(always)]
pub fn may_say(ethertype: u16, payload: &[u8]) -> bool {
    let speaks = |at: usize| payload.get(at).is_none_or(|&low| SPEAKERS[usize::from(low)]);
    match ethertype {
        // The low byte of the source port, behind a header without options or extensions.
        0x0800 => speaks(21),
        0x86dd => speaks(41),
        0x0806 | 0x88a4 | 0x88b8 | 0x88ba => false,
        0x8892 => payload.first().is_none_or(|&high| high >= 0xfc),
        _ => true,
    }
}

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

/// What the frame promises, by its Ethertype and ports behind at most two tags.
#[inline(always)]
pub fn promise(frame: &Frame<'_>) -> Promise {
    if frame.link == LinkType::Ethernet { of_ethernet(frame.bytes, 0) } else { Promise::Nothing }
}

fn of_ethernet(bytes: &[u8], depth: u8) -> Promise {
    let mut rest = bytes.get(12..).unwrap_or_default();
    for _ in 0..2 {
        if let [0x81 | 0x91 | 0x92, 0x00, ..] | [0x88, 0xa8, ..] = rest {
            rest = rest.get(4..).unwrap_or_default();
        }
    }
    by_ethertype(rest, depth)
}

#[inline(always)]
fn by_ethertype(bytes: &[u8], depth: u8) -> Promise {
    let Some(&[high, low, first, second]) = bytes.first_chunk() else { return Promise::Nothing };
    match u16::from_be_bytes([high, low]) {
        0x0800 => by_ports(&bytes[2..], depth),
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

/// The ports behind an IPv4 header without options; with options the slow way tells.
#[inline(always)]
fn by_ports(packet: &[u8], depth: u8) -> Promise {
    let Some(&[a, b, c, d]) = packet.get(20..24) else { return Promise::Nothing };
    let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    if !may_be_ours(from, to) && packet[0] == 0x45 && packet[9] != GRE {
        return Promise::Nothing;
    }
    within_v4(packet, from, to, depth)
}

#[inline(never)]
fn within_v4(packet: &[u8], from: u16, to: u16, depth: u8) -> Promise {
    match (packet[0], packet[9]) {
        (0x45, GRE) => {
            mirrored(&packet[20..], depth).map_or(Promise::Nothing, |inner| of_ethernet(inner, depth + 1))
        }
        (0x45, protocol) => by_exact_ports(protocol, &packet[20..], from, to),
        _ => Promise::Identity,
    }
}

#[inline(always)]
fn by_v6_ports(packet: &[u8]) -> Promise {
    let Some(&[a, b, c, d]) = packet.get(40..44) else { return Promise::Nothing };
    let (from, to) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let is_plain = packet[0] >> 4 == 6 && matches!(packet[6], TCP | UDP | ICMPV6);
    if is_plain && !may_be_ours(from, to) { Promise::Nothing } else { within_v6(packet, is_plain, from, to) }
}

#[inline(never)]
fn within_v6(packet: &[u8], is_plain: bool, from: u16, to: u16) -> Promise {
    if is_plain { by_exact_ports(packet[6], &packet[40..], from, to) } else { Promise::Identity }
}

#[inline(always)]
fn may_be_ours(from: u16, to: u16) -> bool {
    let bit = |port: u16| FEW[usize::from(port % 1024 / 32)] >> (port % 32);
    (bit(from) | bit(to)) & 1 != 0
}

/// Frames to and from busy services tell their protocol, and few of them more than that.
fn by_exact_ports(protocol: u8, segment: &[u8], from: u16, to: u16) -> Promise {
    match (protocol, from, to) {
        (UDP, 68, 67) | (UDP, 137, 137) | (UDP, 5353, 5353) | (UDP, 161 | 44818 | 47808, _) => {
            Promise::Identity
        }
        (TCP, 22 | 80 | 102 | 502 | 4840 | 8080 | 44818, _) if may_identify(segment, from) => {
            Promise::Identity
        }
        (TCP, _, 22 | 4840) if may_identify(segment, to) => Promise::Identity,
        // Perhaps of another port with the same low bits, which costs a look now and then.
        (TCP | UDP, ..) => Promise::Protocol,
        _ => Promise::Nothing,
    }
}

/// Whether the TCP payload is of the kind that says who speaks.
fn may_identify(segment: &[u8], service: u16) -> bool {
    let payload = segment.get(12).and_then(|offset| segment.get(usize::from(offset >> 4).max(5) * 4..));
    match (service, payload.unwrap_or_default()) {
        (502, [_, _, _, _, _, _, _, function, ..]) => *function == 43,
        (22, [b'S', b'S', b'H', b'-', ..])
        | (102, [3, 0, _, _, _, _, _, 0x32, 7, ..])
        | (80 | 8080, [b'H', b'T', b'T', b'P', ..])
        | (4840, [b'M', b'S', b'G', b'F', ..])
        | (44818, [0x63, 0, ..]) => true,
        _ => false,
    }
}
