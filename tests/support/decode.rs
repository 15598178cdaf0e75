//! A second decoder, written from the counting rules alone (section 2): by index into the whole frame, one question
//! at a time, for clarity and not for speed.

use super::build::Mac;
use super::model::Said;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a header begins, and how many mirrors the frame around it came through.
#[derive(Clone, Copy)]
struct Place<'a> {
    frame: &'a [u8],
    at: usize,
    mirrors: u8,
}

impl Place<'_> {
    fn skip(self, count: usize) -> Self {
        Self { at: self.at + count, ..self }
    }

    fn bytes<const N: usize>(self, offset: usize) -> Option<[u8; N]> {
        let start = self.at + offset;
        self.frame.get(start..start + N)?.try_into().ok()
    }

    fn byte(self, offset: usize) -> Option<u8> {
        self.bytes::<1>(offset).map(|[byte]| byte)
    }

    fn word(self, offset: usize) -> Option<u16> {
        self.bytes(offset).map(u16::from_be_bytes)
    }

    fn mac(self, offset: usize) -> Option<Mac> {
        self.bytes(offset)
    }
}

fn usable(mac: Mac) -> Option<Mac> {
    (mac[0] & 1 == 0 && mac != [0; 6]).then_some(mac)
}

fn undecoded(said: Said) -> Said {
    Said { undecoded: true, ..said }
}

/// What a frame of `LINKTYPE_` number `link` says. Panics on a link type that the rules do not name.
pub fn decode_slow(link: u16, frame: &[u8]) -> Said {
    let place = Place { frame, at: 0, mirrors: 0 };
    match link {
        1 => ethernet(place),
        113 => cooked(place, 16, place.word(2), place.word(4), place.mac(6), place.word(14)),
        276 => {
            let address_len = place.byte(11).map(u16::from);
            cooked(place, 20, place.word(8), address_len, place.mac(12), place.word(0))
        }
        12 | 14 | 101 | 228 | 229 => internet(place, Said::default()),
        0 => loopback(place, place.bytes(0).map(|word| [u32::from_le_bytes(word), u32::from_be_bytes(word)])),
        108 => loopback(place, place.bytes(0).map(|word| [u32::from_be_bytes(word); 2])),
        _ => panic!("link type {link} is not in the rules"),
    }
}

fn is_link_control(destination: Mac) -> bool {
    match destination {
        [0x01, 0x80, 0xc2, 0x00, 0x00, last] => last <= 0x0f,
        [0x01, 0x00, 0x0c, 0xcc, 0xcc, last] => last == 0xcc || last == 0xcd,
        _ => false,
    }
}

fn ethernet(place: Place<'_>) -> Said {
    let (Some(destination), Some(source), Some(ethertype)) = (place.mac(0), place.mac(6), place.word(12))
    else {
        return undecoded(Said::default());
    };
    let said = Said { mac: usable(source), control: is_link_control(destination), ..Said::default() };
    if said.control { said } else { tagged(ethertype, place.skip(14), said) }
}

fn cooked(
    place: Place<'_>,
    header: usize,
    hardware: Option<u16>,
    address_len: Option<u16>,
    address: Option<Mac>,
    protocol: Option<u16>,
) -> Said {
    if place.frame.len() < header {
        return undecoded(Said::default());
    }
    let has_mac = address_len == Some(6) && hardware != Some(772);
    let mac = address.filter(|_| has_mac).and_then(usable);
    tagged(protocol.unwrap(), place.skip(header), Said { mac, ..Said::default() })
}

fn loopback(place: Place<'_>, family: Option<[u32; 2]>) -> Said {
    let Some(readings) = family else { return undecoded(Said::default()) };
    let is = |number| readings.contains(&number);
    if is(2) {
        ipv4(place.skip(4), Said::default())
    } else if is(10) || is(24) || is(28) || is(30) {
        ipv6(place.skip(4), Said::default())
    } else {
        undecoded(Said::default())
    }
}

/// Up to six tags, then what the Ethertype behind them says.
fn tagged(mut ethertype: u16, mut place: Place<'_>, mut said: Said) -> Said {
    for _ in 0..6 {
        let length = match ethertype {
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => 4,
            0x892f | 0xf1c1 => 6,
            _ => break,
        };
        if length == 4 {
            said.tag(place.word(0).unwrap_or(0) & 0xfff);
        }
        let Some(next) = place.word(length - 2) else { return undecoded(said) };
        (ethertype, place) = (next, place.skip(length));
    }
    if ethertype < 0x0600 { llc(place, said) } else { payload(ethertype, place, said) }
}

fn llc(place: Place<'_>, said: Said) -> Said {
    let differs = (0..6).any(|n| place.byte(n).is_some_and(|byte| byte != [0xaa, 0xaa, 3, 0, 0, 0][n]));
    match place.word(6) {
        _ if differs => said,
        None => undecoded(said),
        Some(ethertype) => payload(ethertype, place.skip(8), said),
    }
}

fn payload(ethertype: u16, place: Place<'_>, said: Said) -> Said {
    match ethertype {
        0x0800 | 0x86dd => internet(place, said),
        0x0806 => arp(place, said),
        0x8847 | 0x8848 => mpls(place, said),
        0x8864 => pppoe(place, said),
        _ => said,
    }
}

fn mpls(place: Place<'_>, said: Said) -> Said {
    for label in 0..8 {
        let Some([_, _, third, _]) = place.bytes(4 * label) else { return undecoded(said) };
        if third & 1 == 1 {
            let behind = place.skip(4 * label + 4);
            return match behind.byte(0).map(|first| first >> 4) {
                None => undecoded(said),
                Some(4 | 6) => internet(behind, said),
                Some(_) => said,
            };
        }
    }
    said
}

fn pppoe(place: Place<'_>, said: Said) -> Said {
    match place.word(6) {
        None => undecoded(said),
        Some(0x0021) => ipv4(place.skip(8), said),
        Some(0x0057) => ipv6(place.skip(8), said),
        Some(_) => said,
    }
}

/// IPv4 or IPv6 by the first nibble.
fn internet(place: Place<'_>, said: Said) -> Said {
    match place.byte(0).map(|first| first >> 4) {
        Some(4) => ipv4(place, said),
        Some(6) => ipv6(place, said),
        _ => undecoded(said),
    }
}

fn ipv4(place: Place<'_>, said: Said) -> Said {
    let Some(header) = place.bytes::<20>(0) else { return undecoded(said) };
    let header_len = 4 * usize::from(header[0] & 15);
    if header[0] >> 4 != 4 || header_len < 20 {
        return undecoded(said);
    }
    let offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
    if header[9] == 47
        && offset == 0
        && let Some(inner) = mirrored(place.skip(header_len))
    {
        return ethernet(inner);
    }
    let source = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
    Said { ip: Some(IpAddr::V4(source)), ..said }
}

fn ipv6(place: Place<'_>, said: Said) -> Said {
    let Some(header) = place.bytes::<40>(0) else { return undecoded(said) };
    if header[0] >> 4 != 6 {
        return undecoded(said);
    }
    let source: [u8; 16] = place.bytes(8).unwrap();
    let said = Said { ip: Some(IpAddr::V6(Ipv6Addr::from(source))), ..said };
    match upper_layer(header[6], place.skip(40)) {
        Some((47, gre)) => mirrored(gre).map_or(said, ethernet),
        Some((58, icmp)) if header[7] == 255 => advertisement(icmp, said),
        _ => said,
    }
}

/// The protocol behind at most eight extension headers, unless it lies in another fragment or was not captured.
fn upper_layer(mut protocol: u8, mut place: Place<'_>) -> Option<(u8, Place<'_>)> {
    let mut walked = 0;
    while matches!(protocol, 0 | 43 | 44 | 51 | 60) {
        walked += 1;
        if walked > 8 || (protocol == 44 && place.word(2)? & 0xfff8 != 0) {
            return None;
        }
        let length = match protocol {
            44 => 8,
            51 => 4 * (usize::from(place.byte(1)?) + 2),
            _ => 8 * (usize::from(place.byte(1)?) + 1),
        };
        (protocol, place) = (place.byte(0)?, place.skip(length));
    }
    (place.at <= place.frame.len()).then_some((protocol, place))
}

fn arp(place: Place<'_>, said: Said) -> Said {
    let Some(packet) = place.bytes::<28>(0) else { return undecoded(said) };
    let hardware = u16::from_be_bytes([packet[0], packet[1]]);
    let resolves_ipv4 = packet[2..6] == [0x08, 0x00, 6, 4] && (hardware == 1 || hardware == 6);
    let sha = place.mac(8).and_then(usable).filter(|_| resolves_ipv4);
    let spa = IpAddr::from(place.bytes::<4>(14).unwrap());
    Said { claim: sha.map(|sha| (Some(sha), spa)), ..said }
}

fn advertisement(icmp: Place<'_>, said: Said) -> Said {
    if icmp.byte(0) != Some(136) {
        return said;
    }
    let Some(target) = icmp.bytes::<16>(8) else { return said };
    let mac = target_option(icmp.skip(24)).or(said.mac);
    Said { claim: Some((mac, IpAddr::from(target))), ..said }
}

/// The MAC in the first target link-layer address option, if usable; sixteen options are looked at.
fn target_option(mut option: Place<'_>) -> Option<Mac> {
    for _ in 0..16 {
        let [kind, units] = option.bytes(0)?;
        if kind == 2 {
            return option.mac(2).and_then(usable);
        }
        option = option.skip(8 * usize::from(units).max(1));
    }
    None
}

/// The Ethernet frame that a mirror wrapped, if this is ERSPAN in GRE and not nested too deep.
fn mirrored(gre: Place<'_>) -> Option<Place<'_>> {
    let (flags, protocol) = (gre.word(0)?, gre.word(2)?);
    if gre.mirrors == 2 || flags & 7 != 0 || flags & 0x4000 != 0 {
        return None;
    }
    let set = |bit: u16| usize::from(flags & bit != 0);
    let erspan = gre.skip(4 + 4 * (set(0x8000) + set(0x2000) + set(0x1000)));
    let header = match protocol {
        0x88be => 8 * set(0x1000),
        0x22eb => 12 + 8 * usize::from(erspan.byte(11)? & 1),
        _ => return None,
    };
    let inner = erspan.skip(header);
    (inner.at <= inner.frame.len()).then_some(Place { mirrors: inner.mirrors + 1, ..inner })
}
