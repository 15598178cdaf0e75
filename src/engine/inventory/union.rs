//! The figures of several inventories as one, while each goes on counting: their facts come one by one into a table
//! that is the union; what has no record anywhere comes as [`Beside`].

use super::entry::Overflow;
use super::ingest::{Inventory, Tally};
use super::sketch::Sketch;

/// What an inventory knows that stands in no record: external sources, and what there was no room for.
#[derive(Clone, Debug)]
pub struct Beside {
    external: Sketch,
    overflow: Overflow,
}

impl Inventory {
    /// What stands in no record, as it is now. Call [`Inventory::settle`] first.
    pub fn beside(&self) -> Beside {
        let mut overflow = self.overflow.clone();
        self.waiting.fingerprints().for_each(|component| overflow.sketch.insert(component));
        overflow.pairs_lost |= self.waiting_beside.waiting() > 0;
        Beside { external: self.external.clone(), overflow }
    }

    /// The figures of the facts in this table and of what stands in no record of `others`, which were made with the
    /// same keys and numbers of networks. Frames are not among them: no fact says how many there were.
    pub fn tally_beside<'a>(&self, others: impl IntoIterator<Item = &'a Beside>) -> Tally {
        let mut whole = self.beside();
        for other in others {
            whole.external.merge(&other.external);
            whole.overflow.merge(&other.overflow);
        }
        self.without_counted(&mut whole.overflow);
        let missing = whole.overflow.count();
        Tally {
            external: whole.external.count(),
            external_is_estimate: whole.external.is_estimate(),
            saturated: missing > 0 || whole.overflow.pairs_lost,
            overflow_estimate: missing,
            ..self.tally()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::inventory::Settings;
    use crate::engine::inventory::hash::HashKeys;
    use crate::engine::inventory::networks::Networks;
    use crate::engine::inventory::policy::Policy;
    use crate::model::frame::{Frame, LinkType};
    use crate::model::time::CaptureTime;

    fn inventory(capacity: u32) -> Inventory {
        let (policy, networks) = (Policy::default(), Networks::default());
        Inventory::new(Settings { capacity, policy, networks, keys: HashKeys::repeatable([1, 2]) })
    }

    fn see(inventory: &mut Inventory, second: u64, address: [u8; 4]) {
        let mac = [0, 0x1b, address[0], address[1], address[2], address[3]];
        let bytes = [&[2; 6][..], &mac, &[8, 0, 0x45], &[0; 8], &[6, 0, 0], &address, &[0; 30]].concat();
        let time = CaptureTime::new(1_700_000_000 + second, 0);
        inventory.sight(&Frame { link: LinkType::Ethernet, time, bytes: &bytes, stripped_tag: None });
    }

    /// Both see some of the plant and of the world; the smaller one has no room for all.
    fn pair(capacity: u32) -> [Inventory; 2] {
        let mut pair = [inventory(capacity), inventory(capacity)];
        for host in 0..60 {
            for second in [0, 2] {
                see(&mut pair[usize::from(host % 3 == 0)], second, [10, 0, 0, host]);
                see(&mut pair[0], second, [10, 0, 1, host % 7]);
                see(&mut pair[1], second, [10, 0, 1, host % 5]);
                see(&mut pair[usize::from(host % 2 == 0)], second, [9, 0, 0, host]);
            }
        }
        pair.iter_mut().for_each(Inventory::settle);
        pair
    }

    fn facts(from: &mut Inventory, into: &mut Inventory) {
        let mut told = Vec::new();
        from.changed(CaptureTime::MIN, &mut told, usize::MAX);
        told.iter().for_each(|told| {
            into.restore(&told.known);
        });
    }

    /// Facts that come one by one say what uniting both at the end says.
    fn check(capacity: u32, union_capacity: u32) -> Tally {
        let [mut left, mut right] = pair(capacity);
        let mut union = inventory(union_capacity);
        facts(&mut left, &mut union);
        facts(&mut right, &mut union);
        let tally = union.tally_beside(&[left.beside(), right.beside()]);
        let mut whole = inventory(union_capacity);
        whole.unite(&mut left);
        whole.unite(&mut right);
        let (expected, packets, undecoded, span) =
            (whole.tally(), tally.packets, tally.undecoded, tally.span);
        assert_eq!(tally, Tally { packets, undecoded, span, ..expected });
        tally
    }

    #[test]
    fn figures_are_those_of_the_union() {
        let tally = check(1000, 1000);
        assert_eq!((tally.census.ip, tally.external, tally.saturated), (67, 60, false));
    }

    #[test]
    fn what_one_had_no_room_for_is_missing_once_and_only_if_the_other_has_it_not() {
        let tally = check(40, 1000);
        assert!(tally.saturated && tally.overflow_estimate > 0, "{tally:?}");
    }
}
