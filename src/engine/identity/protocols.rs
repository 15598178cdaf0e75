//! Which protocol a payload is of: by Ethertype, or by a port of either end and a look at its first bytes.

use crate::engine::wire::payload::{Carrier, Payload};
use crate::model::property::Protocol;

pub(super) fn spoken(payload: &Payload<'_>) -> Option<Protocol> {
    let bytes = payload.bytes;
    match payload.carrier {
        Carrier::Ethernet(ethertype) => by_ethertype(ethertype),
        Carrier::Llc => None,
        Carrier::Udp(from, to) => by_udp(from, bytes).or_else(|| by_udp(to, bytes)),
        Carrier::Tcp(from, to) => by_tcp(from, bytes).or_else(|| by_tcp(to, bytes)),
    }
}

fn by_ethertype(ethertype: u16) -> Option<Protocol> {
    Some(match ethertype {
        0x8892 => Protocol::Profinet,
        0x88a4 => Protocol::EtherCat,
        0x88b8 => Protocol::Goose,
        0x88ba => Protocol::SampledValues,
        0x88cc => Protocol::Lldp,
        _ => return None,
    })
}

fn by_udp(port: u16, bytes: &[u8]) -> Option<Protocol> {
    Some(match (port, bytes) {
        (53, [_, _, 0..=0x07 | 0x80..=0x87, _, _, _, _, _, _, _, _, _, ..]) => Protocol::Dns,
        (123, [flags, ..]) if bytes.len() >= 48 && matches!(flags >> 3 & 7, 1..=4) => Protocol::Ntp,
        (137, [_, _, _, _, _, _, _, _, _, _, _, _, 32, ..]) => Protocol::NetBios,
        (161, [0x30, ..]) => Protocol::Snmp,
        (514, [b'<', b'0'..=b'9', ..]) => Protocol::Syslog,
        (4713, [0xaa, 0..=0x4f, ..]) => Protocol::C37118,
        (5006 | 5007, _) if is_melsec(bytes) => Protocol::Melsec,
        (5094, [1, 0..=3, 0..=4, ..]) => Protocol::HartIp,
        (5353, [_, _, 0 | 0x84, _, _, _, _, _, _, _, _, _, ..]) => Protocol::Mdns,
        (9600, [0x80 | 0x81 | 0xc0 | 0xc1, 0, ..]) => Protocol::Fins,
        (19999 | 20000, [0x05, 0x64, ..]) => Protocol::Dnp3,
        (44818, [..]) if is_encapsulation(bytes) => Protocol::EtherNetIp,
        (47808, [0x81, 0..=0x0c, ..]) => Protocol::Bacnet,
        _ => return None,
    })
}

fn by_tcp(port: u16, bytes: &[u8]) -> Option<Protocol> {
    industrial(port, bytes).or_else(|| common(port, bytes))
}

fn industrial(port: u16, bytes: &[u8]) -> Option<Protocol> {
    Some(match (port, bytes) {
        (102, [3, 0, _, _, 2, 0xf0, _, 0x32, ..]) => Protocol::S7,
        (502, [_, _, 0, 0, 0, 2..=254, _, 1..=255, ..]) => Protocol::Modbus,
        (2404, [0x68, 4..=253, ..]) => Protocol::Iec104,
        (4712, [0xaa, 0..=0x4f, ..]) => Protocol::C37118,
        (
            4840,
            [b'H', b'E', b'L', b'F', ..]
            | [b'A', b'C', b'K', b'F', ..]
            | [b'O' | b'M', b'P' | b'S', b'N' | b'G', b'F' | b'C', ..],
        ) => Protocol::OpcUa,
        (5006 | 5007, _) if is_melsec(bytes) => Protocol::Melsec,
        (5094, [1, 0..=3, 0..=4, ..]) => Protocol::HartIp,
        (9600, [b'F', b'I', b'N', b'S', ..]) => Protocol::Fins,
        (19999 | 20000, [0x05, 0x64, ..]) => Protocol::Dnp3,
        (44818, [..]) if is_encapsulation(bytes) => Protocol::EtherNetIp,
        _ => return None,
    })
}

fn common(port: u16, bytes: &[u8]) -> Option<Protocol> {
    Some(match (port, bytes) {
        (22, [b'S', b'S', b'H', b'-', ..]) => Protocol::Ssh,
        (80 | 8080, _) if is_http(bytes) => Protocol::Http,
        (443 | 8443 | 8883, [0x14..=0x17, 3, 0..=4, ..]) => Protocol::Tls,
        (445, [0, _, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..]) => Protocol::Smb,
        (1883, [0x10, _, 0, 4 | 6, b'M', b'Q', ..] | [0x20, 2 | 3, 0 | 1, ..]) => Protocol::Mqtt,
        (3389, [3, 0, _, _, _, 0xd0 | 0xe0 | 0xf0, ..]) => Protocol::Rdp,
        _ => return None,
    })
}

/// An answer, or one of the usual requests.
fn is_http(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] = [b"HTTP/", b"GET /", b"POST /", b"HEAD /", b"PUT /", b"OPTIONS "];
    BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

/// The subheader of a request or answer of frames 3E and 4E, and of the maker's own tool.
fn is_melsec(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50 | 0x54 | 0x57 | 0xd0 | 0xd4 | 0xd7, 0, ..])
}

/// A command of EtherNet/IP's encapsulation, whose header is 24 bytes long.
fn is_encapsulation(bytes: &[u8]) -> bool {
    matches!(bytes, [0x04 | 0x63..=0x66 | 0x6f | 0x70 | 0x72 | 0x73, 0, ..]) && bytes.len() >= 24
}
