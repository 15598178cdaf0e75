//! Ethernet II and IEEE 802.3: addresses, tags, then the payload by its Ethertype.

use super::{Decoded, arp, be16, ip, shim};
use crate::model::frame::VlanTag;
use crate::model::mac::MacAddr;
use crate::model::vlan::VlanStack;

pub(super) const HEADER_LEN: usize = 14;
/// Tags opened before the Ethertype is taken as it is.
const TAGS_MAX: usize = VlanStack::MAX;
/// Below this the type field is an 802.3 length (IEEE 802.3, 3.2.6).
pub(super) const ETHERTYPE_MIN: u16 = 0x0600;

/// `01-80-c2-00-00-00` to `-0f`: STP, LLDP, LACP, 802.1X, PTP peer delay (IEEE 802.1Q, table 8-1).
const BRIDGE_GROUP: u64 = 0x0180_c200_0000;
/// `01-00-0c-cc-cc-cc` (CDP, VTP, UDLD, DTP) and `-cd` (PVST+).
const CISCO_CONTROL: u64 = 0x0100_0ccc_cccc;

/// Reads a frame from its destination MAC.
#[inline]
pub(super) fn decode(bytes: &[u8], stripped: Option<VlanTag>) -> Decoded {
    decode_at_depth(bytes, stripped, 0)
}

/// The same inside `depth` mirror headers.
#[inline]
pub(super) fn decode_at_depth(bytes: &[u8], stripped: Option<VlanTag>, depth: u8) -> Decoded {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Decoded::default().undecoded();
    };
    // Two overlapping words: destination and half the source, then source and Ethertype.
    let destination = word_at::<0>(header) >> 16;
    let source_and_type = word_at::<6>(header);
    let source = MacAddr::from_bits(source_and_type >> 16);
    #[allow(clippy::cast_possible_truncation, reason = "the low sixteen bits are the type")]
    let ethertype = source_and_type as u16;
    if is_link_control(destination) {
        return Decoded { control: true, ..Decoded::station(source, VlanStack::default()) };
    }
    decode_tagged(source, ethertype, rest, stripped, depth)
}

#[inline]
pub(super) fn word_at<const AT: usize>(header: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&header[AT..AT + 8]);
    u64::from_be_bytes(word)
}

/// Reads from the type field on: tags, then the payload.
#[inline]
pub(super) fn decode_tagged(
    source: MacAddr,
    ethertype: u16,
    rest: &[u8],
    stripped: Option<VlanTag>,
    depth: u8,
) -> Decoded {
    let mut vlans = VlanStack::default();
    match untag(ethertype, rest, stripped, &mut vlans) {
        Some((ethertype, rest)) => decode_payload(ethertype, rest, Decoded::station(source, vlans), depth),
        None => Decoded::station(source, vlans).undecoded(),
    }
}

/// Whether frames to `destination` come from a switch port rather than from a component.
#[inline]
pub(super) fn is_link_control(destination: u64) -> bool {
    destination & !0xf == BRIDGE_GROUP || destination & !1 == CISCO_CONTROL
}

/// Walks VLAN, HSR and R-TAG headers to the Ethertype behind them. `None` when a tag is cut short.
#[inline]
pub(super) fn untag<'a>(
    mut ethertype: u16,
    mut rest: &'a [u8],
    stripped: Option<VlanTag>,
    vlans: &mut VlanStack,
) -> Option<(u16, &'a [u8])> {
    let mut tags = 0;
    if let Some(tag) = stripped {
        vlans.push_tci(tag.tci);
        tags = 1;
    }
    while tags < TAGS_MAX {
        let length = match ethertype {
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                vlans.push_tci(be16(rest, 0)?);
                4
            }
            0x892f | 0xf1c1 => 6,
            _ => break,
        };
        ethertype = be16(rest, length - 2)?;
        rest = &rest[length..];
        tags += 1;
    }
    Some((ethertype, rest))
}

/// Reads what follows an Ethertype; payloads that carry no address leave the MAC standing alone.
#[inline]
pub(super) fn decode_payload(ethertype: u16, rest: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    match ethertype {
        // Which of the two it is, the packet itself says: Ethertypes are mixed up in practice.
        0x0800 | 0x86dd => ip::decode_by_version(rest, decoded, depth),
        0x0806 => arp::decode(rest, decoded),
        0x8847 | 0x8848 => shim::decode_mpls(rest, decoded, depth),
        0x8864 => shim::decode_pppoe(rest, decoded, depth),
        length if length < ETHERTYPE_MIN => decode_llc(rest, decoded, depth),
        _ => decoded,
    }
}

/// Opens an LLC/SNAP header with the encapsulated-Ethernet OUI (RFC 1042); other LLC frames are MAC-only.
#[cold]
fn decode_llc(rest: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];
    let head = rest.len().min(SNAP.len());
    if rest[..head] != SNAP[..head] {
        return decoded;
    }
    match be16(rest, SNAP.len()) {
        Some(ethertype) if ethertype >= ETHERTYPE_MIN => {
            decode_payload(ethertype, &rest[8..], decoded, depth)
        }
        Some(_) => decoded,
        None => decoded.undecoded(),
    }
}
