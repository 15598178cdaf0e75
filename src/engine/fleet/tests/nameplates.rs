//! Nameplates: the newest wins whatever comes first, twice or before a restart; no figure looks at them.

use super::kit::*;
use crate::engine::fleet::{
    Change, Fleet, Input, Limits, Name, NetworkNumber, PlateId, Search, Settings, Within,
};
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::message::{CountingPolicy, Nameplates, ReportedNameplate, Subject};
use crate::model::nameplate::Nameplate;
use crate::model::property::{Property, Protocol, Protocols};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::IpAddr;

fn plate(said: &[(Property, u64, &str)]) -> Nameplate {
    let mut plate = Nameplate::default();
    said.iter().for_each(|(property, second, text)| {
        plate.take(*property, at(*second), &(*text).to_owned().into());
    });
    plate
}

fn subject(text: &str) -> Subject {
    let sighting = sighting(text);
    Subject { network: sighting.network, mac: sighting.mac, ip: sighting.ip }
}

fn told(sensor: &str, of: &str, nameplate: Nameplate) -> Nameplates {
    let nameplates = vec![ReportedNameplate { subject: subject(of), nameplate }];
    Nameplates { sensor: id(sensor), sent: at(0), nameplates }
}

impl Kit {
    fn tell(&mut self, told: &Nameplates) {
        let before = (self.total(), self.fleet.usage().facts);
        assert_eq!(self.say(Input::Nameplates(told)), Ok(None), "nothing is answered");
        assert_eq!((self.total(), self.fleet.usage().facts), before, "and nothing is counted");
    }

    /// What is known of an address that was seen behind these MACs.
    fn known(&self, address: &str, macs: &[(&str, bool)]) -> Nameplate {
        let address = Key::EMPTY.with_address(address.parse::<IpAddr>().unwrap());
        let macs =
            macs.iter().map(|(mac, claims)| (format!("00:00:00:00:00:{mac}").parse().unwrap(), *claims));
        self.fleet.nameplate("default", address, macs)
    }

    fn name(&self, address: &str, macs: &[(&str, bool)]) -> Option<String> {
        self.known(address, macs).get(Property::Name).map(ToString::to_string)
    }
}

fn named(second: u64, name: &str) -> Nameplate {
    plate(&[(Property::Name, second, name)])
}

#[test]
fn what_a_router_says_is_not_said_of_the_hosts_behind_it() {
    let mut kit = Kit::new(&["a", "b"]);
    kit.now = 100;
    kit.report(&report("a", epoch(1), 0, &[sighting("01 10.0.0.1"), sighting("02 10.0.0.2")]));
    kit.report(&report("b", epoch(1), 0, &[sighting("01 10.0.0.1"), sighting("02 10.0.0.3")]));
    for mac in ["01", "02"] {
        kit.tell(&told("a", mac, named(1, mac)));
    }
    assert_eq!(kit.name("10.0.0.1", &[("01", false)]).as_deref(), Some("01"), "alone behind it, seen by two");
    assert_eq!(kit.name("10.0.0.2", &[("02", false)]), None);
    assert_eq!(kit.name("10.0.0.2", &[("02", true)]).as_deref(), Some("02"), "it answers for the address");
    kit.tell(&told("b", "- 10.0.0.2", named(2, "own")));
    assert_eq!(kit.name("10.0.0.2", &[("02", true)]).as_deref(), Some("own"), "the newer");
}

#[test]
fn a_purge_and_a_removal_forget_and_a_clock_that_runs_ahead_does_not_win_for_good() {
    let mut kit = Kit::new(&["a", "b"]);
    kit.now = 100;
    kit.report(&report("a", epoch(1), 0, &[sighting("01 10.0.0.1")]));
    kit.tell(&told("a", "- 10.0.0.1", named(9_999_999, "ahead")));
    kit.now = 200;
    kit.tell(&told("b", "- 10.0.0.1", named(150, "later")));
    assert_eq!(kit.name("10.0.0.1", &[]).as_deref(), Some("later"));
    kit.fleet.remove(&id("b"), &mut kit.changes).unwrap();
    assert_eq!(kit.name("10.0.0.1", &[]).as_deref(), Some("ahead"));
    kit.fleet.order_purge(&id("a"), &mut kit.changes).unwrap();
    kit.report(&report("a", epoch(2), 0, &[sighting("01 10.0.0.1")]));
    assert_eq!(kit.name("10.0.0.1", &[]), None);
    assert_eq!(kit.stored(), BTreeMap::new());
}

#[test]
fn no_sensor_and_no_fleet_keeps_more_than_there_is_room_for() {
    let limits = Limits { nameplates_per_sensor: 3, nameplates: 4, ..Limits::default() };
    let mut kit = Kit::limited(&["a", "b", "c"], limits);
    kit.now = 100;
    let hosts = ["- 10.0.0.1", "- 10.0.0.2", "- 10.0.0.3", "- 10.0.0.4", "- 10.0.0.5"];
    for (second, host) in [5, 1, 4, 2, 3].into_iter().zip(hosts) {
        kit.tell(&told("a", host, named(second, "x")));
    }
    let kept: Vec<_> = (1..=5).filter(|host| kit.name(&format!("10.0.0.{host}"), &[]).is_some()).collect();
    assert_eq!(kept, [1, 3, 5], "those that spoke last");
    kit.tell(&told("b", "- 10.0.0.9", named(1, "y")));
    kit.tell(&told("b", "- 10.0.0.8", named(2, "z")));
    assert_eq!((kit.name("10.0.0.9", &[]), kit.name("10.0.0.8", &[]).is_some()), (None, true));
    kit.tell(&told("c", "- 10.0.0.7", named(1, "w")));
    assert_eq!(kit.name("10.0.0.7", &[]), None, "no room at all");
    assert_eq!(kit.stored().len(), 4);
}

#[test]
fn what_names_nobody_is_left_out() {
    let mut kit = Kit::new(&["a"]);
    let mut both = told("a", "01 10.0.0.1", named(0, "x"));
    let elsewhere = Subject { network: "a\nb".into(), ..subject("01") };
    let group = Subject { mac: Some("01:00:5e:00:00:01".parse().unwrap()), ..subject("01") };
    for subject in [elsewhere, group] {
        both.nameplates.push(ReportedNameplate { subject, nameplate: named(0, "x") });
    }
    kit.tell(&both);
    assert_eq!(kit.stored(), BTreeMap::new());
}

impl Kit {
    /// What the store holds once all changes are written.
    fn stored(&self) -> BTreeMap<PlateId, Nameplate> {
        let mut stored = BTreeMap::new();
        for change in &self.changes {
            match change {
                Change::Nameplates(plates) => plates.iter().for_each(|(id, plate)| match plate {
                    Some(plate) => drop(stored.insert(*id, plate.clone())),
                    None => assert!(stored.remove(id).is_some(), "nothing goes that is not there"),
                }),
                Change::NameplatesGone(sensor) => stored.retain(|id, _| id.sensor != *sensor),
                _ => {}
            }
        }
        stored
    }

    /// The same fleet after a restart.
    fn restarted(&self) -> Fleet {
        let (limits, policy) = (*self.fleet.limits(), CountingPolicy::default());
        let mut fleet = Fleet::new(Settings { hash_key: [3, 4], limits, policy }).unwrap();
        fleet.load_network(NetworkNumber(0), "default".to_owned()).unwrap();
        for view in self.fleet.sensors(now(self.now)) {
            fleet.load_sensor(view.sensor.clone(), now(self.now)).unwrap();
        }
        fleet.loaded();
        self.stored().into_iter().for_each(|(id, plate)| fleet.load_nameplate(id, plate));
        fleet
    }
}

fn word() -> impl Strategy<Value = (usize, u8, Nameplate)> {
    let properties = prop_oneof![Just(Property::Name), Just(Property::Model)];
    let said = prop::collection::vec((properties, 0u64..6, "[a-c]"), 0..3);
    (0usize..3, 0u8..4, said, 0usize..4).prop_map(|(sensor, host, said, protocol)| {
        let said: Vec<_> = said.iter().map(|(property, at, text)| (*property, *at, text.as_str())).collect();
        let mut plate = plate(&said);
        plate.speaks(Protocol::ALL.into_iter().take(protocol).collect());
        (sensor, host, plate)
    })
}

proptest! {
    /// The model: all words of all sensors on one pile, the newest of each subject and property on top.
    #[test]
    fn order_doubles_and_restarts_change_nothing(words in prop::collection::vec(word(), 0..30), turn in 0usize..30) {
        const SENSORS: [&str; 3] = ["a", "b", "c"];
        let mut model: BTreeMap<u8, Nameplate> = BTreeMap::new();
        for (_, host, plate) in &words {
            model.entry(*host).or_default().merge(plate);
        }
        let turned = words.iter().skip(turn).chain(&words).rev();
        for order in [words.iter().collect::<Vec<_>>(), turned.collect()] {
            let mut kit = Kit::new(&SENSORS);
            kit.now = 100;
            for (sensor, host, plate) in order {
                kit.tell(&told(SENSORS[*sensor], &format!("- 10.0.0.{host}"), plate.clone()));
            }
            let restarted = kit.restarted();
            for host in 0..4 {
                let address = Key::EMPTY.with_address(IpAddr::from([10, 0, 0, host]));
                let expected = model.get(&host).cloned().unwrap_or_default();
                prop_assert_eq!(&kit.fleet.nameplate("default", address, []), &expected);
                prop_assert_eq!(&restarted.nameplate("default", address, []), &expected);
            }
        }
    }
}

#[test]
fn components_are_found_by_what_is_said_of_them() {
    let mut kit = Kit::new(&["a"]);
    kit.now = 100;
    let seen = ["01 10.0.0.1", "02 10.0.0.2", "02 10.0.0.3", "03"].map(sighting);
    kit.report(&report("a", epoch(1), 0, &seen));
    let mut press = plate(&[(Property::Name, 1, "Press 1"), (Property::Vendor, 1, "ACME Ltd")]);
    press.protocols = Protocols::default().with(Protocol::S7);
    for of in ["01", "02", "03", "- 10.0.0.3"] {
        kit.tell(&told("a", of, press.clone()));
    }
    let found = |search: Search<'_>| {
        let page = kit.fleet.search(&search).unwrap();
        let names: Vec<_> = page.rows.iter().map(|row| Name::of(row.component.key).to_string()).collect();
        assert_eq!(page.matching, names.len() as u64);
        names
    };
    // Two are behind the second MAC: of it nothing is said of them.
    let all = ["10.0.0.1", "10.0.0.3", "00:00:00:00:00:03"];
    assert_eq!(found(Search { text: " pRESS ", ..Search::default() }), all);
    assert_eq!(found(Search { protocol: Some(Protocol::S7), ..Search::default() }), all);
    assert_eq!(found(Search { vendor: "acme", ..Search::default() }), all);
    assert_eq!(found(Search { text: "press", within: Within::Name, ..Search::default() }), [""; 0]);
    assert_eq!(found(Search { protocol: Some(Protocol::Modbus), ..Search::default() }), [""; 0]);
    let maker = |mac: MacAddr| (mac.bits() >> 24 == 0).then_some("Maker AG");
    let own = ["10.0.0.1", "00:00:00:00:00:03"];
    assert_eq!(found(Search { vendor: "maker", maker, ..Search::default() }), own, "no router's");
}
