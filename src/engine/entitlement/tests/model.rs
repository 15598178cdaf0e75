//! Random lives: whatever comes in whatever order, Subscriber rules run only under a lease, and never nothing.

use super::super::Effective;
use super::super::gate::{Action, Gate, Input, Order, Setback, Staged};
use super::super::issue::Recipient;
use super::super::trust::Trust;
use super::kit::*;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::{Now, Ticks, UnixTime};
use proptest::prelude::*;
use std::time::Duration;

const NEWER: Effective = Effective { set: RuleSet::Community, bundle: BundleDigest::from_bytes([3; 32]) };
const OLDER: Effective = Effective { set: RuleSet::Subscriber, bundle: BundleDigest::from_bytes([4; 32]) };
const UNLEASED: Effective = Effective { set: RuleSet::Subscriber, bundle: BundleDigest::from_bytes([5; 32]) };
/// All that is staged, of each set the best first.
const BUNDLES: [Effective; 5] = [NEWER, COMMUNITY, SUBSCRIBER, OLDER, UNLEASED];

#[derive(Clone, Debug)]
enum Step {
    /// The Center decides; the lease arrives now, or is kept back.
    Decide { granted: bool, kept_back: bool },
    /// What was kept back arrives, or an old one again.
    Deliver(usize),
    /// Time passes.
    Wait(Duration),
    /// The wall clock is set, relative to the true time.
    SetClock(i64),
    /// Snort does, fails, or does something else.
    Snort(Outcome),
    /// Snort refuses bundles: bit by bit those of [`BUNDLES`].
    Refuse(u8),
    /// Somebody loads rules by hand.
    Tamper(bool),
    /// The store works, or not.
    Store(bool),
    /// The program is killed and started again.
    Restart,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Does,
    Fails,
    Hangs,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>()).prop_map(|(granted, kept_back)| Step::Decide { granted, kept_back }),
        2 => (0..64usize).prop_map(Step::Deliver),
        4 => (0..400_000u64).prop_map(|secs| Step::Wait(Duration::from_secs(secs))),
        2 => (-900_000_000..900_000_000i64).prop_map(Step::SetClock),
        3 => prop_oneof![Just(Outcome::Does), Just(Outcome::Fails), Just(Outcome::Hangs)].prop_map(Step::Snort),
        2 => any::<u8>().prop_map(Step::Refuse),
        1 => any::<bool>().prop_map(Step::Tamper),
        1 => any::<bool>().prop_map(Step::Store),
        1 => Just(Step::Restart),
    ]
}

/// A lease as the slow model knows it: true times, no floor, no signature.
#[derive(Clone)]
struct Issued {
    envelope: Vec<u8>,
    granted: bool,
    ends: UnixTime,
    generation: u64,
}

struct World {
    gate: Gate,
    /// True time since the start.
    time: Duration,
    /// The wall clock is off by so many seconds.
    off: i64,
    booted: Duration,
    issued: Vec<Issued>,
    stored: (Trust, Option<Vec<u8>>),
    store_works: bool,
    snort: Outcome,
    refuses: u8,
    runs: Effective,
    order: Option<Effective>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            gate: Gate::new(holder(), trust(), at(Duration::ZERO)),
            time: Duration::ZERO,
            off: 0,
            booted: Duration::ZERO,
            issued: Vec::new(),
            stored: (trust(), None),
            store_works: true,
            snort: Outcome::Does,
            refuses: 0,
            runs: COMMUNITY,
            order: None,
        };
        world.boot();
        world
    }

    fn true_wall(&self) -> UnixTime {
        START.plus(self.time)
    }

    fn now(&self) -> Now {
        let wall = i64::try_from(self.true_wall().millis()).unwrap() + self.off * 1000;
        let wall = UnixTime::from_millis(u64::try_from(wall.max(0)).unwrap());
        let up = self.time.checked_sub(self.booted).unwrap();
        Now { ticks: Ticks::from_millis(0).plus(up), wall }
    }

    fn boot(&mut self) {
        self.booted = self.time;
        self.order = None;
        let now = self.now();
        self.gate = Gate::new(holder(), self.stored.0.clone(), now);
        let of = |set| BUNDLES.iter().filter(move |one| one.set == set).map(|one| one.bundle).collect();
        let staged = Staged { community: of(RuleSet::Community), subscriber: of(RuleSet::Subscriber) };
        self.gate.handle(Input::Staged(staged), now);
        if let Some(envelope) = self.stored.1.clone() {
            self.gate.handle(Input::Lease(envelope), now);
        }
        self.gate.handle(Input::Observed(Some(self.runs)), now);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Decide { granted, kept_back } => self.decide(granted, kept_back),
            Step::Deliver(which) if !self.issued.is_empty() => {
                let envelope = self.issued[which % self.issued.len()].envelope.clone();
                self.gate.handle(Input::Lease(envelope), self.now());
            }
            Step::Wait(time) => self.wait(time),
            Step::SetClock(off) => self.off = off,
            Step::Snort(outcome) => self.snort = outcome,
            Step::Refuse(which) => self.refuses = which,
            Step::Tamper(subscriber) if self.order.is_none() => {
                self.runs = if subscriber { UNLEASED } else { COMMUNITY };
                self.gate.handle(Input::Observed(Some(self.runs)), self.now());
            }
            Step::Store(works) => self.store_works = works,
            Step::Restart => self.boot(),
            Step::Deliver(_) | Step::Tamper(_) => {}
        }
        self.obey();
    }

    fn decide(&mut self, granted: bool, kept_back: bool) {
        let (generation, issued) = (self.issued.len() as u64 + 1, self.true_wall());
        let decision = if granted { GRANTED } else { CHOSEN };
        // None of these proves that it is fresh: that the clock's floor can be told anew has tests of its own.
        let to = Recipient { instance: None, ..recipient() };
        let envelope = changed(&issued_to(&to, decision, generation, issued), |lease| {
            lease.bundles = vec![SUBSCRIBER.bundle, OLDER.bundle];
        });
        self.issued.push(Issued {
            envelope: envelope.clone(),
            granted,
            ends: issued.plus(7 * DAY),
            generation,
        });
        if !kept_back {
            self.gate.handle(Input::Lease(envelope), self.now());
        }
    }

    /// In small steps, as the program's timers do, so that ends are noticed.
    fn wait(&mut self, time: Duration) {
        let end = self.time + time;
        while self.time < end {
            let now = self.now();
            let deadline = self.gate.next_deadline(now).map_or(DAY, |at| at.since(now.ticks));
            self.time = end.min(self.time + deadline.clamp(Duration::from_secs(1), DAY));
            self.obey();
        }
    }

    fn obey(&mut self) {
        for _ in 0..64 {
            let now = self.now();
            if let Some(order) = self.order.take_if(|_| self.snort != Outcome::Hangs) {
                let refused = self.refuses(order);
                let why = || Setback { code: "some".to_owned(), of_bundle: refused };
                let does = self.snort == Outcome::Does && !refused;
                let outcome = if does { Ok(order) } else { Err(why()) };
                self.runs = outcome.clone().unwrap_or(self.runs);
                self.gate.handle(Input::Switched(outcome), now);
            }
            match self.gate.poll(now) {
                None => return,
                Some(Action::Tell(_)) => {}
                Some(Action::Store { trust, envelope }) if self.store_works => {
                    self.stored = (*trust, Some(envelope));
                    self.gate.handle(Input::Stored, now);
                }
                Some(Action::Store { .. }) => self.gate.handle(Input::NotStored, now),
                Some(Action::Switch(order)) => self.ordered(&order),
            }
        }
        panic!("the gate does not come to rest");
    }

    fn refuses(&self, bundle: Effective) -> bool {
        BUNDLES.iter().position(|one| *one == bundle).is_some_and(|place| self.refuses >> place & 1 == 1)
    }

    /// What may run now, the best first.
    fn ranks(&self) -> Vec<Effective> {
        let granted = self.gate.grant(self.now()).is_ok();
        let leased = [SUBSCRIBER, OLDER].into_iter().filter(|_| granted);
        leased.chain([NEWER, COMMUNITY]).collect()
    }

    /// As it must be once all works but what Snort refuses: nothing runs that is worse than the best that it takes.
    fn check_rest(&self) {
        let ranks = self.ranks();
        let Some(best) = ranks.iter().position(|one| !self.refuses(*one)) else { return };
        let rank = ranks.iter().position(|one| *one == self.runs);
        assert!(
            rank.is_some_and(|rank| rank <= best),
            "{:?} runs, of {ranks:?} place {best} could",
            self.runs
        );
        assert_eq!(self.gate.effective(), Some(self.runs));
    }

    /// The invariant: an order for Subscriber rules stands on a lease that is granted and has not ended in true time,
    /// and on none that an accepted later decision replaced.
    fn ordered(&mut self, order: &Order) {
        self.order = Some(order.effective());
        if let Order::Subscriber(_) = order {
            let accepted = self.stored.0.generation;
            let lease = self.issued.iter().find(|one| one.generation == accepted).expect("one was accepted");
            assert!(lease.granted, "decision {accepted} was for Community");
            assert_ne!(order.effective(), UNLEASED);
            let slow = self.slow_time();
            assert!(slow < lease.ends, "ended {}, it is {slow}", lease.ends);
        }
    }

    /// What the gate can know of the true time at the least: what the wall clock says, and what was stored.
    fn slow_time(&self) -> UnixTime {
        let up = self.time.checked_sub(self.booted).unwrap();
        self.now().wall.max(self.stored.0.latest).max(UnixTime::NEVER.plus(up))
    }
}

fn lives() -> u32 {
    std::env::var("TOLLGATE_LIVES").ok().and_then(|lives| lives.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: lives(), ..ProptestConfig::default() })]

    #[test]
    fn subscriber_rules_only_under_a_lease(steps in prop::collection::vec(step(), 1..100)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        // Faults stop, first all but what Snort refuses: what should run, runs.
        (world.snort, world.store_works, world.off) = (Outcome::Does, true, 0);
        for refuses in [world.refuses, 0] {
            world.refuses = refuses;
            world.obey();
            world.wait(Duration::from_mins(20));
            world.check_rest();
        }
    }

    /// Whoever sets the clock to whatever: under one lease no more than its validity is ever run.
    #[test]
    fn one_lease_is_one_validity(steps in prop::collection::vec((0..200_000u64, -9_000_000..0i64), 1..40)) {
        let mut world = World::new();
        world.step(Step::Decide { granted: true, kept_back: false });
        let mut run = Duration::ZERO;
        for (secs, off) in steps {
            world.step(Step::SetClock(off));
            let before = (world.time, world.runs.set);
            world.wait(Duration::from_secs(secs.min(3600)));
            if before.1 == RuleSet::Subscriber && world.runs.set == RuleSet::Subscriber {
                run += world.time.checked_sub(before.0).unwrap();
            }
            world.wait(Duration::from_secs(secs));
        }
        prop_assert!(run <= 7 * DAY, "{run:?}");
    }
}
