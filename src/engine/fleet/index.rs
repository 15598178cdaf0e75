//! Finds places in a list by a keyed hash: open addressing, at most half full, entries moved back on removal.

/// Places of a list, by hash. The list itself is the caller's; so are its keys and their hashes.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Zero is free; else a place of the list, plus one.
    places: Box<[u32]>,
    used: usize,
}

const PLACES_MIN: usize = 64;

impl Index {
    pub(super) fn new() -> Self {
        Self { places: vec![0; PLACES_MIN].into_boxed_slice(), used: 0 }
    }

    #[allow(clippy::cast_possible_truncation, reason = "masked to the number of places")]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    /// The place of the list that `is` says yes to.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        while self.places[at] != 0 {
            let place = self.places[at] - 1;
            if is(place) {
                return Some(place);
            }
            at = self.next(at);
        }
        None
    }

    /// Adds a place that is not there yet; `hash_of` tells the hashes of the others when more room is made.
    pub(super) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.used + 1) * 2 > self.places.len() {
            self.grow(hash_of);
        }
        self.put(hash, place);
        self.used += 1;
    }

    fn put(&mut self, hash: u64, place: u32) {
        let mut at = self.home(hash);
        while self.places[at] != 0 {
            at = self.next(at);
        }
        self.places[at] = place + 1;
    }

    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let twice = vec![0; self.places.len() * 2].into_boxed_slice();
        let before = std::mem::replace(&mut self.places, twice);
        for entry in before.into_iter().filter(|entry| *entry != 0) {
            self.put(hash_of(entry - 1), entry - 1);
        }
    }

    /// The entry under `place` now stands for `to`, which has the same hash.
    pub(super) fn rename(&mut self, hash: u64, place: u32, to: u32) {
        if let Some(at) = self.position(hash, place) {
            self.places[at] = to + 1;
        }
    }

    /// Takes a place out.
    pub(super) fn remove(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        let Some(mut hole) = self.position(hash, place) else { return };
        self.used -= 1;
        let mask = self.places.len() - 1;
        let mut at = self.next(hole);
        while self.places[at] != 0 {
            // An entry may fill the hole unless its home lies behind it.
            let from_home = at.wrapping_sub(self.home(hash_of(self.places[at] - 1))) & mask;
            if from_home >= at.wrapping_sub(hole) & mask {
                self.places[hole] = self.places[at];
                hole = at;
            }
            at = self.next(at);
        }
        self.places[hole] = 0;
    }

    fn position(&self, hash: u64, place: u32) -> Option<usize> {
        let mut at = self.home(hash);
        while self.places[at] != place + 1 {
            if self.places[at] == 0 {
                return None;
            }
            at = self.next(at);
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_is_in_it_and_nothing_else(steps in prop::collection::vec((any::<bool>(), 0u32..200), 1..600)) {
            // Few hashes, so that entries stand in each other's way.
            let hash = |place: u32| u64::from(place % 7) * 0x9e37;
            let (mut index, mut model) = (Index::new(), std::collections::BTreeSet::new());
            for (add, place) in steps {
                if !add {
                    index.remove(hash(place), place, hash);
                    model.remove(&place);
                } else if model.insert(place) {
                    index.insert(hash(place), place, hash);
                }
                prop_assert_eq!(index.used, model.len());
            }
            for place in 0..200 {
                prop_assert_eq!(index.find(hash(place), |p| p == place).is_some(), model.contains(&place));
            }
        }
    }
}
