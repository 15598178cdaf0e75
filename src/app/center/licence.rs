//! The licence agent, wound up: told what is billed, saved whole, each transition a line of the audit and the ledger.

use super::turn::Turn;
use crate::engine::entitlement::issue::LicenseRight;
use crate::engine::fleet::Change;
use crate::engine::fleet::ledger::{BadBody, Chain, Kind};
use crate::engine::licensing::{
    Action, Agent, Allowances, Answer, Area, AuthorityKey, Command, DIRECT_URL, Demand, Denied, Done, Floor,
    Input, LicenseStatus, LicenseSummary, NoState, NoUdi, Notice, Refusal, Udi,
};
use crate::engine::notify::Notification;
use crate::io::random::{self, NoRandomness};
use crate::model::entitlement::Subscription;
use crate::model::time::{Now, UnixTime};

/// The product that the guide names.
const PRODUCT: &str = "CV-CNTR-ESXI";
/// The most that is done at a time; what is left comes with the next tick.
const ACTIONS_MAX: usize = 1024;

/// Why there is no licence agent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LicenceError {
    /// What was saved is not believed.
    #[error("{0}")]
    State(#[from] NoState),
    /// A new Center needs a serial number.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// The serial number is none, which a test excludes.
    #[error("{0}")]
    Udi(#[from] NoUdi),
}

/// The licence of this Center.
pub(super) struct Licence {
    agent: Agent,
}

impl Licence {
    /// Takes up what was saved, or begins the evaluation of a new Center. Codes are believed when `authority` signed them.
    pub(super) fn open(
        saved: Option<&[u8]>,
        authority: Option<AuthorityKey>,
        floor: Option<&Floor>,
        now: Now,
    ) -> Result<Self, LicenceError> {
        let mut agent = match (saved, floor) {
            (Some(saved), _) => Agent::restore(saved, now)?,
            // A state there was, and it is lost: the same device, with what is left of its evaluation.
            (None, Some(floor)) => Agent::new(Udi::new(PRODUCT, &floor.serial)?, now),
            (None, None) => Agent::new(Udi::new(PRODUCT, &serial()?)?, now),
        };
        if let Some(floor) = floor {
            agent.raise(floor, now);
        }
        agent.trust(authority);
        Ok(Self { agent })
    }

    /// What entitlements bear before they are out of compliance.
    pub(super) fn allow(&mut self, allowances: Allowances) {
        self.agent.allow(allowances);
    }

    /// Whose codes are believed.
    pub(super) fn trust(&mut self, authority: AuthorityKey) {
        self.agent.trust(Some(authority));
    }

    /// What a later state cannot fall behind.
    pub(super) fn floor(&self) -> Floor {
        self.agent.floor()
    }

    /// The state was used on another machine before.
    pub(super) fn note_moved(&mut self) {
        self.agent.note_moved();
    }

    /// Tells the agent what is requested.
    pub(super) fn tick(&mut self, demand: &Demand, chain: &mut Chain, now: Now, turn: &mut Turn) {
        // Usage is never refused.
        let _ = self.agent.handle(Input::Usage(demand.usage()), now);
        self.take(chain, now, turn);
    }

    /// Carries out an order; returns the code that is to be carried to the authority, if there is one.
    pub(super) fn order(
        &mut self,
        command: Command,
        random: u64,
        now: Now,
    ) -> Result<Option<String>, Refusal> {
        match self.agent.handle(Input::Command { command, random }, now)? {
            Done::Done => Ok(None),
            Done::Request(code) | Done::Confirmation(code) | Done::Return(code) => Ok(Some(code)),
        }
    }

    /// What came of a question to the authority.
    pub(super) fn answered(&mut self, answer: Answer, random: u64, now: Now) {
        if let Err(refusal) = self.agent.handle(Input::Answer { answer, random }, now) {
            tracing::info!(reason = refusal.code(), "the licence authority's answer is left");
        }
    }

    /// What is to be committed, and asked afterwards, because of what the agent was told.
    pub(super) fn take(&mut self, chain: &mut Chain, now: Now, turn: &mut Turn) {
        for _ in 0..ACTIONS_MAX {
            match self.agent.poll(now) {
                Some(Action::Save(state)) => turn.changes.push(saved(state, None, now.wall)),
                Some(Action::Notify(notice)) => self.noticed(&notice, chain, now, turn),
                Some(Action::Ask(ask)) => turn.asks.push(*ask),
                None => break,
            }
        }
    }

    fn noticed(&self, notice: &Notice, chain: &mut Chain, now: Now, turn: &mut Turn) {
        tracing::warn!(event = notice.name(), "licence: {}", notice.text());
        let line = format!("{}: {}", notice.name(), notice.text());
        turn.tell(Notification::new(now.wall, notice.severity(), notice.name(), "license", &notice.text()));
        turn.changes.push(saved(self.agent.snapshot(), Some(line), now.wall));
        match entry(notice, chain, now.wall) {
            Ok(change) => turn.changes.push(change),
            Err(error) => tracing::error!(%error, "a licence event does not fit the ledger"),
        }
    }

    /// By which an authority knows this Center.
    pub(super) fn serial(&self) -> String {
        self.agent.udi().serial().to_owned()
    }

    /// For programs.
    pub(super) fn summary(&self, now: Now) -> LicenseSummary {
        self.agent.summary(now)
    }

    /// For people, and for pages. `url` is that of the authority where no gateway is, if the operator named one.
    pub(super) fn status(&self, now: Now, url: Option<&str>) -> LicenseStatus {
        let mut status = self.agent.status(now);
        status.url = status.url.replace(DIRECT_URL, url.unwrap_or(DIRECT_URL));
        status
    }

    /// Whether the licence leaves an area open.
    pub(super) fn permits(&self, area: Area, now: Now) -> Result<(), Denied> {
        self.agent.permits(area, now)
    }

    /// The package of features that is paid for.
    pub(super) const fn subscription(&self) -> Subscription {
        self.agent.subscription()
    }

    /// Whether Subscriber rules may run.
    pub(super) fn right(&self, now: Now) -> LicenseRight {
        self.agent.right(now)
    }

    /// Whole days of evaluation that are left.
    pub(super) fn evaluation_days(&self, now: Now) -> u64 {
        let summary = serde_json::to_value(self.summary(now)).unwrap_or_default();
        summary["authorizationDetails"]["evaluationPeriodRemaining"].as_u64().unwrap_or(0)
    }

    /// How the Center stands, as the License page shows it.
    pub(super) fn words(&self, now: Now) -> (String, Option<&'static str>) {
        let words = self.agent.standing(now).words();
        (format!("{}, {}", words.registration, words.authorization), words.banner)
    }
}

fn saved(state: String, audit: Option<String>, at: UnixTime) -> Change {
    Change::Licence { state: state.into_bytes(), audit, at }
}

fn entry(notice: &Notice, chain: &mut Chain, at: UnixTime) -> Result<Change, BadBody> {
    let body = serde_json::json!({ "event": notice.name(), "text": notice.text() }).to_string();
    Ok(Change::Ledger(chain.append(at, Kind::Licence, body)?))
}

/// Names this Center among all: 48 random bits.
fn serial() -> Result<String, NoRandomness> {
    Ok(format!("CENTER-{:012X}", random::key()?[0] >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lease::RuleSet;
    use crate::model::time::Ticks;
    use std::collections::BTreeMap;
    use std::time::Duration;

    const DAY: u64 = 24 * 3600;

    fn at(seconds: u64) -> Now {
        let wall = UnixTime::from_millis(1_700_000_000_000).plus(Duration::from_secs(seconds));
        Now { ticks: Ticks::from_millis(seconds * 1000), wall }
    }

    fn state_of(changes: &[Change]) -> Option<Vec<u8>> {
        let state = |change: &Change| match change {
            Change::Licence { state, .. } => Some(state.clone()),
            _ => None,
        };
        changes.iter().rev().find_map(state)
    }

    fn days(licence: &Licence, now: Now) -> u64 {
        licence.evaluation_days(now)
    }

    fn tick(licence: &mut Licence, confirmed: u64, chain: &mut Chain, now: Now) -> Vec<Change> {
        let mut turn = Turn::default();
        let (subscription, rules) = (licence.subscription(), RuleSet::Community);
        let demand = Demand { components: confirmed, subscription, rules, ids: BTreeMap::new() };
        licence.tick(&demand, chain, now, &mut turn);
        turn.changes
    }

    #[test]
    fn the_evaluation_runs_only_while_something_is_billed_and_survives_a_restart() {
        let mut chain = Chain::default();
        let mut licence = Licence::open(None, None, None, at(0)).unwrap();
        tick(&mut licence, 0, &mut chain, at(0));
        tick(&mut licence, 0, &mut chain, at(10 * DAY));
        assert_eq!(days(&licence, at(10 * DAY)), 90, "nothing is in use");
        tick(&mut licence, 105, &mut chain, at(10 * DAY));
        let saved = state_of(&tick(&mut licence, 105, &mut chain, at(45 * DAY))).unwrap();
        assert_eq!(days(&licence, at(45 * DAY)), 55);
        let licence = Licence::open(Some(&saved), None, None, at(45 * DAY)).unwrap();
        assert_eq!(days(&licence, at(45 * DAY)), 55);
    }

    #[test]
    fn a_state_of_an_earlier_day_or_none_is_no_new_evaluation() {
        let mut chain = Chain::default();
        let mut licence = Licence::open(None, None, None, at(0)).unwrap();
        let saved = state_of(&tick(&mut licence, 105, &mut chain, at(0))).unwrap();
        tick(&mut licence, 105, &mut chain, at(40 * DAY));
        let floor = licence.floor();
        for state in [Some(&saved[..]), None] {
            let mut again = Licence::open(state, None, Some(&floor), at(41 * DAY)).unwrap();
            assert_eq!(again.agent.udi(), licence.agent.udi());
            let told = tick(&mut again, 105, &mut chain, at(41 * DAY));
            assert!(format!("{told:?}").contains("StateRolledBack"), "{told:?}");
            let left = if state.is_some() { 49 } else { 50 };
            assert_eq!(days(&again, at(41 * DAY)), left, "nothing was in use in the new state until now");
        }
        let other = Floor { serial: "OTHER".to_owned(), ..floor };
        let again = Licence::open(Some(&saved), None, Some(&other), at(0)).unwrap();
        assert_eq!(days(&again, at(0)), 90, "another Center's floor");
    }

    #[test]
    fn each_transition_is_in_audit_and_ledger() {
        let mut chain = Chain::default();
        let mut licence = Licence::open(None, None, None, at(0)).unwrap();
        let changes = tick(&mut licence, 1, &mut chain, at(1));
        let audits = changes.iter().filter(|change| matches!(change, Change::Licence { audit: Some(_), .. }));
        let entries = changes.iter().filter(|change| matches!(change, Change::Ledger(_)));
        assert_eq!((audits.count(), entries.count(), chain.head().0), (1, 1, 1), "{changes:?}");
    }

    #[test]
    fn a_damaged_state_is_not_taken_for_a_new_center() {
        assert!(Licence::open(Some(b"{}"), None, None, at(0)).is_err());
    }
}
