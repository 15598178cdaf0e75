//! The hub: where what the packet threads learned, what the store did, what the Center says and what people ask come
//! together, on one thread.
//!
//! ```text
//! lanes ─ facts ─▶ waiting ─ a merge a second at most ─▶ keeper (store) ─ position ─▶ reporter ─▶ uplink ─▶ Center
//!   └─ figures ─▶ page ─▶ status, metrics, events, the Center's status
//! Snort's thread ─ what runs ─▶ gate ─ orders ─▶ Snort's thread      (the gate also hears the Center's leases)
//! ```
//!
//! What must hold: `waiting` is bounded; when it is full, lanes keep what they learned in their tables. Where the count is a
//! union, it must go on while the store does not work: what has no room is counted, and told again once it works.

mod answers;
mod counts;
mod exchange;
mod facts;
mod ids;
mod news;
mod reload;

pub use answers::Request;

use super::config::Config;
use super::eve::Eve;
use super::ids::Ids;
use super::keeper::{Job, Keeper};
use super::lane::Lane;
use super::policy::InForce;
use super::uplink::Uplink;
use super::watch::{Births, Clock, Edge};
use crate::engine::inventory::Inventory;
use crate::engine::inventory::changes::Known;
use crate::engine::sync::{Identity, Reporter};
use crate::io::clock;
use crate::io::log::Log;
use crate::io::sandbox::Standing;
use crate::io::state::Right;
use crate::model::ident::Epoch;
use crate::model::key::NetworkId;
use crate::model::message::LinkState;
use crate::model::time::{Now, Ticks};
use std::collections::BTreeSet;
use std::time::Duration;

/// Facts that wait for the store at most, before lanes keep theirs.
pub const WAITING_MAX: usize = 16 * 1024;
/// How often the lanes are looked at.
pub const TICK: Duration = Duration::from_millis(250);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
/// How long the store is left alone after a fault.
const STORE_PAUSE: Duration = Duration::from_secs(10);

/// A lane and what the hub keeps of it.
pub struct Watched {
    /// The lane.
    pub lane: Lane,
    /// Networks that its traffic can belong to.
    pub networks: BTreeSet<NetworkId>,
    /// The policy it was last told to count by.
    generation: u32,
    /// Facts that it told and that were counted, but found no room to wait for the store.
    owed: usize,
    /// Its last sign of life.
    pulse: u64,
    /// Whether it showed none for a whole turn of the watchdog.
    stuck: bool,
}

impl Watched {
    /// Just started.
    pub const fn new(lane: Lane, networks: BTreeSet<NetworkId>) -> Self {
        Self { lane, networks, generation: 0, owed: 0, pulse: 0, stuck: false }
    }

    /// Looks for a sign of life since the last look.
    fn look(&mut self) {
        let pulse = self.lane.shared.pulse();
        self.stuck = std::mem::replace(&mut self.pulse, pulse) == pulse || self.lane.is_dead();
    }
}

/// The store, as the hub sees it.
pub struct Shelf {
    /// The way to its thread.
    pub keeper: Keeper,
    /// Whether it was ever opened.
    pub open: bool,
    /// Why it does not work, if so.
    pub fault: Option<String>,
    /// A new epoch that must begin before anything else is stored.
    pub urgent: Option<Job>,
    /// Facts that are not stored yet, all of the policy in force.
    waiting: Vec<Known>,
    /// Changes that the reporter wants.
    load: Option<(u64, u64)>,
    acked: Option<u64>,
    /// The newest right to Subscriber rules that is to be kept, and its number.
    entitlement: Option<(u64, Right)>,
    retry: Ticks,
    merged: Ticks,
    flushed: Ticks,
}

impl Shelf {
    /// Nothing waits yet.
    pub fn new(keeper: Keeper, open: bool, fault: Option<String>, urgent: Option<Job>) -> Self {
        let (waiting, retry) = (Vec::new(), Ticks::default());
        let (merged, flushed) = (Ticks::default(), Ticks::default());
        Self {
            keeper,
            open,
            fault,
            urgent,
            waiting,
            load: None,
            acked: None,
            entitlement: None,
            retry,
            merged,
            flushed,
        }
    }
}

/// See the module's description.
pub struct Hub {
    /// As it was at the start, or at the last SIGHUP as far as that changed it.
    pub config: Config,
    /// Who this is.
    pub who: Identity,
    /// The counting policy.
    pub force: InForce,
    /// The packet threads.
    pub lanes: Vec<Watched>,
    /// The union of several lanes, or of one and what others stored before.
    pub union: Option<Inventory>,
    /// What becomes the union if a store that opens late holds facts of networks that the only lane does not see.
    pub spare: Option<Box<Inventory>>,
    /// Networks by number.
    pub networks: Vec<String>,
    /// The store.
    pub shelf: Shelf,
    /// What to tell the Center.
    pub reporter: Reporter,
    /// The way to it.
    pub uplink: Option<Uplink>,
    /// The gate of Snort's rules, where Snort is.
    pub ids: Option<Box<Ids>>,
    /// What this process can do no more.
    pub sandbox: Standing,
    /// Lines of events.
    pub eve: Option<Eve>,
    /// The program's log.
    pub log: Log,
    /// How this run has gone so far.
    pub course: Course,
}

/// How a run has gone so far.
pub struct Course {
    generation: u32,
    started: Now,
    watches: Watches,
    unreachable: Option<String>,
    /// This machine or its enrolment is of another platform.
    mismatch: Option<String>,
    not_understood: u64,
    second: Ticks,
    stats: Ticks,
}

impl Course {
    /// It begins, with so many interfaces. A sensor that `knows` a plant already need not learn it. `mismatch`: why no
    /// licence covers this machine.
    pub fn new(interfaces: usize, knows: bool, mismatch: Option<String>) -> Self {
        let started = clock::both();
        let watches = Watches {
            births: Births::new(started.ticks, knows),
            clock: Clock::new(started),
            links: vec![(LinkState::Unknown, 0); interfaces],
            saturated: Edge::default(),
            store: Edge::default(),
            stuck: Edge::default(),
            status: String::new(),
            refused: 0,
        };
        let (second, stats) = (started.ticks, started.ticks);
        Self {
            generation: 0,
            started,
            watches,
            unreachable: None,
            mismatch,
            not_understood: 0,
            second,
            stats,
        }
    }
}

/// What is compared with before.
struct Watches {
    births: Births,
    clock: Clock,
    /// Of each interface, and how often it had gone by then.
    links: Vec<(LinkState, u64)>,
    saturated: Edge,
    store: Edge,
    stuck: Edge,
    /// What the service manager was told.
    status: String,
    /// System calls that were refused.
    refused: usize,
}

impl Hub {
    /// Looks at the lanes, and once a second at everything else.
    pub fn tick(&mut self) {
        let now = clock::both();
        self.order_renewal();
        self.call_in_owed();
        self.take_facts(now);
        if now.ticks >= self.course.second {
            self.course.second = now.ticks.plus(SECOND);
            self.look_for_news(now);
        }
        if let Some(eve) = &self.eve
            && now.ticks >= self.course.stats
        {
            let every = self.config.file.events.as_ref().map_or(60, |events| events.stats_seconds.max(1));
            self.course.stats = now.ticks.plus(Duration::from_secs(u64::from(every)));
            eve.stats(&self.page(now), now.wall);
        }
        self.drive_ids(now);
        self.employ_store(now);
        self.act(now);
    }

    /// Whether every packet thread has shown a sign of life since this was asked last.
    pub fn all_alive(&mut self) -> bool {
        self.lanes.iter_mut().for_each(Watched::look);
        self.lanes.iter().all(|watched| !watched.stuck)
    }

    /// What to say of packet threads that show no sign of life, if there are any.
    fn stuck(&self) -> Option<String> {
        let stuck = self.lanes.iter().filter(|watched| watched.stuck).map(|watched| watched.lane.interface);
        let names: BTreeSet<_> =
            stuck.filter_map(|at| Some(&*self.config.interfaces.get(at)?.name)).collect();
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| {
            format!("{names}: the packet thread is stuck and counts nothing; look at what it reads from, and restart the agent")
        })
    }

    /// An epoch that there never was.
    fn fresh_epoch(&self) -> Epoch {
        // At the start there was randomness, or the program would not run; a clock can stand in for it later.
        crate::io::random::key().map_or_else(
            |_| {
                Epoch::from_random(
                    u128::from(clock::both().wall.millis()) << 64 | u128::from(self.course.generation),
                )
            },
            |[high, low]| Epoch::from_random(u128::from(high) << 64 | u128::from(low)),
        )
    }
}
