//! What the Center writes into its [ledger](crate::engine::ledger).
//!
//! Usage is sampled each hour, and when what is billed changes in kind ([`Sampler`]), at most once a minute: a year
//! holds at most 526 thousand entries of under 512 bytes.

pub use crate::engine::ledger::{BODY_MAX, BadBody, Broken, Chain, Entry, Hash, Kind};

use super::figures::Usage;
use crate::model::time::{Now, Ticks};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The body of a usage entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Components, over all networks.
    pub components: u64,
    /// Those that are billed.
    pub confirmed: u64,
    /// Internal addresses among the components.
    pub ip: u64,
    /// MACs without one.
    pub mac_only: u64,
    /// Infrastructure; no components.
    pub infrastructure: u64,
    /// External sources, at most.
    pub external_at_most: u64,
    /// Networks with components.
    pub networks: u64,
    /// Sensors enrolled and not revoked.
    pub sensors: u32,
    /// Sensors that had no room for all.
    pub saturated: u32,
    /// The counting policy.
    pub policy: String,
}

impl From<&Usage> for Sample {
    fn from(usage: &Usage) -> Self {
        Self {
            components: usage.total.components(),
            confirmed: usage.total.confirmed,
            ip: usage.total.ip,
            mac_only: usage.total.mac_only,
            infrastructure: usage.total.infrastructure,
            external_at_most: usage.external_at_most,
            networks: usage.networks.len() as u64,
            sensors: usage.sensors,
            saturated: usage.saturated,
            policy: usage.policy.clone(),
        }
    }
}

const HOURLY: Duration = Duration::from_hours(1);
const AT_MOST: Duration = Duration::from_mins(1);

/// When to take a sample: each hour, and when the policy, the number of sensors or of networks, saturation, or whether
/// anything is billed at all has changed; at most once a minute.
#[derive(Clone, Debug, Default)]
pub struct Sampler {
    last: Option<(Ticks, Sample)>,
}

impl Sampler {
    /// The body of a sample, if it is time for one.
    pub fn poll(&mut self, usage: &Usage, now: Now) -> Option<String> {
        let sample = Sample::from(usage);
        if !self.is_due(&sample, now.ticks) {
            return None;
        }
        let body = serde_json::to_string(&sample).ok();
        self.last = Some((now.ticks, sample));
        body
    }

    /// When an hour has passed.
    pub fn next_deadline(&self) -> Ticks {
        self.last.as_ref().map_or(Ticks::default(), |(at, _)| at.plus(HOURLY))
    }

    fn is_due(&self, sample: &Sample, now: Ticks) -> bool {
        let Some((at, last)) = &self.last else { return true };
        let waited = now.since(*at);
        waited >= HOURLY || waited >= AT_MOST && last.differs_in_kind(sample)
    }
}

impl Sample {
    fn differs_in_kind(&self, other: &Self) -> bool {
        let kind = |sample: &Self| {
            let billed = (sample.components > 0, sample.confirmed > 0, sample.saturated > 0);
            (billed, sample.sensors, sample.networks)
        };
        kind(self) != kind(other) || self.policy != other.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::UnixTime;

    #[test]
    fn samples_come_hourly_and_when_the_kind_changes_but_not_each_second() {
        let mut sampler = Sampler::default();
        let now = |secs: u64| Now { ticks: Ticks::from_millis(secs * 1000), wall: UnixTime::NEVER };
        let few = Usage::default();
        let other = Usage { sensors: 1, ..Usage::default() };
        assert!(sampler.poll(&few, now(0)).is_some());
        assert!(sampler.poll(&few, now(3599)).is_none());
        assert!(sampler.poll(&few, now(3600)).is_some());
        assert!(sampler.poll(&other, now(3601)).is_none(), "too soon");
        let body = sampler.poll(&other, now(3660)).unwrap();
        assert_eq!(serde_json::from_str::<Sample>(&body).unwrap(), Sample::from(&other));
        assert!(sampler.poll(&other, now(3720)).is_none());
    }
}
