//! The thread that fetches rule bundles: asks the Center what there is, fetches what the planner chooses, takes it in, and
//! has Snort's thread look. What it waits for, nobody else does.
//!
//! A bundle that is bad changes nothing: it is taken in whole or not at all, and what runs goes on.

use super::Fetch;
use super::hands::Looker;
use crate::engine::backoff::Backoff;
use crate::engine::entitlement::fetch::{Choice, Planner};
use crate::engine::entitlement::{Effective, Keyring};
use crate::io::fetch::{FetchFault, Shop};
use crate::io::rules::{Limits, Sets, Wish};
use crate::io::sandbox::calls::{Calls, spawn};
use crate::io::{clock, random};
use crate::model::bundle::Offer;
use crate::model::lease::{BUNDLES_MAX, BundleDigest};
use crate::model::time::{Ticks, UnixTime};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Waits after a failure.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MOST: Duration = Duration::from_mins(10);

/// How fetching stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FetchPage {
    /// When the Center last said what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<UnixTime>,
    /// Bundles that were taken in since the program began.
    pub bundles: u64,
    /// What went wrong last, until it goes right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The reason code.
    pub code: String,
    /// The same for people.
    pub detail: String,
}

impl From<&FetchFault> for Fault {
    fn from(fault: &FetchFault) -> Self {
        Self { code: fault.code().to_owned(), detail: fault.to_string() }
    }
}

/// What the lease lets be fetched, and whose signature a bundle must have.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Leased {
    pub(super) bundles: Vec<BundleDigest>,
    pub(super) keys: Option<Keyring>,
}

#[derive(Default)]
struct Shared {
    leased: Leased,
    page: FetchPage,
}

/// The way to the thread.
pub(super) struct Fetcher {
    shared: Arc<Mutex<Shared>>,
    wake: SyncSender<()>,
}

impl Fetcher {
    /// Starts the thread, which asks at once. It ends with the program.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub(super) fn begin(fetch: Fetch<'_>, looker: Looker) -> io::Result<Self> {
        let shared = Arc::<Mutex<Shared>>::default();
        let (wake, woken) = sync_channel(1);
        let thread = Thread {
            url: fetch.url,
            every: Duration::from_secs(fetch.every_seconds.into()),
            enrolment: fetch.enrolment,
            sets: Sets::new(fetch.rules),
            looker,
            shared: Arc::clone(&shared),
            planner: Planner::default(),
            bad: None,
            backoff: Backoff::new(RETRY_FIRST, RETRY_MOST),
        };
        spawn(Calls::Fetch, "fetch", move || thread.work(&woken))?;
        Ok(Self { shared, wake })
    }

    /// Another lease is in force: what it lists newly is asked for at once.
    pub(super) fn leased(&self, leased: Leased) {
        let mut shared = lock(&self.shared);
        if shared.leased != leased {
            shared.leased = leased;
            // A wake that waits already does.
            let _ = self.wake.try_send(());
        }
    }

    /// How it stands.
    pub(super) fn page(&self) -> FetchPage {
        lock(&self.shared).page.clone()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Thread {
    url: String,
    every: Duration,
    enrolment: PathBuf,
    sets: Sets,
    looker: Looker,
    shared: Arc<Mutex<Shared>>,
    planner: Planner,
    /// The newest fault that lay with one bundle, while one is left.
    bad: Option<Fault>,
    backoff: Backoff,
}

impl Thread {
    fn work(mut self, woken: &Receiver<()>) {
        loop {
            let outcome = self.round();
            let due = self.note(&outcome);
            let wait = due.since(clock::both().ticks);
            if woken.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// Asks once, and fetches all that is due. What is wrong with one bundle does not keep from the others.
    fn round(&mut self) -> Result<(), FetchFault> {
        let parts = self.sets.root().join("fetch");
        let shop = Shop::new(&self.url, &self.enrolment, &parts)?;
        let index = shop.index()?;
        lock(&self.shared).page.asked = Some(clock::both().wall);
        // Every byte of them is read for this: once a round is enough.
        let mut held = self.held();
        for _ in 0..2 * BUNDLES_MAX {
            let leased = lock(&self.shared).leased.clone();
            let choice = Choice { offers: &index.bundles, leased: &leased.bundles, held: &held };
            let Some(offer) = self.planner.next(&choice, clock::both().ticks) else { break };
            match self.take(&shop, offer, leased.keys) {
                Ok(()) => {
                    self.planner.good(offer);
                    held.push(Effective { set: offer.set, bundle: offer.digest });
                }
                Err(fault) if fault.is_of_bundle() => {
                    self.planner.bad(offer, clock::both().ticks);
                    self.bad = Some(Fault::from(&fault));
                }
                Err(fault) => return Err(fault),
            }
        }
        self.bad.take_if(|_| !self.planner.leaves_any());
        Ok(())
    }

    /// What is whole: a set that was damaged is fetched again.
    fn held(&self) -> Vec<Effective> {
        self.sets.list().into_iter().filter(|set| self.sets.verify(*set).is_ok()).collect()
    }

    fn take(&self, shop: &Shop, offer: &Offer, keys: Option<Keyring>) -> Result<(), FetchFault> {
        let archive = shop.archive(offer)?;
        let limits = Limits { bytes: offer.unpacked, ..Limits::default() };
        let wish = Wish { keys, limits, bundle: Some(offer.digest), ..Wish::new(offer.set, &offer.name) };
        let staged = self.sets.stage(&archive, &wish).map_err(|fault| FetchFault::Stage(offer.digest, fault));
        if staged.as_ref().map_or_else(FetchFault::is_of_bundle, |_| true) {
            shop.discard(&archive)?;
        }
        staged?;
        tracing::info!(set = %offer.set, digest = %offer.digest, rules = offer.rules, "a rule bundle was fetched");
        lock(&self.shared).page.bundles += 1;
        self.looker.look();
        Ok(())
    }

    /// Says how it went, and when to ask again. Sensors do not come in step.
    fn note(&mut self, outcome: &Result<(), FetchFault>) -> Ticks {
        let (now, [random, _]) = (clock::both().ticks, random::key().unwrap_or_default());
        let fault = outcome.as_ref().err().map(Fault::from).or_else(|| self.bad.clone());
        let page = &mut lock(&self.shared).page;
        if let Some(fault) = fault.as_ref().filter(|fault| page.fault.as_ref() != Some(fault)) {
            tracing::warn!(
                code = fault.code,
                detail = fault.detail,
                "rules were not fetched; what runs goes on"
            );
        }
        page.fault = fault;
        if outcome.is_err() {
            return self.backoff.failed(random, now);
        }
        self.backoff.succeeded(now);
        // A day at most.
        let every = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX);
        now.plus(self.every / 2 + Duration::from_millis(random % every.max(1)))
    }
}
