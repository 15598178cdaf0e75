//! What the tests share: a Center, its clock, and usage.

use crate::engine::licensing::codes::{AuthoritySecret, Entitlement, RequestCode, issue};
use crate::engine::licensing::{
    Action, Agent, Answer, Ask, Command, Compliance, Cover, Done, Input, Notice, Reason, Refusal, Standing,
    Trial, Udi, Usage,
};
use crate::model::entitlement::{Class, Tag};
use crate::model::smart::{Answer as Said, Verdict};
use crate::model::time::{Now, Ticks, UnixTime};
use std::collections::BTreeMap;
use std::sync::LazyLock;
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
    [(Class::Advantage.tag(), tokens)].into_iter().collect::<BTreeMap<_, _>>().try_into().unwrap()
}

/// A Center that evaluates with 105 components.
pub(super) fn evaluating() -> (Agent, Now) {
    let now = start();
    let mut agent = Agent::new(udi(), now);
    agent.handle(Input::Usage(components(105)), now).unwrap();
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

pub(super) const NEVER_MIND: u64 = 0x5eed_5eed_5eed_5eed;

pub(super) fn order(agent: &mut Agent, command: Command, now: Now) -> Result<Done, Refusal> {
    agent.handle(Input::Command { command, random: NEVER_MIND }, now)
}

/// The question that is asked now, if one is.
pub(super) fn asked(agent: &mut Agent, now: Now) -> Option<Ask> {
    drain(agent, now)
        .into_iter()
        .find_map(|action| if let Action::Ask(ask) = action { Some(*ask) } else { None })
}

pub(super) fn answer(agent: &mut Agent, id: u64, said: Result<Said, Reason>, now: Now) {
    let answer = Answer { id, authority_time: None, said };
    agent.handle(Input::Answer { answer, random: NEVER_MIND }, now).unwrap();
}

pub(super) fn verdicts(verdict: Verdict) -> BTreeMap<Tag, Verdict> {
    [(Class::Advantage.tag(), verdict)].into()
}

pub(super) fn taken_in(verdict: Verdict, now: Now) -> Result<Said, Reason> {
    Ok(Said::Registered {
        instance: "center-1".into(),
        smart_account: "Plant".into(),
        virtual_account: "Line 1".into(),
        id_expires: now.wall.plus(DAY * 365),
        verdicts: verdicts(verdict),
        id_certificate: None,
    })
}

/// The ID certificate was renewed for a year.
pub(super) fn renewed(now: Now) -> Result<Said, Reason> {
    Ok(Said::Renewed { id_expires: now.wall.plus(DAY * 365), id_certificate: None })
}

pub(super) fn register() -> Command {
    Command::Register { token: "NjFhZGNjMjc1MDc5Mi".into(), force: false }
}

/// Registered with 105 components, and the authority says this of them.
pub(super) fn registered(verdict: Verdict) -> (Agent, Now) {
    let (mut agent, now) = evaluating();
    order(&mut agent, register(), now).unwrap();
    let ask = asked(&mut agent, now).unwrap();
    answer(&mut agent, ask.id, taken_in(verdict, now), now);
    drain(&mut agent, now);
    (agent, now)
}

/// Made once: random lives ask for it by the million.
pub(super) fn authority() -> &'static AuthoritySecret {
    static AUTHORITY: LazyLock<AuthoritySecret> =
        LazyLock::new(|| AuthoritySecret::from_bytes(&[7; 32]).unwrap());
    &AUTHORITY
}

/// A code for so many components, without an end.
pub(super) fn code_for(request: &str, tokens: u64, now: Now) -> String {
    let class = Class::Advantage;
    let one = Entitlement {
        tag: class.tag(),
        count: tokens,
        start: None,
        until: None,
        license_type: "TERM".into(),
        title: class.title().into(),
        description: class.description().into(),
        subscription_id: String::new(),
    };
    issue(&RequestCode::read(request).unwrap(), &[one], now.wall, authority()).unwrap()
}

/// A reservation requested, and its code.
pub(super) fn pending() -> (Agent, Now, String) {
    let (mut agent, now) = evaluating();
    agent.trust(Some(authority().public()));
    let Ok(Done::Request(request)) = order(&mut agent, Command::RequestReservation, now) else { panic!() };
    (agent, now, request)
}

/// So many components reserved, 105 in use.
pub(super) fn reserved(tokens: u64) -> (Agent, Now, String) {
    let (mut agent, now, request) = pending();
    order(&mut agent, Command::Install(code_for(&request, tokens, now)), now).unwrap();
    (agent, now, request)
}

/// A Center in each standing.
pub(super) fn in_standing(standing: Standing) -> (Agent, Now) {
    let idle = |agent: &mut Agent, now| agent.handle(Input::Usage(Usage::default()), now).unwrap();
    let (mut agent, now) = match standing {
        Standing::Unregistered(_) | Standing::Registering(_) => evaluating(),
        Standing::Registered(Compliance::Short) => registered(Verdict::OutOfCompliance),
        Standing::Registered(_) => registered(Verdict::InCompliance),
        Standing::Pending => {
            let (agent, now, _) = pending();
            (agent, now)
        }
        Standing::Reserved(Cover::Enough) => {
            let (agent, now, _) = reserved(105);
            (agent, now)
        }
        Standing::Reserved(Cover::Short) => {
            let (agent, now, _) = reserved(104);
            (agent, now)
        }
    };
    let now = match standing {
        Standing::Unregistered(Trial::Over)
        | Standing::Registering(Trial::Over)
        | Standing::Registered(Compliance::Lapsed) => later(now, DAY * 90),
        _ => now,
    };
    match standing {
        Standing::Unregistered(Trial::Idle)
        | Standing::Registering(Trial::Idle)
        | Standing::Registered(Compliance::Idle) => {
            idle(&mut agent, now);
        }
        _ => {}
    }
    if matches!(standing, Standing::Registering(_)) {
        order(&mut agent, register(), now).unwrap();
    }
    agent.trust(Some(authority().public()));
    drain(&mut agent, now);
    assert_eq!(agent.standing(now), standing);
    (agent, now)
}
