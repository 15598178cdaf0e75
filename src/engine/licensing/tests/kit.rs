//! What the tests share: a Center, its clock, and usage.

use crate::engine::licensing::{Action, Agent, Input, Notice, Udi, Usage};
use crate::model::entitlement::Class;
use crate::model::time::{Now, Ticks, UnixTime};
use std::time::Duration;

pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) fn udi() -> Udi {
    Udi::new("CV-CNTR-ESXI", "CENTERVM-INT17047").unwrap()
}

/// The time of the guide's screenshot.
pub(super) fn start() -> Now {
    Now { ticks: Ticks::from_millis(1_000), wall: "2021-01-08T11:52:33Z".parse().unwrap() }
}

pub(super) fn later(now: Now, by: Duration) -> Now {
    Now { ticks: now.ticks.plus(by), wall: now.wall.plus(by) }
}

pub(super) fn back(now: Now, by: Duration) -> Now {
    let millis = u64::try_from(by.as_millis()).unwrap();
    Now { wall: UnixTime::from_millis(now.wall.millis() - millis), ..now }
}

pub(super) fn components(tokens: u64) -> Usage {
    [(Class::Advantage.tag(), tokens)]
        .into_iter()
        .collect::<std::collections::BTreeMap<_, _>>()
        .try_into()
        .unwrap()
}

/// A Center that evaluates with 105 components.
pub(super) fn evaluating() -> (Agent, Now) {
    let now = start();
    let mut agent = Agent::new(udi(), now);
    agent.handle(Input::Usage(components(105)), now);
    (agent, now)
}

/// All that is to be done now.
pub(super) fn drain(agent: &mut Agent, now: Now) -> Vec<Action> {
    std::iter::from_fn(|| agent.poll(now)).collect()
}

pub(super) fn notices(agent: &mut Agent, now: Now) -> Vec<Notice> {
    let notice = |action| if let Action::Notify(notice) = action { Some(notice) } else { None };
    drain(agent, now).into_iter().filter_map(notice).collect()
}
