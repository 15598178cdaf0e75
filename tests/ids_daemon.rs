//! The daemon owns Snort: real binary, real broker, the stand-in for Snort. Rules follow the lease and nothing else, over
//! restarts, without a Center, against foreign hands.
//!
//! Needs Mosquitto and python3; says so where there is no Mosquitto, and fails under `TOLLGATE_REQUIRE_BROKER=1`.

#![cfg(all(feature = "agent", feature = "center"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it is wrong")]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/snort.rs"]
mod plant;

use broker::{Broker, DAY, now, wait_for};
use daemon::{AGENT, Daemon, Site};
use ed25519_dalek::SigningKey;
use plant::{COMMUNITY, Plant, SUBSCRIBER, loaded_at};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tollgate::engine::entitlement::issue::{Decision, Denial, Issuer, Recipient};
use tollgate::engine::entitlement::{Effective, PublicKey};
use tollgate::io::mqtt::{Connection, Incoming, Session};
use tollgate::io::pki::{Bundle, write};
use tollgate::io::rules::Sets;
use tollgate::io::state::{self, Right, Settings};
use tollgate::model::broker::BrokerAddress;
use tollgate::model::enrolment::LeaseKeys;
use tollgate::model::entitlement::Class;
use tollgate::model::ident::Epoch;
use tollgate::model::lease::RuleSet;
use tollgate::model::message::{Command as Ordered, Order, Status, decode, encode};
use tollgate::model::time::UnixTime;
use tollgate::model::topic::{Kind, Topic};

const SENSOR: &str = "press-2";
const HOUR: Duration = Duration::from_hours(1);

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn text_of(key: &SigningKey) -> String {
    PublicKey::new(key.verifying_key()).into()
}

/// An enrolled sensor with both sets staged, not started.
struct World {
    site: Site,
    plant: Plant,
    broker: Broker,
    community: Effective,
    subscriber: Effective,
}

impl World {
    fn new(change: impl FnOnce(&mut Plant)) -> Option<Self> {
        let broker = Broker::start()?;
        let (site, mut plant) = (Site::new(), Plant::new());
        change(&mut plant);
        let community = plant.stage(RuleSet::Community, COMMUNITY);
        let subscriber = plant.stage(RuleSet::Subscriber, SUBSCRIBER);
        let world = Self { site, plant, broker, community, subscriber };
        world.enrol();
        world.configure();
        Some(world)
    }

    fn enrol(&self) {
        let (sensor, broker) = (SENSOR.parse().unwrap(), &self.broker);
        let bundle = Bundle {
            id: Epoch::from_random(7),
            sensor: &sensor,
            platform: "ic3000",
            broker: &BrokerAddress::secure("localhost", broker.port).unwrap(),
            issued: &broker.authority.issue_sensor(&sensor, DAY, now()).unwrap(),
            ca_pem: broker.authority.certificate_pem(),
            policy: None,
            lease_keys: Some(LeaseKeys { current: text_of(&key(1)), next: Some(text_of(&key(2))) }),
        };
        let path = self.site.path("bundle.tar");
        write(&bundle, &path).unwrap();
        let mut enroll = Command::new(AGENT);
        let output = enroll.arg("enroll").arg(&path).arg("--into").arg(self.site.state()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn configure(&self) {
        configure(&self.site, &self.plant);
    }

    fn sids(set: RuleSet) -> Vec<u32> {
        if set == RuleSet::Community { COMMUNITY.collect() } else { SUBSCRIBER.collect() }
    }

    /// Waits until the daemon says that this set runs, and holds that against what Snort really has.
    fn runs(&self, daemon: &mut Daemon<'_>, set: RuleSet) -> Value {
        let page = daemon.page(|page| {
            page["ids"]["effective"]["set"] == set.to_string() && page["ids"]["watch"]["code"] == "as-ordered"
        });
        assert_eq!(self.plant.loaded(), Some(Self::sids(set)), "{page}");
        let bundle = if set == RuleSet::Community { self.community } else { self.subscriber }.bundle;
        assert_eq!(page["ids"]["effective"]["digest"], bundle.to_string());
        page["ids"].clone()
    }

    fn linked(&self) -> Effective {
        let sets = Sets::new(&self.plant.config.rules);
        let linked = sets.linked("active.rules").expect("there is always a set");
        sets.verify(linked).expect("and it is whole");
        linked
    }

    /// A decision of the Center, signed and published.
    fn decide(&self, decided: &Decided) {
        let to = Recipient {
            sensor: SENSOR.parse().unwrap(),
            platform: "ic3000".to_owned(),
            entitlement_tag: Class::IdsIc3000.tag_text().to_owned(),
            instance: decided.instance,
        };
        let name = (Epoch::from_random(u128::from(decided.generation)), decided.generation);
        let subscriber = if decided.set == RuleSet::Subscriber { Ok(()) } else { Err(Denial::Chosen) };
        let issued = UnixTime::from_millis(now().plus(decided.left).millis() - 3_600_000);
        let envelope = Issuer::new(key(decided.key), None, HOUR)
            .issue(&to, Decision { ids: true, subscriber }, &[self.subscriber.bundle], name, issued)
            .unwrap();
        self.publish(Kind::Lease, envelope);
    }

    fn publish(&self, kind: Kind, payload: Vec<u8>) {
        run(async {
            let mut center = center(&self.broker).await;
            let topic = Topic::new(SENSOR.parse().unwrap(), kind);
            let id = center.try_publish(&topic, payload).unwrap();
            while center.next().await.unwrap() != Incoming::Acknowledged(id) {}
            center.close().await;
        });
    }

    /// A status that the sensor sends when it is asked.
    fn status(&self) -> Status {
        let command = Ordered { id: "how".to_owned(), order: Order::Status, sent: now() };
        let topic = |kind| Topic::new(SENSOR.parse().unwrap(), kind);
        run(async {
            let mut center = center(&self.broker).await;
            center.try_publish(&topic(Kind::Command), encode(&command).unwrap()).unwrap();
            loop {
                if let Incoming::Message(message) = center.next().await.unwrap() {
                    center.acknowledge(&message.receipt).unwrap();
                    let status =
                        (message.topic.kind == Kind::Status).then(|| decode(&message.payload).unwrap());
                    let status: Option<Status> = status;
                    if let Some(status) =
                        status.filter(|status| status.ids.as_ref().is_some_and(|ids| ids.generation > 0))
                    {
                        return status;
                    }
                }
            }
        })
    }
}

fn configure(site: &Site, plant: &Plant) {
    site.configure(&plant.agent_toml());
}

async fn center(broker: &Broker) -> Connection {
    let mut center = Connection::open(&broker.center(), Session::of_center("center")).await.unwrap();
    while center.next().await.unwrap() != Incoming::Subscribed {}
    center
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What a Center decides.
struct Decided {
    generation: u64,
    set: RuleSet,
    /// How long the lease is valid from now on.
    left: Duration,
    key: u8,
    instance: Option<Epoch>,
}

fn decided(generation: u64, set: RuleSet) -> Decided {
    Decided { generation, set, left: HOUR, key: 1, instance: None }
}

/// Asks Snort over and over what it really has: always one whole set.
struct Guard {
    stop: Arc<AtomicBool>,
    looks: JoinHandle<usize>,
}

impl Guard {
    fn begin(control: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let looks = thread::spawn(move || {
            let mut looks = 0;
            while !stopped.load(Ordering::Relaxed) {
                let sids = loaded_at(&control).expect("Snort runs all the time");
                let whole = [RuleSet::Community, RuleSet::Subscriber].map(World::sids).contains(&sids);
                assert!(whole, "neither set, but {sids:?}");
                looks += 1;
                thread::sleep(Duration::from_millis(30));
            }
            looks
        });
        Self { stop, looks }
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.looks.join().unwrap() > 0);
    }
}

#[test]
fn rules_follow_the_lease_and_nothing_else() {
    let Some(mut world) = World::new(|_| {}) else { return };
    drop(world.plant.snort());
    let _running = world.plant.start(&[]);
    let guard = Guard::begin(world.plant.config.control.clone());
    let mut daemon = world.site.start();
    let ids = world.runs(&mut daemon, RuleSet::Community);
    assert_eq!(
        (&ids["state"], &ids["switches"]),
        (&"community".into(), &0.into()),
        "nothing to put right: {ids}"
    );
    assert_eq!(ids["entitled"]["reason"], "no-lease");

    world.decide(&Decided { key: 9, ..decided(1, RuleSet::Subscriber) });
    let refused = daemon.page(|page| page["ids"]["refused"] == 1)["ids"]["last_refusal"].to_string();
    assert!(refused.contains("unknown-key"), "{refused}");
    world.decide(&decided(1, RuleSet::Subscriber));
    let ids = world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!((&ids["state"], &ids["entitled"]["class"]), (&"subscriber".into(), &"ids.ic3000".into()));
    println!("lease to Subscriber effective: {}", ids["last_switch"]);
    assert!(ids["last_switch"]["since_lease_ms"].is_u64(), "{ids}");
    let told = world.status().ids.unwrap();
    assert_eq!(
        (told.entitled, told.effective.map(|runs| runs.set)),
        (RuleSet::Subscriber, Some(RuleSet::Subscriber))
    );
    let (code, text, _) = world.site.ask(&["ids", "status"]);
    assert!(code == 0 && text.contains("yes, ids.ic3000, lease until"), "{text}");
    let (code, line, _) = world.site.ask(&["ids", "status", "--check"]);
    assert!(code == 0 && line.starts_with("TOLLGATE IDS OK: subscriber"), "{line}");

    world.decide(&decided(2, RuleSet::Community));
    world.runs(&mut daemon, RuleSet::Community);
    world.decide(&decided(1, RuleSet::Subscriber));
    let refused = daemon.page(|page| page["ids"]["refused"] == 2)["ids"]["last_refusal"].to_string();
    assert!(refused.contains("rollback"), "{refused}");
    world.runs(&mut daemon, RuleSet::Community);

    // Valid for a hundred seconds, of which the last minute is for the way back; no contact in between.
    world.decide(&Decided { left: Duration::from_secs(100), ..decided(3, RuleSet::Subscriber) });
    world.runs(&mut daemon, RuleSet::Subscriber);
    world.broker.kill();
    daemon.page(|page| page["center"]["connected"] == false && page["ids"]["state"] == "subscriber");
    let ids = world.runs(&mut daemon, RuleSet::Community);
    assert_eq!((&ids["state"], &ids["entitled"]["reason"]), (&"fallback".into(), &"expired".into()));
    assert_eq!(world.site.ask(&["ids", "status", "--check"]).0, 1);
    world.site.says("the lease ended at");
    assert_eq!(world.linked(), world.community);
    assert_eq!(daemon.stop(), 0);
    guard.end();
}

#[test]
fn a_restart_changes_nothing_and_forgets_nothing() {
    let Some(mut world) = World::new(|_| {}) else { return };
    drop(world.plant.snort());
    let _running = world.plant.start(&[]);
    let guard = Guard::begin(world.plant.config.control.clone());
    let mut daemon = world.site.start();
    world.decide(&decided(5, RuleSet::Subscriber));
    world.runs(&mut daemon, RuleSet::Subscriber);
    drop(daemon);
    world.broker.kill();
    let mut daemon = world.site.start();
    let ids = world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!((&ids["state"], &ids["switches"]), (&"subscriber".into(), &0.into()), "verified anew: {ids}");
    world.broker.run();
    world.decide(&decided(4, RuleSet::Community));
    daemon.page(|page| page["ids"]["refused"] == 1);
    world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!(daemon.stop(), 0);

    // While the store cannot be read there is no right; it comes back with the store, without a Center.
    world.broker.kill();
    let held = state::open(&settings(&world.site), Epoch::from_random(9), now()).unwrap();
    let mut daemon = world.site.start();
    daemon.page(|page| page["store"]["fault"].is_string());
    world.runs(&mut daemon, RuleSet::Community);
    drop(held);
    world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!(daemon.stop(), 0);

    // It was later here than the clock now shows, by more than the lease has left.
    let later = now().plus(HOUR * 2);
    set_latest(&world.site, later);
    let mut daemon = world.site.start();
    let ids = world.runs(&mut daemon, RuleSet::Community);
    assert_eq!(ids["entitled"]["reason"], "expired", "{ids}");
    world.site.says("the clock went back by");
    // Only a decision made during this run tells the time anew.
    world.broker.run();
    world.decide(&decided(6, RuleSet::Subscriber));
    daemon.page(|page| page["ids"]["entitled"]["generation"] == 6);
    world.runs(&mut daemon, RuleSet::Community);
    let instance = Some(world.status().instance);
    world.decide(&Decided { instance, ..decided(7, RuleSet::Subscriber) });
    world.runs(&mut daemon, RuleSet::Subscriber);

    // The key that was announced comes into force, and the one before is believed no more.
    world.decide(&Decided { key: 2, ..decided(8, RuleSet::Community) });
    world.runs(&mut daemon, RuleSet::Community);
    world.decide(&decided(9, RuleSet::Subscriber));
    daemon.page(|page| page["ids"]["refused"] == 1);
    world.runs(&mut daemon, RuleSet::Community);
    assert_eq!(daemon.stop(), 0);
    guard.end();
}

fn settings(site: &Site) -> Settings {
    Settings { folder: site.state().to_owned(), facts_max: 1000 }
}

/// Writes another time into the store, as a clock that was set back leaves it.
fn set_latest(site: &Site, latest: UnixTime) {
    let mut store = state::open(&settings(site), Epoch::from_random(9), now()).unwrap().state;
    let mut kept: Value = serde_json::from_slice(&store.entitlement().unwrap().unwrap()).unwrap();
    kept["trust"]["latest"] = serde_json::to_value(latest).unwrap();
    let decision = store.floors().decision.unwrap();
    store.keep_entitlement(&Right { kept: serde_json::to_vec(&kept).unwrap(), decision }).unwrap();
    store.close(now()).unwrap();
}

#[test]
fn a_store_that_is_put_back_brings_no_older_decision_to_life() {
    let Some(mut world) = World::new(|_| {}) else { return };
    drop(world.plant.snort());
    let _running = world.plant.start(&[]);
    let (store, older) = (world.site.state().join("sightings.redb"), world.site.path("older.redb"));
    let mut daemon = world.site.start();
    world.decide(&decided(1, RuleSet::Subscriber));
    world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!(daemon.stop(), 0);
    fs::copy(&store, &older).unwrap();
    let mut daemon = world.site.start();
    world.decide(&decided(2, RuleSet::Community));
    world.runs(&mut daemon, RuleSet::Community);
    assert_eq!(daemon.stop(), 0);

    world.broker.kill();
    fs::copy(&older, &store).unwrap();
    let mut daemon = world.site.start();
    let page = daemon.page(|page| page["ids"]["watch"]["code"] == "as-ordered");
    assert_eq!(page["ids"]["entitled"]["reason"], "no-lease", "{page}");
    world.broker.run();
    world.decide(&decided(1, RuleSet::Subscriber));
    let refused = daemon.page(|page| page["ids"]["refused"] == 1)["ids"]["last_refusal"].to_string();
    assert!(refused.contains("rollback"), "{refused}");
    world.runs(&mut daemon, RuleSet::Community);

    // Nor does one that is lost; the newest decision itself comes again.
    assert_eq!(daemon.stop(), 0);
    fs::write(&store, b"").unwrap();
    let mut daemon = world.site.start();
    daemon.page(|page| page["ids"]["refused"] == 1);
    world.decide(&decided(2, RuleSet::Subscriber));
    world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!(daemon.stop(), 0);
}

/// Subscriber rules run, and Snort may be restarted at once: it was not the daemon that started it.
fn with_subscriber(world: &World) -> Daemon<'_> {
    drop(world.plant.snort());
    let restart = &world.plant.config.restart;
    assert!(Command::new(&restart[0]).args(&restart[1..]).status().unwrap().success());
    wait_for("Snort", || world.plant.loaded().is_some());
    let mut daemon = world.site.start();
    world.runs(&mut daemon, RuleSet::Community);
    world.decide(&decided(1, RuleSet::Subscriber));
    world.runs(&mut daemon, RuleSet::Subscriber);
    daemon
}

#[test]
fn what_foreign_hands_change_is_put_right() {
    let Some(world) = World::new(Plant::managed) else { return };
    let mut daemon = with_subscriber(&world);

    // Found by the watch's own round.
    let link = world.plant.config.rules.join("active.rules");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(Sets::new(&world.plant.config.rules).rules(world.community), link).unwrap();
    wait_for_minutes("the watch", || world.site.log().contains("[link-changed]"));
    world.runs_again(&mut daemon);
    assert_eq!(world.linked(), world.subscriber);

    // The file that Snort loads, changed; the bundle's own files can write it anew.
    let rules = Sets::new(&world.plant.config.rules).rules(world.subscriber);
    fs::write(rules, "alert tcp any any -> any 502 ( msg:\"m\"; sid:1; )\n").unwrap();
    world.looked(&daemon, "the changed rules", || world.site.log().contains("[rules-changed]"));
    world.runs_again(&mut daemon);
    assert_eq!(world.linked(), world.subscriber);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_snort_that_is_killed_is_started_again() {
    let Some(world) = World::new(Plant::managed) else { return };
    let mut daemon = with_subscriber(&world);
    let killed = world.snort_pid();
    assert!(Command::new("kill").args(["-9", killed.trim()]).status().unwrap().success());
    world.looked(&daemon, "the death", || world.site.log().contains("[not-running]"));
    world.runs_again(&mut daemon);
    assert_ne!(world.snort_pid(), killed);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_snort_that_hangs_is_restarted() {
    let Some(world) = World::new(Plant::managed) else { return };
    let mut daemon = with_subscriber(&world);
    let hung = world.snort_pid();
    world.plant.mode("hangs");
    world.looked(&daemon, "the silence", || world.site.log().contains("[silent]"));
    world.looked(&daemon, "a restart", || world.snort_pid() != hung);
    world.plant.mode("");
    world.runs_again(&mut daemon);
    assert_eq!(daemon.stop(), 0);
}

impl World {
    fn snort_pid(&self) -> String {
        fs::read_to_string(self.plant.path("pid")).unwrap()
    }

    /// Has the daemon look at Snort now, as a reload does, rather than in its round of 20 s, until this is so.
    fn looked(&self, daemon: &Daemon<'_>, what: &str, so: impl Fn() -> bool) {
        let mut looks = 0;
        wait_for_minutes(what, || {
            looks += 1;
            if looks % 10 == 1 {
                daemon.signal("-HUP");
            }
            so()
        });
    }

    /// Waits until all is as ordered again.
    fn runs_again(&self, daemon: &mut Daemon<'_>) {
        self.looked(daemon, "Subscriber rules, as ordered", || {
            let (_, page, _) = self.site.ask(&["status", "--json"]);
            let page: Value = serde_json::from_str(&page).unwrap_or_default();
            page["ids"]["effective"]["set"] == "subscriber" && page["ids"]["watch"]["code"] == "as-ordered"
        });
        self.runs(daemon, RuleSet::Subscriber);
    }
}

fn wait_for_minutes(what: &str, mut done: impl FnMut() -> bool) {
    let found = (0..6000).any(|_| {
        thread::sleep(Duration::from_millis(50));
        done()
    });
    assert!(found, "waited in vain for {what}");
}

#[test]
fn a_daemon_that_is_killed_in_a_switch_leaves_one_whole_set_and_goes_on() {
    let Some(world) = World::new(|_| {}) else { return };
    drop(world.plant.snort());
    let _running = world.plant.start(&[]);
    let guard = Guard::begin(world.plant.config.control.clone());
    let mut daemon = world.site.start();
    world.runs(&mut daemon, RuleSet::Community);
    for generation in 1..=6 {
        let (set, to) = match generation % 2 {
            1 => (RuleSet::Subscriber, world.subscriber),
            _ => (RuleSet::Community, world.community),
        };
        world.plant.mode("late 1");
        world.decide(&decided(generation, set));
        // Once while it is checked, once while Snort reloads, once when it is under way at all.
        match generation % 3 {
            0 => wait_for("the link", || world.linked() == to),
            1 => wait_for("the check", || {
                fs::read_to_string(world.plant.config.rules.join("candidate.lua"))
                    .is_ok_and(|text| text.contains(&Sets::name(to)))
            }),
            _ => drop(daemon.page(|page| {
                page["ids"]["state"] == "validating" || page["ids"]["effective"]["set"] == set.to_string()
            })),
        }
        drop(daemon);
        let left = world.linked();
        assert!([world.community, world.subscriber].contains(&left), "{left:?}");
        world.plant.mode("");
        daemon = world.site.start();
        world.runs(&mut daemon, set);
        assert_eq!(world.linked(), to);
    }
    assert_eq!(daemon.stop(), 0);
    guard.end();
}

#[test]
fn without_an_enrolment_there_is_community_and_no_right() {
    let (site, plant) = (Site::new(), Plant::new());
    let community = plant.stage(RuleSet::Community, COMMUNITY);
    plant.stage(RuleSet::Subscriber, SUBSCRIBER);
    configure(&site, &plant);
    drop(plant.snort());
    let _running = plant.start(&[]);
    let mut daemon = site.start();
    let ids = daemon.page(|page| page["ids"]["state"] == "community")["ids"].clone();
    assert_eq!((&ids["keys"], &ids["entitled"]["reason"]), (&"none".into(), &"no-lease".into()));
    assert_eq!(ids["effective"]["digest"], community.bundle.to_string());
    assert_eq!(plant.loaded(), Some(COMMUNITY.collect()));
}

/// What the application host says counts for more than what was declared, at enrolment and in the configuration.
#[test]
fn on_a_box_of_another_platform_no_lease_holds() {
    let Some(world) = World::new(|_| {}) else { return };
    drop(world.plant.snort());
    let _running = world.plant.start(&[]);
    let start = |product| {
        let mut agent = Command::new(AGENT);
        agent.env("CAF_SYSTEM_PRODUCT_ID", product);
        world.site.start_as(agent)
    };
    let mut daemon = start("C9300-24T");
    world.decide(&decided(1, RuleSet::Subscriber));
    let page = daemon.page(|page| page["ids"]["refused"] == 1);
    assert!(page["ids"]["last_refusal"].to_string().contains("other-machine"), "{page}");
    world.runs(&mut daemon, RuleSet::Community);
    let (code, line, _) = world.site.ask(&["status", "--check"]);
    assert!(code == 2 && line.contains("it is a C9300-24T, which is not ic3000"), "{line}");
    world.site.says("no licence covers it");
    assert_eq!(daemon.stop(), 0);

    let mut daemon = start("IC3000-2C2F-K9");
    world.runs(&mut daemon, RuleSet::Subscriber);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_platform_that_counts_only_and_a_daemon_without_snort_say_so() {
    let site = Site::new();
    site.configure("platform = \"ie3x00\"\n[[interface]]\nname = \"lo\"\n[ids]\n");
    let output = Command::new(AGENT).arg("check-config").arg(site.path("agent.toml")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && said.contains("ie3x00 only counts") && said.contains("ic3000"),
        "{said}"
    );
    site.configure("[[interface]]\nfiles = [\"/dev/null\"]\n");
    let mut daemon = site.start();
    daemon.page(|page| page["ids"].is_null());
    let (code, line, _) = site.ask(&["ids", "status", "--check"]);
    assert!(code == 3 && line.contains("add an [ids] section"), "{line}");
}
