//! Which rules run where, and the choice between Community and Subscriber.

use super::words::time;
use crate::app::center::words::{IdsAnswer, Request, RulesAnswer};
use crate::app::pages::{Frame, Said, Visit, go, page};
use crate::engine::entitlement::roster::Line;
use crate::model::bundle::Offer;
use crate::model::lease::RuleSet;
use askama::Template;

/// Sensors that are listed.
const ROWS: usize = 200;

#[derive(Template)]
#[template(path = "center/web/look/snort.html")]
struct Snort<'a> {
    frame: &'a Frame,
    rules: RuleSet,
    total: usize,
    wrong: usize,
    lines: Vec<Line>,
    bundles: Vec<Offer>,
}

pub(super) async fn snort(visit: &Visit) -> Said {
    let IdsAnswer { rules, sensors } = visit.ask(&Request::IdsStatus).await?;
    let bundles = visit.ask(&Request::Bundles).await?;
    let (total, wrong) = (sensors.len(), sensors.iter().filter(|line| line.problem.is_some()).count());
    let mut lines = sensors;
    // What is wrong comes first, so that it is on the page whatever there is.
    lines.sort_by_key(|line| (line.problem.is_none(), line.enabled.is_empty(), line.sensor.clone()));
    lines.truncate(ROWS);
    page(&Snort { frame: &visit.frame, rules, total, wrong, lines, bundles })
}

#[derive(Template)]
#[template(path = "center/web/look/rules.html")]
struct Review<'a> {
    frame: &'a Frame,
    answer: RulesAnswer,
}

pub(super) async fn review(visit: &Visit) -> Said {
    let rules = visit.may("rules").map_or(Ok(RuleSet::Subscriber), |_| visit.parsed("rules"))?;
    page(&Review { frame: &visit.frame, answer: visit.ask(&Request::Rules { rules, dry_run: true }).await? })
}

pub(super) async fn choose(visit: &Visit) -> Said {
    let rules: RuleSet = visit.parsed("rules")?;
    let answer: RulesAnswer = visit.ask(&Request::Rules { rules, dry_run: false }).await?;
    let note = format!("{rules} rules are chosen: {} sensors get them.", answer.gain.len());
    go("/snort", note)
}
