//! From the lanes to the store: facts taken, merged, and what becomes of the store's jobs.

use super::{Hub, MINUTE, SECOND, STORE_PAUSE, WAITING_MAX};
use crate::app::agent::run::keeper::{Done, Job, Opened};
use crate::app::agent::run::lane::{Facts, Order};
use crate::app::agent::run::networks::{note_left_out, number_or_add};
use crate::engine::inventory::changes::Known;
use crate::engine::inventory::policy::Policy;
use crate::engine::sync::{Input, Position};
use crate::io::clock;
use crate::model::key::{Key, NetworkId};
use crate::model::message::{EventKind, Pair, ReportedActivity, ReportedNameplate, Severity, Subject};
use crate::model::nameplate::Nameplate;
use crate::model::time::Now;
use std::sync::Arc;

impl Hub {
    /// Takes what the lanes hand over, as long as it can wait, or must be counted.
    pub(super) fn take_facts(&mut self, now: Now) {
        let mut born = 0;
        for at in 0..self.lanes.len() {
            while (self.has_room() || self.counts_without_store())
                && let Some(facts) = self.lanes[at].lane.facts()
            {
                born += self.take(at, &facts, now);
            }
        }
        self.note_births(born, now);
    }

    fn has_room(&self) -> bool {
        self.shelf.waiting.len() < WAITING_MAX
    }

    /// The union knows only what it is given; a lane that is alone counts by itself.
    fn counts_without_store(&self) -> bool {
        self.union.is_some() && self.shelf.fault.is_some()
    }

    /// Once the store works, lanes tell all again of which something found no room.
    pub(super) fn call_in_owed(&mut self) {
        if self.shelf.fault.is_some() || !self.has_room() {
            return;
        }
        for watched in self.lanes.iter_mut().filter(|watched| watched.owed > 0) {
            if watched.lane.order(Order::TellAgain) {
                watched.owed = 0;
            }
        }
    }

    /// Facts that the store has not been given, as far as they are known here.
    pub(super) fn unstored(&self) -> usize {
        self.shelf.waiting.len() + self.lanes.iter().map(|watched| watched.owed).sum::<usize>()
    }

    /// Takes some facts of a lane; returns how many components they bear.
    fn take(&mut self, at: usize, facts: &Facts, now: Now) -> u64 {
        // Learned under a policy that is no more.
        if facts.generation != self.course.generation {
            return 0;
        }
        let (has_room, mut births) = (self.has_room(), 0);
        for told in &facts.told {
            let born = self.is_born(&told.known, told.born);
            births += u64::from(born);
            if let Some(eve) = self.eve.as_ref().filter(|_| born) {
                eve.component(&told.known, self.name_of(told.known.key.network()), now.wall);
            }
            if has_room {
                self.shelf.waiting.push(told.known);
            }
        }
        if !has_room {
            self.lanes[at].owed += facts.told.len();
        }
        self.tell_nameplates(&facts.nameplates, now);
        self.tell_activities(facts, now);
        births
    }

    fn tell_nameplates(&mut self, nameplates: &[(Key, Nameplate)], now: Now) {
        for (key, nameplate) in nameplates {
            let subject = Subject::of(*key, self.name_of(key.network()));
            let told = ReportedNameplate { subject, nameplate: nameplate.clone() };
            self.reporter.handle(Input::Nameplate(Box::new(told)), now);
        }
    }

    fn tell_activities(&mut self, facts: &Facts, now: Now) {
        if facts.incomplete {
            self.reporter.handle(Input::ActivitiesIncomplete, now);
        }
        for (talk, traffic) in &facts.activities {
            let pair = Pair::of(talk, self.name_of(talk.one.network()));
            let told = ReportedActivity { pair, traffic: *traffic };
            self.reporter.handle(Input::Activity(Box::new(told)), now);
        }
    }

    /// Whether a fact bears a component: of several lanes, the union knows.
    fn is_born(&mut self, known: &Known, in_its_lane: bool) -> bool {
        let Some(union) = &mut self.union else { return in_its_lane };
        let before = union.table().census();
        union.restore(known);
        let after = union.table().census();
        after.ip > before.ip || after.components() > before.components()
    }

    pub(super) fn name_of(&self, network: NetworkId) -> &str {
        self.networks.get(usize::from(network.0)).map_or("", String::as_str)
    }

    /// Gives the store its next job, if it is free and it is time.
    pub(super) fn employ_store(&mut self, now: Now) {
        let fresh = self.fresh_epoch();
        let shelf = &mut self.shelf;
        if shelf.keeper.is_busy() {
            return;
        }
        // A disk that takes nothing more can still be read.
        if now.ticks < shelf.retry {
            if let Some((after, to)) = shelf.load.take().filter(|_| shelf.open) {
                shelf.keeper.give(Job::Load(after, to));
            }
            return;
        }
        if !shelf.open {
            return shelf.keeper.give(Job::Open(fresh));
        }
        if let Some(job) = shelf.urgent.take() {
            return shelf.keeper.give(job);
        }
        if let Some((number, kept)) = shelf.entitlement.take() {
            return shelf.keeper.give(Job::Entitle(number, kept));
        }
        if !shelf.waiting.is_empty() && now.ticks >= shelf.merged.plus(SECOND) {
            shelf.merged = now.ticks;
            return shelf.keeper.give(Job::Merge(std::mem::take(&mut shelf.waiting)));
        }
        if let Some((after, to)) = shelf.load.take() {
            return shelf.keeper.give(Job::Load(after, to));
        }
        if now.ticks >= shelf.flushed.plus(MINUTE) {
            shelf.flushed = now.ticks;
            shelf.keeper.give(Job::Flush(shelf.acked.take()));
        }
    }

    /// What became of the store's job.
    pub fn kept(&mut self, done: Done) {
        let now = clock::both();
        let wrote = !matches!(done, Done::Failed(..) | Done::Loaded(_));
        match done {
            Done::Opened(opened) => self.opened(*opened, now),
            Done::Merged(committed) => {
                note_refused(committed.refused);
                self.moved(committed.position, now);
            }
            Done::Began(position) => self.began(position, now),
            Done::Loaded(part) => self.reporter.handle(Input::Loaded(part), now),
            Done::Entitled(number) => self.entitled(number, now),
            Done::Flushed | Done::Closed => {}
            Done::Failed(job, fault) => self.failed(job, &fault.to_string(), now),
        }
        if wrote {
            self.shelf.fault = None;
        }
        self.employ_store(now);
        self.act(now);
    }

    fn opened(&mut self, opened: Opened, now: Now) {
        self.shelf.open = true;
        if let Some(what) = opened.found.happening() {
            self.happened(what.kind, what.severity, &what.message);
        }
        // What is about to be forgotten is not taken up.
        if !self.is_to_be_emptied() {
            self.take_up(opened.facts);
        }
        self.begin_ids(opened.entitlement.as_deref(), opened.floors, now);
        self.moved(opened.position, now);
    }

    fn is_to_be_emptied(&self) -> bool {
        matches!(self.shelf.urgent, Some(Job::Purge(..)))
    }

    fn moved(&mut self, position: Position, now: Now) {
        self.reporter.handle(Input::Moved(position), now);
    }

    /// A new epoch has begun in the store.
    fn began(&mut self, position: Position, now: Now) {
        if self.force.note.pending
            && let Err(error) = self.force.settled()
        {
            tracing::warn!(
                "the policy's note cannot be written: {error}; the next start begins the count anew"
            );
        }
        self.moved(position, now);
    }

    /// The job is done again later; nothing of it is lost.
    fn failed(&mut self, job: Job, fault: &str, now: Now) {
        self.shelf.retry = now.ticks.plus(STORE_PAUSE);
        self.shelf.fault = Some(fault.to_owned());
        match job {
            // Learned under a policy that is no more, or before a purge.
            Job::Merge(_) if self.is_to_be_emptied() => {}
            Job::Merge(mut facts) => {
                facts.append(&mut self.shelf.waiting);
                self.shelf.waiting = facts;
            }
            Job::Purge(..) | Job::Renew(_) => {
                self.shelf.urgent.get_or_insert(job);
            }
            Job::Load(..) => self.reporter.handle(Input::NotLoaded, now),
            Job::Flush(acked) => self.shelf.acked = self.shelf.acked.or(acked),
            // The gate asks again.
            Job::Entitle(..) | Job::Open(_) | Job::Close => {}
        }
    }

    /// A store that opened late brings what was known before.
    fn take_up(&mut self, facts: Vec<(String, Known)>) {
        let stored = facts.len();
        let numbered = facts.into_iter().filter_map(|(network, known)| {
            let id = number_or_add(&mut self.networks, &network)?;
            Some(Known { key: known.key.in_network(id), ..known })
        });
        let facts: Vec<Known> = numbered.collect();
        note_left_out(stored - facts.len());
        if facts.iter().any(|known| !self.is_seen_by_all(known)) {
            self.unite();
        }
        if let Some(union) = &mut self.union {
            facts.iter().for_each(|known| {
                union.restore(known);
            });
        }
        for watched in &self.lanes {
            let own = facts.iter().filter(|known| watched.networks.contains(&known.key.network()));
            let own: Arc<Vec<Known>> = Arc::new(own.copied().collect());
            if !watched.lane.order(Order::TakeUp(own)) {
                tracing::warn!(
                    "a packet thread is too busy to take up what was known; it counts it as it is seen"
                );
            }
        }
    }

    fn is_seen_by_all(&self, known: &Known) -> bool {
        self.lanes.iter().all(|watched| watched.networks.contains(&known.key.network()))
    }

    /// From now on the only lane is not all there is to count. What it told so far waits for the store.
    fn unite(&mut self) {
        if let Some(mut union) = self.spare.take() {
            union.renew(self.force.policy());
            self.shelf.waiting.iter().for_each(|known| {
                union.restore(known);
            });
            self.union = Some(*union);
        }
    }

    /// Begins the count anew: nothing that was learned so far is stored or told any more. `job` empties the store.
    pub(super) fn begin_anew(&mut self, job: Job) {
        self.course.generation = self.course.generation.wrapping_add(1);
        let policy = self.force.policy();
        if let Some(union) = &mut self.union {
            union.renew(policy);
        }
        self.reporter.handle(Input::ForgetStations, clock::both());
        self.shelf.waiting.clear();
        self.lanes.iter_mut().for_each(|watched| watched.owed = 0);
        self.shelf.load = None;
        self.shelf.urgent = Some(job);
        self.order_renewal();
    }

    /// Tells those lanes to begin anew that have not been told.
    pub(super) fn order_renewal(&mut self) {
        let generation = self.course.generation;
        for watched in self.lanes.iter_mut().filter(|watched| watched.generation != generation) {
            let policy: Box<Policy> = Box::new(self.force.policy());
            if watched.lane.order(Order::Renew { policy, generation }) {
                watched.generation = generation;
            }
        }
    }

    /// Whether nothing is left that the store has not been given.
    pub fn is_stored(&self) -> bool {
        let shelf = &self.shelf;
        let given = shelf.waiting.is_empty() && shelf.urgent.is_none() && shelf.entitlement.is_none();
        given && !shelf.keeper.is_busy()
    }

    /// Asks all lanes to end.
    pub fn stop_lanes(&self) {
        self.lanes.iter().for_each(|watched| watched.lane.stop());
    }

    /// Whether all lanes have ended and handed over everything.
    pub fn lanes_are_done(&self) -> bool {
        self.lanes.iter().all(|watched| watched.lane.is_done())
    }

    /// Asks the store to write everything and end, if it is free.
    pub fn close_store(&mut self) {
        self.shelf.keeper.give(Job::Close);
    }

    /// Says how it ended: whether everything was committed.
    pub fn say_farewell(&mut self) -> bool {
        let position = self.reporter.snapshot(clock::both()).position;
        let left = self.unstored();
        let stored = self.shelf.fault.is_none() && left == 0;
        let (severity, message) = if stored {
            let message = format!(
                "stopped: {} facts are stored up to change {}, of which the Center has {}",
                position.facts, position.seq, position.acked
            );
            tracing::info!("{message}");
            (Severity::Info, message)
        } else {
            let fault = self.shelf.fault.as_deref().unwrap_or("there was no time");
            let message = format!("stopped: the last {left} changes are not stored: {fault}");
            tracing::error!("{message}");
            (Severity::Error, message)
        };
        self.tell_eve(EventKind::Lifecycle, severity, &message);
        stored
    }
}

fn note_refused(refused: u64) {
    if refused > 0 {
        tracing::warn!(
            refused,
            "the store has no room for new facts; they are counted here and told to nobody"
        );
    }
}
