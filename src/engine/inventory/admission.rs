//! The waiting room: when the table is nearly full, a new key must be sighted twice, a second apart, to take room.
//!
//! Real equipment speaks again; a spoofed source does not (counting rules, section 5). The room is a fixed cache of
//! fingerprints in sets of eight. Who got in keeps the place for a few seconds, flood or not, so as to be met again;
//! who finds every place held is turned away. Equipment that keeps speaking gets many tries, a spoofed source one.

use crate::model::prefetch::prefetch;
use crate::model::time::CaptureTime;

/// How far apart the two sightings must lie, in nanoseconds of capture time.
pub const APART_NANOS: u64 = 1_000_000_000;

/// How long a place is held against newcomers.
const HELD_NANOS: u64 = 5 * APART_NANOS;
const WAYS: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Waiting {
    fingerprint: u64,
    since: CaptureTime,
}

const FREE: Waiting = Waiting { fingerprint: 0, since: CaptureTime::MIN };

/// What becomes of a key that asks for admission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It was sighted before, at least [`APART_NANOS`] away, and leaves the room.
    Second,
    /// It waits.
    Waits,
    /// It waits in the place of this other one, which was never met again.
    Displaces(u64),
    /// All places are held.
    TurnedAway,
}

/// Keys sighted once, waiting for the second time.
#[derive(Clone, Debug)]
pub struct WaitingRoom {
    sets: Box<[[Waiting; WAYS]]>,
    waiting: usize,
}

impl WaitingRoom {
    /// Room for about `places` keys (rounded up to a power of two).
    pub fn new(places: usize) -> Self {
        let sets = (places / WAYS).next_power_of_two();
        Self { sets: vec![[FREE; WAYS]; sets].into_boxed_slice(), waiting: 0 }
    }

    /// How many keys wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The fingerprints of the keys that wait.
    pub fn fingerprints(&self) -> impl Iterator<Item = u64> {
        self.sets.iter().flatten().map(|waiting| waiting.fingerprint).filter(|&fingerprint| fingerprint != 0)
    }

    /// A key was sighted that has no record. Zero is no fingerprint that occurs (one in 2^64), and is taken for one.
    pub fn ask(&mut self, fingerprint: u64, now: CaptureTime) -> Admission {
        let fingerprint = fingerprint.max(1);
        let set = self.set_of(fingerprint);
        if let Some(place) = set.iter_mut().find(|waiting| waiting.fingerprint == fingerprint) {
            if place.since.distance(now) < APART_NANOS {
                return Admission::Waits;
            }
            *place = FREE;
            self.waiting -= 1;
            return Admission::Second;
        }
        let Some(oldest) = set.iter_mut().min_by_key(|waiting| waiting.since) else {
            return Admission::TurnedAway;
        };
        let before = *oldest;
        if before.fingerprint != 0 && before.since.distance(now) <= HELD_NANOS {
            return Admission::TurnedAway;
        }
        *oldest = Waiting { fingerprint, since: now };
        if before.fingerprint == 0 {
            self.waiting += 1;
            Admission::Waits
        } else {
            Admission::Displaces(before.fingerprint)
        }
    }

    /// Starts loading the places of a fingerprint.
    #[allow(clippy::cast_possible_truncation, reason = "masked to the number of sets")]
    pub fn preload(&self, fingerprint: u64) {
        let set = &self.sets[fingerprint as usize & (self.sets.len() - 1)];
        prefetch(&set[0]);
        prefetch(&set[WAYS / 2]);
    }

    /// Lets a key go that found its way otherwise.
    pub fn dismiss(&mut self, fingerprint: u64) {
        let fingerprint = fingerprint.max(1);
        if let Some(place) =
            self.set_of(fingerprint).iter_mut().find(|waiting| waiting.fingerprint == fingerprint)
        {
            *place = FREE;
            self.waiting -= 1;
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "masked to the number of sets")]
    fn set_of(&mut self, fingerprint: u64) -> &mut [Waiting; WAYS] {
        let mask = self.sets.len() - 1;
        &mut self.sets[fingerprint as usize & mask]
    }

    /// Empties the room.
    pub fn clear(&mut self) {
        if self.waiting != 0 {
            self.sets.fill([FREE; WAYS]);
            self.waiting = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> CaptureTime {
        CaptureTime::from_nanos(1_700_000_000_000_000_000 + millis * 1_000_000)
    }

    #[test]
    fn a_second_sighting_counts_from_one_second_on() {
        let mut room = WaitingRoom::new(64);
        assert_eq!(room.ask(5, at(0)), Admission::Waits);
        assert_eq!(room.ask(5, at(999)), Admission::Waits);
        assert_eq!(room.waiting(), 1);
        assert_eq!(room.ask(5, at(1000)), Admission::Second);
        assert_eq!(room.waiting(), 0);
        assert_eq!(room.ask(5, at(1001)), Admission::Waits, "it has left the room");
    }

    #[test]
    fn captures_out_of_order_count_too() {
        let mut room = WaitingRoom::new(64);
        assert_eq!(room.ask(5, at(3000)), Admission::Waits);
        assert_eq!(room.ask(5, at(2000)), Admission::Second);
    }

    #[test]
    fn a_place_is_held_for_five_seconds_and_then_given_to_a_newcomer() {
        let mut room = WaitingRoom::new(WAYS);
        (1..=8).for_each(|fingerprint| assert_eq!(room.ask(fingerprint, at(fingerprint)), Admission::Waits));
        assert_eq!(room.ask(9, at(5001)), Admission::TurnedAway);
        assert_eq!(room.ask(9, at(5002)), Admission::Displaces(1));
        assert_eq!(room.waiting(), 8);
        assert_eq!(room.fingerprints().min(), Some(2));
        room.dismiss(9);
        room.dismiss(1);
        assert_eq!(room.waiting(), 7);
    }

    #[test]
    fn equipment_that_keeps_speaking_gets_in_through_a_flood() {
        let mut room = WaitingRoom::new(1024);
        let mut spoofed = 1_u64;
        // Twenty times as many newcomers a second as there are places, for a minute.
        let admitted = (0..60_000).any(|millis| {
            for _ in 0..20 {
                spoofed = spoofed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                assert_ne!(room.ask(spoofed ^ spoofed >> 29, at(millis)), Admission::Second);
            }
            millis % 100 == 0 && room.ask(0xdead_beef_0000_0001, at(millis)) == Admission::Second
        });
        assert!(admitted);
    }
}
