//! The table is a map that refuses at its limit; and who the two ends of a frame are.

use super::*;
use crate::model::mac::MacAddr;
use crate::model::time::UnixTime;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(second: u64) -> UnixTime {
    UnixTime::from_millis(second * 1000)
}

fn address(host: u32) -> Peer {
    Peer::Component(Key::EMPTY.with_v4(0x0a00_0000 | host))
}

fn between(a: Peer, b: Peer, protocol: Option<Protocol>) -> Talk {
    Talk::between(a, b, protocol).unwrap()
}

proptest! {
    #[test]
    fn the_table_is_a_map_that_refuses_at_its_limit(
        room in 0usize..12,
        seen in prop::collection::vec((1u32..5, 0usize..6, 0usize..3, 0u64..9000, 0usize..1500), 0..120),
        asked in 1usize..5,
    ) {
        let (mut table, mut model) = (Activities::new(room), BTreeMap::<Talk, Traffic>::new());
        let (memory, mut refused) = (table.pairs.capacity(), false);
        let mut told = BTreeMap::new();
        for (step, (one, other, protocol, second, bytes)) in seen.into_iter().enumerate() {
            let other = [address(5), address(6), address(1), address(2), Peer::Group, Peer::External][other];
            let protocol = [None, Some(Protocol::Modbus), Some(Protocol::S7)][protocol];
            let Some(talk) = Talk::between(address(one), other, protocol) else { continue };
            let traffic = Traffic::of(bytes, at(second));
            table.see(talk, traffic);
            let is_full = model.len() == room;
            match model.get_mut(&talk) {
                Some(known) => *known = known.plus(traffic),
                None if is_full => refused = true,
                None => drop(model.insert(talk, traffic)),
            }
            if step % 7 == 0 {
                told.extend(table.news(asked));
            }
        }
        prop_assert!(table.iter().eq(model.iter().map(|(talk, seen)| (*talk, *seen))));
        prop_assert_eq!((table.is_incomplete(), table.pairs.capacity()), (refused, memory));
        while table.has_news() {
            let news = table.news(asked);
            prop_assert!(!news.is_empty() && news.len() <= asked);
            told.extend(news);
        }
        prop_assert!(told.keys().eq(model.keys()), "each pair is told");
        table.untell(&told.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(table.news(usize::MAX).len(), model.len());
    }
}

#[test]
fn a_flood_is_refused_and_displaces_nobody() {
    let mut table = Activities::new(16);
    let known = between(address(1), address(2), Some(Protocol::Modbus));
    table.see(known, Traffic::of(60, at(1)));
    for host in 100..100_000 {
        table.see(between(address(1), address(host), None), Traffic::of(60, at(2)));
    }
    assert_eq!((table.pairs.len(), table.is_incomplete()), (16, true));
    assert!(table.iter().any(|(talk, _)| talk == known));
    let mut other = Activities::new(16);
    other.unite(&table);
    assert!(other.is_incomplete() && other.iter().eq(table.iter()));
    table.clear();
    assert_eq!((table.iter().count(), table.is_incomplete()), (0, false));
}

fn talks(from: Key, to: Key, carrier: Carrier, bytes: &[u8]) -> Option<Talk> {
    talk(&Policy::default(), NetworkId(3), from, &Payload { carrier, to, bytes }, None)
}

#[test]
fn ends_are_components_groups_or_external() {
    let mac = |bits| Key::station(MacAddr::from_bits(bits));
    let with = |key: Key, text: &str| key.with_address(text.parse().unwrap());
    let plc = with(mac(0x0200_0000_0001), "10.0.0.1");
    let (udp, data) = (Carrier::Udp(1, 2), &[1][..]);
    let of = |to| talks(plc, to, udp, data).map(|talk| (talk.one.network(), talk.other));
    let is = |other| Some((NetworkId(3), other));
    let in_3 = |key: Key| Peer::Component(key.in_network(NetworkId(3)));
    let router = mac(0x0200_0000_0009);
    assert_eq!(of(with(router, "10.9.0.7")), is(in_3(with(Key::EMPTY, "10.9.0.7"))));
    assert_eq!(of(with(router, "93.184.216.34")), is(Peer::External), "none of them is kept by itself");
    assert_eq!(of(with(mac(0x0100_5e00_00fb), "224.0.0.251")), is(Peer::Group));
    assert_eq!(of(with(mac(0xffff_ffff_ffff), "10.0.0.255")), is(Peer::Group), "by its MAC");
    assert_eq!(of(with(router, "224.0.0.251")), is(Peer::Group), "by its address");
    let by_mac = of(with(router, "fe80::1"));
    assert_eq!(by_mac.map(|(_, other)| other), Some(in_3(router)));
}

#[test]
fn what_says_nothing_is_no_talk() {
    let (one, other) = (
        Key::station(MacAddr::from_bits(0x0200_0000_0001)),
        Key::station(MacAddr::from_bits(0x0200_0000_0002)),
    );
    assert!(talks(one, other, Carrier::Ethernet(0x8892), &[1]).is_some());
    assert_eq!(talks(one, other, Carrier::Ethernet(ARP), &[1]), None);
    assert_eq!(talks(one, other, Carrier::Tcp(1, 502), &[]), None, "a bare SYN");
    assert_eq!(talks(Key::EMPTY, other, Carrier::Ethernet(0x8892), &[1]), None);
    assert_eq!(talks(one, one, Carrier::Ethernet(0x8892), &[1]), None);
}
