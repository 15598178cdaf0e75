//! The decoder under test, put to its oracles: the slow twin written from the counting rules, and two libraries.
//!
//! Needs `mod support` beside it; used by the oracle tests and by the fuzz targets.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]

use crate::support::model::{Mac, Said, decode_slow};
use std::fmt::Display;
use tollgate::engine::wire::{Decoded, Sender, decode, decode_common};
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::key::Key;
use tollgate::model::time::CaptureTime;

/// What the decoder under test says, in the model's words.
pub fn decode_fast(link: u16, bytes: &[u8]) -> Said {
    let link = LinkType::from_number(link).unwrap();
    let frame = Frame { link, time: CaptureTime::MIN, bytes, stripped_tag: None };
    let decoded = decode(&frame);
    if let Some(Sender { key, claims, vlans, .. }) = decode_common(&frame) {
        assert_eq!(
            decoded,
            Decoded { sender: key, sender_claims: claims, vlans, ..Decoded::default() },
            "the short way: {}",
            hex(bytes)
        );
    }
    describe(&decoded).normal()
}

pub fn describe(decoded: &Decoded) -> Said {
    let claimed = decoded.claimed;
    let mut said = Said {
        mac: mac_of(decoded.sender),
        ip: decoded.sender.address(),
        sender_claims: decoded.sender_claims,
        claim: claimed.address().map(|ip| (mac_of(claimed), ip)),
        control: decoded.control,
        undecoded: decoded.undecoded,
        vlans: [0; 6],
    };
    decoded.vlans.iter().for_each(|id| said.tag(id));
    said
}

fn mac_of(key: Key) -> Option<Mac> {
    let [_, _, mac @ ..] = key.mac().bits().to_be_bytes();
    key.has_mac().then_some(mac)
}

pub fn assert_twins_agree(link: u16, bytes: &[u8], what: impl Display) {
    let (fast, slow) = (decode_fast(link, bytes), decode_slow(link, bytes).normal());
    assert_eq!(fast, slow, "{what}: link type {link}, {}", hex(bytes));
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Whether the frame is in the scope of a library that knows neither mirrors nor link control, and that reads a
/// version 6 header behind the Ethertype of IPv4.
fn is_plain(said: &Said, protocol: u8) -> bool {
    // GRE, and the IPv6 extension headers behind which it may stand: a library may stop at any of them.
    const MAY_MIRROR: [u8; 6] = [0, 43, 44, 47, 51, 60];
    !said.control && !said.undecoded && !MAY_MIRROR.contains(&protocol)
}

pub fn agree_with_etherparse(what: &dyn Display, bytes: &[u8]) -> bool {
    use etherparse::{LaxLinkExtSlice, LaxNetSlice, LaxSlicedPacket};
    let Ok(packet) = LaxSlicedPacket::from_ethernet(bytes) else { return false };
    if packet.link_exts.iter().any(|header| matches!(header, LaxLinkExtSlice::Macsec(_))) {
        return false;
    }
    let (source, protocol) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.payload().ip_number.0),
        Some(LaxNetSlice::Ipv6(ip)) => {
            (std::net::IpAddr::from(ip.header().source_addr()), ip.payload().ip_number.0)
        }
        _ => return false,
    };
    let said = decode_fast(1, bytes);
    let plain = is_plain(&said, protocol);
    if plain {
        assert_eq!(said.ip, Some(source), "{}: {}", what, hex(bytes));
    }
    plain
}

pub fn agree_with_pnet(what: &dyn Display, bytes: &[u8]) -> bool {
    use pnet_packet::{Packet, ethernet::EthernetPacket, ipv4::Ipv4Packet, ipv6::Ipv6Packet};
    let Some(frame) = EthernetPacket::new(bytes) else { return false };
    let said = decode_fast(1, bytes);
    let source = frame.get_source().octets();
    let usable = (source[0] & 1 == 0 && source != [0; 6]).then_some(source);
    let (ip, protocol) = match frame.get_ethertype().0 {
        0x0800 => match Ipv4Packet::new(frame.payload()) {
            Some(ip) if ip.get_version() == 4 && ip.get_header_length() >= 5 => {
                (Some(ip.get_source().into()), ip.get_next_level_protocol().0)
            }
            _ => return false,
        },
        0x86dd => match Ipv6Packet::new(frame.payload()) {
            Some(ip) if ip.get_version() == 6 => {
                (Some(std::net::IpAddr::from(ip.get_source())), ip.get_next_header().0)
            }
            _ => return false,
        },
        _ => return false,
    };
    let plain = is_plain(&said, protocol);
    if plain {
        assert_eq!((said.mac, said.ip), (usable, ip), "{}: {}", what, hex(bytes));
    }
    plain
}
