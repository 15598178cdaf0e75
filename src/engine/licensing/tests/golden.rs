//! The summary and the page of each standing, as committed: `TOLLGATE_WRITE_GOLDEN=1` writes them anew.

use super::kit::{answer, asked, components, drain, in_standing, later, order, register, taken_in};
use crate::engine::licensing::{Agent, Command, Input, Payment, Standing, Transport};
use crate::model::smart::Verdict;
use crate::model::time::Now;
use std::path::Path;
use std::time::Duration;

fn utility() -> (Agent, Now) {
    let now = super::kit::start();
    let mut agent = Agent::new(super::kit::udi(), now);
    agent.handle(Input::Usage(components(105)), now).unwrap();
    order(&mut agent, Command::SetPayment(Payment::Utility { customer: Default::default() }), now).unwrap();
    let gateway = Transport::Gateway { url: "https://satellite.plant/SmartTransport".into() };
    order(&mut agent, Command::SetTransport(gateway), now).unwrap();
    order(&mut agent, register(), now).unwrap();
    let ask = asked(&mut agent, now).unwrap();
    answer(&mut agent, ask.id, taken_in(Verdict::InCompliance, now), now);
    drain(&mut agent, now);
    (agent, now)
}

#[test]
fn each_standing_reads_as_committed() {
    let mut text = String::new();
    let states = Standing::ALL.map(|standing| (format!("{standing:?}"), in_standing(standing)));
    for (name, (agent, now)) in states.into_iter().chain([("Utility".to_owned(), utility())]) {
        let then = later(now, Duration::from_hours(1));
        let status = serde_json::to_string(&agent.status(then)).unwrap();
        text += &format!("{name}\n{}\n{status}\n", agent.summary(then).line());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/licensing/tests/golden.txt");
    if std::env::var_os("TOLLGATE_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    for (found, expected) in text.lines().zip(committed.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(text, committed);
}
