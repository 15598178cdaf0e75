//! The store's thread: what the disk takes its time for, nobody else waits for.
//!
//! One job at a time is under way; the hub keeps what comes meanwhile and gives the next when this one is done. A job
//! that fails comes back whole, with the reason.

use crate::engine::inventory::changes::Known;
use crate::engine::sync::{Part, Position};
use crate::io::clock;
use crate::io::sandbox::calls::{Calls, spawn};
use crate::io::state::{self, Committed, Floors, Found, Right, Settings, State, StoreFault};
use crate::model::ident::Epoch;
use crate::model::key::NetworkId;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::mpsc;

/// What the store is to do.
#[derive(Debug)]
pub enum Job {
    /// Open it, after it could not be opened at the start.
    Open(Epoch),
    /// Unite these facts with it.
    Merge(Vec<Known>),
    /// Read the changes in (after, to].
    Load(u64, u64),
    /// Forget all facts, begin this epoch, because of this command.
    Purge(Epoch, Option<String>),
    /// Keep all facts under this epoch.
    Renew(Epoch),
    /// The Center has committed up to here; write what was not written for an hour.
    Flush(Option<u64>),
    /// Keep these bytes of the right to Subscriber rules; the number comes back.
    Entitle(u64, Right),
    /// Write everything and end.
    Close,
}

/// What became of it.
#[derive(Debug)]
pub enum Done {
    /// Opened.
    Opened(Box<Opened>),
    /// United.
    Merged(Committed),
    /// Read.
    Loaded(Part),
    /// A new epoch has begun.
    Began(Position),
    /// Written.
    Flushed,
    /// The right of this number is on the disk.
    Entitled(u64),
    /// Closed; the thread has ended.
    Closed,
    /// It went wrong; the job comes back.
    Failed(Job, StoreFault),
}

/// A store that opened late.
#[derive(Debug)]
pub struct Opened {
    /// What was found.
    pub found: Found,
    /// How it stands.
    pub position: Position,
    /// All facts, with their networks' names.
    pub facts: Vec<(String, Known)>,
    /// What was kept of the right to Subscriber rules.
    pub entitlement: Option<Vec<u8>>,
    /// What was there at least.
    pub floors: Floors,
}

/// The way to the store's thread.
pub struct Keeper {
    jobs: SyncSender<Job>,
    done: mpsc::Receiver<Done>,
    busy: bool,
}

impl Keeper {
    /// Starts the thread; `networks` are the names of the facts' networks by number.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn begin(settings: Settings, state: Option<State>, networks: Vec<String>) -> io::Result<Self> {
        let (jobs, todo) = sync_channel(1);
        let (report, done) = mpsc::channel(1);
        let shelf = Shelf { settings, state, networks };
        spawn(Calls::Store, "store", move || shelf.work(&todo, &report))?;
        Ok(Self { jobs, done, busy: false })
    }

    /// Whether a job is under way.
    pub const fn is_busy(&self) -> bool {
        self.busy
    }

    /// Gives a job; only when none is under way.
    pub fn give(&mut self, job: Job) {
        self.busy = self.jobs.try_send(job).is_ok();
    }

    /// What became of the job. Cancelling the wait loses nothing.
    pub async fn done(&mut self) -> Done {
        match self.done.recv().await {
            Some(done) => {
                self.busy = false;
                done
            }
            // The thread ends after `Closed` only.
            None => std::future::pending().await,
        }
    }
}

/// What the thread holds.
struct Shelf {
    settings: Settings,
    state: Option<State>,
    networks: Vec<String>,
}

impl Shelf {
    fn work(mut self, todo: &Receiver<Job>, report: &mpsc::Sender<Done>) {
        while let Ok(job) = todo.recv() {
            let done = self.carry_out(job);
            let closed = matches!(done, Done::Closed);
            if report.blocking_send(done).is_err() || closed {
                break;
            }
        }
    }

    fn carry_out(&mut self, job: Job) -> Done {
        self.attempt(&job).unwrap_or_else(|fault| Done::Failed(job, fault))
    }

    fn attempt(&mut self, job: &Job) -> Result<Done, StoreFault> {
        let now = clock::both().wall;
        if let Job::Open(fresh) = job {
            return self.open(*fresh);
        }
        if matches!(job, Job::Close) {
            return self.state.take().map_or(Ok(()), |state| state.close(now)).map(|()| Done::Closed);
        }
        let networks = &self.networks;
        let name = |id: NetworkId| networks.get(usize::from(id.0)).map_or("", String::as_str);
        let state = self.state.as_mut().ok_or(StoreFault::Closed)?;
        match job {
            Job::Merge(facts) => {
                let facts = facts.iter().map(|known| (name(known.key.network()), *known));
                state.merge(facts, now).map(Done::Merged)
            }
            Job::Load(after, to) => state.load(*after, *to).map(Done::Loaded),
            Job::Purge(epoch, command) => state.purge(*epoch, command.as_deref(), now).map(Done::Began),
            Job::Renew(epoch) => state.renew(*epoch, now).map(Done::Began),
            Job::Flush(acked) => {
                if let Some(seq) = acked {
                    state.acked(*seq);
                }
                state.flush(now).map(|()| Done::Flushed)
            }
            Job::Entitle(number, kept) => state.keep_entitlement(kept).map(|()| Done::Entitled(*number)),
            Job::Open(_) | Job::Close => Ok(Done::Flushed),
        }
    }

    fn open(&mut self, fresh: Epoch) -> Result<Done, StoreFault> {
        let mut opened = state::open(&self.settings, fresh, clock::both().wall)?;
        let mut facts = Vec::new();
        opened.state.restore_each(|network, known| facts.push((network.to_owned(), *known)))?;
        let entitlement = opened.state.entitlement()?;
        let (position, floors) = (opened.state.position(), opened.state.floors());
        self.state = Some(opened.state);
        Ok(Done::Opened(Box::new(Opened { found: opened.found, position, facts, entitlement, floors })))
    }
}
