//! IPv4 (RFC 791) and IPv6 (RFC 8200): the source address, and what may hide a second frame or a claim.

use super::{Decoded, mirror, neighbor};
use pnet_packet::ipv4::Ipv4Packet;

pub(super) const V4_HEADER_MIN: usize = 20;
pub(super) const V6_HEADER_LEN: usize = 40;
/// Extension headers walked before the rest is left unread.
const EXTENSIONS_MAX: usize = 8;

pub(super) const GRE: u8 = 47;
pub(super) const ICMPV6: u8 = 58;

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
    let Some(header) = V6Header::read(bytes) else {
        return decoded.undecoded();
    };
    let decoded = Decoded { sender: decoded.sender.with_v6(header.source), ..decoded };
    match skip_extensions(header.next, &bytes[V6_HEADER_LEN..]) {
        Some((GRE, payload)) => mirror::decode(Some(payload), depth).unwrap_or(decoded),
        Some((ICMPV6, payload)) if header.hop_limit == neighbor::HOP_LIMIT => {
            neighbor::decode(payload, decoded)
        }
        _ => decoded,
    }
}

/// The fixed header. Read by hand: the address comes as one word here, and as eight of 16 bits from `pnet_packet`.
pub(super) struct V6Header {
    pub(super) next: u8,
    pub(super) hop_limit: u8,
    pub(super) source: u128,
}

impl V6Header {
    /// `None` when it is cut short or of another version.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.first_chunk::<V6_HEADER_LEN>()?;
        let mut source = [0; 16];
        source.copy_from_slice(&header[8..24]);
        let source = u128::from_be_bytes(source);
        (header[0] >> 4 == 6).then_some(Self { next: header[6], hop_limit: header[7], source })
    }
}

/// The upper-layer protocol and its bytes; `None` in a later fragment, past the limit, or where bytes are missing.
#[inline]
pub(super) fn skip_extensions(mut next: u8, mut rest: &[u8]) -> Option<(u8, &[u8])> {
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
