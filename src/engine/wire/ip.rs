//! IPv4 (RFC 791) and IPv6 (RFC 8200): the source address, and what may hide a second frame or a claim.

use super::{Decoded, mirror, neighbor};
use pnet_packet::ipv4::Ipv4Packet;
use pnet_packet::ipv6::Ipv6Packet;

const V4_HEADER_MIN: usize = 20;
const V6_HEADER_LEN: usize = 40;
/// Extension headers walked before the rest is left unread.
const EXTENSIONS_MAX: usize = 8;

const GRE: u8 = 47;
const ICMPV6: u8 = 58;

/// IPv4 or IPv6 by the first nibble.
pub(super) fn decode_by_version(bytes: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => decode_v4(bytes, decoded, depth),
        Some(6) => decode_v6(bytes, decoded, depth),
        _ => decoded.undecoded(),
    }
}

/// Reads an IPv4 header. Any fragment counts for its source.
#[inline]
pub(super) fn decode_v4(bytes: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    let Some(header) = Ipv4Packet::new(bytes) else {
        return decoded.undecoded();
    };
    let header_len = usize::from(header.get_header_length()) * 4;
    if header.get_version() != 4 || header_len < V4_HEADER_MIN {
        return decoded.undecoded();
    }
    let source = header.get_source().to_bits();
    if header.get_next_level_protocol().0 == GRE
        && header.get_fragment_offset() == 0
        && let Some(mirrored) = mirror::decode(bytes.get(header_len..), depth)
    {
        return mirrored;
    }
    Decoded { sender: decoded.sender.with_v4(source), ..decoded }
}

/// Reads an IPv6 header and walks its extension headers.
#[inline]
pub(super) fn decode_v6(bytes: &[u8], decoded: Decoded, depth: u8) -> Decoded {
    let Some(header) = Ipv6Packet::new(bytes) else {
        return decoded.undecoded();
    };
    if header.get_version() != 6 {
        return decoded.undecoded();
    }
    let source = header.get_source().to_bits();
    let decoded = Decoded { sender: decoded.sender.with_v6(source), ..decoded };
    match skip_extensions(header.get_next_header().0, &bytes[V6_HEADER_LEN..]) {
        Some((GRE, payload)) => mirror::decode(Some(payload), depth).unwrap_or(decoded),
        Some((ICMPV6, payload)) if header.get_hop_limit() == neighbor::HOP_LIMIT => {
            neighbor::decode(payload, decoded)
        }
        _ => decoded,
    }
}

/// The upper-layer protocol and its bytes; `None` in a later fragment, past the limit, or where bytes are missing.
#[inline]
fn skip_extensions(mut next: u8, mut rest: &[u8]) -> Option<(u8, &[u8])> {
    for _ in 0..=EXTENSIONS_MAX {
        let length = match next {
            // Hop-by-hop, routing, destination options: in units of 8, the first not counted.
            0 | 43 | 60 => 8 + usize::from(*rest.get(1)?) * 8,
            // Authentication: in units of 4, the first two not counted (RFC 4302, 2.2).
            51 => 8 + usize::from(*rest.get(1)?) * 4,
            44 if is_later_fragment(rest)? => return None,
            44 => 8,
            _ => return Some((next, rest)),
        };
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
    None
}

fn is_later_fragment(header: &[u8]) -> Option<bool> {
    super::be16(header, 2).map(|field| field >> 3 != 0)
}
