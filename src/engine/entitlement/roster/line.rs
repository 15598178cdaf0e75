//! How each sensor stands: what was decided, what it says it runs, and why that is not the same.

use super::{Roster, Subject, Terms};
use crate::engine::entitlement::issue::Denial;
use crate::model::entitlement::Class;
use crate::model::ident::SensorId;
use crate::model::lease::RuleSet;
use crate::model::message::{IdsEffective, IdsStatus, IdsSwitch};
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One sensor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub sensor: SensorId,
    /// Its platform.
    pub platform: String,
    /// What it is licensed as; absent where it counts only.
    pub class: Option<Class>,
    /// Since when IDS is enabled, by interface; the empty name stands for the whole sensor.
    pub enabled: BTreeMap<String, UnixTime>,
    /// The rule set chosen for all.
    pub wanted: RuleSet,
    /// What the Center grants.
    pub entitled: RuleSet,
    /// Why no more than Community: code and words.
    pub reason: Option<(String, String)>,
    /// When its lease ends.
    pub until: Option<UnixTime>,
    /// The number of the newest decision.
    pub generation: u64,
    /// What it says that Snort runs.
    pub effective: Option<IdsEffective>,
    /// The last switch, as it says.
    pub switch: Option<IdsSwitch>,
    /// Why it does not run what it is granted.
    pub problem: Option<Problem>,
}

/// Why a sensor does not run what was decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: String,
    /// For people.
    pub text: String,
}

impl Roster {
    /// How a sensor stands.
    pub fn line(&self, subject: &Subject<'_>, terms: &Terms<'_>) -> Line {
        let entry = self.entry(subject.sensor);
        let decision = self.decide(subject, terms);
        let denial = decision.subscriber.err();
        Line {
            sensor: subject.sensor.clone(),
            platform: subject.platform.to_owned(),
            class: Class::of_platform(subject.platform),
            enabled: entry.map(|entry| entry.enabled.clone()).unwrap_or_default(),
            wanted: self.chosen(),
            entitled: decision.rule_set(),
            reason: denial.map(|denial| (denial.code().to_owned(), denial.to_string())),
            until: entry.and_then(|entry| entry.issued.as_ref()).map(|issued| issued.until),
            generation: entry.map_or(0, |entry| entry.generation),
            effective: subject.status.and_then(|status| status.effective.clone()),
            switch: subject.status.and_then(|status| status.switch.clone()),
            problem: problem(subject, decision.rule_set(), denial, terms),
        }
    }
}

/// Nothing is expected of a sensor that runs no Snort.
fn problem(
    subject: &Subject<'_>,
    entitled: RuleSet,
    denial: Option<Denial>,
    terms: &Terms<'_>,
) -> Option<Problem> {
    if matches!(denial, Some(Denial::Platform | Denial::Revoked)) {
        return None;
    }
    let runs = subject.status.and_then(|status| status.effective.as_ref()).map(|runs| runs.set);
    match (entitled, runs) {
        (RuleSet::Subscriber, Some(RuleSet::Subscriber)) | (RuleSet::Community, Some(RuleSet::Community)) => {
            None
        }
        (RuleSet::Community, None) => None,
        (RuleSet::Community, Some(RuleSet::Subscriber)) => Some(say(
            "still-subscriber",
            "it still runs Subscriber rules; they end with its lease at the latest",
        )),
        (RuleSet::Subscriber, _) => Some(hindrance(subject.status, terms)),
    }
}

/// What keeps a sensor from Subscriber rules that it is granted.
fn hindrance(status: Option<&IdsStatus>, terms: &Terms<'_>) -> Problem {
    let Some(status) = status else {
        return say("silent", "it has not said what it runs");
    };
    if terms.bundles.is_empty() {
        return say(
            "no-bundle-allowed",
            "no Subscriber bundle is allowed; add one with `tollgate-center rules add`",
        );
    }
    let failed =
        status.switch.as_ref().map(|switch| switch.outcome.as_str()).filter(|outcome| *outcome != "done");
    match (status.reason.as_deref(), failed) {
        (Some(reason), _) => say(reason, "it has no right to Subscriber rules yet, by its own word"),
        (None, Some(outcome)) => {
            say(outcome, "its last switch failed; see `tollgate-agent ids status` there")
        }
        (None, None) => say("switching", "it has not switched yet"),
    }
}

fn say(code: &str, text: &str) -> Problem {
    Problem { code: code.to_owned(), text: text.to_owned() }
}
