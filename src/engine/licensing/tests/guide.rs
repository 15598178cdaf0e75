//! The guide's line, byte for byte, and the evaluation as the guide tells it.

use super::kit::{DAY, back, components, drain, evaluating, in_standing, later, notices};
use crate::engine::licensing::{Action, Agent, Area, Input, Notice, Standing, Trial, Usage};
use std::time::Duration;

const GUIDE: &str = r#"{"reservationEnableFlag":false,"postPaidUsageSubscription":false,"registrationDetails":{"registrationExpireTime":"1970-01-01T00:00:00Z","registrationFailed":false,"registrationLastRenewTime":"1970-01-01T00:00:00Z","registrationNextRenewTime":"1970-01-01T00:00:00Z","registrationStatus":"UNREGISTERED","reservationStartTime":"1970-01-01T00:00:00Z"},"authorizationDetails":{"authorizationExpired":false,"authorizationExpiredAtTime":"1970-01-01T00:00:00Z","authorizationFailMessage":"Communication not started.","authorizationFailed":false,"authorizationLastTime":"2021-01-08T11:52:33Z","authorizationNextTime":"1970-01-01T00:00:00Z","authorizationStatus":"EVAL MODE","outOfComplianceStartTime":"1970-01-01T00:00:00Z","evaluationExpiredAtTime":"1970-01-01T00:00:00Z","evaluationPeriodRemaining":55,"inEvaluation":true,"inUtilityMode":false,"reservationType":"SmartAgentReservationTypeNone"},"entitlementDetails":{"licenseUsage":[{"licenseUsageStatus":"EVAL MODE","requestedCount":105,"reservedCount":0,"entitlementTag":"regid.2019-10.com.cisco.CISCO_CYBER_VISION_A,1.0_6eb07f5f-44f0-4253-aa5-49426709a65f"}]}}"#;

#[test]
fn the_guides_line() {
    let (agent, now) = evaluating();
    assert_eq!(agent.summary(later(now, DAY * 35)).line(), GUIDE);
}

#[test]
fn the_line_survives_a_restart() {
    let (mut agent, now) = evaluating();
    let Some(Action::Save(saved)) = drain(&mut agent, now).into_iter().next() else {
        panic!("nothing saved")
    };
    let mut restored = Agent::restore(saved.as_bytes(), later(now, DAY * 35)).unwrap();
    assert_eq!(restored.summary(later(now, DAY * 35)).line(), GUIDE);
    drain(&mut restored, later(now, DAY * 35));
    assert_eq!(restored.summary(later(now, DAY * 35)).line(), GUIDE);
}

#[test]
fn only_days_with_licenses_in_use_count() {
    let (mut agent, now) = evaluating();
    agent.handle(Input::Usage(Usage::default()), later(now, DAY * 10)).unwrap();
    assert_eq!(agent.standing(later(now, DAY * 50)), Standing::Unregistered(Trial::Idle));
    agent.handle(Input::Usage(components(1)), later(now, DAY * 50)).unwrap();
    assert_eq!(
        agent.standing(later(now, DAY * 130 - Duration::from_millis(1))),
        Standing::Unregistered(Trial::Running)
    );
    assert_eq!(agent.standing(later(now, DAY * 130)), Standing::Unregistered(Trial::Over));
    let told = notices(&mut agent, later(now, DAY * 130));
    assert!(told.contains(&Notice::EvalExpired), "{told:?}");
    assert_eq!(told.iter().filter(|notice| notice.name() == "EvalExpired").count(), 1);
}

#[test]
fn a_clock_set_back_neither_extends_nor_ends() {
    let (mut agent, now) = evaluating();
    let then = later(now, DAY * 10);
    drain(&mut agent, then);
    let wrong = back(then, DAY * 5);
    let told = notices(&mut agent, wrong);
    assert!(matches!(told[..], [Notice::SystemClockChanged { behind }] if behind == DAY * 5), "{told:?}");
    // It goes on counting what really passes, and says it once.
    assert_eq!(notices(&mut agent, later(wrong, DAY)), []);
    assert_eq!(agent.state.evaluation.left(), DAY * 79);
}

#[test]
fn an_evaluation_that_is_over_leaves_the_licence_open_only() {
    let (agent, now) = in_standing(Standing::Unregistered(Trial::Over));
    assert_eq!(agent.permits(Area::Licence, now), Ok(()));
    assert_eq!(agent.permits(Area::Rest, now).unwrap_err().reason, "evaluation-expired");
    for standing in Standing::ALL {
        let (agent, now) = in_standing(standing);
        let over = standing.trial() == Some(Trial::Over);
        assert_eq!(agent.permits(Area::Rest, now).is_err(), over, "{standing:?}");
    }
}
