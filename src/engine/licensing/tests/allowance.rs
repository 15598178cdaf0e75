//! Overage and hysteresis: off unless said, and then what each entitlement bears.

use super::kit::*;
use crate::engine::licensing::*;
use crate::model::entitlement::{Allowance, Class};
use crate::model::smart::{Answer as Said, Verdict};
use crate::model::time::Now;
use std::time::Duration;

const QUARTER: Duration = Duration::from_mins(15);

fn bears(overage: u64, minutes: u32) -> Allowances {
    [(Class::Advantage, Allowance { overage, minutes })].into()
}

fn says(agent: &mut Agent, verdict: Verdict, now: Now) {
    order(agent, Command::RenewAuthorization, now).unwrap();
    let ask = asked(agent, now).unwrap();
    answer(agent, ask.id, Ok(Said::Authorized { verdicts: verdicts(verdict) }), now);
}

#[test]
fn a_reservation_bears_as_many_tokens_more_as_was_said_and_no_more() {
    let (mut agent, now, _) = reserved(104);
    assert_eq!(agent.standing(now), Standing::Reserved(Cover::Short), "nothing is borne unless said");
    agent.allow(bears(1, 0));
    assert_eq!(agent.standing(now), Standing::Reserved(Cover::Enough));
    assert_eq!(agent.status(now).licenses[0].status, "Authorized");
    agent.handle(Input::Usage(components(106)), now).unwrap();
    assert_eq!(agent.standing(now), Standing::Reserved(Cover::Short));
    let row = &agent.status(now).licenses[0];
    assert_eq!((row.reserved, row.in_use, row.status), (104, 106, "Out of Compliance"));
}

#[test]
fn an_overage_that_the_authority_bears_is_no_shortage() {
    let (agent, now) = registered(Verdict::Overage);
    assert_eq!(agent.standing(later(now, DAY)), Standing::Registered(Compliance::Authorized));
    assert_eq!(agent.status(now).licenses[0].status, "Authorized");
}

#[test]
fn a_shortage_must_last_before_it_is_told_and_its_ninety_days_begin_then() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    agent.allow(bears(0, 75));
    says(&mut agent, Verdict::OutOfCompliance, now);
    assert_eq!(agent.standing(now), Standing::Registered(Compliance::Authorized));
    assert_eq!(agent.status(now).licenses[0].status, "Authorized");
    let restarted = Agent::restore(agent.snapshot().as_bytes(), now).unwrap();
    assert_eq!(
        restarted.standing(now),
        Standing::Registered(Compliance::Short),
        "the rest is not configured"
    );
    // The authority is asked every quarter of an hour meanwhile, and five readings in a row decide.
    assert_eq!(asked(&mut agent.clone(), later(now, QUARTER - Duration::from_millis(1))), None);
    assert!(asked(&mut agent.clone(), later(now, QUARTER)).is_some());
    let told = later(now, QUARTER * 5);
    assert_eq!(
        agent.standing(later(now, QUARTER * 5 - Duration::from_millis(1))).words().authorization,
        "Authorized"
    );
    assert_eq!(agent.standing(told), Standing::Registered(Compliance::Short));
    assert_eq!(agent.status(told).short_until, Some(told.wall.plus(DAY * 90)));
    assert_eq!(agent.standing(later(told, DAY * 90)), Standing::Unregistered(Trial::Running));
}

#[test]
fn a_shortage_that_ends_in_between_begins_anew() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    agent.allow(bears(0, 75));
    says(&mut agent, Verdict::OutOfCompliance, now);
    says(&mut agent, Verdict::InCompliance, later(now, QUARTER * 4));
    says(&mut agent, Verdict::OutOfCompliance, later(now, QUARTER * 5));
    let then = later(now, QUARTER * 9);
    assert_eq!(agent.standing(then), Standing::Registered(Compliance::Authorized));
    assert_eq!(agent.standing(later(now, QUARTER * 10)), Standing::Registered(Compliance::Short));
}
