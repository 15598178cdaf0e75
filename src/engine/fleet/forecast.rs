//! When the usage reaches a limit, if it goes on as it did: a straight line through the last thirty days. It is a hint for
//! who buys licences, and says so where it cannot tell.

use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is looked at.
pub const LOOKED_AT: Duration = Duration::from_hours(30 * 24);
/// Less than this tells nothing.
const ENOUGH: Duration = Duration::from_hours(7 * 24);
/// What is further away is not worth a date.
const FAR: f64 = 10.0 * 365.0;

const DAY: f64 = 86_400_000.0;

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Forecast {
    /// Less than seven days are known.
    TooEarly {
        /// So many.
        days: u64,
    },
    /// It is there.
    Reached {},
    /// It does not grow.
    NoGrowth {},
    /// It grows, and will not be there within ten years.
    Far {
        /// Components a day.
        per_day: f64,
    },
    /// It will be there.
    At {
        /// Then.
        at: UnixTime,
        /// Components a day.
        per_day: f64,
    },
}

/// What these samples, the oldest first, say of a limit.
#[allow(clippy::cast_precision_loss, reason = "of a hint")]
pub fn forecast(samples: &[(UnixTime, u64)], limit: u64, now: UnixTime) -> Forecast {
    let recent: Vec<_> = samples.iter().filter(|(at, _)| now.since(*at) <= LOOKED_AT).collect();
    let current = recent.last().map_or(0, |(_, value)| *value);
    if current >= limit && !recent.is_empty() {
        return Forecast::Reached {};
    }
    let known = recent.first().map_or(Duration::ZERO, |(at, _)| now.since(*at));
    if known < ENOUGH {
        return Forecast::TooEarly { days: known.as_secs() / 86_400 };
    }
    let points = recent.iter().map(|(at, value)| (-(now.since(*at).as_millis() as f64) / DAY, *value as f64));
    let per_day = slope(&points.collect::<Vec<_>>());
    let days = (limit - current) as f64 / per_day;
    match () {
        // Not one more within all that time: a rounding error is no growth.
        () if per_day * FAR < 1.0 => Forecast::NoGrowth {},
        () if days > FAR => Forecast::Far { per_day },
        () => Forecast::At { at: now.plus(Duration::from_secs_f64(days * 86_400.0)), per_day },
    }
}

/// Of the straight line with the least squares; none of points that are all at one time.
#[allow(clippy::cast_precision_loss, reason = "a handful of points")]
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), point| {
        let away = point.0 - x;
        (over + away * (point.1 - y), under + away * away)
    });
    if under > 0.0 { over / under } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_millis(1_800_000_000_000);

    /// So many a day for so many days, up to 1000 now.
    fn line(days: u64, per_day: u64) -> Vec<(UnixTime, u64)> {
        let before = |ago: u64| UnixTime::from_millis(NOW.millis() - ago * 86_400_000);
        (0..=days).rev().map(|ago| (before(ago), 1000 - ago * per_day)).collect()
    }

    #[test]
    fn a_straight_line_goes_on() {
        let Forecast::At { at, per_day } = forecast(&line(30, 10), 1500, NOW) else { panic!() };
        assert!((per_day - 10.0).abs() < 1e-6);
        assert_eq!((at.since(NOW).as_secs() + 43_200) / 86_400, 50);
        // What was before the last thirty days does not matter.
        let mut samples = line(30, 10);
        samples.insert(0, (UnixTime::from_millis(NOW.millis() - 90 * 86_400_000), 900_000));
        assert!(matches!(forecast(&samples, 1500, NOW), Forecast::At { .. }));
    }

    #[test]
    fn it_says_where_it_cannot_tell() {
        assert_eq!(forecast(&[], 1, NOW), Forecast::TooEarly { days: 0 });
        assert_eq!(forecast(&line(6, 10), 1500, NOW), Forecast::TooEarly { days: 6 });
        assert_eq!(forecast(&line(30, 0), 1500, NOW), Forecast::NoGrowth {});
        assert_eq!(forecast(&line(30, 10), 1000, NOW), Forecast::Reached {});
        assert_eq!(
            forecast(&line(30, 1)[..1], u64::MAX, NOW),
            Forecast::NoGrowth {},
            "one sample is no line"
        );
        assert!(matches!(forecast(&line(30, 1), u64::MAX, NOW), Forecast::Far { .. }));
        let falling: Vec<_> = line(30, 10).iter().map(|(at, value)| (*at, 2000 - value)).collect();
        assert_eq!(forecast(&falling, 9000, NOW), Forecast::NoGrowth {});
    }
}
