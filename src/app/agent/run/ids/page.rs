//! How Snort and its rules stand: wanted, entitled, effective, and the last switch; what `ids status` shows.

use super::fetcher::{Fault, Fetcher};
use super::{FetchPage, Ids};
use crate::app::agent::report::printable;
use crate::app::agent::run::page::{Health, Problem};
use crate::engine::entitlement::{Effective, State, Verified};
use crate::io::rules::Sets;
use crate::io::snort::Confirmed;
use crate::model::entitlement::{Class, Tag};
use crate::model::lease::RuleSet;
use crate::model::message::{IdsEffective, IdsStatus, IdsSwitch};
use crate::model::time::{Now, UnixTime};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The whole page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdsPage {
    /// `community`, `validating`, `subscriber` or `fallback`.
    pub state: String,
    /// Why it is a fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the Center decided for, if it ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<RuleSet>,
    /// Whether the Center wants intrusion detection here at all.
    pub enabled: bool,
    /// The right to Subscriber rules.
    pub entitled: EntitledPage,
    /// What is known to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<EffectivePage>,
    /// Bundles that Snort refused, and that are left for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftPage>,
    /// What the watch saw.
    pub watch: WatchPage,
    /// The last switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_switch: Option<SwitchPage>,
    /// Switches that were carried out since the program began.
    pub switches: u64,
    /// Of these, those that failed.
    pub failures: u64,
    /// Leases that were refused since the program began.
    pub refused: u64,
    /// Why the last one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<String>,
    /// The keys that may sign leases.
    pub keys: String,
    /// How fetching rules stands, where they are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<FetchPage>,
}

/// The right to Subscriber rules.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EntitledPage {
    /// Whether there is one now.
    pub granted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The class of entitlement that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// The number of the decision.
    pub generation: u64,
    /// When the lease ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
}

/// What is known to run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EffectivePage {
    /// The rule set.
    pub set: RuleSet,
    /// Its content.
    pub digest: String,
    /// Rules in it.
    pub rules: u32,
    /// The engine's version.
    pub engine: String,
    /// Since when.
    pub since: UnixTime,
    /// Whether Snort's log said the number of rules.
    pub counted: bool,
}

/// A bundle that Snort refused.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftPage {
    /// The rule set.
    pub set: RuleSet,
    /// Its content.
    pub digest: String,
    /// The reason code.
    pub reason: String,
}

impl From<(Effective, &str)> for LeftPage {
    fn from((refused, reason): (Effective, &str)) -> Self {
        let (set, digest) = (refused.set, refused.bundle.to_string());
        Self { set, digest, reason: reason.to_owned() }
    }
}

/// What the watch saw last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WatchPage {
    /// `as-ordered`, or the reason code.
    pub code: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixTime>,
}

/// The last switch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SwitchPage {
    /// When it ended.
    pub at: UnixTime,
    /// The set that was wanted.
    pub wanted: String,
    /// `applied`, or the reason code.
    pub outcome: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Milliseconds that were the agent's.
    pub ours_ms: u64,
    /// Milliseconds that Snort took to check the rules and to load them.
    pub snort_ms: u64,
    /// Milliseconds from the last lease that brought Subscriber rules to their proof, Snort's share in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_lease_ms: Option<u64>,
}

impl Ids {
    /// How it stands.
    pub fn page(&self, now: Now) -> IdsPage {
        let (state, reason) = match self.gate.state(now) {
            State::Community => ("community", None),
            State::Validating => ("validating", None),
            State::Subscriber => ("subscriber", None),
            State::Fallback(reason) => ("fallback", Some(reason)),
        };
        let lease = self.gate.lease().map(Verified::lease);
        IdsPage {
            state: state.to_owned(),
            reason,
            wanted: lease.map(|lease| lease.rule_set),
            enabled: lease.is_some_and(|lease| lease.ids),
            entitled: self.entitled(now),
            effective: self.effective_page(),
            left: self.gate.left(now).map(LeftPage::from).collect(),
            watch: self.watch_page(),
            last_switch: self.switch_page(),
            switches: self.tally.switches,
            failures: self.tally.failures,
            refused: self.tally.refused,
            last_refusal: self.tally.last_refusal.clone(),
            keys: self.gate.trust().keys.to_string(),
            fetch: self.fetcher.as_ref().map(Fetcher::page),
        }
    }

    /// What the Center is told of it.
    pub fn told_center(&self, now: Now) -> IdsStatus {
        let lease = self.gate.lease().map(Verified::lease);
        let denial = self.gate.grant(now).err();
        IdsStatus {
            enabled: lease.is_some_and(|lease| lease.ids),
            wanted: lease.map_or(RuleSet::Community, |lease| lease.rule_set),
            entitled: if denial.is_none() { RuleSet::Subscriber } else { RuleSet::Community },
            reason: denial.map(|denial| denial.code().to_owned()),
            generation: self.gate.trust().generation,
            until: lease.map(|lease| lease.expires_at),
            effective: self.proven().map(|(runs, proven)| IdsEffective {
                set: runs.set,
                bundle: runs.bundle,
                rules: Some(proven.rules.into()),
                engine: proven.engine.clone(),
                since: proven.since,
            }),
            switch: self.last_for_center(),
        }
    }

    fn last_for_center(&self) -> Option<IdsSwitch> {
        let last = self.status.last.as_ref()?;
        let outcome = if last.outcome == "applied" { "done" } else { last.outcome.as_str() };
        Some(IdsSwitch { to: Sets::named(&last.wanted)?.set, at: last.at, outcome: outcome.to_owned() })
    }

    /// What is known to run, and how it was proven.
    fn proven(&self) -> Option<(Effective, &Confirmed)> {
        let runs = self.gate.effective()?;
        let proven = self.status.confirmed.as_ref().filter(|proven| proven.effective() == Some(runs))?;
        Some((runs, proven))
    }

    fn entitled(&self, now: Now) -> EntitledPage {
        let denial = self.gate.grant(now).err();
        let lease = self.gate.lease().map(Verified::lease);
        let class =
            lease.and_then(|lease| Class::of_tag(&Tag::try_from(lease.entitlement_tag.clone()).ok()?));
        EntitledPage {
            granted: denial.is_none(),
            reason: denial.map(|denial| denial.code().to_owned()),
            detail: denial.map(|denial| denial.to_string()),
            class: class.map(|class| class.name().to_owned()),
            lease: lease.map(|lease| lease.lease.to_string()),
            generation: lease.map_or(0, |lease| lease.generation),
            until: lease.map(|lease| lease.expires_at),
        }
    }

    fn effective_page(&self) -> Option<EffectivePage> {
        let (runs, proven) = self.proven()?;
        Some(EffectivePage {
            set: runs.set,
            digest: runs.bundle.to_string(),
            rules: proven.rules,
            engine: proven.engine.clone(),
            since: proven.since,
            counted: proven.counted,
        })
    }

    fn watch_page(&self) -> WatchPage {
        let seen = self.seen.as_ref();
        WatchPage {
            code: seen.map_or("not-looked", |(_, seen)| seen.code).to_owned(),
            detail: seen.map_or_else(String::new, |(_, seen)| seen.detail.clone()),
            at: seen.map(|(at, _)| *at),
        }
    }

    fn switch_page(&self) -> Option<SwitchPage> {
        let last = self.status.last.clone()?;
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Some(SwitchPage {
            at: last.at,
            wanted: last.wanted,
            outcome: last.outcome,
            detail: last.detail,
            ours_ms: last.took_ms.saturating_sub(last.of_snort_ms),
            snort_ms: last.of_snort_ms,
            since_lease_ms: self.tally.response.map(millis),
        })
    }
}

impl IdsPage {
    /// What is not as it should be.
    pub fn problems(&self) -> Vec<Problem> {
        let watched = &self.watch;
        let seen = (!["as-ordered", "not-looked"].contains(&watched.code.as_str())
            && self.effective.is_none())
        .then(|| (Health::Critical, format!("Snort: {} [{}]", watched.detail, watched.code)));
        let why = self.entitled.detail.clone().unwrap_or_default();
        let fallback = self.reason.as_ref().map(|reason| {
            (Health::Warning, format!("Snort's rules are not those that are wanted [{reason}]: {why}"))
        });
        let left = self.left.iter().map(|left| (Health::Warning, left.to_text()));
        let fault = self.fetch.as_ref().and_then(|page| page.fault.as_ref());
        let fetch =
            fault.map(|fault| (Health::Warning, format!("rules are not fetched: {}", fault.to_text())));
        seen.into_iter()
            .chain(fallback)
            .chain(left)
            .chain(fetch)
            .map(|(health, what)| Problem { health, what })
            .collect()
    }

    /// One line for monitoring.
    pub fn to_check_line(&self) -> String {
        let problems = self.problems();
        let health = problems.iter().map(|problem| problem.health).max().unwrap_or(Health::Ok);
        let said: Vec<_> = problems.into_iter().map(|problem| problem.what).collect();
        let said = if said.is_empty() { self.runs() } else { said.join("; ") };
        let rules = self.effective.as_ref().map_or(0, |runs| runs.rules);
        printable(&format!(
            "TOLLGATE IDS {}: {said} | rules={rules} switches={}c failures={}c",
            health.word(),
            self.switches,
            self.failures
        ))
    }

    /// One row of the daemon's page.
    pub fn to_line(&self) -> String {
        format!("{}; runs {}", self.state_text(), self.runs())
    }

    /// What an operator reads.
    pub fn to_text(&self) -> String {
        let mut rows = vec![
            ("state", self.state_text()),
            ("wanted", self.wanted_text()),
            ("entitled", self.entitled.to_text()),
            ("effective", self.runs()),
            ("watch", format!("{} {}", self.watch.code, self.watch.detail)),
        ];
        rows.extend(self.effective.iter().map(|runs| ("rules feed", runs.set.feed().to_owned())));
        rows.extend(self.last_switch.iter().map(|last| ("last switch", last.to_text())));
        rows.extend(self.left.iter().map(|left| ("left aside", left.to_text())));
        rows.extend(self.fetch.iter().map(|page| ("fetch", page.to_text())));
        rows.push(("lease keys", self.keys.clone()));
        rows.extend(self.last_refusal.iter().map(|why| ("lease refused", why.clone())));
        let mut text = String::new();
        for (name, value) in rows {
            let _ = writeln!(text, "{name:<15} {}", printable(value.trim_end()));
        }
        text
    }

    fn state_text(&self) -> String {
        self.reason.as_ref().map_or_else(|| self.state.clone(), |reason| format!("{}, {reason}", self.state))
    }

    fn wanted_text(&self) -> String {
        match self.wanted {
            None => "community: no Center has decided anything".to_owned(),
            Some(set) if self.enabled => format!("{set}, by decision {}", self.entitled.generation),
            Some(set) => format!("{set}, by decision {}: IDS is not enabled here", self.entitled.generation),
        }
    }

    fn runs(&self) -> String {
        let Some(runs) = &self.effective else { return "nothing that is known".to_owned() };
        let counted = if runs.counted { "" } else { ", not counted by Snort" };
        let EffectivePage { set, digest, rules, engine, since, .. } = runs;
        format!("{set} {digest}, {rules} rules{counted}, Snort {engine}, since {since}")
    }
}

impl EntitledPage {
    fn to_text(&self) -> String {
        let until = self.until.map_or_else(String::new, |until| format!(", lease until {until}"));
        match (&self.detail, &self.class) {
            (Some(detail), _) => format!("no: {detail}"),
            (None, class) => format!("yes, {}{until}", class.as_deref().unwrap_or("class not known here")),
        }
    }
}

impl LeftPage {
    fn to_text(&self) -> String {
        format!("Snort refuses {} {} [{}]; another one serves", self.set, self.digest, self.reason)
    }
}

impl FetchPage {
    fn to_text(&self) -> String {
        let asked = self.asked.map_or_else(|| "never".to_owned(), |at| at.to_string());
        let fault = self.fault.as_ref().map(|fault| format!("; {}", fault.to_text())).unwrap_or_default();
        format!("asked the Center {asked}, {} bundles taken in{fault}", self.bundles)
    }
}

impl Fault {
    fn to_text(&self) -> String {
        format!("{} [{}]", self.detail, self.code)
    }
}

impl SwitchPage {
    fn to_text(&self) -> String {
        let Self { at, wanted, outcome, detail, ours_ms, snort_ms, .. } = self;
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        let lease =
            self.since_lease_ms.map_or_else(String::new, |millis| format!("; {millis} ms after its lease"));
        format!("{at} to {wanted}: {outcome}{detail}; {ours_ms} ms ours, {snort_ms} ms Snort's{lease}")
    }
}
