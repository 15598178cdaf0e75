//! Merging, held against a model that keeps every telling and computes all anew.

use super::*;
use crate::model::digest::{FactHash, NetworkSeed, SetDigest};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What was told of one key.
#[derive(Clone, Debug)]
struct Telling {
    network: &'static str,
    number: u32,
    kind: u8,
    vlans: Vec<u16>,
    first: u64,
    length: u64,
    packets: u64,
}

impl Telling {
    fn known(&self) -> Known {
        let mut vlans = VlanSet::EMPTY;
        self.vlans.iter().for_each(|id| vlans.insert(*id));
        let mac = Key::station(MacAddr::from_bits(0x0200_0000_0000 | u64::from(self.number)));
        let (key, marks) = match self.kind {
            0 => (mac, Marks::PRESENT),
            1 => (mac, Marks::CONTROL),
            2 => (mac.with_v4(self.number), Marks::PRESENT.and(Marks::CLAIMED)),
            _ => (mac.with_v6(u128::from(self.number)).without_mac(), Marks::PRESENT),
        };
        let (first, last) = (CaptureTime::new(self.first, 0), CaptureTime::new(self.first + self.length, 7));
        Known { key, marks, vlans, span: Span { first, last }, packets: self.packets }
    }
}

fn telling() -> impl Strategy<Value = Telling> {
    let network = prop_oneof![Just("plant"), Just("cell")];
    (network, 1..12u32, 0..4u8, vec(1..20u16, 0..9), 0..5000u64, 0..5000u64, 0..1000u64).prop_map(
        |(network, number, kind, vlans, first, length, packets)| Telling {
            network,
            number,
            kind,
            vlans,
            first,
            length,
            packets,
        },
    )
}

/// All that was told of a key, and what follows.
#[derive(Default)]
struct Slow {
    told: BTreeMap<(&'static str, [u64; 3]), Vec<Known>>,
}

#[derive(PartialEq, Eq, Debug)]
struct Truth {
    marks: u8,
    vlans: Vec<u16>,
    first: CaptureTime,
    last: CaptureTime,
    packets: u64,
}

impl Slow {
    fn truth(told: &[Known]) -> Truth {
        let vlans: BTreeSet<u16> = told.iter().flat_map(|known| known.vlans.sorted()).collect();
        Truth {
            marks: told.iter().fold(0, |bits, known| bits | known.marks.bits()),
            vlans: vlans.into_iter().take(8).collect(),
            first: told.iter().map(|known| known.span.first).min().unwrap(),
            last: told.iter().map(|known| known.span.last).max().unwrap(),
            packets: told.iter().map(|known| known.packets).max().unwrap(),
        }
    }

    fn all(&self) -> BTreeMap<(String, [u64; 3]), Truth> {
        let named =
            |(key, told): (&(&str, [u64; 3]), &Vec<Known>)| ((key.0.to_owned(), key.1), Self::truth(told));
        self.told.iter().map(named).collect()
    }

    fn digest(&self) -> SetDigest {
        let mut digest = SetDigest::default();
        for ((network, _), told) in &self.told {
            let truth = Self::truth(told);
            let (seed, marks) = (NetworkSeed::of(network), Marks::from_bits(truth.marks));
            digest.add(FactHash::of(seed, told[0].key, marks, truth.vlans.iter().copied()));
        }
        digest
    }
}

fn stored(state: &mut State) -> BTreeMap<(String, [u64; 3]), Truth> {
    let mut all = BTreeMap::new();
    let mut each = |network: &str, known: &Known| {
        let truth = Truth {
            marks: known.marks.bits(),
            vlans: known.vlans.sorted().collect(),
            first: known.span.first,
            last: known.span.last,
            packets: known.packets,
        };
        all.insert((network.to_owned(), known.key.words()), truth);
    };
    state.restore_each(&mut each).unwrap();
    all
}

/// Every change in order, read part by part, ends with the stored set, and each fact comes once.
fn check_changes(state: &mut State) {
    let position = state.position();
    let (mut after, mut seqs) = (0, BTreeSet::new());
    while after < position.seq {
        let part = state.load(after, position.seq).unwrap();
        assert!(part.to() > after);
        after = part.to();
        for reported in part.into_sightings() {
            assert_eq!(reported.sighting.fault(), None);
            assert!(seqs.insert(reported.seq), "one number, two facts");
        }
    }
    assert_eq!(seqs.len() as u64, position.facts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_holds_the_union_of_all_that_was_told(batches in vec(vec(telling(), 0..12), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let mut state = opened(folder.path(), 1).state;
        let mut slow = Slow::default();
        for batch in &batches {
            let facts = batch.iter().map(|telling| (telling.network, telling.known()));
            let before = slow.all();
            for (network, known) in facts.clone() {
                slow.told.entry((network, known.key.words())).or_default().push(known);
            }
            let committed = state.merge(facts, at(2 * HOUR)).unwrap();
            let after = slow.all();
            let differ = after.iter().filter(|(key, truth)| before.get(*key) != Some(*truth)).count() as u64;
            // A key told twice in a batch may change twice.
            prop_assert!(committed.changed >= differ && (differ > 0 || committed.changed == 0));
            prop_assert_eq!(committed.refused, 0);
            prop_assert_eq!(committed.position.digest, slow.digest());
        }
        prop_assert_eq!(stored(&mut state), slow.all());
        check_changes(&mut state);
        let position = state.position();
        drop(state);
        let Opened { mut state, found } = opened(folder.path(), 2);
        prop_assert_eq!((found, state.position()), (Found::Whole, position));
        prop_assert_eq!(stored(&mut state), slow.all());
    }
}
