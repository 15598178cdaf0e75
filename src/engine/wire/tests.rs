//! One test a rule of the counting rules' section 2, with the cases at each boundary.

use super::*;
use crate::model::frame::VlanTag;
use crate::model::time::CaptureTime;
use build::{BROADCAST, Build, CHECKSUM, KEY, Mac, QINQ, ROUTING, SEQUENCE, V4, VLAN};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "shared with the integration tests")]
#[path = "../../../tests/support/build.rs"]
mod build;

const HERE: Mac = [0x00, 0x1b, 0x1b, 0, 0, 1];
const OTHER: Mac = [0x00, 0x1b, 0x1b, 0, 0, 2];
const MIRROR: Mac = [0x00, 0x1b, 0x1b, 0, 0, 9];
const GROUP: Mac = [0x01, 0x00, 0x5e, 0, 0, 1];
const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const END: Ipv4Addr = Ipv4Addr::new(10, 254, 0, 1);
const A6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const B6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);

fn read_link(link: LinkType, bytes: &[u8]) -> Decoded {
    decode(&Frame { link, time: CaptureTime::MIN, bytes, stripped_tag: None })
}

fn read(bytes: &[u8]) -> Decoded {
    read_link(LinkType::Ethernet, bytes)
}

fn pair(mac: Mac, address: impl Into<IpAddr>) -> Key {
    Key::station(MacAddr::new(mac)).with_address(address.into())
}

fn lone(mac: Mac) -> Key {
    Key::station(MacAddr::new(mac))
}

/// A frame from `HERE`, ready for what follows its MAC addresses.
fn from_here() -> Build {
    let mut frame = Build::new();
    frame.ethernet(OTHER, HERE);
    frame
}

fn sound(sender: Key) -> Decoded {
    Decoded { sender, ..Decoded::default() }
}

fn undecoded(sender: Key) -> Decoded {
    Decoded { undecoded: true, ..sound(sender) }
}

fn claiming(sender: Key) -> Decoded {
    Decoded { sender_claims: true, ..sound(sender) }
}

fn vlans(decoded: &Decoded) -> Vec<u16> {
    decoded.vlans.iter().collect()
}

// MAC addresses.

#[test]
fn a_frame_shorter_than_its_link_header_is_sighted_not_at_all() {
    let frame = from_here().ethertype(0x8892).done();
    for length in 0..14 {
        assert_eq!(read(&frame[..length]), undecoded(Key::default()));
    }
    assert_eq!(read(&frame), sound(lone(HERE)), "fourteen bytes are enough");
}

#[test]
fn a_source_that_is_a_group_or_all_zero_is_no_station() {
    for mac in [GROUP, BROADCAST, [0; 6]] {
        let frame = Build::new().ethernet(OTHER, mac).ethertype(0x8892).done();
        assert_eq!(read(&frame), sound(Key::default()));
        let frame = Build::new().ethernet(OTHER, mac).ipv4(A, B).done();
        assert_eq!(read(&frame), sound(Key::default().with_address(A.into())), "its address stands alone");
    }
}

#[test]
fn a_locally_administered_source_is_a_station() {
    let mac = [0x02, 0, 0, 0, 0, 0];
    let frame = Build::new().ethernet(OTHER, mac).ethertype(0x8892).done();
    assert_eq!(read(&frame), sound(lone(mac)));
}

#[test]
fn link_control_is_told_by_its_destination() {
    let is_control = |destination| {
        let frame = Build::new().ethernet(destination, HERE).ipv4(A, B).done();
        let decoded = read(&frame);
        assert_eq!(decoded.sender.mac(), MacAddr::new(HERE));
        assert_eq!(decoded.sender.has_address(), !decoded.control, "it counts nothing, whatever it carries");
        decoded.control
    };
    assert!((0x00..=0x0f).all(|last| is_control([0x01, 0x80, 0xc2, 0, 0, last])));
    assert!([0xcc, 0xcd].iter().all(|&last| is_control([0x01, 0x00, 0x0c, 0xcc, 0xcc, last])));
    let just_outside = [
        [0x01, 0x80, 0xc2, 0x00, 0x00, 0x10],
        [0x01, 0x80, 0xc1, 0xff, 0xff, 0xff],
        [0x01, 0x80, 0xc2, 0x00, 0x01, 0x00],
        [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcb],
        [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xce],
        [0x00, 0x80, 0xc2, 0x00, 0x00, 0x00],
    ];
    assert!(!just_outside.into_iter().any(is_control));
}

#[test]
fn link_control_is_never_undecoded() {
    let frame = Build::new().ethernet([0x01, 0x80, 0xc2, 0, 0, 0x0e], HERE).vlan(VLAN, 7).done();
    let control = Decoded { control: true, ..sound(lone(HERE)) };
    assert!((14..frame.len()).all(|length| read(&frame[..length]) == control));
}

// Tags.

fn tagged(count: u16) -> Vec<u8> {
    let mut frame = from_here();
    for id in 1..=count {
        frame.vlan([VLAN, QINQ, 0x9100, 0x9200][usize::from(id % 4)], id);
    }
    frame.ipv4(A, B).done()
}

#[test]
fn six_tags_are_opened_and_a_seventh_is_not() {
    for count in 0..=6 {
        let decoded = read(&tagged(count));
        assert_eq!(decoded.sender, pair(HERE, A));
        assert_eq!(vlans(&decoded), (1..=count).collect::<Vec<_>>());
    }
    let decoded = read(&tagged(7));
    assert_eq!((decoded.sender, decoded.undecoded), (lone(HERE), false));
    assert_eq!(vlans(&decoded), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn redundancy_tags_are_tags_too() {
    let frame = from_here().vlan(VLAN, 5).hsr().rtag().ipv4(A, B).done();
    assert_eq!((read(&frame).sender, vlans(&read(&frame))), (pair(HERE, A), vec![5]));
    let six = from_here().hsr().rtag().hsr().rtag().hsr().rtag().ipv4(A, B).done();
    assert_eq!(read(&six), sound(pair(HERE, A)));
    let seven = from_here().hsr().rtag().hsr().rtag().hsr().rtag().hsr().ipv4(A, B).done();
    assert_eq!(read(&seven), sound(lone(HERE)));
}

#[test]
fn a_priority_tag_is_no_vlan() {
    let frame = from_here().vlan(VLAN, 0xe000).vlan(VLAN, 0x600a).ipv4(A, B).done();
    assert_eq!(vlans(&read(&frame)), [10]);
}

#[test]
fn a_tag_that_the_kernel_took_out_is_the_outermost() {
    let bytes = from_here().vlan(VLAN, 20).ipv4(A, B).done();
    let stripped_tag = Some(VlanTag { tpid: QINQ, tci: 10 });
    let read = |bytes: &[u8]| {
        decode(&Frame { link: LinkType::Ethernet, time: CaptureTime::MIN, bytes, stripped_tag })
    };
    assert_eq!(vlans(&read(&bytes)), [10, 20]);
    assert_eq!(read(&tagged(5)).sender, pair(HERE, A), "it is one of the six");
    assert_eq!(read(&tagged(6)).sender, lone(HERE));
}

#[test]
fn a_tag_cut_short_keeps_the_mac() {
    let frame = from_here().vlan(VLAN, 5).ethertype(0x8892).done();
    for length in 14..18 {
        let decoded = read(&frame[..length]);
        assert!(decoded.undecoded && decoded.sender == lone(HERE), "{length} bytes");
        assert_eq!(vlans(&decoded).len(), usize::from(length >= 16), "the id is certain once it is there");
    }
    assert!(!read(&frame).undecoded);
}

// 802.3 and LLC.

#[test]
fn below_0x0600_the_type_is_a_length() {
    let with_type = |ethertype| {
        let mut frame = from_here();
        frame.ethertype(ethertype).put(&[0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00]);
        read(&frame.ipv4(A, B).done()).sender
    };
    assert_eq!(with_type(0x05ff), pair(HERE, A));
    assert_eq!(with_type(0x0000), pair(HERE, A));
    assert_eq!(with_type(0x0600), lone(HERE));
}

#[test]
fn snap_with_the_ethernet_oui_is_opened() {
    assert_eq!(read(&from_here().snap([0; 3]).ipv4(A, B).done()), sound(pair(HERE, A)));
    assert_eq!(read(&from_here().vlan(VLAN, 5).snap([0; 3]).ipv4(A, B).done()).sender, pair(HERE, A));
    assert_eq!(read(&from_here().snap([0; 3]).arp(1, HERE, A, B).done()), claiming(pair(HERE, A)));
}

#[test]
fn other_llc_frames_are_mac_only() {
    for oui in [[0, 0, 1], [0, 0, 0xf8], [0x00, 0x00, 0x0c], [1, 0, 0]] {
        assert_eq!(read(&from_here().snap(oui).ipv4(A, B).done()), sound(lone(HERE)));
    }
    for (dsap, ssap, control) in [(0x42, 0xaa, 3), (0xaa, 0x42, 3), (0xaa, 0xaa, 0), (0xe0, 0xe0, 3)] {
        let frame = from_here().llc(dsap, ssap, control).put(&[0, 0, 0, 8, 0]).ipv4(A, B).done();
        assert_eq!(read(&frame), sound(lone(HERE)));
    }
}

#[test]
fn a_snap_header_cut_short_is_undecoded() {
    let frame = from_here().snap([0; 3]).ethertype(0x8892).done();
    assert!((14..22).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
    assert_eq!(read(&frame), sound(lone(HERE)));
    let other = from_here().llc(0x42, 0x42, 3).done();
    assert_eq!(read(&other), sound(lone(HERE)), "an LLC header needs no more than its three bytes");
}

// MPLS and PPPoE.

#[test]
fn eight_labels_are_opened_and_a_ninth_is_not() {
    for count in 1..=8 {
        assert_eq!(read(&from_here().mpls(count).ipv4(A, B).done()), sound(pair(HERE, A)));
        assert_eq!(read(&from_here().mpls(count).ipv6(A6, B6).done()), sound(pair(HERE, A6)));
    }
    assert_eq!(read(&from_here().mpls(9).ipv4(A, B).done()), sound(lone(HERE)));
}

#[test]
fn multicast_mpls_is_mpls() {
    let mut frame = from_here().mpls(1).ipv4(A, B).done();
    frame[13] = 0x48;
    assert_eq!(read(&frame), sound(pair(HERE, A)));
}

#[test]
fn mpls_with_another_payload_is_mac_only() {
    for first in [0x00, 0x10, 0x50, 0x70, 0xf0] {
        assert_eq!(read(&from_here().mpls(1).put(&[first; 40]).done()), sound(lone(HERE)));
    }
}

#[test]
fn mpls_cut_short_is_undecoded() {
    let frame = from_here().mpls(2).ipv4(A, B).done();
    assert!((14..frame.len()).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
}

#[test]
fn pppoe_carries_ip_or_nothing() {
    assert_eq!(read(&from_here().pppoe().ipv4(A, B).done()), sound(pair(HERE, A)));
    assert_eq!(read(&from_here().pppoe().ipv6(A6, B6).done()), sound(pair(HERE, A6)));
    assert_eq!(read(&from_here().pppoe().ppp(0xc021).zeros(40).done()), sound(lone(HERE)));
    let discovery = from_here().ethertype(0x8863).zeros(40).done();
    assert_eq!(read(&discovery), sound(lone(HERE)));
}

#[test]
fn pppoe_cut_short_is_undecoded() {
    let frame = from_here().pppoe().ipv4(A, B).done();
    assert!((14..frame.len()).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
}

// IPv4.

#[test]
fn ipv4_gives_its_source() {
    assert_eq!(read(&from_here().ipv4(A, B).udp(1, 2, 3).done()), sound(pair(HERE, A)));
}

#[test]
fn ipv4_needs_twenty_bytes() {
    let frame = from_here().ipv4(A, B).udp(1, 2, 3).done();
    assert!((14..34).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
    assert!((34..frame.len()).all(|length| read(&frame[..length]) == sound(pair(HERE, A))));
}

#[test]
fn ipv4_with_a_bad_first_byte_is_undecoded() {
    let with_first = |first| {
        let mut frame = from_here().ipv4(A, B).udp(1, 2, 60).done();
        frame[14] = first;
        read(&frame)
    };
    for first in [0x05, 0x35, 0x55, 0x40, 0x44] {
        assert_eq!(with_first(first), undecoded(lone(HERE)), "{first:#x}");
    }
    assert!([0x45, 0x46, 0x4f].into_iter().all(|first| with_first(first) == sound(pair(HERE, A))));
}

#[test]
fn ipv4_options_need_not_be_captured() {
    let v4 = V4 { options: &[1; 40], fragment: 0 };
    let frame = from_here().ipv4_with(A, B, v4).done();
    assert!((34..=frame.len()).all(|length| read(&frame[..length]) == sound(pair(HERE, A))));
}

#[test]
fn any_fragment_counts_for_its_source() {
    for fragment in [0x2000, 0x2001, 0x0001, 0x1fff, 0x4000] {
        let frame = from_here().ipv4_with(A, B, V4 { options: &[], fragment }).zeros(8).done();
        assert_eq!(read(&frame), sound(pair(HERE, A)));
    }
}

#[test]
fn other_tunnels_are_not_opened() {
    for tunnel in [4, 41, 115] {
        let frame = from_here().ipv4(A, B).protocol(tunnel).ipv4(END, B).done();
        assert_eq!(read(&frame), sound(pair(HERE, A)));
    }
    let plain_gre = from_here().ipv4(A, B).gre(0, 0x0800).ipv4(END, B).done();
    assert_eq!(read(&plain_gre), sound(pair(HERE, A)));
    let vxlan = from_here().ipv4(A, B).udp(1, 4789, 8).ethernet(OTHER, MIRROR).ipv4(END, B).done();
    assert_eq!(read(&vxlan), sound(pair(HERE, A)));
}

// IPv6.

#[test]
fn ipv6_needs_forty_bytes() {
    let frame = from_here().ipv6(A6, B6).udp(1, 2, 3).done();
    assert!((14..54).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
    assert!((54..=frame.len()).all(|length| read(&frame[..length]) == sound(pair(HERE, A6))));
}

#[test]
fn ipv6_of_a_version_that_does_not_exist_is_undecoded() {
    let mut frame = from_here().ipv6(A6, B6).done();
    frame[14] = 0x50;
    assert_eq!(read(&frame), undecoded(lone(HERE)));
}

/// An advertisement for `B6` behind extension headers; it is found only where they are walked.
fn behind(kinds: &[u8]) -> Decoded {
    let mut frame = from_here();
    frame.ipv6_hops(A6, B6, 255);
    for (units, &kind) in (0..).zip(kinds) {
        frame.extension(kind, units % 3);
    }
    read(&frame.advertisement(B6, None).done())
}

#[test]
fn eight_extension_headers_are_walked_and_a_ninth_is_not() {
    let found = Decoded { claimed: pair(HERE, B6), ..sound(pair(HERE, A6)) };
    let kinds = [0, 60, 43, 51, 60, 0, 43, 51, 60];
    for count in 0..=8 {
        assert_eq!(behind(&kinds[..count]), found, "{count} headers");
    }
    assert_eq!(behind(&kinds), sound(pair(HERE, A6)));
}

#[test]
fn each_kind_of_extension_header_has_its_own_length() {
    for kind in [0, 43, 51, 60] {
        for units in 0..=4 {
            let mut frame = from_here();
            frame.ipv6_hops(A6, B6, 255).extension(kind, units).advertisement(B6, None);
            assert_eq!(read(&frame.done()).claimed, pair(HERE, B6), "kind {kind}, {units} units");
        }
    }
    assert!(behind(&[50]).claimed.is_empty(), "encrypted: not walked");
    assert!(behind(&[135]).claimed.is_empty(), "mobility: not walked");
}

#[test]
fn only_the_first_ipv6_fragment_is_read_further() {
    let fragment =
        |offset| read(&from_here().ipv6_hops(A6, B6, 255).fragment(offset).advertisement(B6, None).done());
    assert_eq!(fragment(0).claimed, pair(HERE, B6));
    assert_eq!(fragment(1), sound(pair(HERE, A6)));
    assert_eq!(fragment(0x1fff), sound(pair(HERE, A6)));
}

#[test]
fn extension_headers_cut_short_take_nothing_away() {
    let frame = from_here().ipv6_hops(A6, B6, 255).extension(0, 1).extension(51, 2).done();
    assert!((54..=frame.len()).all(|length| read(&frame[..length]) == sound(pair(HERE, A6))));
}

// ARP.

#[test]
fn arp_of_any_opcode_is_a_claim() {
    for opcode in [1, 2, 3, 8, 9, 0, 0xffff] {
        assert_eq!(read(&from_here().arp(opcode, HERE, A, B).done()), claiming(pair(HERE, A)));
    }
}

#[test]
fn arp_for_another_station_sights_both() {
    let decoded = read(&from_here().arp(2, OTHER, A, B).done());
    assert_eq!(decoded, Decoded { claimed: pair(OTHER, A), ..sound(lone(HERE)) });
}

#[test]
fn arp_with_an_unusable_sender_claims_nothing() {
    for sha in [[0; 6], GROUP, BROADCAST] {
        assert_eq!(read(&from_here().arp(1, sha, A, B).done()), sound(lone(HERE)));
    }
}

#[test]
fn an_arp_probe_claims_the_address_it_names() {
    let decoded = read(&from_here().arp(1, HERE, Ipv4Addr::UNSPECIFIED, B).done());
    assert_eq!(
        decoded,
        claiming(pair(HERE, Ipv4Addr::UNSPECIFIED)),
        "its class is not the decoder's business"
    );
}

#[test]
fn arp_is_read_for_ipv4_over_ethernet_only() {
    let with_byte = |at: usize, value: u8| {
        let mut frame = from_here().arp(1, HERE, A, B).done();
        frame[14 + at] = value;
        read(&frame)
    };
    assert_eq!(with_byte(1, 6), claiming(pair(HERE, A)), "IEEE 802");
    for (at, value) in [(0, 1), (1, 7), (2, 9), (3, 6), (4, 8), (4, 0), (5, 16), (5, 0)] {
        assert_eq!(with_byte(at, value), sound(lone(HERE)), "byte {at} = {value}");
    }
}

#[test]
fn arp_cut_short_is_undecoded() {
    let frame = from_here().arp(1, HERE, A, B).done();
    assert!((14..42).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
}

// Neighbour advertisements.

fn advertised(source: Ipv6Addr, hops: u8, target: Ipv6Addr, option: Option<Mac>) -> Decoded {
    read(&from_here().ipv6_hops(source, B6, hops).advertisement(target, option).done())
}

#[test]
fn an_advertisement_claims_its_target() {
    assert_eq!(advertised(A6, 255, A6, None), claiming(pair(HERE, A6)));
    assert_eq!(advertised(A6, 255, A6, Some(HERE)), claiming(pair(HERE, A6)));
    let other_address = Decoded { claimed: pair(HERE, B6), ..sound(pair(HERE, A6)) };
    assert_eq!(advertised(A6, 255, B6, None), other_address);
    let other_station = Decoded { claimed: pair(OTHER, A6), ..sound(pair(HERE, A6)) };
    assert_eq!(advertised(A6, 255, A6, Some(OTHER)), other_station);
}

#[test]
fn an_advertisement_that_crossed_a_router_claims_nothing() {
    for hops in [0, 1, 64, 254] {
        assert_eq!(advertised(A6, hops, B6, Some(OTHER)), sound(pair(HERE, A6)));
    }
}

#[test]
fn an_unusable_target_link_layer_address_is_as_none() {
    for mac in [[0; 6], GROUP, BROADCAST] {
        assert_eq!(advertised(A6, 255, A6, Some(mac)), claiming(pair(HERE, A6)));
    }
}

#[test]
fn the_target_option_is_looked_for_among_others() {
    let with_options = |options: &[u8]| {
        let mut frame = from_here();
        frame.ipv6_hops(A6, B6, 255).advertisement(B6, None).put(options);
        read(&frame.done()).claimed
    };
    let other = |kind| [[kind, 1].as_slice(), &OTHER].concat();
    assert_eq!(with_options(&other(2)), pair(OTHER, B6));
    assert_eq!(with_options(&other(1)), pair(HERE, B6), "the source's address is not the target's");
    assert_eq!(with_options(&[[14, 2].as_slice(), &[0; 14], &other(2)].concat()), pair(OTHER, B6));
    assert_eq!(with_options(&[[14, 0].as_slice(), &[0; 6], &other(2)].concat()), pair(OTHER, B6), "length 0");
    assert_eq!(with_options(&[2, 1, 0, 1]), pair(HERE, B6), "cut short");
}

#[test]
fn other_icmp_messages_claim_nothing() {
    for kind in [1, 128, 133, 134, 135, 137] {
        let mut frame = from_here().ipv6_hops(A6, B6, 255).advertisement(B6, Some(OTHER)).done();
        frame[54] = kind;
        assert_eq!(read(&frame), sound(pair(HERE, A6)));
    }
}

// Mirror transport.

/// What a mirror at `MIRROR` and `END` sends.
fn mirror() -> Build {
    let mut frame = Build::new();
    frame.ethernet(OTHER, MIRROR).vlan(VLAN, 99).ipv4(END, B);
    frame
}

fn outer() -> Decoded {
    let mut decoded = sound(pair(MIRROR, END));
    decoded.vlans.push_tci(99);
    decoded
}

fn with_inner(gre: &mut Build) -> Decoded {
    read(&gre.ethernet(OTHER, HERE).ipv4(A, B).udp(1, 2, 3).done())
}

#[test]
fn the_mirrored_frame_replaces_the_packet_around_it() {
    assert_eq!(with_inner(mirror().erspan1()), sound(pair(HERE, A)));
    assert_eq!(with_inner(mirror().erspan2()), sound(pair(HERE, A)));
    assert_eq!(with_inner(mirror().erspan3(false)), sound(pair(HERE, A)));
    assert_eq!(with_inner(mirror().erspan3(true)), sound(pair(HERE, A)));
}

#[test]
fn the_mirrored_frame_brings_its_own_vlans() {
    let frame = mirror().erspan2().ethernet(OTHER, HERE).vlan(VLAN, 5).arp(1, HERE, A, B).done();
    let decoded = read(&frame);
    assert_eq!((decoded.sender, decoded.sender_claims, vlans(&decoded)), (pair(HERE, A), true, vec![5]));
}

#[test]
fn optional_gre_fields_are_skipped() {
    for (checksum, key) in [(0, 0), (CHECKSUM, 0), (0, KEY), (CHECKSUM, KEY)] {
        for sequence in [0, SEQUENCE] {
            let flags = checksum | key | sequence;
            let header = if sequence == 0 { 0 } else { 8 };
            assert_eq!(
                with_inner(mirror().gre(flags, 0x88be).zeros(header)),
                sound(pair(HERE, A)),
                "{flags:#x}"
            );
            assert_eq!(with_inner(mirror().gre(flags, 0x22eb).zeros(12)), sound(pair(HERE, A)), "{flags:#x}");
        }
    }
}

#[test]
fn gre_of_another_version_or_with_routing_is_not_opened() {
    for flags in [1, 7, ROUTING, ROUTING | SEQUENCE, SEQUENCE | 1] {
        assert_eq!(with_inner(mirror().gre(flags, 0x88be).zeros(8)), outer(), "{flags:#06x}");
    }
}

#[test]
fn gre_of_another_protocol_is_not_opened() {
    for protocol in [0x0800, 0x6558, 0x880b, 0x88bf, 0x22ea] {
        assert_eq!(with_inner(mirror().gre(SEQUENCE, protocol).zeros(8)), outer());
    }
}

fn nested(depth: usize) -> Decoded {
    let mut frame = mirror();
    for level in 1..=depth {
        frame.erspan2();
        if level < depth {
            frame.ethernet(OTHER, MIRROR).ipv4(END, B);
        }
    }
    with_inner(&mut frame)
}

#[test]
fn two_mirrors_are_opened_and_a_third_is_not() {
    assert_eq!(nested(1), sound(pair(HERE, A)));
    assert_eq!(nested(2), sound(pair(HERE, A)));
    assert_eq!(nested(3), sound(pair(MIRROR, END)), "the packet around the third is sighted");
}

#[test]
fn a_later_fragment_is_no_mirror() {
    for (fragment, opened) in [(0x2000, true), (0x4000, true), (0x2001, false), (0x0001, false)] {
        let mut frame = Build::new();
        frame.ethernet(OTHER, MIRROR).ipv4_with(END, B, V4 { options: &[], fragment }).erspan2();
        assert_eq!(with_inner(&mut frame).sender == pair(HERE, A), opened, "{fragment:#06x}");
    }
}

#[test]
fn a_mirror_is_opened_behind_ipv4_options_and_in_ipv6() {
    let mut frame = Build::new();
    frame.ethernet(OTHER, MIRROR).ipv4_with(END, B, V4 { options: &[1; 12], fragment: 0 }).erspan2();
    assert_eq!(with_inner(&mut frame), sound(pair(HERE, A)));
    let mut frame = Build::new();
    frame.ethernet(OTHER, MIRROR).ipv6(B6, B6).extension(60, 1).erspan3(true);
    assert_eq!(with_inner(&mut frame), sound(pair(HERE, A)));
    let mut later = Build::new();
    later.ethernet(OTHER, MIRROR).ipv6(B6, B6).fragment(1).erspan2();
    assert_eq!(with_inner(&mut later), sound(pair(MIRROR, B6)));
}

#[test]
fn mirrored_link_control_is_link_control() {
    let frame = mirror().erspan2().ethernet([0x01, 0x80, 0xc2, 0, 0, 0], HERE).llc(0x42, 0x42, 3).done();
    assert_eq!(read(&frame), Decoded { control: true, ..sound(lone(HERE)) });
}

#[test]
fn a_mirror_cut_in_its_own_headers_is_sighted_itself_and_behind_them_not_at_all() {
    let headers = mirror().erspan2().done().len();
    let frame = mirror().erspan2().ethernet(OTHER, HERE).ipv4(A, B).done();
    assert!((38..headers).all(|length| read(&frame[..length]) == outer()));
    assert!((headers..headers + 14).all(|length| read(&frame[..length]) == undecoded(Key::default())));
    assert!((headers + 14..frame.len()).all(|length| read(&frame[..length]) == undecoded(lone(HERE))));
}

// Cooked, loopback and raw links.

#[test]
fn cooked_headers_carry_the_mac() {
    let v1 = Build::new().sll1(1, 6, HERE).ipv4(A, B).done();
    let v2 = Build::new().sll2(1, 6, HERE).ipv4(A, B).done();
    assert_eq!(read_link(LinkType::LinuxSll, &v1), sound(pair(HERE, A)));
    assert_eq!(read_link(LinkType::LinuxSll2, &v2), sound(pair(HERE, A)));
}

#[test]
fn cooked_without_a_usable_mac_leaves_the_address_alone() {
    let alone = sound(Key::default().with_address(A.into()));
    for (hardware, address_len, mac) in
        [(772, 6, HERE), (1, 0, HERE), (1, 8, HERE), (1, 5, HERE), (1, 6, GROUP), (1, 6, [0; 6])]
    {
        let v1 = Build::new().sll1(hardware, address_len, mac).ipv4(A, B).done();
        assert_eq!(read_link(LinkType::LinuxSll, &v1), alone);
        let v2 = Build::new().sll2(hardware, address_len.try_into().unwrap(), mac).ipv4(A, B).done();
        assert_eq!(read_link(LinkType::LinuxSll2, &v2), alone);
    }
}

#[test]
fn cooked_frames_have_tags_and_all_the_rest() {
    let tagged = Build::new().sll1(1, 6, HERE).vlan(VLAN, 5).arp(1, HERE, A, B).done();
    let decoded = read_link(LinkType::LinuxSll, &tagged);
    assert_eq!((decoded.sender, vlans(&decoded)), (pair(HERE, A), vec![5]));
    let advertised = Build::new().sll2(1, 6, HERE).ipv6_hops(A6, B6, 255).advertisement(A6, None).done();
    assert_eq!(read_link(LinkType::LinuxSll2, &advertised), claiming(pair(HERE, A6)));
}

#[test]
fn a_cooked_header_cut_short_is_sighted_not_at_all() {
    let v1 = Build::new().sll1(1, 6, HERE).ethertype(0x8892).done();
    assert!((0..16).all(|length| read_link(LinkType::LinuxSll, &v1[..length]) == undecoded(Key::default())));
    assert_eq!(read_link(LinkType::LinuxSll, &v1), sound(lone(HERE)));
    let v2 = Build::new().sll2(1, 6, HERE).ethertype(0x8892).done();
    assert!((0..20).all(|length| read_link(LinkType::LinuxSll2, &v2[..length]) == undecoded(Key::default())));
    assert_eq!(read_link(LinkType::LinuxSll2, &v2), sound(lone(HERE)));
}

#[test]
fn raw_links_go_by_the_version() {
    for link in [LinkType::Raw, LinkType::Ipv4, LinkType::Ipv6] {
        let (v4, v6) = (Build::new().ipv4(A, B).done(), Build::new().ipv6(A6, B6).done());
        assert_eq!(read_link(link, &v4), sound(Key::default().with_address(A.into())));
        assert_eq!(read_link(link, &v6), sound(Key::default().with_address(A6.into())));
        assert_eq!(read_link(link, &[]), undecoded(Key::default()));
        assert_eq!(read_link(link, &[0x50; 60]), undecoded(Key::default()));
    }
}

#[test]
fn a_mirror_on_a_raw_link_is_opened() {
    let frame = Build::new().ipv4(END, B).erspan2().ethernet(OTHER, HERE).ipv4(A, B).done();
    assert_eq!(read_link(LinkType::Raw, &frame), sound(pair(HERE, A)));
}

#[test]
fn an_advertisement_without_any_mac_claims_the_address_alone() {
    let frame = Build::new().ipv6_hops(A6, B6, 255).advertisement(A6, None).done();
    assert_eq!(read_link(LinkType::Raw, &frame), claiming(Key::default().with_address(A6.into())));
}

#[test]
fn loopback_links_go_by_the_family() {
    let sources: [(u32, IpAddr); 5] =
        [(2, A.into()), (10, A6.into()), (24, A6.into()), (28, A6.into()), (30, A6.into())];
    for (family, source) in sources {
        let packet = match source {
            IpAddr::V4(_) => Build::new().ipv4(A, B).done(),
            IpAddr::V6(_) => Build::new().ipv6(A6, B6).done(),
        };
        let big = [family.to_be_bytes().as_slice(), &packet].concat();
        let little = [family.to_le_bytes().as_slice(), &packet].concat();
        let found = sound(Key::default().with_address(source));
        assert_eq!(read_link(LinkType::Null, &little), found, "{family}");
        assert_eq!(read_link(LinkType::Null, &big), found, "{family}");
        assert_eq!(read_link(LinkType::Loop, &big), found, "{family}");
        assert!(read_link(LinkType::Loop, &little).sender.is_empty(), "{family}: network byte order only");
    }
}

#[test]
fn a_loopback_header_cut_short_is_undecoded() {
    for link in [LinkType::Null, LinkType::Loop] {
        assert!((0..4).all(|length| read_link(link, &[0; 4][..length]) == undecoded(Key::default())));
    }
}

// All of it.

fn one_of_each() -> Vec<(LinkType, Vec<u8>)> {
    let ethernet = [
        from_here().vlan(VLAN, 1).hsr().rtag().vlan(QINQ, 2).ipv4(A, B).tcp(1, 2, 3).done(),
        from_here().snap([0; 3]).arp(1, HERE, A, B).done(),
        from_here().llc(0x42, 0x42, 3).zeros(30).done(),
        from_here()
            .mpls(8)
            .ipv6_hops(A6, B6, 255)
            .extension(0, 1)
            .fragment(0)
            .advertisement(B6, Some(OTHER))
            .done(),
        from_here().pppoe().ipv4_with(A, B, V4 { options: &[1; 8], fragment: 1 }).zeros(8).done(),
        mirror()
            .erspan1()
            .ethernet(OTHER, MIRROR)
            .ipv6(B6, B6)
            .erspan3(true)
            .ethernet(OTHER, HERE)
            .ipv4(A, B)
            .done(),
    ];
    let mut all: Vec<_> = ethernet.into_iter().map(|frame| (LinkType::Ethernet, frame)).collect();
    all.push((LinkType::LinuxSll, Build::new().sll1(1, 6, HERE).vlan(VLAN, 5).ipv4(A, B).done()));
    all.push((LinkType::LinuxSll2, Build::new().sll2(1, 6, HERE).arp(1, HERE, A, B).done()));
    all.push((LinkType::Null, Build::new().null().ipv6(A6, B6).done()));
    all.push((LinkType::Loop, Build::new().big_endian_family().ipv4(A, B).done()));
    all.push((LinkType::Raw, Build::new().ipv6_hops(A6, B6, 255).advertisement(A6, Some(HERE)).done()));
    all
}

#[test]
fn each_kind_is_whole_when_whole_and_keeps_its_mac_when_cut() {
    for (link, frame) in one_of_each() {
        assert!(!read_link(link, &frame).undecoded, "{link}");
        for length in 0..frame.len() {
            let mac = read_link(link, &frame[..length]).sender.mac();
            let is_here = link == LinkType::Ethernet && frame[6..12] == HERE;
            assert!(!is_here || (mac == MacAddr::new(HERE)) == (length >= 14), "{link}, {length} bytes");
        }
    }
}

#[test]
fn no_single_byte_makes_it_panic() {
    for (link, mut frame) in one_of_each() {
        for at in 0..frame.len() {
            let byte = frame[at];
            for value in 0..=255 {
                frame[at] = value;
                read_link(link, &frame);
            }
            frame[at] = byte;
        }
    }
}
