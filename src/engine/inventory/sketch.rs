//! Counting distinct things that may be numberless: exact up to 4,096, an estimate beyond, 80 KiB whatever comes.
//!
//! The estimate is HyperLogLog with 2^14 registers (standard error 0.8 %), read by Ertl's improved estimator
//! (O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6), which needs no
//! correction tables. Things are given as 64-bit keyed hashes; two sketches unite only if made under one key.

/// Up to here the count is exact (counting rules, section 3).
pub const EXACT_MAX: usize = 4096;

const SLOTS: usize = EXACT_MAX * 2;
const PRECISION: u32 = 14;
const REGISTERS: usize = 1 << PRECISION;
/// Leading zeros that the bits below the register number can show, plus one.
const RANKS: usize = (64 - PRECISION + 1) as usize;

/// A set of hashes of which only the size is asked.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// Open addressing, 0 for empty; all of the set while `exact`, meaningless afterwards.
    slots: Box<[u64]>,
    len: usize,
    exact: bool,
    registers: Box<[u8]>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            slots: vec![0; SLOTS].into_boxed_slice(),
            len: 0,
            exact: true,
            registers: vec![0; REGISTERS].into_boxed_slice(),
        }
    }
}

impl Sketch {
    /// Adds one thing. Zero is no hash that occurs (one in 2^64), and is taken for one.
    pub fn insert(&mut self, hash: u64) {
        let hash = hash.max(1);
        self.raise(hash);
        if self.exact {
            self.insert_exact(hash);
        }
    }

    /// Takes one thing out, as long as the count is exact; returns whether it was there.
    pub fn remove(&mut self, hash: u64) -> bool {
        if !self.exact {
            return false;
        }
        let Ok(mut hole) = self.find(hash.max(1)) else { return false };
        // Close the gap, so that every probe sequence stays unbroken.
        let mut next = (hole + 1) % SLOTS;
        while self.slots[next] != 0 {
            let home = home(self.slots[next]);
            if (next + SLOTS - home) % SLOTS >= (next + SLOTS - hole) % SLOTS {
                self.slots[hole] = self.slots[next];
                hole = next;
            }
            next = (next + 1) % SLOTS;
        }
        self.slots[hole] = 0;
        self.len -= 1;
        true
    }

    /// How many distinct things were added.
    pub fn count(&self) -> u64 {
        if self.exact { self.len as u64 } else { self.estimate().max(EXACT_MAX as u64 + 1) }
    }

    /// Whether [`Sketch::count`] is an estimate.
    pub fn is_estimate(&self) -> bool {
        !self.exact
    }

    /// Whether nothing was added, or all was taken out again.
    pub fn is_empty(&self) -> bool {
        self.exact && self.len == 0
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *mine = (*mine).max(*theirs);
        }
        self.exact &= other.exact;
        if self.exact {
            other.slots.iter().filter(|&&hash| hash != 0).for_each(|&hash| self.insert(hash));
        }
    }

    /// Empties the sketch.
    pub fn clear(&mut self) {
        if self.exact && self.len == 0 {
            return;
        }
        self.slots.fill(0);
        self.registers.fill(0);
        (self.len, self.exact) = (0, true);
    }

    /// The slot that holds `hash`, or the empty one where it belongs.
    fn find(&self, hash: u64) -> Result<usize, usize> {
        let mut slot = home(hash);
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                there if there == hash => return Ok(slot),
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }

    fn insert_exact(&mut self, hash: u64) {
        let Err(slot) = self.find(hash) else { return };
        if self.len == EXACT_MAX {
            self.exact = false;
            return;
        }
        self.slots[slot] = hash;
        self.len += 1;
    }

    #[allow(clippy::cast_possible_truncation, reason = "ranks are below 64, registers below 2^14")]
    fn raise(&mut self, hash: u64) {
        let register = (hash >> (64 - PRECISION)) as usize;
        let rank = ((hash << PRECISION).leading_zeros() + 1).min(RANKS as u32) as u8;
        self.registers[register] = self.registers[register].max(rank);
    }

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate: a positive float far below 2^53"
    )]
    fn estimate(&self) -> u64 {
        let mut of_rank = [0_u32; RANKS + 1];
        for &rank in &self.registers {
            of_rank[usize::from(rank)] += 1;
        }
        let m = REGISTERS as f64;
        let mut z = m * tau(1.0 - f64::from(of_rank[RANKS]) / m);
        for rank in (1..RANKS).rev() {
            z = 0.5 * (z + f64::from(of_rank[rank]));
        }
        z += m * sigma(f64::from(of_rank[0]) / m);
        (m * m / (2.0 * std::f64::consts::LN_2 * z)).round() as u64
    }
}

#[allow(clippy::cast_possible_truncation, reason = "reduced modulo the slots")]
fn home(hash: u64) -> usize {
    hash as usize % SLOTS
}

/// Ertl 2017, algorithm 6: what registers still at zero say.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

/// Ertl 2017, algorithm 6: what registers at their limit say.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn hash(n: u64) -> u64 {
        super::super::hash::keyed([1, 2], crate::model::key::Key::default().with_v6(u128::from(n)))
    }

    fn sketch(range: std::ops::Range<u64>) -> Sketch {
        let mut sketch = Sketch::default();
        range.for_each(|n| sketch.insert(hash(n)));
        sketch
    }

    #[test]
    fn exact_to_4096_and_says_so() {
        let mut sketch = sketch(0..4096);
        (0..4096).for_each(|n| sketch.insert(hash(n)));
        assert_eq!((sketch.count(), sketch.is_estimate()), (4096, false));
        sketch.insert(hash(4096));
        assert!(sketch.is_estimate() && sketch.count() > 4096);
    }

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn estimates_stay_within_four_standard_errors() {
        for size in [5_000_u64, 20_000, 100_000, 1_000_000, 5_000_000] {
            let count = sketch(0..size).count();
            let error = (count as f64 - size as f64).abs() / size as f64;
            assert!(error < 0.033, "{size}: {count}");
        }
    }

    #[test]
    fn uniting_is_the_same_as_having_seen_all() {
        for (a, b, c) in [(0, 1000, 3000), (0, 3000, 9000), (0, 50_000, 80_000)] {
            let mut left = sketch(a..b + 500);
            left.merge(&sketch(b..c));
            let whole = sketch(a..c);
            assert_eq!((left.count(), left.is_estimate()), (whole.count(), whole.is_estimate()));
        }
    }

    #[test]
    fn cleared_is_new() {
        let mut sketch = sketch(0..10_000);
        sketch.clear();
        assert!(sketch.is_empty() && sketch.count() == 0 && !sketch.is_estimate());
    }

    proptest! {
        #[test]
        fn inserting_and_removing_agrees_with_a_set(ops in proptest::collection::vec((any::<bool>(), 0_u64..64), 0..400)) {
            let (mut sketch, mut set) = (Sketch::default(), BTreeSet::new());
            for (insert, n) in ops {
                // Few homes, so that probe sequences run into each other.
                let hash = (n % 7 + 1) | n << 32;
                if insert { sketch.insert(hash); set.insert(hash); }
                else { prop_assert_eq!(sketch.remove(hash), set.remove(&hash)); }
                prop_assert_eq!(sketch.count(), set.len() as u64);
            }
        }
    }
}
