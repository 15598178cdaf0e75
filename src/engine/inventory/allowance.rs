//! How much of the traffic is read further than the count needs: so that reading costs a fixed share of a packet's
//! price, whatever the traffic promises.

/// Frames read at once before one in [`EVERY`] is.
pub(super) const AT_ONCE: u32 = 8192;
/// Frames that pass for each that may be read.
const EVERY: u64 = 256;

/// A token bucket whose clock is the number of packets.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    left: u32,
    /// The packet up to which it was refilled.
    refilled: u64,
}

impl Allowance {
    pub(super) const fn new() -> Self {
        Self { left: AT_ONCE, refilled: 0 }
    }

    /// Whether the packet of this number may be read, if so many are to be left for others.
    pub(super) fn take(&mut self, number: u64, kept: u32) -> bool {
        let earned = number.saturating_sub(self.refilled) / EVERY;
        self.refilled += earned * EVERY;
        self.left = AT_ONCE.min(self.left.saturating_add(u32::try_from(earned).unwrap_or(AT_ONCE)));
        let may = self.left > kept;
        self.left -= u32::from(may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(allowance: &mut Allowance, numbers: std::ops::Range<u64>, kept: u32) -> usize {
        numbers.filter(|&number| allowance.take(number, kept)).count()
    }

    #[test]
    fn a_flood_is_read_at_once_and_then_now_and_then() {
        let mut allowance = Allowance::new();
        assert_eq!(taken(&mut allowance, 0..1_000_000, 0), 8192 + 1_000_000 / 256);
    }

    #[test]
    fn what_is_kept_is_there_for_others() {
        let mut allowance = Allowance::new();
        assert_eq!(taken(&mut allowance, 0..256, AT_ONCE / 2), 256);
        assert_eq!(taken(&mut allowance, 256..100_000, AT_ONCE / 2), 4096 - 256 + 99_999 / 256);
        assert_eq!(taken(&mut allowance, 100_000..104_096, 0), 4096);
    }

    #[test]
    fn silence_earns_no_more_than_a_burst() {
        let mut allowance = Allowance::new();
        taken(&mut allowance, 0..20_000, 0);
        assert_eq!(taken(&mut allowance, u64::MAX - 20_000..u64::MAX, 0), 8192 + 20_000 / 256);
    }
}
