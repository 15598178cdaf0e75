//! A chart as SVG that the server draws: one bar a slot, in a frame of fixed size. The page says the same in words.

use crate::app::center::words::{Series, SlotLine};
use std::fmt::Write as _;

/// Of the drawing, in its own units.
pub(super) const WIDTH: u64 = 720;
pub(super) const HEIGHT: u64 = 120;

/// One chart.
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// The bars: one closed path.
    pub(super) path: String,
    /// A line across, if there is a limit: its distance from the top.
    pub(super) limit: Option<u64>,
    /// Of the highest bar, or of the limit above it.
    pub(super) most: u64,
    /// All bars together.
    pub(super) sum: u64,
}

/// Bars for these values, each at its place of `places`; two at one place are added.
pub(super) fn chart(
    title: &'static str,
    values: impl Iterator<Item = (u64, u64)>,
    places: u64,
    limit: Option<u64>,
) -> Chart {
    let mut bars = vec![0_u64; usize::try_from(places.clamp(1, 2_000)).unwrap_or(1)];
    for (place, value) in values {
        if let Some(bar) = usize::try_from(place).ok().and_then(|place| bars.get_mut(place)) {
            *bar = bar.saturating_add(value);
        }
    }
    let most = bars.iter().copied().chain(limit).max().unwrap_or(0);
    let sum = bars.iter().fold(0_u64, |sum, bar| sum.saturating_add(*bar));
    let limit = limit.filter(|_| most > 0).map(|limit| HEIGHT - scaled(limit, most));
    Chart { title, path: path(&bars, most), limit, most, sum }
}

/// What is there at all is seen: a bar has at least one unit.
fn scaled(value: u64, most: u64) -> u64 {
    let height = u128::from(value) * u128::from(HEIGHT) / u128::from(most.max(1));
    u64::try_from(height).unwrap_or(HEIGHT).max(u64::from(value > 0))
}

fn path(bars: &[u64], most: u64) -> String {
    let mut path = String::new();
    let left = |at: usize| at as u64 * WIDTH * 100 / bars.len() as u64;
    for (at, bar) in bars.iter().enumerate().filter(|(_, bar)| **bar > 0) {
        let (from, to) = (left(at), left(at + 1));
        // Hundredths of a unit, so that many bars still fit side by side.
        let place = |x: u64| format!("{}.{:02}", x / 100, x % 100);
        let _ =
            write!(path, "M{} {HEIGHT}V{}H{}V{HEIGHT}Z", place(from), HEIGHT - scaled(*bar, most), place(to));
    }
    path
}

/// What a sensor did.
pub(super) fn charts(series: &Series) -> [Chart; 3] {
    let slot = series.slot_seconds.max(1) * 1000;
    let first = series.start.millis() / slot;
    let places = (series.end.millis() / slot).saturating_sub(first) + 1;
    let of = |title, value: fn(&SlotLine) -> u64| {
        let at = |line: &SlotLine| ((line.at.millis() / slot).saturating_sub(first), value(line));
        chart(title, series.slots.iter().map(at), places, None)
    };
    [
        of("Packets processed", |line| line.processed),
        of("Packets dropped", |line| line.dropped),
        of("Components born", |line| line.born),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[(u64, u64)], places: u64) -> Chart {
        chart("x", values.iter().copied(), places, None)
    }

    #[test]
    fn bars_stand_in_their_places_and_reach_up_to_the_highest() {
        let chart = drawn(&[(0, 5), (3, 10), (3, 10)], 4);
        assert_eq!((chart.most, chart.sum), (20, 25));
        assert_eq!(chart.path, "M0.00 120V90H180.00V120ZM540.00 120V0H720.00V120Z");
    }

    #[test]
    fn nothing_and_too_much_are_drawn_too() {
        for empty in [drawn(&[], 0), drawn(&[(0, 0)], 24), drawn(&[(99, 7)], 24)] {
            assert_eq!((&*empty.path, empty.most, empty.sum), ("", 0, 0));
        }
        let huge = drawn(&[(0, u64::MAX), (1, u64::MAX), (2, 1)], 3);
        assert_eq!((huge.most, huge.sum), (u64::MAX, u64::MAX));
        assert!(
            huge.path.ends_with("M480.00 120V119H720.00V120Z"),
            "one of very many is seen: {}",
            huge.path
        );
        let many: Vec<_> = (0..720).map(|place| (place, place + 1)).collect();
        assert!(drawn(&many, 720).path.len() < 32 * 1024, "thirty days of hours");
    }

    #[test]
    fn a_limit_is_a_line_that_stays_in_the_frame() {
        let limited = |limit| {
            let chart = chart("x", [(0, 50)].into_iter(), 1, Some(limit));
            (chart.most, chart.limit)
        };
        assert_eq!((limited(100), limited(25)), ((100, Some(0)), (50, Some(60))));
    }
}
