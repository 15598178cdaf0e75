//! What was kept over time: of a sensor, and of the usage.

use super::desk::DeskError;
use super::state::Center;
use super::words::{Series, Span, UsageHistory, UsagePoint};
use crate::engine::fleet::forecast::{LOOKED_AT, forecast};
use crate::engine::fleet::ledger::Sample;
use crate::engine::fleet::{Ring, Slot, Unknown};
use crate::model::entitlement::{Class, Subscription};
use crate::model::ident::SensorId;
use crate::model::time::{Now, UnixTime};
use std::collections::BTreeMap;

/// Samples that are looked at: more than a year holds, unless what is billed changes in kind all the time.
const SAMPLES: usize = 20_000;
const DAY: u64 = 86_400_000;
const YEAR: u64 = 366 * DAY;

impl Span {
    const fn hours(self) -> u64 {
        match self {
            Self::TwoHours => 2,
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        }
    }

    const fn ring(self) -> Ring {
        match self {
            Self::TwoHours | Self::Day => Ring::Minutes,
            Self::Week | Self::Month => Ring::Hours,
        }
    }

    fn start(self, now: UnixTime) -> UnixTime {
        UnixTime::from_millis(now.millis().saturating_sub(self.hours() * 3_600_000))
    }
}

impl Center {
    /// What a sensor did, up to now.
    pub(super) fn series(&mut self, sensor: &SensorId, span: Span, now: Now) -> Result<Series, DeskError> {
        let view = self.fleet.sensor(sensor, now).ok_or_else(|| Unknown::Sensor(sensor.clone()))?;
        let (number, ring, start) = (view.sensor.number, span.ring(), span.start(now.wall));
        // The slot that began before the span began is left out: it would be too full.
        let kept = self.store.slots((number, ring), (start, now.wall))?;
        let mut slots: BTreeMap<UnixTime, Slot> = kept.into_iter().map(|slot| (slot.at, slot)).collect();
        let open = self.fleet.open_slot(number);
        let at = ring.start(open.at);
        if at >= start {
            slots.entry(at).or_insert(Slot { at, ..Slot::default() }).add(&open);
        }
        let slot_seconds = ring.slot_millis() / 1000;
        let slots = slots.into_values().map(Into::into).collect();
        Ok(Series { sensor: sensor.clone(), start, end: now.wall, slot_seconds, slots })
    }

    /// What was billed each day of the last year at most, and when it reaches what was bought.
    pub(super) fn usage_history(&mut self, now: Now) -> Result<UsageHistory, DeskError> {
        let since = UnixTime::from_millis(now.wall.millis().saturating_sub(YEAR));
        let samples = self.store.usage(since, SAMPLES)?;
        let samples: Vec<_> = samples
            .iter()
            .filter_map(|(at, body)| Some((*at, serde_json::from_str::<Sample>(body).ok()?)))
            .collect();
        let reserved = self.reserved(now);
        let confirmed: Vec<_> = samples.iter().map(|(at, sample)| (*at, sample.confirmed)).collect();
        let forecast = reserved.map(|limit| forecast(&confirmed, limit, now.wall));
        Ok(UsageHistory {
            days: days(&samples),
            reserved,
            forecast,
            looked_at_days: LOOKED_AT.as_secs() / 86_400,
        })
    }

    /// Tokens for components that were reserved, where any were.
    fn reserved(&self, now: Now) -> Option<u64> {
        let class = match self.licence.subscription() {
            Subscription::Essentials => Class::Essentials,
            Subscription::Advantage => Class::Advantage,
        };
        let status = self.licence.status(now, None);
        let row = status.licenses.iter().find(|row| row.tag == class.tag());
        row.map(|row| row.reserved).filter(|reserved| *reserved > 0)
    }
}

/// The most of each day.
fn days(samples: &[(UnixTime, Sample)]) -> Vec<UsagePoint> {
    let mut days: BTreeMap<u64, UsagePoint> = BTreeMap::new();
    for (at, sample) in samples {
        let day = at.millis() - at.millis() % DAY;
        let point = days.entry(day).or_insert(UsagePoint {
            day: UnixTime::from_millis(day),
            confirmed: 0,
            components: 0,
        });
        point.confirmed = point.confirmed.max(sample.confirmed);
        point.components = point.components.max(sample.components);
    }
    days.into_values().collect()
}
