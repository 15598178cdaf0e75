//! Packet threads: each owns its source and its table, and tells once a second what it learned.
//!
//! What must hold: nothing that happens behind a lane (a slow disk, a Center that is gone) makes its thread wait. What
//! cannot be handed on now is kept in the table and told later ([`Inventory::untell`]).

mod files;
mod live;
mod teller;

use crate::app::agent::meter::Meter;
use crate::engine::filter::{Filter, Program};
use crate::engine::inventory::changes::{Known, Told, ToldLimits};
use crate::engine::inventory::listing::Wanted;
use crate::engine::inventory::policy::Policy;
use crate::engine::inventory::table::Census;
use crate::engine::inventory::union::Beside;
use crate::engine::inventory::{Inventory, Tally};
use crate::io::capture::live::Backend;
use crate::io::capture::progress::Progress;
use crate::io::sandbox::calls::{Calls, spawn};
use crate::model::activity::{Talk, Traffic};
use crate::model::key::Key;
use crate::model::message::LinkState;
use crate::model::nameplate::Nameplate;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use teller::Teller;

/// Facts handed over at a time.
pub const FACTS_MAX: usize = 2048;
/// One frame in so many is read for more than the count.
const LISTEN_EVERY: u32 = 256;
/// Nameplates handed over at a time: in a flood of names, so many a second.
const NAMEPLATES_MAX: usize = 64;
/// Pairs handed over at a time.
const ACTIVITIES_MAX: usize = 64;
/// Hand-overs that may wait.
const HANDED_MAX: usize = 4;
/// Orders that may wait.
const ORDERS_MAX: usize = 8;

/// What a lane learned.
#[derive(Debug, Default)]
pub struct Facts {
    /// Learned under the policy of this number.
    pub generation: u32,
    /// The facts.
    pub told: Vec<Told>,
    /// What stations said of themselves since.
    pub nameplates: Vec<(Key, Nameplate)>,
    /// Who was seen to talk to whom since.
    pub activities: Vec<(Talk, Traffic)>,
    /// There were more pairs than the lane keeps.
    pub incomplete: bool,
}

/// What a lane is told to do.
#[derive(Debug)]
pub enum Order {
    /// Forget everything and count by this policy; facts bear this number from now on.
    Renew {
        /// Which addresses count.
        policy: Box<Policy>,
        /// Names what is learned under it.
        generation: u32,
    },
    /// Tell known stations again at other times.
    Limits(ToldLimits),
    /// Take up what was known before the program began.
    TakeUp(Arc<Vec<Known>>),
    /// Tell again all that is known.
    TellAgain,
    /// Answer what is known of an address or MAC.
    Find(Wanted, Sender<Vec<Known>>),
    /// Read the source to its end, tell the rest and end.
    Stop,
}

/// How a lane stands, as of its last second.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The policy that it counts by: [`Order::Renew`].
    pub generation: u32,
    /// Its count.
    pub tally: Tally,
    /// What stands in no record; where there are several lanes.
    pub beside: Option<Arc<Beside>>,
    /// Packets that came.
    pub received: u64,
    /// Packets looked at.
    pub counted: u64,
    /// Packets lost for want of room.
    pub dropped: u64,
    /// Packets left out by the filter.
    pub filtered: u64,
    /// Whether frames come.
    pub link: LinkState,
    /// Why not, for people.
    pub reason: Option<String>,
    /// How often they came, and then did not.
    pub breaks: u64,
}

impl Figures {
    /// Without a count, as a lane stands that begins anew.
    pub fn without_count(self) -> Self {
        let tally = Tally {
            census: Census::default(),
            external: 0,
            external_is_estimate: false,
            saturated: false,
            overflow_estimate: 0,
            ..self.tally
        };
        Self { tally, beside: None, ..self }
    }
}

/// What a lane's thread and the hub both see.
#[derive(Debug)]
pub struct Shared {
    /// Grows with every turn of the thread's loop and every piece of a file: it is alive.
    turns: AtomicU64,
    /// How far a capture file is read, and the wish to stop.
    progress: Progress,
    figures: Mutex<Figures>,
}

impl Shared {
    fn new(inventory: &Inventory) -> Self {
        let figures = Figures {
            generation: 0,
            tally: inventory.tally(),
            beside: None,
            received: 0,
            counted: 0,
            dropped: 0,
            filtered: 0,
            link: LinkState::Unknown,
            reason: None,
            breaks: 0,
        };
        Self { turns: AtomicU64::new(0), progress: Progress::new(), figures: Mutex::new(figures) }
    }

    fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Differs from the last time while the thread is alive.
    pub fn pulse(&self) -> u64 {
        self.turns.load(Ordering::Relaxed).wrapping_add(self.progress.consumed())
    }

    /// How the lane stands.
    pub fn figures(&self) -> Figures {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, figures: Figures) {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = figures;
    }
}

/// A running packet thread, seen from the hub.
pub struct Lane {
    /// The number of its interface in the configuration.
    pub interface: usize,
    /// How it stands.
    pub shared: Arc<Shared>,
    facts: Receiver<Facts>,
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

impl Lane {
    /// What it learned, if it has handed something over.
    pub fn facts(&self) -> Option<Facts> {
        self.facts.try_recv().ok()
    }

    /// Gives an order; false when the thread has too many to look at, is asked to end, or is gone.
    pub fn order(&self, order: Order) -> bool {
        !self.shared.progress.is_stopped() && self.orders.try_send(order).is_ok()
    }

    /// Asks it to end. It hands over the rest first, which must be taken.
    pub fn stop(&self) {
        self.shared.progress.stop();
        // A thread that looks at no order any more is not waited for either.
        let _ = self.orders.try_send(Order::Stop);
    }

    /// Whether it has ended and nothing of it is left to take.
    pub fn is_done(&self) -> bool {
        self.thread.is_finished() && self.facts.is_empty()
    }

    /// Whether its thread ended although nobody asked it to.
    pub fn is_dead(&self) -> bool {
        self.thread.is_finished()
    }
}

/// What one interface's lanes are made from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its number in the configuration.
    pub interface: usize,
    /// Its name.
    pub name: String,
    /// Files in place of an interface.
    pub files: Vec<PathBuf>,
    /// What reads it.
    pub backend: Backend,
    /// Bytes of each ring.
    pub ring_bytes: usize,
    /// The filter for what the kernel does not filter.
    pub filter: Option<Filter>,
    /// The filter for the kernel.
    pub program: Option<Program>,
    /// When known stations are told again.
    pub limits: ToldLimits,
    /// Whether there are other lanes to make one figure with.
    pub several: bool,
    /// Stations whose nameplates a lane remembers, and pairs of them.
    pub nameplates: usize,
}

impl Plan {
    /// Starts one thread for each inventory; the first one opens the sources of all.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn start(&self, inventories: Vec<Inventory>) -> io::Result<Vec<Lane>> {
        let mut inventories = inventories.into_iter();
        let Some(first) = inventories.next() else { return Ok(Vec::new()) };
        let (mut lanes, mut followers) = (Vec::new(), Vec::new());
        for inventory in inventories {
            let (hand, handed) = bounded(1);
            followers.push(hand);
            lanes.push(self.spawn(inventory, move |_, teller| live::follow(&handed, teller))?);
        }
        let first = if self.files.is_empty() {
            self.spawn(first, move |plan, teller| live::lead(plan, &followers, teller))?
        } else {
            self.spawn(first, |plan, teller| files::read(&plan.files, teller))?
        };
        lanes.insert(0, first);
        Ok(lanes)
    }

    fn spawn(
        &self,
        inventory: Inventory,
        work: impl FnOnce(&Self, Teller) + Send + 'static,
    ) -> io::Result<Lane> {
        let shared = Arc::new(Shared::new(&inventory));
        let ((hand, facts), (orders, obey)) = (bounded(HANDED_MAX), bounded(ORDERS_MAX));
        let meter = Meter::new(inventory, self.filter.clone()).with_nameplates(self.nameplates, LISTEN_EVERY);
        let teller = Teller::new(meter, Arc::clone(&shared), hand, obey, self.limits, self.several);
        let plan = self.clone();
        let name = format!("packets-{}", self.interface);
        let work = move || work(&plan, teller);
        // libpcap asks the kernel for Wi-Fi by messages, which no list of a packet thread has.
        let thread = match self.backend {
            Backend::Libpcap => std::thread::Builder::new().name(name).spawn(work)?,
            Backend::Auto | Backend::AfPacket => spawn(Calls::Packets, &name, work)?,
        };
        Ok(Lane { interface: self.interface, shared, facts, orders, thread })
    }
}
