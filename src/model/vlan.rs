//! VLAN ids: the stack one frame carries, and the set a sighting has been seen with.

/// The ids of one frame's tags, outermost first. Priority tags (id 0) are no VLAN and are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VlanStack {
    /// Twelve bits each, the outermost of them highest.
    deeper: u64,
    outermost: u16,
}

const ID_BITS: u32 = 12;
const ID_MASK: u16 = (1 << ID_BITS) - 1;

impl VlanStack {
    /// No tag.
    pub const EMPTY: Self = Self { deeper: 0, outermost: 0 };
    /// As many tags as the decoder opens (counting rules, section 2).
    pub const MAX: usize = 6;

    /// Adds the id in `tci` below those already there; no more than [`Self::MAX`] are pushed.
    #[inline]
    pub fn push_tci(&mut self, tci: u16) {
        let id = tci & ID_MASK;
        if self.outermost == 0 {
            self.outermost = id;
        } else if id != 0 {
            self.deeper = self.deeper << ID_BITS | u64::from(id);
        }
    }

    /// The outermost id, or 0.
    #[inline]
    pub const fn outermost(&self) -> u16 {
        self.outermost
    }

    /// Whether there is more than one id.
    #[inline]
    pub const fn is_stacked(&self) -> bool {
        self.deeper != 0
    }

    /// The ids, outermost first.
    #[allow(clippy::cast_possible_truncation, reason = "masked to twelve bits")]
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        let deeper = self.deeper;
        let rest = (0..5).rev().map(move |at| (deeper >> (at * ID_BITS)) as u16 & ID_MASK);
        std::iter::once(self.outermost).chain(rest).filter(|&id| id != 0)
    }
}

/// The eight smallest of the VLAN ids seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VlanSet {
    ids: [u16; Self::MAX],
}

impl VlanSet {
    /// No id.
    pub const EMPTY: Self = Self { ids: [0; Self::MAX] };
    /// Ids kept with one sighting (counting rules, section 2).
    pub const MAX: usize = 8;

    /// Whether adding `stack` would change nothing, by looking at one id only. May say no where the answer is yes.
    #[inline]
    pub fn surely_holds(&self, stack: &VlanStack) -> bool {
        let id = stack.outermost();
        !stack.is_stacked() && (id == 0 || id == self.ids[0])
    }

    /// Adds one id. When the set is full the largest gives way, so that what is kept does not depend on the order.
    pub fn insert(&mut self, id: u16) {
        if self.ids.contains(&id) {
            return;
        }
        let rank = |id: u16| if id == 0 { u16::MAX } else { id };
        if let Some(last) = self.ids.iter_mut().rev().max_by_key(|slot| rank(**slot))
            && rank(*last) > id
        {
            *last = id;
        }
    }

    /// The ids, sorted.
    pub fn sorted(&self) -> impl Iterator<Item = u16> {
        let mut ids = self.ids;
        ids.sort_unstable();
        ids.into_iter().filter(|&id| id != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(tcis: &[u16]) -> VlanStack {
        let mut stack = VlanStack::default();
        tcis.iter().for_each(|&tci| stack.push_tci(tci));
        stack
    }

    #[test]
    fn a_stack_keeps_ids_only_and_leaves_priority_tags_out() {
        let stack = stack(&[0xe00a, 0xe000, 20]);
        assert_eq!(stack.iter().collect::<Vec<_>>(), [10, 20]);
        assert!(stack.is_stacked());
    }

    #[test]
    fn six_tags_fit() {
        assert_eq!(stack(&[1, 2, 3, 4, 5, 4095]).iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 4095]);
    }

    #[test]
    fn a_set_holds_the_eight_smallest_in_whatever_order_they_came() {
        let mut set = VlanSet::default();
        [8, 20, 7, 6, 5, 4, 3, 2, 1, 9, 3].into_iter().for_each(|id| set.insert(id));
        assert_eq!(set.sorted().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn the_quick_look_never_says_yes_wrongly() {
        let mut set = VlanSet::default();
        assert!(set.surely_holds(&stack(&[])) && !set.surely_holds(&stack(&[5])));
        set.insert(5);
        assert!(set.surely_holds(&stack(&[5])) && set.surely_holds(&stack(&[])));
        assert!(!set.surely_holds(&stack(&[5, 6])));
    }
}
