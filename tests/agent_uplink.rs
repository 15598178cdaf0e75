//! The daemon and a real broker: what it counts arrives, acknowledged; a broker that is gone or stalls delays reports
//! and nothing else.
//!
//! Needs Mosquitto; says so where there is none, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

mod support;

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;

use broker::{Broker, now};
use daemon::{Site, assert_same_count, counted};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use support::traffic::Plant;
use tollgate::io::mqtt::{Connection, Incoming, Session};
use tollgate::model::digest::{FactHash, NetworkSeed, SetDigest};
use tollgate::model::ident::Epoch;
use tollgate::model::message::{
    Ack, Activities, Birth, Command as Ordered, CountingPolicy, Event, Message, Nameplates, Order, Report,
    Status, decode, encode,
};
use tollgate::model::sighting::Sighting;
use tollgate::model::topic::{Kind, Topic};

const SENSOR: &str = "press-2";

fn capture(site: &Site, components: u32, frames: usize) -> PathBuf {
    let path = site.path("plant.pcap");
    support::write_capture(&path, Plant::new(components), frames);
    path
}

/// Enrols the site's sensor by the real command.
fn enrol(site: &Site, broker: &Broker) {
    site.enrol(&bundle(site, broker));
}

/// What a Center gives the operator.
fn bundle(site: &Site, broker: &Broker) -> PathBuf {
    let path = site.path("bundle.tar");
    broker.write_bundle(SENSOR, &broker.issue(SENSOR), &path);
    path
}

/// A Center of a few lines: keeps the facts, acknowledges, remembers what else it was told.
struct Center {
    connection: Connection,
    facts: BTreeMap<String, Sighting>,
    births: Vec<Birth>,
    statuses: Vec<Status>,
    events: Vec<Event>,
}

impl Center {
    async fn connect(broker: &Broker) -> Self {
        let session = Session::of_center("center");
        let mut connection = Connection::open(&broker.center(), session).await.unwrap();
        while connection.next().await.unwrap() != Incoming::Subscribed {}
        let (facts, births, statuses, events) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self { connection, facts, births, statuses, events }
    }

    /// Serves until `done`, which is asked several times a second.
    async fn until(&mut self, mut done: impl FnMut(&Self) -> bool) {
        let mut looks = 0;
        while !done(self) {
            looks += 1;
            assert!(looks < 100_000, "{:?}\n{:?}", self.statuses.last(), self.events);
            let next = tokio::time::timeout(Duration::from_millis(200), self.connection.next()).await;
            if let Ok(next) = next
                && let Incoming::Message(message) = next.unwrap()
            {
                self.connection.acknowledge(&message.receipt).unwrap();
                self.take(message.topic.kind, &message.payload);
            }
        }
    }

    fn take(&mut self, kind: Kind, payload: &[u8]) {
        match kind {
            Kind::Birth => self.births.push(decode(payload).unwrap()),
            Kind::Status => self.statuses.push(decode(payload).unwrap()),
            Kind::Event => self.events.push(decode(payload).unwrap()),
            Kind::Report => self.report(decode(payload).unwrap()),
            Kind::Nameplates => assert!(decode::<Nameplates>(payload).is_ok()),
            Kind::Activities => assert!(decode::<Activities>(payload).is_ok()),
            _ => panic!("a sensor sends no {}", kind.name()),
        }
    }

    fn report(&mut self, report: Report) {
        for reported in report.sightings {
            let sighting = reported.sighting;
            self.facts.insert(format!("{:?} {:?} {}", sighting.mac, sighting.ip, sighting.network), sighting);
        }
        let (epoch, seq) = (report.epoch, report.to);
        self.tell(Kind::Ack, &Ack { epoch, seq, resync: false, reason: None, sent: now() });
    }

    fn tell<M: Message>(&mut self, kind: Kind, message: &M) {
        let topic = Topic::new(SENSOR.parse().unwrap(), kind);
        self.connection.try_publish(&topic, encode(message).unwrap()).unwrap();
    }

    fn digest(&self) -> String {
        let mut digest = SetDigest::default();
        for fact in self.facts.values() {
            let seed = NetworkSeed::of(&fact.network);
            digest.add(FactHash::of(seed, fact.key(), fact.marks(), fact.vlans.iter().copied()));
        }
        digest.to_string()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Whether the Center has everything that is stored of `facts`.
fn is_acked(site: &Site, facts: u64) -> bool {
    let (code, page, _) = site.ask(&["status", "--json"]);
    let page: Value = if code == 0 { serde_json::from_str(&page).unwrap() } else { return false };
    page["store"]["facts"] == facts && page["center"]["acked"] == page["store"]["seq"]
}

/// Facts in the site's store once everything is read, without a Center.
fn facts_of(files: &[PathBuf]) -> u64 {
    let site = Site::new();
    site.configure(&format!("[[interface]]\nfiles = {files:?}\n"));
    site.start().settled()["store"]["facts"].as_u64().unwrap()
}

#[test]
fn what_is_counted_arrives_and_orders_are_carried_out() {
    let Some(broker) = Broker::start() else { return };
    let site = Site::new();
    enrol(&site, &broker);
    let files = [capture(&site, 3_000, 40_000)];
    site.configure(&format!("[[interface]]\nfiles = {files:?}\n"));
    let (expected, facts) = (counted(&files), facts_of(&files));
    run(async {
        let mut center = Center::connect(&broker).await;
        let daemon = site.start();
        center.until(|center| !center.statuses.is_empty() && is_acked(&site, facts)).await;
        assert_eq!(center.digest(), expected["set_digest"]);
        assert!(
            center.births.iter().any(|birth| birth.online && birth.enrolment == Some(Epoch::from_random(7)))
        );
        center.until(|center| center.events.iter().any(|event| event.message.contains("started"))).await;
        let mismatch = "enrolled as ic3000 but configured as generic";
        center.until(|center| center.events.iter().any(|event| event.message.contains(mismatch))).await;

        let internal = vec!["8.0.0.0/8".parse().unwrap()];
        let policy = CountingPolicy { internal, sent: now(), ..CountingPolicy::default() };
        center.tell(Kind::Policy, &policy);
        center.until(|_| is_acked(&site, 0)).await;
        let before = center.statuses.len();
        center.tell(Kind::Command, &Ordered { id: "one".to_owned(), order: Order::Status, sent: now() });
        center.until(|center| center.statuses.len() > before).await;
        let status = center.statuses.last().unwrap();
        assert_eq!((status.policy.as_str(), status.counts.components), (policy.digest().as_str(), 0));
        assert_eq!(daemon.stop(), 0);
        center.until(|center| center.births.last().is_some_and(|birth| !birth.online)).await;
    });
}

#[test]
fn a_broker_that_is_gone_or_stalls_delays_reports_and_nothing_else() {
    let Some(mut broker) = Broker::start() else { return };
    let site = Site::new();
    // As in a container without a shell: the bundle is left where the daemon finds it.
    let waiting = site.state().join("enrolment.tar");
    std::fs::create_dir_all(site.state()).unwrap();
    std::fs::rename(bundle(&site, &broker), &waiting).unwrap();
    let files = [capture(&site, 20_000, 200_000)];
    site.configure(&format!("[[interface]]\nfiles = {files:?}\n"));
    let (expected, facts) = (counted(&files), facts_of(&files));
    broker.kill();
    let mut daemon = site.start();
    let page = daemon.settled();
    assert!(!waiting.exists(), "a private key was left lying about");
    assert_same_count(&page, &expected);
    assert_eq!(page["center"]["connected"], false);
    // It answers no more than connecting: every wait must end by itself.
    broker.run();
    daemon.page(|page| page["center"]["connected"] == true);
    broker.signal("STOP");
    let before = daemon.resident_kib();
    daemon.page(|page| page["center"]["connected"] == false);
    assert_same_count(&daemon.page(|_| true), &expected);
    let after = daemon.resident_kib();
    assert!(after < before + 4096, "{before} KiB before the broker stalled, {after} KiB after");
    broker.signal("CONT");
    run(async {
        let mut center = Center::connect(&broker).await;
        center.until(|_| is_acked(&site, facts)).await;
        assert_eq!(center.digest(), expected["set_digest"]);
    });
    assert_eq!(daemon.stop(), 0);
}
