//! Activities: the greater figures win whatever comes first, twice or before a restart; no figure looks at them.

use super::kit::*;
use crate::engine::fleet::{
    ActivityId, Change, Fleet, Input, Limits, NetworkNumber, Settings, TalkOrder, TalkSearch,
};
use crate::model::activity::{Peer, Talk, Traffic};
use crate::model::message::{Activities, CountingPolicy, Pair, ReportedActivity};
use crate::model::property::Protocol;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn seen(packets: u64, first: u64, last: u64) -> Traffic {
    Traffic { packets, bytes: 60 * packets, first: at(first), last: at(last) }
}

fn between(one: &str, other: &str, protocol: Option<Protocol>) -> Talk {
    Talk::between(one.parse().unwrap(), other.parse().unwrap(), protocol).unwrap()
}

fn told(sensor: &str, talks: &[(Talk, Traffic)]) -> Activities {
    let of = |(talk, traffic): &(Talk, Traffic)| ReportedActivity {
        pair: Pair::of(talk, "default"),
        traffic: *traffic,
    };
    Activities {
        sensor: id(sensor),
        sent: at(0),
        incomplete: false,
        activities: talks.iter().map(of).collect(),
    }
}

fn shown(fleet: &Fleet, search: &TalkSearch<'_>) -> Vec<String> {
    let ends = |talk: &Talk| format!("{} {}", Peer::Component(talk.one), talk.other);
    let talks = fleet.talks(search);
    let line = |one: &crate::engine::fleet::Activity<'_>| {
        let protocol = one.talk.protocol.map_or("?", Protocol::name);
        let sensors: Vec<_> = one.sensors.iter().map(|sensor| sensor.as_str()).collect();
        format!("{} {protocol} {} {}", ends(&one.talk), one.seen.packets, sensors.join("+"))
    };
    talks.iter().map(line).collect()
}

fn incomplete(fleet: &Fleet) -> Vec<&str> {
    fleet.sensors_with_more_talks().map(|sensor| sensor.as_str()).collect()
}

impl Kit {
    fn hear(&mut self, told: &Activities) {
        let before = (self.total(), self.fleet.usage().facts);
        assert_eq!(self.say(Input::Activities(told)), Ok(None), "nothing is answered");
        assert_eq!((self.total(), self.fleet.usage().facts), before, "and nothing is counted");
    }

    /// What the store holds once all changes are written.
    fn kept(&self) -> (BTreeMap<ActivityId, Traffic>, Vec<crate::engine::fleet::SensorNumber>) {
        let (mut kept, mut marked) = (BTreeMap::new(), Vec::new());
        for change in &self.changes {
            match change {
                Change::Activities(seen) => kept.extend(seen.iter().copied()),
                Change::ActivitiesIncomplete(sensor) => marked.push(*sensor),
                Change::ActivitiesGone(sensor) => {
                    kept.retain(|id: &ActivityId, _| id.sensor != *sensor);
                    marked.retain(|marked| marked != sensor);
                }
                _ => {}
            }
        }
        (kept, marked)
    }

    /// The same fleet after a restart.
    fn again(&self) -> Fleet {
        let (limits, policy) = (*self.fleet.limits(), CountingPolicy::default());
        let mut fleet = Fleet::new(Settings { hash_key: [3, 4], limits, policy }).unwrap();
        fleet.load_network(NetworkNumber(0), "default".to_owned()).unwrap();
        for view in self.fleet.sensors(now(self.now)) {
            fleet.load_sensor(view.sensor.clone(), now(self.now)).unwrap();
        }
        fleet.loaded();
        let (kept, marked) = self.kept();
        kept.into_iter().for_each(|(id, seen)| fleet.load_activity(id, seen));
        marked.into_iter().for_each(|sensor| fleet.load_activities_incomplete(sensor));
        fleet
    }
}

#[test]
fn several_sensors_make_one_line_and_nothing_is_summed() {
    let mut kit = Kit::new(&["a", "b"]);
    kit.now = 100;
    let modbus = between("10.0.0.1", "10.0.0.2", Some(Protocol::Modbus));
    let other = between("00:1b:1b:00:00:01", "group", None);
    kit.hear(&told("a", &[(modbus, seen(5, 1, 9)), (other, seen(7, 1, 2))]));
    kit.hear(&told("b", &[(modbus, seen(4, 0, 3))]));
    let most = shown(&kit.fleet, &TalkSearch::default());
    assert_eq!(most, ["00:1b:1b:00:00:01 group ? 7 a", "10.0.0.1 10.0.0.2 modbus 5 a+b"]);
    let last = TalkSearch { order: TalkOrder::Last, ..TalkSearch::default() };
    assert!(shown(&kit.fleet, &last)[0].starts_with("10.0.0.1"));
    let found = |search: TalkSearch<'_>| shown(&kit.fleet, &search).len();
    let b = id("b");
    let all = [
        found(TalkSearch { text: "0.0.2", ..Default::default() }),
        found(TalkSearch { text: " 1B:1B ", ..Default::default() }),
        found(TalkSearch { text: "GROUP", ..Default::default() }),
        found(TalkSearch { protocol: Some(None), ..Default::default() }),
        found(TalkSearch { protocol: Some(Some(Protocol::S7)), ..Default::default() }),
        found(TalkSearch { network: Some("default"), ..Default::default() }),
        found(TalkSearch { network: Some("other"), ..Default::default() }),
        found(TalkSearch { sensor: Some(&b), ..Default::default() }),
    ];
    assert_eq!(all, [1, 1, 1, 1, 0, 2, 0, 1]);
}

#[test]
fn external_addresses_are_one_and_what_names_no_pair_is_left_out() {
    let mut kit = Kit::new(&["a"]);
    kit.now = 100;
    let mut all = told("a", &[(between("10.0.0.1", "93.184.216.34", None), seen(1, 0, 0))]);
    kit.hear(&all);
    assert_eq!(
        shown(&kit.fleet, &TalkSearch::default()),
        ["10.0.0.1 external ? 1 a"],
        "by the Center's policy"
    );
    let mut bad = |change: &dyn Fn(&mut Pair)| {
        let mut pair = Pair::of(&between("10.0.0.1", "10.0.0.2", None), "default");
        change(&mut pair);
        all.activities.push(ReportedActivity { pair, traffic: seen(9, 0, 0) });
    };
    bad(&|pair| pair.peer = "<script>".into());
    bad(&|pair| pair.peer = "10.0.0.1".into());
    bad(&|pair| pair.subject.ip = None);
    bad(&|pair| pair.subject.ip = Some([8, 8, 8, 8].into()));
    bad(&|pair| pair.subject.network = "a\nb".into());
    // 8.8.8.8 and 10.0.0.2 are a component and an external address, whichever is named first.
    kit.hear(&all);
    let found = shown(&kit.fleet, &TalkSearch::default());
    assert_eq!(found, ["10.0.0.2 external ? 9 a", "10.0.0.1 external ? 1 a"]);
}

#[test]
fn a_full_table_refuses_marks_its_sensor_and_a_purge_forgets_both() {
    let limits = Limits { activities_per_sensor: 2, activities: 3, ..Limits::default() };
    let mut kit = Kit::limited(&["a", "b"], limits);
    kit.now = 100;
    kit.report(&report("a", epoch(1), 0, &[sighting("01 10.0.0.1")]));
    let talks = ["10.0.0.2", "10.0.0.3", "10.0.0.4"].map(|to| (between("10.0.0.1", to, None), seen(1, 0, 0)));
    kit.hear(&told("b", &talks[..1]));
    assert_eq!(incomplete(&kit.fleet), [""; 0]);
    for _ in 0..3 {
        kit.hear(&told("a", &talks));
    }
    assert_eq!((incomplete(&kit.fleet), kit.kept().0.len()), (vec!["a"], 3));
    assert_eq!(kit.kept().1.len(), 1, "it is written once");
    kit.hear(&told("b", &talks));
    assert_eq!(incomplete(&kit.again()), ["a", "b"], "no room at all; a restart knows");
    kit.fleet.order_purge(&id("a"), &mut kit.changes).unwrap();
    kit.report(&report("a", epoch(2), 0, &[sighting("01 10.0.0.1")]));
    assert_eq!((incomplete(&kit.fleet), kit.kept().0.len()), (vec!["b"], 1));
    let said = Activities { incomplete: true, ..told("a", &[]) };
    kit.hear(&said);
    assert_eq!(incomplete(&kit.again()), ["a", "b"], "by its own word");
}

proptest! {
    /// The model: the greatest figures of each pair, whoever told them.
    #[test]
    fn order_doubles_and_restarts_change_nothing(
        words in prop::collection::vec((0usize..3, 2u8..6, 0usize..3, 1u64..9, 0u64..50, 50u64..200), 0..30),
        turn in 0usize..30,
    ) {
        const SENSORS: [&str; 3] = ["a", "b", "c"];
        let protocols = [None, Some(Protocol::Modbus), Some(Protocol::S7)];
        let word = |&(sensor, host, protocol, packets, first, last): &(usize, u8, usize, u64, u64, u64)| {
            let talk = between("10.0.0.1", &format!("10.0.0.{host}"), protocols[protocol]);
            (SENSORS[sensor], talk, seen(packets, first, last))
        };
        let mut model: BTreeMap<Talk, Traffic> = BTreeMap::new();
        for (_, talk, traffic) in words.iter().map(word) {
            let traffic = traffic.until(at(100));
            model.entry(talk).and_modify(|known| *known = known.or(traffic)).or_insert(traffic);
        }
        let turned = words.iter().skip(turn).chain(&words).rev();
        for order in [words.iter().collect::<Vec<_>>(), turned.collect()] {
            let mut kit = Kit::new(&SENSORS);
            kit.now = 100;
            order.into_iter().map(word).for_each(|(sensor, talk, seen)| kit.hear(&told(sensor, &[(talk, seen)])));
            let search = TalkSearch { order: TalkOrder::Pair, ..TalkSearch::default() };
            for fleet in [&kit.fleet, &kit.again()] {
                let found: Vec<_> = fleet.talks(&search).iter().map(|one| (one.talk, one.seen)).collect();
                prop_assert_eq!(&found, &model.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
