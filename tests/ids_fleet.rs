//! One command switches a fleet: the real Center and Mosquitto, and sensors that are real gates over real MQTT sessions with
//! a Snort that is only said. Who does not follow is named.
//!
//! 100 sensors at each build, `TOLLGATE_FLEET` in the long suite. Needs Mosquitto; says so where there is none, and fails
//! under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/site.rs"]
mod site;

use base64::Engine as _;
use serde_json::Value;
use site::{Site, broker_is_there};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tollgate::app::center::words::{Bundle, Request};
use tollgate::engine::entitlement::{
    Action, Effective, Gate, Holder, Input, Keyring, Setback, Staged, Trust,
};
use tollgate::io::clock;
use tollgate::io::control::ask;
use tollgate::io::mqtt::{Connection, Endpoint, Incoming, Message, Session, Will};
use tollgate::io::pki::{Identity, unpack};
use tollgate::model::entitlement::Class;
use tollgate::model::ident::{Epoch, SensorId};
use tollgate::model::lease::{BundleDigest, RuleSet};
use tollgate::model::message::{
    Birth, CountingPolicy, Counts, IdsEffective, IdsStatus, IdsSwitch, Status, encode,
};
use tollgate::model::topic::{Kind, Topic};

const COMMUNITY: BundleDigest = BundleDigest::from_bytes([1; 32]);
const SUBSCRIBER: BundleDigest = BundleDigest::from_bytes([2; 32]);
/// All must have been told, and the losers be known, within this; long past any honest delay.
const PATIENCE: Duration = Duration::from_mins(10);

/// What becomes of a sensor's switch.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Follows,
    /// Its Snort refuses the rules.
    Refuses,
    /// It has no bundle.
    Lacks,
    /// It is away.
    Away,
}

impl Fate {
    /// Of a hundred sensors one does not follow.
    fn of(number: usize) -> Self {
        match (number % 100, number / 100 % 3) {
            (7, 0) => Self::Refuses,
            (7, 1) => Self::Lacks,
            (7, _) => Self::Away,
            _ => Self::Follows,
        }
    }

    /// What the Center says of it in the end.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Follows => None,
            Self::Refuses => Some("invalid"),
            Self::Lacks => Some("no-bundle"),
            Self::Away => Some("silent"),
        }
    }
}

/// Counted over all sensors.
#[derive(Default)]
struct Tally {
    ready: Cell<usize>,
    leased: Cell<usize>,
    last: Cell<Option<Instant>>,
}

struct Sensor {
    id: SensorId,
    fate: Fate,
    enrolment: Epoch,
    instance: Epoch,
    gate: Gate,
    last: Option<IdsSwitch>,
    endpoint: Endpoint,
}

fn enrol(site: &Site, number: usize) -> Sensor {
    let id: SensorId = format!("fleet-{number}").parse().unwrap();
    let request = Request::Enroll { sensor: id.clone(), platform: "ic3000".into(), valid_days: None };
    let socket = site.path("center/control.sock");
    let bundle: Bundle = ask(&socket, &request).unwrap();
    let (tar, folder) = (site.path("bundle.tar"), site.path(id.as_str()));
    std::fs::write(&tar, base64::engine::general_purpose::STANDARD.decode(bundle.tar).unwrap()).unwrap();
    let enrolment = unpack(&tar, &folder).unwrap().enrolment;
    let enable = Request::Ids { sensor: id.clone(), interface: None, enable: true };
    let _: Value = ask(&socket, &enable).unwrap();
    let instance = Epoch::from_random(number as u128 + 1);
    let holder = Holder {
        sensor: id.clone(),
        platform: "ic3000".to_owned(),
        contradiction: None,
        entitlement_tag: Some(Class::IdsIc3000.tag_text().to_owned()),
        instance,
    };
    let (fate, now) = (Fate::of(number), clock::both());
    let keys = Keyring::try_from(enrolment.lease_keys.as_ref().unwrap()).unwrap();
    let mut gate = Gate::new(holder, Trust::new(keys), now);
    let subscriber = if fate == Fate::Lacks { Vec::new() } else { vec![SUBSCRIBER] };
    gate.handle(Input::Staged(Staged { community: vec![COMMUNITY], subscriber }), now);
    let identity = Identity::load(&folder).unwrap();
    let endpoint = Endpoint::secure(enrolment.broker, &identity).unwrap();
    Sensor { id, fate, enrolment: enrolment.id, instance, gate, last: None, endpoint }
}

impl Sensor {
    fn topic(&self, kind: Kind) -> Topic {
        Topic::new(self.id.clone(), kind)
    }

    fn birth(&self, online: bool) -> Vec<u8> {
        let birth = Birth {
            sensor: self.id.clone(),
            online,
            instance: self.instance,
            epoch: self.instance,
            platform: "ic3000".into(),
            version: "fleet".into(),
            enrolment: Some(self.enrolment),
            sent: clock::both().wall,
        };
        encode(&birth).unwrap()
    }

    fn status(&self) -> Vec<u8> {
        let now = clock::both();
        let denial = self.gate.grant(now).err();
        let runs = self.gate.effective().map(|runs| IdsEffective {
            set: runs.set,
            bundle: runs.bundle,
            rules: Some(1),
            engine: "3.12.2.0".to_owned(),
            since: now.wall,
        });
        let lease = self.gate.lease().map(|held| held.lease());
        let ids = IdsStatus {
            enabled: lease.is_some_and(|lease| lease.ids),
            wanted: lease.map_or(RuleSet::Community, |lease| lease.rule_set),
            entitled: if denial.is_none() { RuleSet::Subscriber } else { RuleSet::Community },
            reason: denial.map(|denial| denial.code().to_owned()),
            generation: self.gate.trust().generation,
            until: lease.map(|lease| lease.expires_at),
            effective: runs,
            switch: self.last.clone(),
        };
        let status = Status {
            sensor: self.id.clone(),
            instance: self.instance,
            epoch: self.instance,
            seq: 0,
            acked: 0,
            digest: Default::default(),
            sent: now.wall,
            uptime_seconds: 1,
            version: "fleet".into(),
            platform: "ic3000".into(),
            rules_version: 1,
            policy: CountingPolicy::default().digest(),
            counts: Counts::default(),
            interfaces: Vec::new(),
            store_fault: None,
            ids: Some(Box::new(ids)),
        };
        encode(&status).unwrap()
    }

    /// Obeys its gate; Snort is one that always has its way at once, or never.
    fn obey(&mut self) {
        let now = clock::both();
        while let Some(action) = self.gate.poll(now) {
            match action {
                Action::Store { .. } => self.gate.handle(Input::Stored, now),
                Action::Tell(_) => {}
                Action::Switch(order) => {
                    let outcome = self.switch(order.effective());
                    self.gate.handle(Input::Switched(outcome), now);
                }
            }
        }
    }

    fn switch(&mut self, wanted: Effective) -> Result<Effective, Setback> {
        let refused = self.fate == Fate::Refuses && wanted.set == RuleSet::Subscriber;
        let outcome = if refused { "invalid" } else { "done" }.to_owned();
        self.last = Some(IdsSwitch { to: wanted.set, at: clock::both().wall, outcome });
        if refused { Err(Setback { code: "invalid".to_owned(), of_bundle: true }) } else { Ok(wanted) }
    }

    /// Its session, for as long as the test runs.
    async fn live(mut self, tally: Rc<Tally>) {
        let will = Will { topic: self.topic(Kind::Birth), payload: self.birth(false) };
        let mut connection = Connection::open(&self.endpoint, Session::of_sensor(will)).await.unwrap();
        loop {
            match connection.next().await.unwrap() {
                Incoming::Subscribed => {
                    connection.try_publish(&self.topic(Kind::Birth), self.birth(true)).unwrap();
                }
                Incoming::Message(message) => self.hear(&mut connection, &message, &tally),
                Incoming::Acknowledged(_) | Incoming::Stray(_) => {}
            }
        }
    }

    fn hear(&mut self, connection: &mut Connection, message: &Message, tally: &Tally) {
        connection.acknowledge(&message.receipt).unwrap();
        if message.topic.kind != Kind::Lease {
            return;
        }
        let before = self.gate.trust().generation;
        self.gate.handle(Input::Lease(message.payload.clone()), clock::both());
        self.obey();
        if self.gate.trust().generation == before {
            return;
        }
        let subscriber = self.gate.lease().is_some_and(|held| held.lease().rule_set == RuleSet::Subscriber);
        if subscriber {
            tally.leased.set(tally.leased.get() + 1);
            tally.last.set(Some(clock::now()));
        } else if before == 0 {
            tally.ready.set(tally.ready.get() + 1);
        }
        connection.try_publish(&self.topic(Kind::Status), self.status()).unwrap();
    }
}

async fn until(what: &str, so: impl Fn() -> bool) {
    let begin = clock::now();
    while !so() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks beside the sessions, which go on meanwhile.
async fn command(site: &Rc<Site>, request: Request) -> Value {
    let socket = site.path("center/control.sock");
    tokio::task::spawn_blocking(move || ask(&socket, &request).unwrap()).await.unwrap()
}

/// The sensors that `ids status` says do not run what they may, with the reason.
fn losers(status: &Value) -> BTreeMap<String, String> {
    let lines = status["sensors"].as_array().unwrap().iter();
    let lost = lines.filter(|line| !line["problem"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lost.map(|line| (text(&line["sensor"]), text(&line["problem"]["code"]))).collect()
}

#[test]
fn one_command_switches_a_fleet_and_who_does_not_follow_is_named() {
    if !broker_is_there() {
        return;
    }
    let many = std::env::var("TOLLGATE_FLEET").map_or(100, |many| many.parse().unwrap());
    let mut site = Site::prepared();
    let mut config = File::options().append(true).open(site.path("center/center.toml")).unwrap();
    write!(config, "\n[ids]\nbundles = ['{SUBSCRIBER}']\n").unwrap();
    site.start_broker();
    site.start_center();
    let sensors: Vec<_> = (0..many).map(|number| enrol(&site, number)).collect();
    let expected: BTreeMap<_, _> = sensors
        .iter()
        .filter_map(|sensor| Some((sensor.id.to_string(), sensor.fate.code()?.to_owned())))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, switched(Rc::new(site), sensors, &expected));
}

async fn switched(site: Rc<Site>, sensors: Vec<Sensor>, expected: &BTreeMap<String, String>) {
    let (many, tally) = (sensors.len(), Rc::new(Tally::default()));
    let there = sensors.iter().filter(|sensor| sensor.fate != Fate::Away).count();
    for sensor in sensors.into_iter().filter(|sensor| sensor.fate != Fate::Away) {
        tokio::task::spawn_local(sensor.live(Rc::clone(&tally)));
    }
    until("all to run Community rules under a decision", || tally.ready.get() == there).await;

    let begin = clock::now();
    let order = Request::Rules { rules: RuleSet::Subscriber, dry_run: false };
    let answer = command(&site, order).await;
    let answered = begin.elapsed();
    assert_eq!(answer["gain"].as_array().unwrap().len(), many, "all are entitled");
    until("the last lease", || tally.leased.get() == there).await;
    let out = tally.last.get().unwrap() - begin;
    let named = loop {
        let status = command(&site, Request::IdsStatus).await;
        let named = losers(&status);
        if named == *expected {
            break begin.elapsed();
        }
        assert!(begin.elapsed() < PATIENCE, "{named:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    println!(
        "fleet of {many}: command answered in {} ms, last of {there} leases accepted after {} ms, {} losers named after {} ms",
        answered.as_millis(),
        out.as_millis(),
        expected.len(),
        named.as_millis()
    );
}
