//! Random words of several sensors: the moved figures equal a full recount, and both equal a slow model.

use super::kit::*;
use crate::engine::fleet::Change;
use crate::engine::fleet::{Fact, FactId, Figures, Fleet, Input, Limits, Settings};
use crate::model::message::{CountingPolicy, Report, ReportedSighting};
use crate::model::sighting::Sighting;
use crate::model::time::UnixTime;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const SENSORS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    See(usize, Vec<Sighting>),
    NewEpoch(usize),
    Purge(usize),
    Forget(usize),
    Differs(usize),
    Equal(usize),
    External(Option<u8>, u64),
    Remove(usize),
    Reload,
}

fn any_sighting() -> impl Strategy<Value = Sighting> {
    let parts = (0u8..5, 0u8..5, 0u8..6, any::<bool>(), 0u64..3000, 0u64..3000, 0u8..3);
    parts.prop_filter_map("nothing was seen", |(mac, ip, kind, network, from, to, vlan)| {
        let mut sighting = sighting(&format!("{:02x}", mac + 1));
        sighting.ip = (ip > 0).then(|| IpAddr::from([10, 0, 0, ip]));
        (sighting.control, sighting.source) = (kind == 0, kind != 0 || ip % 2 == 0);
        sighting.claimed = kind == 1;
        sighting.mac = sighting.mac.filter(|_| mac > 0);
        sighting.network = if network { "x" } else { "y" }.into();
        (sighting.first, sighting.last) = (at(from.min(to)), at(from.max(to)));
        sighting.vlans = (0..vlan).map(u16::from).map(|id| id + 1).collect();
        sighting.fault().is_none().then_some(sighting)
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let who = 0usize..SENSORS.len();
    prop_oneof![
        8 => (who.clone(), prop::collection::vec(any_sighting(), 0..6)).prop_map(|(w, s)| Step::See(w, s)),
        1 => who.clone().prop_map(Step::NewEpoch),
        1 => who.clone().prop_map(Step::Purge),
        1 => who.clone().prop_map(Step::Forget),
        1 => who.clone().prop_map(Step::Differs),
        1 => who.clone().prop_map(Step::Equal),
        1 => (prop::option::of(1u8..5), 0u64..2000).prop_map(|(ip, after)| Step::External(ip, after)),
        1 => who.prop_map(Step::Remove),
        1 => Just(Step::Reload),
    ]
}

type Key = (String, Option<crate::model::mac::MacAddr>, Option<IpAddr>);

/// What a sensor told: in its epoch, and before.
#[derive(Clone, Default)]
struct Told {
    current: BTreeMap<Key, Sighting>,
    kept: BTreeMap<Key, Sighting>,
    until_equal: bool,
    forever: bool,
}

/// The count by its definition (counting rules, section 1), made anew from the facts each time.
fn count(told: &[Told], external: Option<u8>, confirm_after: u64) -> BTreeMap<String, Figures> {
    let facts: Vec<&Sighting> =
        told.iter().flat_map(|told| told.current.values().chain(told.kept.values())).collect();
    let internal = |ip: IpAddr| external.is_none_or(|n| ip != IpAddr::from([10, 0, 0, n]));
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for network in ["x", "y"] {
        let here: Vec<_> = facts.iter().filter(|fact| fact.network == network).collect();
        let mut ips: BTreeMap<IpAddr, Vec<&Sighting>> = BTreeMap::new();
        let mut macs: BTreeMap<_, Vec<&Sighting>> = BTreeMap::new();
        let (mut addressed, mut control) = (BTreeSet::new(), BTreeSet::new());
        for fact in here {
            let ip = fact.ip.filter(|ip| internal(*ip));
            ip.into_iter().for_each(|ip| ips.entry(ip).or_default().push(fact));
            let Some(mac) = fact.mac else { continue };
            addressed.extend(ip.map(|_| mac));
            control.extend(fact.control.then_some(mac));
            if fact.source {
                macs.entry(mac).or_default().push(fact);
            }
        }
        let confirmed = |seen: &[&Sighting]| {
            let first = seen.iter().map(|fact| fact.first).min().unwrap();
            seen.iter().map(|fact| fact.last).max().unwrap().since(first).as_secs() >= confirm_after
        };
        let mac_only: Vec<_> = macs.iter().filter(|(mac, _)| !addressed.contains(mac)).collect();
        let confirmed = ips.values().filter(|seen| confirmed(seen)).count()
            + mac_only.iter().filter(|(_, seen)| confirmed(seen)).count();
        let infrastructure =
            control.iter().filter(|mac| !macs.contains_key(mac) && !addressed.contains(mac)).count();
        let found = Figures {
            ip: ips.len() as u64,
            mac_only: mac_only.len() as u64,
            infrastructure: infrastructure as u64,
            confirmed: confirmed as u64,
        };
        if found != Figures::default() {
            figures.insert(network.into(), found);
        }
    }
    figures
}

struct World {
    kit: Kit,
    told: Vec<Told>,
    epochs: Vec<u128>,
    seqs: Vec<u64>,
    external: Option<u8>,
    confirm_after: u64,
    stored: BTreeMap<FactId, Fact>,
}

impl World {
    fn new() -> Self {
        let limits = Limits { renewals_apart: std::time::Duration::ZERO, ..Limits::default() };
        let (told, epochs, seqs) = (vec![Told::default(); 3], vec![1, 1001, 2001], vec![0; 3]);
        let (kit, stored) = (Kit::limited(&SENSORS, limits), BTreeMap::new());
        Self { kit, told, epochs, seqs, external: None, confirm_after: 1200, stored }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::See(who, sightings) => self.see(*who, sightings),
            Step::NewEpoch(who) => self.new_epoch(*who, false),
            Step::Purge(who) => self.new_epoch(*who, true),
            Step::Forget(who) => {
                self.kit.fleet.forget(&id(SENSORS[*who]), &mut self.kit.changes).unwrap();
                (self.told[*who].forever, self.told[*who].until_equal) = (false, false);
                self.told[*who].kept.clear();
            }
            Step::Differs(who) => self.differs(*who),
            Step::Equal(who) => self.equal(*who),
            Step::External(ip, after) => self.policy(*ip, *after),
            Step::Remove(who) => self.remove(*who),
            Step::Reload => self.reload(),
        }
        self.store();
    }

    fn see(&mut self, who: usize, sightings: &[Sighting]) {
        let numbered =
            |(seq, sighting): (u64, &Sighting)| ReportedSighting { seq, sighting: sighting.clone() };
        let after = self.seqs[who];
        let report = Report {
            sensor: id(SENSORS[who]),
            epoch: epoch(self.epochs[who]),
            sent: at(0),
            after,
            to: after + sightings.len() as u64,
            sightings: (after + 1..).zip(sightings).map(numbered).collect(),
        };
        self.seqs[who] = report.to;
        self.kit.report(&report).unwrap();
        for sighting in sightings {
            let key = (sighting.network.clone(), sighting.mac, sighting.ip);
            let told = &mut self.told[who];
            let mut new = sighting.clone();
            // Times unite with what is known of the key, told before or not.
            for old in told.current.get(&key).iter().chain(&told.kept.get(&key)) {
                (new.first, new.last) = (new.first.min(old.first), new.last.max(old.last));
            }
            if let Some(kept) = told.kept.get_mut(&key) {
                (kept.first, kept.last) = (new.first, new.last);
            }
            told.current.insert(key, new);
        }
    }

    fn new_epoch(&mut self, who: usize, ordered: bool) {
        if ordered && self.kit.fleet.order_purge(&id(SENSORS[who]), &mut self.kit.changes).is_err() {
            return;
        }
        (self.epochs[who], self.seqs[who]) = (self.epochs[who] + 1, 0);
        let told = &mut self.told[who];
        if ordered {
            *told = Told::default();
        } else {
            told.keep();
            told.forever = !told.kept.is_empty();
            told.until_equal = false;
        }
        self.see(who, &[]);
    }

    fn differs(&mut self, who: usize) {
        let (sensor, seq) = (SENSORS[who], self.seqs[who]);
        let mut status = status(sensor, epoch(self.epochs[who]), seq, seq, &[sighting("ee")]);
        status.sent = at(0);
        let had_begun = self.kit.fleet.sensor(&id(sensor), now(0)).unwrap().sensor.session.epoch.is_some();
        self.kit.status(&status);
        if had_begun {
            self.told[who].keep();
            self.told[who].until_equal = !self.told[who].forever;
        }
        self.seqs[who] = 0;
    }

    fn equal(&mut self, who: usize) {
        let current: Vec<_> = self.told[who].current.values().cloned().collect();
        let (sensor, seq) = (SENSORS[who], self.seqs[who]);
        let answer = self.kit.status(&status(sensor, epoch(self.epochs[who]), seq, seq, &current));
        assert!(answer.is_none_or(|(_, seq, _)| seq == 0), "the digest is of the current epoch's facts");
        if self.told[who].until_equal {
            self.told[who].until_equal = false;
            self.told[who].kept.clear();
        }
    }

    fn policy(&mut self, ip: Option<u8>, after: u64) {
        let external = ip.map(|n| format!("10.0.0.{n}/32").parse().unwrap()).into_iter().collect();
        let policy = CountingPolicy { external, confirm_after_seconds: after, ..CountingPolicy::default() };
        self.kit.fleet.set_policy(policy, &mut self.kit.changes).unwrap();
        (self.external, self.confirm_after) = (ip, after);
    }

    fn remove(&mut self, who: usize) {
        self.kit.fleet.remove(&id(SENSORS[who]), &mut self.kit.changes).unwrap();
        let platform = "ic3000";
        self.store();
        self.kit
            .fleet
            .enroll(&id(SENSORS[who]), platform, Default::default(), now(0), &mut self.kit.changes)
            .unwrap();
        (self.told[who], self.seqs[who]) = (Told::default(), 0);
        self.epochs[who] += 1;
    }

    /// What a store would hold.
    fn store(&mut self) {
        for change in self.kit.changes.drain(..) {
            match change {
                Change::Facts(facts) => self.stored.extend(facts),
                Change::Gone(gone) => gone.iter().for_each(|id| assert!(self.stored.remove(id).is_some())),
                _ => {}
            }
        }
    }

    /// A Center that starts again from its store.
    fn reload(&mut self) {
        let old = &self.kit.fleet;
        let settings = Settings { hash_key: [3, 4], limits: *old.limits(), policy: old.policy().clone() };
        let mut fleet = Fleet::new(settings).unwrap();
        for (at, (name, _)) in old.networks.iter().enumerate() {
            fleet.load_network(crate::engine::fleet::union::number(at), name.clone()).unwrap();
        }
        for view in old.sensors(now(0)) {
            fleet.load_sensor(view.sensor.clone(), now(0)).unwrap();
        }
        for (id, fact) in &self.stored {
            fleet.load_fact(*id, *fact).unwrap();
        }
        fleet.loaded();
        self.kit.fleet = fleet;
    }

    fn check(&self) {
        let usage = self.kit.fleet.usage();
        let moved: BTreeMap<_, _> = usage.networks.into_iter().map(|n| (n.network, n.figures)).collect();
        let recounted: BTreeMap<_, _> = self
            .kit
            .fleet
            .recount()
            .into_iter()
            .filter(|(_, figures)| *figures != Figures::default())
            .map(|(name, figures)| (name.to_owned(), figures))
            .collect();
        assert_eq!(moved, recounted, "moved and recounted");
        assert_eq!(moved, count(&self.told, self.external, self.confirm_after), "fleet and model");
        let components = self.kit.fleet.components().filter(|c| c.confirmed).count() as u64;
        assert_eq!(components, usage.total.confirmed);
        assert_eq!(usage.facts, self.stored.len() as u64);
    }
}

impl Told {
    fn keep(&mut self) {
        for (key, mut sighting) in std::mem::take(&mut self.current) {
            if let Some(kept) = self.kept.get(&key) {
                sighting.source |= kept.source;
                sighting.control |= kept.control;
                sighting.claimed |= kept.claimed;
                let widest = |one: UnixTime, other: UnixTime| (one.min(other), one.max(other));
                sighting.first = widest(sighting.first, kept.first).0;
                sighting.last = widest(sighting.last, kept.last).1;
            }
            self.kept.insert(key, sighting);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn moved_figures_equal_a_recount_and_the_model(steps in prop::collection::vec(any_step(), 1..40)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
    }
}

#[test]
fn doubled_and_reordered_reports_change_nothing() {
    let all: Vec<_> = (1..=9).map(|n| sighting(&format!("0{n} 10.0.0.{n}"))).collect();
    let parts: Vec<_> = (0..3).map(|n| report("a", epoch(1), n * 3, &all[n as usize * 3..][..3])).collect();
    let mut kit = Kit::new(&["a"]);
    for at in [0, 2, 1, 0, 2, 2, 1, 0] {
        kit.say(Input::Report(&parts[at])).unwrap();
    }
    assert_eq!(kit.counted(), (9, 0));
    assert_eq!(kit.status(&status("a", epoch(1), 9, 9, &all)), None);
    assert!(kit.fleet.sensor(&id("a"), now(0)).unwrap().equal);
}
