//! A fleet to test with, and words to say to it.

use crate::engine::fleet::{Certificate, Change, Figures, Fleet, Input, Limits, Refusal, Settings};
use crate::model::digest::{FactHash, NetworkSeed, SetDigest};
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{Ack, Birth, CountingPolicy, Counts, Report, ReportedSighting, Status};
use crate::model::sighting::Sighting;
use crate::model::time::{Now, Ticks, UnixTime};

/// A good time to begin.
pub(super) const START: u64 = 1_800_000_000_000;

pub(super) fn id(name: &str) -> SensorId {
    name.parse().unwrap()
}

pub(super) fn epoch(n: u128) -> Epoch {
    Epoch::from_random(n)
}

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_millis(START + seconds * 1000)
}

pub(super) fn now(seconds: u64) -> Now {
    Now { ticks: Ticks::from_millis(seconds * 1000), wall: at(seconds) }
}

pub(super) struct Kit {
    pub(super) fleet: Fleet,
    pub(super) changes: Vec<Change>,
    pub(super) now: u64,
}

impl Kit {
    pub(super) fn new(sensors: &[&str]) -> Self {
        Self::limited(sensors, Limits::default())
    }

    pub(super) fn limited(sensors: &[&str], limits: Limits) -> Self {
        let policy = CountingPolicy::default();
        let fleet = Fleet::new(Settings { hash_key: [1, 2], limits, policy }).unwrap();
        let mut kit = Self { fleet, changes: Vec::new(), now: 0 };
        for sensor in sensors {
            kit.fleet
                .enroll(&id(sensor), "ic3000", Certificate::default(), now(0), &mut kit.changes)
                .unwrap();
        }
        kit
    }

    pub(super) fn say(&mut self, input: Input<'_>) -> Result<Option<Ack>, Refusal> {
        let from = match input {
            Input::Birth(birth) => &birth.sensor,
            Input::Report(report) => &report.sensor,
            Input::Status(status) => &status.sensor,
            Input::Event(event) => &event.sensor,
            Input::Nameplates(told) => &told.sensor,
            Input::Activities(told) => &told.sensor,
        };
        self.fleet.handle(from, input, now(self.now), &mut self.changes)
    }

    /// A report, and the answer as (epoch, seq, resync).
    pub(super) fn report(&mut self, report: &Report) -> Option<(Epoch, u64, bool)> {
        self.say(Input::Report(report)).unwrap().map(|ack| (ack.epoch, ack.seq, ack.resync))
    }

    pub(super) fn status(&mut self, status: &Status) -> Option<(Epoch, u64, bool)> {
        self.say(Input::Status(status)).unwrap().map(|ack| (ack.epoch, ack.seq, ack.resync))
    }

    pub(super) fn total(&self) -> Figures {
        self.fleet.usage().total
    }

    /// (addresses, MACs without one).
    pub(super) fn counted(&self) -> (u64, u64) {
        (self.total().ip, self.total().mac_only)
    }

    pub(super) fn notices(&mut self) -> Vec<String> {
        let now = now(self.now);
        std::iter::from_fn(|| self.fleet.poll(now)).map(|notice| format!("{:?}", notice.kind)).collect()
    }
}

/// "MAC", "MAC address" or "- address", the MAC by its last octet.
pub(super) fn sighting(text: &str) -> Sighting {
    let (mac, ip) = text.split_once(' ').map_or((text, None), |(mac, ip)| (mac, Some(ip)));
    let mac = (mac != "-").then(|| format!("00:00:00:00:00:{mac}").parse().unwrap());
    Sighting {
        network: "default".into(),
        mac,
        ip: ip.map(|ip| ip.parse().unwrap()),
        source: true,
        claimed: false,
        control: false,
        vlans: Vec::new(),
        first: at(0),
        last: at(0),
        packets: 1,
    }
}

/// A report of these, the first of which is change `after + 1`.
pub(super) fn report(sensor: &str, epoch: Epoch, after: u64, sightings: &[Sighting]) -> Report {
    let numbered = |(seq, sighting): (u64, &Sighting)| ReportedSighting { seq, sighting: sighting.clone() };
    Report {
        sensor: id(sensor),
        epoch,
        sent: at(0),
        after,
        to: after + sightings.len() as u64,
        sightings: (after + 1..).zip(sightings).map(numbered).collect(),
    }
}

pub(super) fn digest(sightings: &[Sighting]) -> SetDigest {
    let mut digest = SetDigest::default();
    for sighting in sightings {
        let seed = NetworkSeed::of(&sighting.network);
        digest.add(FactHash::of(seed, sighting.key(), sighting.marks(), sighting.vlans.iter().copied()));
    }
    digest
}

/// A status of a sensor that has these sightings, after `seq` changes of which it knows `acked` to be committed.
pub(super) fn status(sensor: &str, epoch: Epoch, seq: u64, acked: u64, sightings: &[Sighting]) -> Status {
    Status {
        sensor: id(sensor),
        instance: self::epoch(77),
        epoch,
        seq,
        acked,
        digest: digest(sightings),
        sent: at(0),
        uptime_seconds: 1,
        version: "1".into(),
        platform: "ic3000".into(),
        rules_version: 1,
        policy: CountingPolicy::default().digest(),
        counts: Counts::default(),
        interfaces: Vec::new(),
        store_fault: None,
        ids: None,
    }
}

pub(super) fn birth(sensor: &str, instance: u128, online: bool) -> Birth {
    let (version, platform) = ("1".to_owned(), "ic3000".to_owned());
    Birth {
        sensor: id(sensor),
        online,
        instance: epoch(instance),
        epoch: epoch(1),
        platform,
        version,
        enrolment: None,
        sent: at(0),
    }
}
