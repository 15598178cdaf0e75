//! The gate: which rule set Snort is to run, and what is to be done about it.
//!
//! It compares what should run with what is known to run, and orders one switch at a time until both are the same. What
//! should run is asked anew at each step; nothing is remembered that could outlive its lease. See the room's drawing.

use super::grant::{Denial, Effective, SubscriberGrant};
use super::lease::{Holder, LeaseRefusal, Verified, verify};
use super::trust::{FloorClock, Trust};
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::{Now, Ticks, UnixTime};
use std::time::Duration;

/// Subscriber rules are left this long before their lease ends, so that Snort's reload is over by then.
pub const LEAVE_BEFORE: Duration = Duration::from_mins(1);
/// The first wait after a switch that failed; doubled each time.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// The longest wait. On the way back from Subscriber rules the first wait is the only one.
const RETRY_LAST: Duration = Duration::from_mins(10);

/// What is told to the gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// An envelope, from the Center or, at the start, from the store.
    Lease(Vec<u8>),
    /// What was to be stored is durable.
    Stored,
    /// It could not be stored; it is asked for again after a while.
    NotStored,
    /// The bundles that are staged: whole, and verified.
    Staged(Staged),
    /// The switch that was ordered ended: what was read back from Snort, or why nothing changed.
    Switched(Result<Effective, Setback>),
    /// What the watch read back from Snort; `None` when it runs what nobody ordered, or does not run.
    Observed(Option<Effective>),
}

/// Why a switch changed nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setback {
    /// The reason code.
    pub code: String,
    /// Whether it is the bundle that Snort refuses: then another one may serve.
    pub of_bundle: bool,
}

/// Bundles on the disk, the newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Staged {
    /// Community bundles; there is always one once an operator brought it.
    pub community: Vec<BundleDigest>,
    /// Subscriber bundles. Which of them is the best, the lease says.
    pub subscriber: Vec<BundleDigest>,
}

/// One switch.
#[derive(PartialEq, Eq, Debug)]
pub enum Order {
    /// Needs no right.
    Community(BundleDigest),
    /// Needs one.
    Subscriber(SubscriberGrant),
}

impl Order {
    /// What is to run after it.
    pub const fn effective(&self) -> Effective {
        match self {
            Self::Community(bundle) => Effective { set: RuleSet::Community, bundle: *bundle },
            Self::Subscriber(grant) => grant.effective(),
        }
    }
}

/// What is to be done.
#[derive(PartialEq, Eq, Debug)]
pub enum Action {
    /// Make both durable, then say [`Input::Stored`].
    Store {
        /// What must never be forgotten.
        trust: Box<Trust>,
        /// The envelope, to be verified again at the next start.
        envelope: Vec<u8>,
    },
    /// Carry out, then say [`Input::Switched`].
    Switch(Order),
    /// Tell people.
    Tell(Notice),
}

/// What people are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A lease was refused; nothing changed.
    Refused(LeaseRefusal),
    /// The wall clock went back by this much. No right is longer for it.
    ClockBack(Duration),
    /// Another set runs.
    Runs(Effective),
    /// A switch failed; what ran before still runs.
    SwitchFailed(String),
    /// Snort refuses a bundle; the next older one serves meanwhile.
    SteppedBack {
        /// What is refused.
        from: Effective,
        /// What serves.
        to: Effective,
    },
    /// Snort runs something that was not ordered.
    Tampered,
}

/// How the gate stands, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Community, as it should be.
    Community,
    /// A switch is under way.
    Validating,
    /// Subscriber, under a lease.
    Subscriber,
    /// Not what should run, or not what was leased; why.
    Fallback(String),
}

/// A trust and an envelope on their way to the disk.
#[derive(Clone, Debug)]
struct Accepted {
    lease: Verified,
    envelope: Vec<u8>,
    asked: Option<Ticks>,
}

/// A switch that failed.
#[derive(Clone, Debug)]
struct Failure {
    wanted: Effective,
    why: Setback,
    again: Ticks,
    wait: Duration,
}

impl Failure {
    fn leaves(&self, now: Now) -> bool {
        self.why.of_bundle && now.ticks < self.again
    }
}

/// Bundles of which it is known that a switch to them failed.
const FAILURES_MAX: usize = 32;

/// See the room's description.
#[derive(Debug)]
pub struct Gate {
    holder: Holder,
    trust: Trust,
    clock: FloorClock,
    lease: Option<Verified>,
    accepted: Option<Accepted>,
    staged: Staged,
    effective: Option<Effective>,
    under_way: Option<Effective>,
    /// The newest last; one a bundle.
    failures: heapless::Deque<Failure, FAILURES_MAX>,
    clock_back: bool,
    notices: heapless::Deque<Notice, 16>,
}

impl Gate {
    /// At the start. The stored lease is not part of it: it comes as [`Input::Lease`] and is verified again.
    pub fn new(holder: Holder, trust: Trust, now: Now) -> Self {
        Self {
            holder,
            clock: FloorClock::new(trust.latest, now),
            trust,
            lease: None,
            accepted: None,
            staged: Staged::default(),
            effective: None,
            under_way: None,
            failures: heapless::Deque::new(),
            clock_back: false,
            notices: heapless::Deque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.observe_clock(now);
        match input {
            Input::Lease(envelope) => self.receive(envelope),
            Input::Stored => self.stored(now),
            Input::NotStored => {}
            Input::Staged(staged) => self.take_staged(staged),
            Input::Switched(outcome) => self.switched(outcome, now),
            Input::Observed(effective) => self.observed(effective),
        }
    }

    /// What is to be done now, if anything; asked until nothing is.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        self.observe_clock(now);
        let told = self.notices.pop_front().map(Action::Tell);
        told.or_else(|| self.store(now)).or_else(|| self.switch(now))
    }

    /// When it wants to be asked again without having been told anything.
    pub fn next_deadline(&self, now: Now) -> Option<Ticks> {
        let stored = self.accepted.as_ref().and_then(|one| one.asked).map(|at| at.plus(RETRY_FIRST));
        let retried = self.failures.iter().map(|failure| failure.again).filter(|at| *at > now.ticks);
        let lease = self.lease.iter().flat_map(|held| [held.begins(), leave_at(held)]);
        let time = self.clock.time(now);
        let turns = lease.filter(|at| *at > time).map(|at| now.ticks.plus(at.since(time)));
        stored.into_iter().chain(retried).chain(turns).min()
    }

    /// How it stands.
    pub fn state(&self, now: Now) -> State {
        if self.under_way.is_some() {
            return State::Validating;
        }
        match (self.grant(now), self.effective) {
            (Ok(grant), Some(runs)) if runs == grant.effective() => State::Subscriber,
            (Err(Denial::NoLease | Denial::Decided), Some(runs)) if runs.set == RuleSet::Community => {
                State::Community
            }
            (right, _) => State::Fallback(self.reason(right, now)),
        }
    }

    /// Why what should run does not; else why there is no right to more.
    fn reason(&self, right: Result<SubscriberGrant, Denial>, now: Now) -> String {
        let (denial, best) = (right.as_ref().err().copied(), right.ok().map(|grant| grant.effective()));
        let missing = best.or_else(|| self.to_run(now)).filter(|wanted| self.effective != Some(*wanted));
        let failed = missing.and_then(|wanted| self.failure(wanted)).map(|failure| failure.why.code.clone());
        failed.unwrap_or_else(|| denial.map_or("not-switched", Denial::code).to_owned())
    }

    /// The right to run Subscriber rules now, or why there is none.
    ///
    /// # Errors
    /// See [`Denial`].
    pub fn grant(&self, now: Now) -> Result<SubscriberGrant, Denial> {
        let lease = self.lease.as_ref().ok_or(Denial::NoLease)?;
        let time = self.clock.time(now);
        let staged = &self.staged.subscriber;
        let served = |bundle: &BundleDigest| !self.is_left(RuleSet::Subscriber, *bundle, now);
        let usable: Vec<_> = staged.iter().copied().filter(served).collect();
        let grant = SubscriberGrant::of(lease, &usable, time).or_else(|denial| match denial {
            // Snort refused all of them: the best is tried again.
            Denial::NoBundle => SubscriberGrant::of(lease, staged, time),
            denial => Err(denial),
        })?;
        if time >= leave_at(lease) { Err(Denial::Expired(lease.lease().expires_at)) } else { Ok(grant) }
    }

    /// What is to run now.
    pub fn to_run(&self, now: Now) -> Option<Effective> {
        self.wanted(now).map(|order| order.effective())
    }

    /// The bundles that Snort refused and that are left for now, and the reason codes.
    pub fn left(&self, now: Now) -> impl Iterator<Item = (Effective, &str)> {
        let left = self.failures.iter().filter(move |failure| failure.leaves(now));
        left.map(|failure| (failure.wanted, failure.why.code.as_str()))
    }

    /// The lease held, if any.
    pub fn lease(&self) -> Option<&Verified> {
        self.lease.as_ref()
    }

    /// What is known to run.
    pub const fn effective(&self) -> Option<Effective> {
        self.effective
    }

    /// What is durable, with the floor of the clock as it is now: to be stored now and then.
    pub fn trust(&self) -> Trust {
        Trust { latest: self.clock.floor(), ..self.trust.clone() }
    }

    /// The clock's time never goes back; that the wall clock did is told once.
    fn observe_clock(&mut self, now: Now) {
        let back = self.clock.observe(now);
        if let Some(behind) = back.filter(|_| !self.clock_back) {
            self.tell(Notice::ClockBack(behind));
        }
        self.clock_back = back.is_some();
    }

    fn receive(&mut self, envelope: Vec<u8>) {
        match verify(&envelope, &self.holder, &self.trust) {
            // Retained, it comes at each connection: nothing is new, and storing it would wear the disk.
            Ok(lease) if self.lease.is_some() && *lease.trust() == self.trust => {}
            Ok(lease) => self.accepted = Some(Accepted { lease, envelope, asked: None }),
            Err(refusal) => self.tell(Notice::Refused(refusal)),
        }
    }

    /// A lease takes effect once it cannot be forgotten.
    fn stored(&mut self, now: Now) {
        let Some(Accepted { lease, .. }) = self.accepted.take_if(|one| one.asked.is_some()) else { return };
        self.clock = FloorClock::new(self.floor_with(&lease, now), now);
        self.trust = lease.trust().clone();
        self.lease = Some(lease);
    }

    /// What is gone from the disk and comes again is another try.
    fn take_staged(&mut self, staged: Staged) {
        self.staged = staged;
        let Staged { community, subscriber } = &self.staged;
        self.failures.retain(|failure| match failure.wanted.set {
            RuleSet::Community => community.contains(&failure.wanted.bundle),
            RuleSet::Subscriber => subscriber.contains(&failure.wanted.bundle),
        });
    }

    fn switched(&mut self, outcome: Result<Effective, Setback>, now: Now) {
        let Some(wanted) = self.under_way.take() else { return };
        match outcome {
            Ok(runs) if runs == wanted => {
                self.failures.retain(|failure| failure.wanted != wanted);
                self.runs(runs);
            }
            // It says that it did something else: that is no success.
            Ok(runs) => {
                self.runs(runs);
                self.failed(wanted, Setback { code: "other-set".to_owned(), of_bundle: false }, now);
            }
            Err(why) => self.failed(wanted, why, now),
        }
    }

    fn runs(&mut self, runs: Effective) {
        if self.effective != Some(runs) {
            self.effective = Some(runs);
            self.tell(Notice::Runs(runs));
        }
    }

    fn failed(&mut self, wanted: Effective, why: Setback, now: Now) {
        let before = self.failure(wanted).cloned();
        // Nothing keeps from trying the way back soon, and again, while it is not known that Community runs.
        let urgent = wanted.set == RuleSet::Community
            && self.effective.is_none_or(|runs| runs.set != RuleSet::Community);
        let wait = match &before {
            Some(failure) if !urgent => (failure.wait * 2).min(RETRY_LAST),
            _ => RETRY_FIRST,
        };
        self.tell(Notice::SwitchFailed(why.code.clone()));
        self.failures.retain(|failure| failure.wanted != wanted);
        if self.failures.is_full() {
            self.failures.pop_front();
        }
        let kept = self.failures.push_back(Failure { wanted, why, again: now.ticks.plus(wait), wait });
        debug_assert!(kept.is_ok(), "room was made");
        let other = self.to_run(now).filter(|to| to.set == wanted.set && *to != wanted);
        if let Some(to) = other.filter(|_| before.is_none()) {
            self.tell(Notice::SteppedBack { from: wanted, to });
        }
    }

    fn failure(&self, wanted: Effective) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.wanted == wanted)
    }

    /// Whether Snort refused this bundle, and it is not yet time to try it again.
    fn is_left(&self, set: RuleSet, bundle: BundleDigest, now: Now) -> bool {
        self.failure(Effective { set, bundle }).is_some_and(|failure| failure.leaves(now))
    }

    fn observed(&mut self, effective: Option<Effective>) {
        // While a switch is under way both sets may be read.
        if self.under_way.is_none() && effective != self.effective {
            if self.effective.is_some() {
                self.tell(Notice::Tampered);
            }
            self.effective = effective;
        }
    }

    fn store(&mut self, now: Now) -> Option<Action> {
        let one = self.accepted.as_ref()?;
        if one.asked.is_some_and(|at| now.ticks < at.plus(RETRY_FIRST)) {
            return None;
        }
        let trust = Trust { latest: self.floor_with(&one.lease, now), ..one.lease.trust().clone() };
        let one = self.accepted.as_mut()?;
        one.asked = Some(now.ticks);
        Some(Action::Store { trust: Box::new(trust), envelope: one.envelope.clone() })
    }

    /// The clock's floor once `lease` is accepted. A new decision that was made during this run tells the time anew, so
    /// that a clock that once ran ahead does not end all rights for good; any other only moves the floor forward.
    fn floor_with(&self, lease: &Verified, now: Now) -> UnixTime {
        let said = lease.lease();
        let anew = said.generation > self.trust.generation && said.instance == Some(self.holder.instance);
        let known = if anew { now.wall } else { self.clock.time(now) };
        known.max(said.issued_at)
    }

    fn switch(&mut self, now: Now) -> Option<Action> {
        let order = self.wanted(now)?;
        let wanted = order.effective();
        let rests = self.under_way.is_some() || self.effective == Some(wanted);
        if rests || self.waits(wanted, now) {
            return None;
        }
        self.under_way = Some(wanted);
        Some(Action::Switch(order))
    }

    /// What should run: of each set the best that Snort does not refuse.
    fn wanted(&self, now: Now) -> Option<Order> {
        let community = self.community(now).map(Order::Community);
        let Ok(grant) = self.grant(now) else { return community };
        // Community, rather than to wait without rules or with some that no lease lists.
        let waits = self.waits(grant.effective(), now) && !self.runs_leased();
        if waits { community } else { Some(Order::Subscriber(grant)) }
    }

    fn community(&self, now: Now) -> Option<BundleDigest> {
        let all = &self.staged.community;
        let served = all.iter().find(|bundle| !self.is_left(RuleSet::Community, **bundle, now));
        served.or(all.first()).copied()
    }

    fn waits(&self, wanted: Effective, now: Now) -> bool {
        self.failure(wanted).is_some_and(|failure| now.ticks < failure.again)
    }

    fn runs_leased(&self) -> bool {
        let runs = self.effective.filter(|runs| runs.set == RuleSet::Subscriber);
        let listed = |runs: Effective, held: &Verified| held.lease().bundles.contains(&runs.bundle);
        runs.zip(self.lease.as_ref()).is_some_and(|(runs, held)| listed(runs, held))
    }

    /// When there are too many, the oldest is dropped: the newest says how it stands.
    fn tell(&mut self, notice: Notice) {
        if self.notices.is_full() {
            self.notices.pop_front();
        }
        let pushed = self.notices.push_back(notice);
        debug_assert!(pushed.is_ok(), "room was made");
    }
}

/// When Subscriber rules are left.
fn leave_at(lease: &Verified) -> UnixTime {
    let before = u64::try_from(LEAVE_BEFORE.as_millis()).unwrap_or(u64::MAX);
    UnixTime::from_millis(lease.lease().expires_at.millis().saturating_sub(before))
}
