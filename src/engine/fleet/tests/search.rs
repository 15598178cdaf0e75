//! A search against a slow model: all components as they are listed, filtered and sorted one by one, page after page.

use super::kit::*;
use crate::engine::fleet::{After, Component, ComponentKind, Fleet, Name, Order, Search, Within};
use crate::model::message::ReportedSighting;
use crate::model::sighting::Sighting;
use crate::model::time::UnixTime;
use proptest::prelude::*;
use std::cmp::Ordering;

fn any_sighting() -> impl Strategy<Value = Sighting> {
    (0u8..6, 0u8..9, 0usize..3, 0u64..50, 0u64..50).prop_filter_map(
        "nothing was seen",
        |(mac, ip, network, from, to)| {
            let mut sighting = sighting(&format!("{:02x}", 16 * mac + 1));
            sighting.ip = match ip {
                0 => None,
                1..=5 => Some(std::net::IpAddr::from([10, 0, ip, 1])),
                6 => Some("8.8.8.8".parse().unwrap()),
                _ => Some(format!("fd00::{ip}:1").parse().unwrap()),
            };
            sighting.mac = sighting.mac.filter(|_| mac > 0);
            ["b", "a", "c d"][network].clone_into(&mut sighting.network);
            (sighting.first, sighting.last) = (at(from.min(to)), at(from.max(to)));
            sighting.fault().is_none().then_some(sighting)
        },
    )
}

prop_compose! {
    fn any_search()(
        text in prop_oneof![Just(""), Just("10.0.1"), Just("00:11"), Just("1"), Just("fd00"), Just(":1"), Just("press")],
        within in prop_oneof![Just(Within::Both), Just(Within::Name), Just(Within::Macs)],
        network in prop_oneof![2 => Just(None), 1 => Just(Some("a")), 1 => Just(Some("nowhere"))],
        kind in prop_oneof![3 => Just(None), 1 => Just(Some(ComponentKind::Ip)), 1 => Just(Some(ComponentKind::MacOnly))],
        confirmed in prop::option::of(any::<bool>()),
        from in 0u64..30,
        order in prop_oneof![Just(Order::Address), Just(Order::Name), Just(Order::First), Just(Order::Last)],
        descending in any::<bool>(),
        most in 1usize..5,
    ) -> Search<'static> {
        let active = (at(from), UnixTime::MAX);
        Search { text, within, network, kind, confirmed, active, order, descending, most, ..Search::default() }
    }
}

fn compare(search: &Search<'_>, one: &Component<'_>, other: &Component<'_>) -> Ordering {
    let place = |it: &Component<'_>| (it.network.to_owned(), Name::of(it.key));
    let order = match search.order {
        Order::Address => Ordering::Equal,
        Order::Name => Name::of(one.key).cmp(&Name::of(other.key)),
        Order::First => one.first.cmp(&other.first),
        Order::Last => one.last.cmp(&other.last),
    };
    let order = order.then_with(|| place(one).cmp(&place(other)));
    if search.descending { order.reverse() } else { order }
}

/// The MACs that a component was seen with.
fn macs(fleet: &Fleet, it: &Component<'_>) -> Vec<String> {
    let mine = |fact: &crate::engine::fleet::Witness<'_>| {
        let same = if it.key.has_address() {
            fact.key.without_mac() == it.key
        } else {
            fact.key.mac() == it.key.mac()
        };
        same && fact.network == it.network && fact.key.has_mac()
    };
    fleet.facts().filter(mine).map(|fact| fact.key.mac().to_string()).collect()
}

fn matches(fleet: &Fleet, search: &Search<'_>, it: &Component<'_>) -> bool {
    let in_name = Name::of(it.key).to_string().contains(search.text);
    let in_macs = macs(fleet, it).iter().any(|mac| mac.contains(search.text));
    let named = match search.within {
        Within::Both => in_name || in_macs,
        Within::Name => in_name,
        Within::Macs => in_macs,
    };
    (search.text.is_empty() || named)
        && search.network.is_none_or(|network| network == it.network)
        && it.kind != ComponentKind::Infrastructure
        && search.kind.is_none_or(|kind| kind == it.kind)
        && search.confirmed.is_none_or(|confirmed| confirmed == it.confirmed)
        && it.last >= search.active.0
}

fn told(sightings: &[Vec<Sighting>; 2]) -> Kit {
    let mut kit = Kit::new(&["a", "b"]);
    let policy = crate::model::message::CountingPolicy { confirm_after_seconds: 9, ..Default::default() };
    kit.fleet.set_policy(policy, &mut kit.changes).unwrap();
    for (sensor, sightings) in ["a", "b"].into_iter().zip(sightings) {
        kit.report(&report(sensor, epoch(1), 0, sightings));
    }
    kit
}

proptest! {
    #[test]
    fn pages_are_what_a_slow_model_says(
        sightings in [prop::collection::vec(any_sighting(), 0..12), prop::collection::vec(any_sighting(), 0..12)],
        search in any_search(),
    ) {
        let kit = told(&sightings);
        let mut expected: Vec<_> = kit.fleet.components().filter(|it| matches(&kit.fleet, &search, it)).collect();
        expected.sort_by(|one, other| compare(&search, one, other));
        let mut pages = Vec::new();
        let mut search = search;
        loop {
            let page = kit.fleet.search(&search).unwrap();
            prop_assert_eq!(page.matching, expected.len() as u64);
            prop_assert!(page.rows.len() <= search.most);
            for row in &page.rows {
                let seen: std::collections::BTreeSet<_> = macs(&kit.fleet, &row.component).into_iter().collect();
                prop_assert_eq!(row.macs.keys().map(ToString::to_string).collect::<Vec<_>>(), Vec::from_iter(seen));
            }
            pages.extend(page.rows.iter().map(|row| row.component));
            let Some(last) = page.rows.last().filter(|_| page.more) else { break };
            let it = last.component;
            let time = if search.order == Order::First { it.first } else { it.last };
            let network = kit.fleet.network_names().find(|name| *name == it.network).unwrap();
            search.after = Some(After { network, name: Name::of(it.key), time });
        }
        prop_assert_eq!(pages, expected);
    }

    #[test]
    fn a_sensor_s_components_are_those_its_facts_speak_of(
        sightings in [prop::collection::vec(any_sighting(), 0..12), prop::collection::vec(any_sighting(), 0..12)],
    ) {
        let kit = told(&sightings);
        let (all, sensor) = (kit.fleet.search(&Search::default()).unwrap(), id("b"));
        let of_b = kit.fleet.search(&Search { sensor: Some(&sensor), ..Search::default() }).unwrap();
        let expected: Vec<_> = all.rows.iter().filter(|row| row.sensors.contains(&sensor)).collect();
        prop_assert_eq!(of_b.rows.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn the_page_before_may_end_in_a_network_that_is_no_more() {
    let network = |name: &str| Sighting { network: name.into(), ..sighting("01") };
    let kit = told(&[vec![network("a"), network("c d")], vec![]]);
    let after = |network| Some(After { network, name: "00:00:00:00:00:01".parse().unwrap(), time: at(0) });
    let found = |after| {
        let page = kit.fleet.search(&Search { after, ..Search::default() }).unwrap();
        page.rows.iter().map(|row| row.component.network.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(after("b")), ["c d"]);
    assert_eq!(found(after("a")), ["c d"]);
    assert_eq!(found(after("z")), Vec::<String>::new());
    assert!(kit.fleet.search(&Search { sensor: Some(&id("nobody")), ..Search::default() }).is_err());
}

/// Of one page of 100 rows at a million components, whatever is asked for. `cargo test --release -- --ignored million`
/// prints the times; they are of the thread's own processor time.
#[test]
#[ignore = "a measurement"]
fn a_page_of_a_million() {
    let mut kit = Kit::limited(&["a", "b"], crate::engine::fleet::Limits::default());
    for (sensor, base) in [("a", 0u32), ("b", 500_000)] {
        for step in 0..100 {
            let told = |n: u32| {
                let bits = base + step * 5_000 + n;
                let mut sighting = sighting("01");
                sighting.mac =
                    Some(crate::model::mac::MacAddr::from_bits(0x001b_1b00_0000 | u64::from(bits)));
                sighting.ip = Some(std::net::IpAddr::V4((0x0a00_0000 | bits).into()));
                (sighting.first, sighting.last) = (at(u64::from(bits) * 7_919 % 90_000), at(100_000));
                sighting
            };
            let sightings = (0..5_000).map(told);
            let after = u64::from(step) * 5_000;
            let numbered =
                (after + 1..).zip(sightings).map(|(seq, sighting)| ReportedSighting { seq, sighting });
            let (id, to) = (id(sensor), after + 5_000);
            let sightings = numbered.collect();
            let report = crate::model::message::Report {
                sensor: id,
                epoch: epoch(1),
                sent: at(0),
                after,
                to,
                sightings,
            };
            kit.report(&report);
            kit.changes.clear();
        }
    }
    assert_eq!(kit.total().components(), 1_000_000);
    let sensor = id("b");
    let searches = [
        ("all", Search::default()),
        (
            "by last, the other way round",
            Search { order: Order::Last, descending: true, ..Search::default() },
        ),
        ("by first", Search { order: Order::First, ..Search::default() }),
        ("text in few", Search { text: "10.7.161", ..Search::default() }),
        ("text in most", Search { text: "1", ..Search::default() }),
        ("MAC of all", Search { text: "00:1b:1b", ..Search::default() }),
        ("of one sensor", Search { sensor: Some(&sensor), ..Search::default() }),
        ("not billed yet", Search { confirmed: Some(false), ..Search::default() }),
        ("none", Search { text: "press", ..Search::default() }),
    ];
    for (what, search) in searches {
        let before = used();
        let page = kit.fleet.search(&search).unwrap();
        eprintln!("{:>6} us {what}: {} of {}", used() - before, page.rows.len(), page.matching);
    }
}

/// Microseconds of processor time that this thread has used.
fn used() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<u64>().unwrap() / 1000
}
