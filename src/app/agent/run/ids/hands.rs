//! Snort's thread: carries out the gate's orders one by one, and looks at what runs in between. What Snort takes its time
//! for, nobody else waits for.
//!
//! A switch that is under way when the program ends is left as it is: the next start finds one whole set, and goes on.

use crate::engine::entitlement::{Effective, Order, Setback, Staged};
use crate::io::clock;
use crate::io::sandbox::calls::{Calls, spawn};
use crate::io::snort::{EVERY_SECONDS, Observation, Snort, Status, SwitchFault};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// An order, and a look that was asked for.
const QUEUE: usize = 2;
const EVERY: Duration = Duration::from_secs(EVERY_SECONDS);

enum Work {
    Switch(Order),
    Look,
}

/// What came of it.
#[derive(Debug)]
pub struct Said {
    /// How an order ended: what was proven to run, or why nothing changed.
    pub switched: Option<Result<Effective, Setback>>,
    /// What was seen.
    pub seen: Option<Observation>,
    /// What is staged, when that may have changed.
    pub staged: Option<Staged>,
    /// How it stands.
    pub status: Status,
}

/// Asks the thread for a look before it is time.
#[derive(Clone)]
pub(super) struct Looker(SyncSender<Work>);

impl Looker {
    pub(super) fn look(&self) {
        // When there is no room the thread is at work, and looks afterwards.
        let _ = self.0.try_send(Work::Look);
    }
}

/// The way to the thread.
pub(super) struct Hands {
    work: SyncSender<Work>,
    said: mpsc::Receiver<Said>,
}

impl Hands {
    /// Starts the thread, which looks at once.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub(super) fn begin(snort: Snort) -> io::Result<Self> {
        let (work, todo) = sync_channel(QUEUE);
        let (tell, said) = mpsc::channel(QUEUE);
        let thread = Thread { snort, recovered: false, sets: Vec::new(), next: clock::now() };
        spawn(Calls::Snort, "snort", move || thread.work(&todo, &tell))?;
        Ok(Self { work, said })
    }

    /// Gives an order; whether it was taken.
    pub(super) fn carry_out(&self, order: Order) -> bool {
        self.work.try_send(Work::Switch(order)).is_ok()
    }

    /// For whoever knows that a look is worth it.
    pub(super) fn looker(&self) -> Looker {
        Looker(self.work.clone())
    }

    /// What came of the work. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self) -> Said {
        match self.said.recv().await {
            Some(said) => said,
            // The thread ends with the program.
            None => std::future::pending().await,
        }
    }
}

struct Thread {
    snort: Snort,
    recovered: bool,
    /// The sets by name, when they were last read through.
    sets: Vec<Effective>,
    next: Instant,
}

impl Thread {
    fn work(mut self, todo: &Receiver<Work>, tell: &mpsc::Sender<Said>) {
        loop {
            let said = match todo.recv_timeout(self.next.saturating_duration_since(clock::now())) {
                Ok(Work::Switch(order)) => self.switch(order),
                Ok(Work::Look) | Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if tell.blocking_send(said).is_err() {
                return;
            }
        }
    }

    fn switch(&mut self, order: Order) -> Said {
        let setback =
            |fault: SwitchFault| Setback { code: fault.code().to_owned(), of_bundle: fault.is_of_bundle() };
        let outcome = self.snort.carry_out(order).map_err(setback);
        let lost = outcome.as_ref().is_err_and(|why| ["damaged", "not-staged"].contains(&why.code.as_str()));
        let staged = lost.then(|| self.read_sets());
        Said { switched: Some(outcome), seen: None, staged, status: self.snort.status() }
    }

    fn look(&mut self) -> Said {
        let seen = match self.recover() {
            Ok(()) => self.snort.observe(),
            Err(fault) => unknown(&fault),
        };
        self.next = clock::now() + EVERY;
        let changed = seen.code == "rules-changed" || self.snort.sets().list() != self.sets;
        let staged = changed.then(|| self.read_sets());
        Said { switched: None, seen: Some(seen), staged, status: self.snort.status() }
    }

    /// Once; and again for as long as the disk refuses.
    fn recover(&mut self) -> Result<(), SwitchFault> {
        if !self.recovered {
            self.snort.recover()?;
            self.recovered = true;
        }
        Ok(())
    }

    fn read_sets(&mut self) -> Staged {
        self.sets = self.snort.sets().list();
        self.snort.sets().staged()
    }
}

fn unknown(fault: &SwitchFault) -> Observation {
    Observation { effective: None, code: fault.code(), detail: fault.to_string(), restarted: None }
}
