//! Each recogniser on bytes written by its protocol's description, whole and cut short at every place.

use super::*;
use crate::model::mac::MacAddr;
use crate::model::plain::PlainText;
use crate::model::property::{Property, Protocol};
use proptest::prelude::*;

const SENDER: Key = Key::station(MacAddr::new([2, 0, 0, 0, 0, 1])).with_v4(0x0a00_0001);

fn heard(carrier: Carrier, bytes: &[u8]) -> Vec<(Property, String)> {
    let found = listen(&Payload { carrier, to: Key::EMPTY, bytes }, SENDER);
    let text = |bytes: &[u8]| PlainText::read(bytes).map(|text| text.to_string());
    found.said.iter().filter_map(|(property, bytes)| Some((*property, text(bytes)?))).collect()
}

/// All of it says `expected`; less of it says less, and nothing else.
fn check(carrier: Carrier, bytes: &[u8], expected: &[(Property, &str)]) {
    let expected: Vec<_> = expected.iter().map(|&(property, text)| (property, text.to_owned())).collect();
    assert_eq!(heard(carrier, bytes), expected);
    for length in 0..bytes.len() {
        let less = heard(carrier, &bytes[..length]);
        assert!(less.iter().zip(&expected).all(|(less, all)| less.0 == all.0), "cut at {length}: {less:?}");
    }
}

fn tlv(kind: u16, value: &[u8]) -> Vec<u8> {
    let head = kind << 9 | u16::try_from(value.len()).unwrap();
    [&head.to_be_bytes(), value].concat()
}

#[test]
fn lldp_tells_name_description_and_inventory() {
    let chassis = MacAddr::new([2, 0, 0, 0, 0, 9]);
    let bytes = [
        tlv(1, &[4, 2, 0, 0, 0, 0, 9]),
        tlv(2, b"\x07port-1"),
        tlv(3, &[0, 20]),
        tlv(5, b"switch-1"),
        tlv(6, b"Rack 4"),
        tlv(8, &[5, 1, 10, 0, 0, 9, 2, 0, 0, 0, 1, 0]),
        tlv(127, b"\x00\x12\xbb\x0aX208"),
        tlv(0, &[]),
    ]
    .concat();
    let expected =
        [(Property::Name, "switch-1"), (Property::Description, "Rack 4"), (Property::Model, "X208")];
    check(Carrier::Ethernet(0x88cc), &bytes, &expected);
    let found =
        listen(&Payload { carrier: Carrier::Ethernet(0x88cc), to: Key::EMPTY, bytes: &bytes }, SENDER);
    assert_eq!(found.subjects, [SENDER, Key::station(chassis), Key::EMPTY.with_v4(0x0a00_0009)]);
}

#[test]
fn cdp_tells_name_and_platform() {
    let value = |kind: u16, text: &[u8]| {
        [&kind.to_be_bytes()[..], &u16::try_from(text.len() + 4).unwrap().to_be_bytes(), text].concat()
    };
    let bytes = [
        vec![0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180, 0, 0],
        value(1, b"core-sw"),
        value(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 0, 0, 7]),
        value(6, b"cisco IE-3400"),
    ]
    .concat();
    let expected = [(Property::Name, "core-sw"), (Property::Model, "cisco IE-3400")];
    check(Carrier::Llc, &bytes, &expected);
    let found = listen(&Payload { carrier: Carrier::Llc, to: Key::EMPTY, bytes: &bytes }, SENDER);
    assert_eq!(found.subjects[1], Key::EMPTY.with_v4(0x0a00_0007));
}

#[test]
fn dhcp_is_about_the_client_whoever_sends_it() {
    let mut bytes = vec![0; 236];
    bytes[..3].copy_from_slice(&[1, 1, 6]);
    bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 5]);
    bytes.extend([99, 130, 83, 99, 53, 1, 3, 0, 12, 5]);
    bytes.extend(b"hmi-1\x3c\x08MSFT 5.0\xff");
    let carrier = Carrier::Udp(68, 67);
    check(carrier, &bytes, &[(Property::Name, "hmi-1"), (Property::Description, "MSFT 5.0")]);
    let found = listen(&Payload { carrier, to: Key::EMPTY, bytes: &bytes }, SENDER);
    assert_eq!(found.subjects, [Key::station(MacAddr::new([2, 0, 0, 0, 0, 5]))]);
}

#[test]
fn profinet_tells_station_and_device() {
    let blocks = b"\x02\x02\x00\x07\x00\x00plc-1\x00\x02\x03\x00\x06\x00\x00\x00\x2a\x01\x0d\x02\x04\x00\x04\x00\x00\x03\x00";
    let head = [0xfe, 0xff, 5, 1, 0, 0, 0, 1, 0, 0, 0, u8::try_from(blocks.len()).unwrap()];
    let expected = [
        (Property::Name, "plc-1"),
        (Property::Vendor, "PROFINET vendor 0x002a device 0x010d"),
        (Property::Role, "IO-Device, IO-Controller"),
    ];
    check(Carrier::Ethernet(0x8892), &[&head[..], blocks].concat(), &expected);
    let request = [&[0xfe, 0xfe, 5, 0], &head[4..], blocks].concat();
    assert_eq!(heard(Carrier::Ethernet(0x8892), &request), []);
}

#[test]
fn ethernet_ip_tells_its_identity() {
    let bytes = [
        &[0x63, 0, 0x3c, 0][..],
        &[0; 20],
        &[1, 0, 0x0c, 0, 0x36, 0, 1, 0],
        &[0; 16],
        &[1, 0, 14, 0, 54, 0, 20, 11, 0, 0, 0x78, 0x56, 0x34, 0x12, 5],
        b"1756-\x03",
    ]
    .concat();
    let expected = [
        (Property::Vendor, "CIP vendor 1"),
        (Property::Role, "CIP device type 14 product 54"),
        (Property::Software, "20.11"),
        (Property::Serial, "12345678"),
        (Property::Model, "1756-"),
    ];
    for carrier in [Carrier::Udp(44818, 50_000), Carrier::Tcp(44818, 50_000)] {
        check(carrier, &bytes, &expected);
    }
}

#[test]
fn modbus_tells_its_device_identification() {
    let bytes = b"\0\x01\0\0\0\x1f\x01\x2b\x0e\x01\x01\0\0\x03\0\x04ACME\x01\x05PM-10\x02\x04V1.2";
    let expected = [(Property::Vendor, "ACME"), (Property::Reference, "PM-10"), (Property::Software, "V1.2")];
    check(Carrier::Tcp(502, 40_000), bytes, &expected);
    assert_eq!(heard(Carrier::Tcp(40_000, 502), bytes), [], "a request says nothing of who asks");
}

#[test]
fn s7_tells_order_number_and_names() {
    let list = |id: u16, length: u16, records: &[u8]| {
        let count = u16::try_from(records.len() / usize::from(length)).unwrap();
        let lists = [id, 0, length, count].map(u16::to_be_bytes).concat();
        let head =
            [3, 0, 0, 0, 2, 0xf0, 0x80, 0x32, 7, 0, 0, 0, 1, 0, 12, 0, 0, 0, 1, 0x12, 8, 0x12, 0x84, 1];
        [&head[..], &[1, 0, 0, 0, 0, 0xff, 9, 0, 0], &lists, records].concat()
    };
    let modules = [
        &b"\0\x016ES7 315-2EH14-0AB0 \0\xc0\0\x04\0\x01"[..],
        b"\0\x07                    \0\0V\x03\x02\x06",
    ]
    .concat();
    let expected = [(Property::Reference, "6ES7 315-2EH14-0AB0"), (Property::Software, "V3.2.6")];
    check(Carrier::Tcp(102, 50_000), &list(0x11, 28, &modules), &expected);
    let names = [&b"\0\x01SIMATIC 300\0"[..], &[0; 20], b"\0\x05S C-X4U421302009", &[0; 16]].concat();
    let expected = [(Property::Name, "SIMATIC 300"), (Property::Serial, "S C-X4U421302009")];
    check(Carrier::Tcp(102, 50_000), &list(0x1c, 34, &names), &expected);
}

#[test]
fn it_protocols_tell_names_too() {
    let mut snmp = b"\x30\x40\x02\x01\x01\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x04\x05Linux".to_vec();
    snmp.extend(b"\x30\x11\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04\x05gw-17");
    check(Carrier::Udp(161, 9), &snmp, &[(Property::Description, "Linux"), (Property::Name, "gw-17")]);
    let http = b"HTTP/1.1 200 OK\r\nDate: x\r\nserver: GoAhead-Webs\r\n\r\nServer: no";
    check(Carrier::Tcp(80, 9), http, &[(Property::Software, "GoAhead-Webs")]);
    let bacnet = b"\x81\x0b\0\x18\x01\x20\xff\xff\0\xff\x10\0\xc4\x02\0\x04\xd2\x22\x05\xc4\x91\0\x21\x0f";
    let expected = [(Property::Name, "BACnet device 1234"), (Property::Vendor, "BACnet vendor 15")];
    check(Carrier::Udp(47808, 47808), bacnet, &expected);
    let letters: Vec<u8> =
        b"HMI-7          \0".iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]).collect();
    let netbios = [
        &[0, 1, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, 32][..],
        &letters,
        &[0, 0, 0x20, 0, 1, 0xc0, 0x0c, 0, 0x20, 0, 1, 0, 4, 0x93, 0xe0, 0, 6, 0, 0, 10, 0, 0, 1],
    ]
    .concat();
    check(Carrier::Udp(137, 137), &netbios, &[(Property::Name, "HMI-7")]);
}

#[test]
fn dnp3_and_iec_104_tell_their_addresses() {
    let link = [0x05, 0x64, 5, 0x44, 1, 0, 0x0a, 2, 0xff, 0xff];
    check(Carrier::Tcp(20000, 50_000), &link, &[(Property::Role, "DNP3 outstation 522")]);
    let link = [0x05, 0x64, 5, 0xc4, 10, 0, 3, 0, 0xff, 0xff];
    check(Carrier::Udp(50_000, 20000), &link, &[(Property::Role, "DNP3 master 3")]);
    let unit = [0x68, 14, 2, 0, 2, 0, 30, 1, 3, 0, 0x2c, 1, 0, 0, 0, 1];
    check(Carrier::Tcp(2404, 50_000), &unit, &[(Property::Role, "IEC 104 station 300")]);
    assert_eq!(heard(Carrier::Tcp(50_000, 2404), &unit), [], "whoever controls names whom it controls");
    assert_eq!(heard(Carrier::Tcp(2404, 50_000), &[0x68, 4, 1, 0, 2, 0]), [], "no unit in it");
}

#[test]
fn goose_and_sampled_values_tell_what_they_publish() {
    let goose = b"\x00\x01\x00\x20\x00\x00\x00\x00\x61\x16\x80\x0eIED1/LLN0$GO$1\x81\x02\x07\xd0";
    let expected =
        [(Property::Role, "GOOSE publisher, APPID 0x0001"), (Property::Description, "IED1/LLN0$GO$1")];
    check(Carrier::Ethernet(0x88b8), goose, &expected);
    let values = b"\x40\x00\x00\x20\x00\x00\x00\x00\x60\x0f\x80\x01\x01\xa2\x0a\x30\x08\x80\x06MU0101";
    let expected =
        [(Property::Role, "Sampled Values publisher, APPID 0x4000"), (Property::Description, "MU0101")];
    check(Carrier::Ethernet(0x88ba), values, &expected);
}

#[test]
fn mdns_tells_the_name_of_who_answers_for_its_own_address() {
    let answer = |address: [u8; 4]| {
        let head = [0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        let other = b"\x04_ipp\x04_tcp\x05local\x00\x00\x0c\x00\x01\x00\x00\x00\x78\x00\x02\xc0\x0c";
        let own = b"\x05hmi-4\xc0\x16\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04";
        [&head[..], other, own, &address].concat()
    };
    check(Carrier::Udp(5353, 5353), &answer([10, 0, 0, 1]), &[(Property::Name, "hmi-4")]);
    assert_eq!(heard(Carrier::Udp(5353, 5353), &answer([10, 0, 0, 2])), [], "another's address");
}

#[test]
fn opc_ua_applications_describe_themselves() {
    let string = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text].concat();
    let about = [
        string(b"urn:plant:boiler"),
        string(b"http://maker.example/ua"),
        vec![3],
        string(b"en"),
        string(b"Boiler"),
        vec![0; 4],
    ]
    .concat();
    let head = [&b"MSGF\0\0\0\0"[..], &[0; 16]].concat();
    // Node id 0, time, handle, diagnostics, no audit entry, time-out, no extension.
    let request = [&[1, 0, 0xcd, 1, 0, 0][..], &[0; 16], &[0xff; 4], &[0; 4], &[0, 0, 0]].concat();
    let response = [&[1, 0, 0xaf, 1][..], &[0; 16], &[0], &[0xff; 4], &[0, 0, 0], &[1, 0, 0, 0]].concat();
    let response = [response, string(b"opc.tcp://boiler:4840")].concat();
    let expected = [
        (Property::Description, "urn:plant:boiler"),
        (Property::Model, "http://maker.example/ua"),
        (Property::Name, "Boiler"),
    ];
    check(Carrier::Tcp(50_000, 4840), &[&head[..], &request, &about].concat(), &expected);
    check(Carrier::Tcp(4840, 50_000), &[&head[..], &response, &about].concat(), &expected);
}

#[test]
fn ssh_tells_its_program() {
    let line = b"SSH-2.0-dropbear_2019.78\r\n";
    check(Carrier::Tcp(22, 50_000), line, &[(Property::Software, "dropbear_2019.78")]);
    assert_eq!(heard(Carrier::Tcp(22, 50_000), b"SSH-2.0-unfinished"), []);
}

#[test]
fn protocols_are_told_by_port_and_first_bytes() {
    let ntp = [0x23; 48];
    let dns = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let rows: [(Carrier, &[u8], Protocol); 14] = [
        (Carrier::Udp(50_000, 53), &dns, Protocol::Dns),
        (Carrier::Udp(123, 123), &ntp, Protocol::Ntp),
        (Carrier::Udp(50_000, 514), b"<34>Oct", Protocol::Syslog),
        (Carrier::Udp(5006, 5006), &[0x57, 0, 0], Protocol::Melsec),
        (Carrier::Tcp(50_000, 5007), &[0x50, 0, 0], Protocol::Melsec),
        (Carrier::Udp(50_000, 4713), &[0xaa, 0x31, 0], Protocol::C37118),
        (Carrier::Tcp(50_000, 9600), b"FINS\0", Protocol::Fins),
        (Carrier::Tcp(50_000, 22), b"SSH-2.0-x\r\n", Protocol::Ssh),
        (Carrier::Tcp(50_000, 80), b"GET / HTTP/1.1", Protocol::Http),
        (Carrier::Tcp(50_000, 8443), &[0x16, 3, 1, 0], Protocol::Tls),
        (Carrier::Tcp(50_000, 445), b"\0\0\0\x10\xfeSMB", Protocol::Smb),
        (Carrier::Tcp(50_000, 1883), b"\x10\x20\0\x04MQTT", Protocol::Mqtt),
        (Carrier::Tcp(3389, 50_000), &[3, 0, 0, 19, 14, 0xd0, 0], Protocol::Rdp),
        (Carrier::Ethernet(0x88a4), &[0], Protocol::EtherCat),
    ];
    for (carrier, bytes, protocol) in rows {
        let spoken = listen(&Payload { carrier, to: Key::EMPTY, bytes }, SENDER).protocols;
        assert_eq!(spoken.iter().collect::<Vec<_>>(), [protocol], "{carrier:?}");
        // The same ports, and another conversation.
        let other = listen(&Payload { carrier, to: Key::EMPTY, bytes: &[0xee; 60] }, SENDER).protocols;
        assert!(other.is_empty() || matches!(carrier, Carrier::Ethernet(_)), "{carrier:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_borne(bytes in proptest::collection::vec(any::<u8>(), 0..300), from in 0..65_535_u16, at in 0..18_usize) {
        let ports = [102, 502, 161, 137, 44818, 47808, 68, 80, 22, 2404, 4840, 5353, 20000, 20000, from, from, from, from];
        for carrier in [Carrier::Llc, Carrier::Ethernet(0x88cc), Carrier::Ethernet(0x8892), Carrier::Ethernet(0x88b8), Carrier::Udp(68, 67)]
            .into_iter().chain([Carrier::Udp(ports[at], ports[at]), Carrier::Tcp(ports[at], from)])
        {
            heard(carrier, &bytes);
        }
    }
}
