//! Mirror transport: ERSPAN in GRE (RFC 2784, RFC 2890, draft-foschiano-erspan-03).
//!
//! A switch wraps the frames it mirrors. The frame inside replaces the packet around it, so that the mirror's own end
//! points are never sighted.

use super::{Decoded, be16, ethernet};

/// Mirror headers opened inside each other; what lies deeper is sighted by its outer packet.
const DEPTH_MAX: u8 = 2;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const VERSION: u16 = 0x0007;

const ERSPAN_I_II: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const ERSPAN_II_LEN: usize = 8;
const ERSPAN_III_LEN: usize = 12;
const ERSPAN_III_SUBHEADER_LEN: usize = 8;

/// What the frame mirrored in `gre` says, if there is one to open.
#[inline(never)]
pub(super) fn decode(gre: Option<&[u8]>, depth: u8) -> Option<Decoded> {
    opened(gre?, depth).map(|inner| ethernet::decode_at_depth(inner, None, depth + 1))
}

/// The frame mirrored in `gre`, if so many may lie inside each other.
pub(super) fn opened(gre: &[u8], depth: u8) -> Option<&[u8]> {
    if depth < DEPTH_MAX { mirrored_frame(gre) } else { None }
}

/// The mirrored Ethernet frame behind the GRE and ERSPAN headers.
fn mirrored_frame(gre: &[u8]) -> Option<&[u8]> {
    let flags = be16(gre, 0)?;
    let protocol = be16(gre, 2)?;
    if flags & (VERSION | ROUTING) != 0 {
        return None;
    }
    let optional = [CHECKSUM, KEY, SEQUENCE].iter().filter(|&&bit| flags & bit != 0).count();
    let erspan = gre.get(4 + 4 * optional..)?;
    let header_len = match protocol {
        ERSPAN_I_II if flags & SEQUENCE == 0 => 0,
        ERSPAN_I_II => ERSPAN_II_LEN,
        ERSPAN_III if *erspan.get(ERSPAN_III_LEN - 1)? & 1 != 0 => ERSPAN_III_LEN + ERSPAN_III_SUBHEADER_LEN,
        ERSPAN_III => ERSPAN_III_LEN,
        _ => return None,
    };
    erspan.get(header_len..)
}
