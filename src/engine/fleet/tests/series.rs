//! What is kept over time: slots against a slow model, resets of counters, births.

use super::kit::*;
use crate::engine::fleet::{Change, Ring, Slot};
use crate::model::message::InterfaceStatus;
use crate::model::time::UnixTime;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// After so many seconds: packets and drops more on an interface; whether the program began anew before.
type Step = (u64, u64, u64, usize, bool);

fn any_step() -> impl Strategy<Value = Step> {
    (0u64..900, 0u64..50, 0u64..5, 0usize..2, prop::bool::weighted(0.1))
}

fn interfaces(counters: &[(u64, u64); 2]) -> Vec<InterfaceStatus> {
    let of = |(at, (counted, dropped)): (usize, &(u64, u64))| InterfaceStatus {
        name: format!("eth{at}"),
        counted: *counted,
        dropped: *dropped,
        received: counted + dropped,
        ..InterfaceStatus::default()
    };
    counters.iter().enumerate().map(of).collect()
}

fn written(changes: &[Change]) -> Vec<Slot> {
    let slot = |change: &Change| if let Change::Slot(_, slot) = change { Some(*slot) } else { None };
    changes.iter().filter_map(slot).collect()
}

proptest! {
    #[test]
    fn each_packet_is_in_the_slot_in_which_it_was_told(steps in prop::collection::vec(any_step(), 0..80)) {
        let mut kit = Kit::new(&["a"]);
        let (mut counters, mut instance) = ([(0, 0); 2], 1);
        let mut model: BTreeMap<UnixTime, (u64, u64)> = BTreeMap::new();
        for (seconds, counted, dropped, interface, restarts) in steps {
            kit.now += seconds;
            if restarts {
                (counters, instance) = ([(0, 0); 2], instance + 1);
            }
            counters[interface].0 += counted;
            counters[interface].1 += dropped;
            let mut status = status("a", epoch(1), 0, 0, &[]);
            (status.instance, status.interfaces) = (epoch(instance), interfaces(&counters));
            kit.fleet.close_slots(at(kit.now), false, &mut kit.changes);
            kit.status(&status);
            if counted + dropped > 0 {
                let sum = model.entry(Ring::Minutes.start(at(kit.now))).or_default();
                *sum = (sum.0 + counted, sum.1 + dropped);
            }
        }
        kit.fleet.close_slots(at(kit.now), true, &mut kit.changes);
        let slots = written(&kit.changes).into_iter();
        let slots: Vec<_> = slots.map(|slot| (slot.at, (slot.processed, slot.dropped))).collect();
        prop_assert_eq!(slots, Vec::from_iter(model));
    }
}

#[test]
fn a_component_is_born_once_by_who_told_it_first() {
    let mut kit = Kit::new(&["a", "b"]);
    let seen = ["01 10.0.0.1", "02"].map(sighting);
    kit.report(&report("a", epoch(1), 0, &seen));
    // Of these one is new; a MAC that turns out to have an address was counted before.
    kit.report(&report("b", epoch(2), 0, &["01 10.0.0.1", "02 10.0.0.2", "03"].map(sighting)));
    // The store of the first is lost, and all is told again.
    kit.report(&report("a", epoch(3), 0, &seen));
    kit.fleet.close_slots(at(0), true, &mut kit.changes);
    let born: Vec<u64> = written(&kit.changes).iter().map(|slot| slot.born).collect();
    assert_eq!(born, [2, 1]);
    assert_eq!(born.iter().sum::<u64>(), kit.total().components());
}

#[test]
fn a_slot_is_written_once_it_is_over_and_when_the_program_ends() {
    let mut kit = Kit::new(&["a"]);
    kit.report(&report("a", epoch(1), 0, &[sighting("01")]));
    let written_at = |kit: &mut Kit, seconds, all| {
        kit.changes.clear();
        kit.fleet.close_slots(at(seconds), all, &mut kit.changes);
        written(&kit.changes).len()
    };
    assert_eq!(written_at(&mut kit, 299, false), 0);
    assert_eq!(written_at(&mut kit, 300, false), 1);
    assert_eq!(written_at(&mut kit, 900, true), 0, "nothing came since");
}
