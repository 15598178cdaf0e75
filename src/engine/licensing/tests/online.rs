//! Registration with an authority: answers, silence, retries, renewals, utility mode.

use super::kit::*;
use crate::engine::entitlement::issue::LicenseRight;
use crate::engine::licensing::answer::delay;
use crate::engine::licensing::registration::Registration;
use crate::engine::licensing::*;
use crate::model::smart::{Answer as Said, Verdict};
use crate::model::time::Now;
use std::time::Duration;

const QUARTER: Duration = Duration::from_mins(15);

fn fail(agent: &mut Agent, reason: Reason, now: Now) -> Option<Request> {
    let ask = asked(agent, now)?;
    answer(agent, ask.id, Err(reason), now);
    Some(ask.request)
}

#[test]
fn registering_ends_the_evaluation_and_deregistering_takes_it_up_again() {
    let (mut agent, now) = evaluating();
    let now = later(now, DAY * 10);
    order(&mut agent, register(), now).unwrap();
    let ask = asked(&mut agent, now).unwrap();
    assert!(matches!(ask.request, Request::Register { force: false, .. }));
    answer(&mut agent, ask.id, taken_in(Verdict::InCompliance, now), now);
    let told = notices(&mut agent, now);
    assert!(told.contains(&Notice::RegisterSuccess), "{told:?}");
    let status = agent.status(later(now, DAY * 20));
    assert_eq!((status.evaluation_days_left, status.smart_account.as_deref()), (80, Some("Plant")));
    let now = later(now, DAY * 20);
    order(&mut agent, Command::Deregister, now).unwrap();
    assert_eq!(agent.standing(now), Standing::Unregistered(Trial::Running));
    assert_eq!(agent.status(later(now, DAY * 5)).evaluation_days_left, 75);
    let ask = asked(&mut agent, now).unwrap();
    assert_eq!(ask.request, Request::Deregister { instance: "center-1".into() });
    assert_eq!(agent.status(now).orphan.as_deref(), Some("center-1"));
    answer(&mut agent, ask.id, Ok(Said::Deregistered), now);
    assert_eq!(agent.status(now).orphan, None);
}

#[test]
fn a_deregistration_that_nobody_hears_is_local_and_said_so() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    order(&mut agent, Command::Deregister, now).unwrap();
    fail(&mut agent, Reason::Unreachable, now).unwrap();
    assert!(notices(&mut agent, now).contains(&Notice::DeRegisterFailed { reason: Reason::Unreachable }));
    assert_eq!(agent.standing(now), Standing::Unregistered(Trial::Running));
    assert_eq!(agent.status(now).orphan.as_deref(), Some("center-1"));
    assert!(asked(&mut agent, later(now, Duration::from_mins(2))).is_some());
}

#[test]
fn silence_is_tried_again_and_a_no_is_final() {
    let (mut agent, now) = evaluating();
    order(&mut agent, register(), now).unwrap();
    fail(&mut agent, Reason::Unreachable, now).unwrap();
    assert_eq!(agent.standing(now), Standing::Registering(Trial::Running));
    assert_eq!(agent.status(now).reason.unwrap().code, "unreachable");
    assert!(agent.status(now).registration.starts_with("Registration retry ("));
    assert_eq!(asked(&mut agent, now), None);
    let then = later(now, Duration::from_mins(1));
    assert!(agent.next_deadline(now) <= then.ticks);
    fail(&mut agent, Reason::TokenExpired, then).unwrap();
    assert_eq!(agent.standing(then), Standing::Unregistered(Trial::Running));
    assert!(agent.summary(then).line().contains("\"registrationFailed\":true"));
    assert_eq!(asked(&mut agent, later(then, DAY)), None);
}

#[test]
fn waits_double_up_to_a_day() {
    let most: Vec<u64> = (1..14).map(|failed| delay(failed, u64::MAX).as_secs().div_ceil(60)).collect();
    assert_eq!(most, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
    assert!((1..14).all(|failed| delay(failed, 0) == Duration::from_secs(1)));
}

#[test]
fn answers_to_nothing_and_senseless_ones_are_refused() {
    let (mut agent, now) = evaluating();
    let stale = Answer { id: 1, authority_time: None, said: Ok(Said::Deregistered) };
    let refused = agent.handle(Input::Answer { answer: stale, random: 0 }, now);
    assert_eq!(refused, Err(Refusal::StaleAnswer));
    order(&mut agent, register(), now).unwrap();
    let mut then = now;
    let good = |now: Now| taken_in(Verdict::InCompliance, now);
    let with_end = |now: Now, end| {
        let mut said = good(now);
        if let Ok(Said::Registered { id_expires, .. }) = &mut said {
            *id_expires = end;
        }
        said
    };
    for body in [Ok(Said::Deregistered), with_end(now, now.wall), with_end(now, now.wall.plus(DAY * 3660))] {
        let ask = asked(&mut agent, then).unwrap();
        answer(&mut agent, ask.id, body, then);
        assert_eq!(agent.status(then).reason.unwrap().code, "bad-answer");
        then = later(then, DAY);
    }
    let ask = asked(&mut agent, then).unwrap();
    let late = Answer { id: ask.id, authority_time: Some(then.wall.plus(QUARTER * 5)), said: good(then) };
    agent.handle(Input::Answer { answer: late, random: 0 }, then).unwrap();
    assert_eq!(agent.status(then).reason.unwrap().code, "clocks-differ");
}

#[test]
fn a_question_without_any_answer_fails_after_a_while() {
    let (mut agent, now) = evaluating();
    order(&mut agent, register(), now).unwrap();
    assert!(asked(&mut agent, now).is_some());
    let then = later(now, Duration::from_mins(5));
    assert!(notices(&mut agent, then).contains(&Notice::RegisterFailed { reason: Reason::Unreachable }));
}

#[test]
fn authorization_is_renewed_after_thirty_days_and_the_certificate_after_half_a_year() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    assert_eq!(asked(&mut agent, later(now, DAY * 30 - QUARTER)), None);
    let mut then = now;
    for _ in 0..6 {
        then = later(then, DAY * 30);
        let mut ask = asked(&mut agent, then).unwrap();
        if matches!(ask.request, Request::RenewId { .. }) {
            assert_eq!(then, later(now, DAY * 180));
            answer(&mut agent, ask.id, renewed(then), then);
            ask = asked(&mut agent, then).unwrap();
        }
        assert!(matches!(ask.request, Request::Authorize { .. }), "{ask:?}");
        answer(&mut agent, ask.id, Ok(Said::Authorized { verdicts: verdicts(Verdict::InCompliance) }), then);
        assert_eq!(agent.standing(then), Standing::Registered(Compliance::Authorized));
    }
    let Registration::Registered(it) = &agent.state.registration else { panic!() };
    assert_eq!(it.id_expires, now.wall.plus(DAY * 545));
}

#[test]
fn ninety_days_of_silence_expire_the_authorization_and_contact_cures_it() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    assert_eq!(agent.standing(later(now, DAY * 90 - QUARTER)), Standing::Registered(Compliance::Authorized));
    assert_eq!(agent.right(later(now, DAY * 179)), LicenseRight::Granted);
    assert_eq!(agent.right(later(now, DAY * 180)), LicenseRight::AuthorizationExpired);
    let then = later(now, DAY * 100);
    assert_eq!(agent.standing(then), Standing::Registered(Compliance::Lapsed));
    fail(&mut agent, Reason::Dns, then).unwrap();
    assert!(notices(&mut agent, then).contains(&Notice::CommunicationFailure { reason: Reason::Dns }));
    let then = later(then, DAY);
    let ask = asked(&mut agent, then).unwrap();
    answer(&mut agent, ask.id, Ok(Said::Authorized { verdicts: verdicts(Verdict::InCompliance) }), then);
    assert_eq!(agent.standing(then), Standing::Registered(Compliance::Authorized));
    assert!(notices(&mut agent, then).contains(&Notice::CommunicationRestored));
}

#[test]
fn a_year_without_renewal_is_back_to_evaluation() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    let end = later(now, DAY * 365);
    assert_eq!(agent.standing(later(now, DAY * 365 - QUARTER)), Standing::Registered(Compliance::Lapsed));
    assert_eq!(agent.standing(end), Standing::Unregistered(Trial::Running));
    assert_eq!(agent.status(end).registration, "Unregistered - Registration Expired");
    // In one step of two years the evaluation of ninety days is over as well.
    assert_eq!(agent.standing(later(now, DAY * 730)), Standing::Unregistered(Trial::Over));
    let told = notices(&mut agent, later(now, DAY * 335));
    assert!(told.contains(&Notice::IdCertExpiryWarning { days: 30 }), "{told:?}");
    let told = notices(&mut agent, end);
    let named = |name: &str| told.iter().filter(|notice| notice.name() == name).count();
    assert_eq!((named("IdCertExpired"), named("IdCertExpiryWarning"), named("EnforcementMode")), (1, 0, 1));
}

#[test]
fn ninety_days_short_are_back_to_evaluation_and_a_cure_clears_the_clock() {
    let (mut agent, now) = registered(Verdict::OutOfCompliance);
    assert_eq!(agent.right(now), LicenseRight::Granted);
    let ask = asked(&mut agent, later(now, QUARTER)).unwrap();
    answer(
        &mut agent,
        ask.id,
        Ok(Said::Authorized { verdicts: verdicts(Verdict::OutOfCompliance) }),
        later(now, QUARTER),
    );
    assert_eq!(agent.status(now).short_until, Some(now.wall.plus(DAY * 90)));
    assert_eq!(agent.standing(later(now, DAY * 90 - QUARTER)), Standing::Registered(Compliance::Short));
    assert_eq!(agent.standing(later(now, DAY * 90)), Standing::Unregistered(Trial::Running));
    let then = later(now, DAY * 50);
    let ask = asked(&mut agent, then).unwrap();
    answer(&mut agent, ask.id, Ok(Said::Authorized { verdicts: verdicts(Verdict::InCompliance) }), then);
    assert_eq!(agent.standing(later(now, DAY * 95)), Standing::Registered(Compliance::Authorized));
    assert_eq!(agent.status(then).short_until, None);
}

#[test]
fn the_worst_entitlement_wins() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    let tag = crate::model::entitlement::Class::IdsIc3000.tag();
    let advantage = crate::model::entitlement::Class::Advantage.tag();
    let usage = std::collections::BTreeMap::from([(advantage.clone(), 105), (tag.clone(), 1)]);
    agent.handle(Input::Usage(usage.try_into().unwrap()), now).unwrap();
    let then = later(now, QUARTER);
    let ask = asked(&mut agent, then).unwrap();
    let verdicts = [(advantage, Verdict::InCompliance), (tag, Verdict::OutOfCompliance)].into();
    answer(&mut agent, ask.id, Ok(Said::Authorized { verdicts }), then);
    assert_eq!(agent.standing(then), Standing::Registered(Compliance::Short));
    let rows: Vec<_> = agent.status(then).licenses.into_iter().map(|row| (row.in_use, row.status)).collect();
    assert_eq!(rows, [(105, "Authorized"), (1, "Out of Compliance")]);
}

fn utility(start: Now) -> Agent {
    let mut agent = Agent::new(udi(), start);
    agent.handle(Input::Usage(components(105)), start).unwrap();
    order(&mut agent, Command::SetPayment(Payment::Utility { customer: Customer::default() }), start)
        .unwrap();
    let gateway = Transport::Gateway { url: "https://satellite/SmartTransport".into() };
    order(&mut agent, Command::SetTransport(gateway), start).unwrap();
    order(&mut agent, register(), start).unwrap();
    let ask = asked(&mut agent, start).unwrap();
    answer(&mut agent, ask.id, taken_in(Verdict::InCompliance, start), start);
    agent
}

/// Answers whatever is asked now with yes; the reports among it.
fn obey(agent: &mut Agent, now: Now) -> Vec<UsageReport> {
    let mut reports = Vec::new();
    while let Some(ask) = asked(agent, now) {
        let body = match ask.request {
            Request::Register { .. } => taken_in(Verdict::InCompliance, now),
            Request::RenewId { .. } => renewed(now),
            Request::Authorize { .. } => Ok(Said::Authorized { verdicts: verdicts(Verdict::InCompliance) }),
            Request::Deregister { .. } => Ok(Said::Deregistered),
            Request::UsageReport { report, .. } => {
                let sequence = report.sequence;
                reports.push(report);
                Ok(Said::Reported { sequence, late: false })
            }
        };
        answer(agent, ask.id, body, now);
    }
    reports
}

#[test]
fn ten_years_of_utility_mode_are_reported_once_each() {
    // Begin with an interval, so that each is whole.
    let start = Now { wall: "2021-01-08T12:00:00Z".parse().unwrap(), ..start() };
    let mut agent = utility(start);
    let (mut now, mut all) = (start, Vec::new());
    // Steps that are no divisors of an interval, silences, and restarts.
    for step in 0.. {
        now = later(now, Duration::from_mins(777));
        if now.wall >= start.wall.plus(DAY * 3650) {
            break;
        }
        if step % 7 != 0 {
            all.extend(obey(&mut agent, now));
        }
        if step % 50 == 0 {
            agent = Agent::restore(agent.snapshot().as_bytes(), now).unwrap();
        }
    }
    let end = later(start, DAY * 3650);
    all.extend(obey(&mut agent, end));
    assert_eq!(all.len(), 21_900);
    assert!(
        all.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].sequence + 1 == pair[1].sequence)
    );
    assert!(all.iter().all(|report| report.usage == components(105)));
}

#[test]
fn reports_wait_in_order_and_the_oldest_are_dropped_with_a_count() {
    let start = Now { wall: "2021-01-08T12:00:00Z".parse().unwrap(), ..start() };
    let mut agent = utility(start);
    let mut now = start;
    for _ in 0..3 {
        now = later(now, Duration::from_hours(4));
        fail(&mut agent, Reason::Unreachable, now);
    }
    assert_eq!(agent.status(now).reports_waiting, 3);
    let sequences: Vec<u64> =
        obey(&mut agent, later(now, DAY)).iter().map(|report| report.sequence).collect();
    assert_eq!(sequences, (1..=9).collect::<Vec<_>>());
    // The most of each interval is billed.
    agent.handle(Input::Usage(components(500)), later(now, DAY)).unwrap();
    agent.handle(Input::Usage(components(1)), later(now, DAY)).unwrap();
    let then = later(now, DAY + Duration::from_hours(4));
    assert_eq!(obey(&mut agent, then)[0].usage, components(500));
    let far = later(then, DAY * 3000);
    let waiting = agent.status(far).reports_waiting;
    assert_eq!(waiting, 0, "a certificate that ended takes what waits no further");
}

#[test]
fn a_transport_that_is_set_again_is_tried_at_once() {
    let transport =
        || Command::SetTransport(Transport::Gateway { url: "https://satellite/SmartTransport".into() });
    let (mut agent, now) = evaluating();
    order(&mut agent, transport(), now).unwrap();
    order(&mut agent, register(), now).unwrap();
    fail(&mut agent, Reason::Tls, now).unwrap();
    assert_eq!(asked(&mut agent, now), None);
    // Its CA was named meanwhile, say.
    order(&mut agent, transport(), now).unwrap();
    let ask = asked(&mut agent, now).unwrap();
    answer(&mut agent, ask.id, taken_in(Verdict::InCompliance, now), now);
    let then = later(now, DAY * 30);
    fail(&mut agent, Reason::Unreachable, then).unwrap();
    assert_eq!(asked(&mut agent, then), None);
    order(&mut agent, transport(), then).unwrap();
    assert!(matches!(asked(&mut agent, then).unwrap().request, Request::Authorize { .. }));
}

#[test]
fn forced_registration_takes_the_old_ones_place() {
    let (mut agent, now) = registered(Verdict::InCompliance);
    order(&mut agent, Command::Register { token: "t".into(), force: true }, now).unwrap();
    let ask = asked(&mut agent, now).unwrap();
    assert!(matches!(ask.request, Request::Register { force: true, .. }));
    assert!(!format!("{ask:?}").contains("\"t\""), "a token shows");
    answer(&mut agent, ask.id, taken_in(Verdict::InCompliance, now), now);
    assert_eq!(agent.status(now).orphan, None);
}

#[test]
fn words_that_cannot_be_are_refused() {
    let (mut agent, now) = evaluating();
    let long = "x".repeat(251);
    let customer = Customer { city: Some(long), ..Customer::default() };
    let cases = [
        (Command::Register { token: " ".into(), force: false }, "bad-token"),
        (Command::Register { token: "x".repeat(257), force: false }, "bad-token"),
        (Command::Register { token: "a\0b".into(), force: false }, "bad-token"),
        (Command::SetTransport(Transport::Proxy { host: String::new(), port: 1 }), "bad-transport"),
        (Command::SetTransport(Transport::Proxy { host: "a".into(), port: 0 }), "bad-transport"),
        (Command::SetTransport(Transport::Gateway { url: "ftp://x".into() }), "bad-transport"),
        (Command::SetPayment(Payment::Utility { customer }), "bad-customer"),
    ];
    for (command, code) in cases {
        let before = agent.snapshot();
        assert_eq!(order(&mut agent, command, now).unwrap_err().code(), code);
        assert_eq!(agent.snapshot(), before);
    }
}
