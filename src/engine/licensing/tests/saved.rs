//! The saved state: whole, and not believed when it cannot have been.

use super::kit::{in_standing, registered, start};
use crate::engine::licensing::{Agent, NoState, Standing, State};
use crate::model::smart::Verdict;
use serde_json::Value;

#[test]
fn every_standing_survives_a_restart() {
    for standing in Standing::ALL {
        let (agent, now) = in_standing(standing);
        let restored = Agent::restore(agent.snapshot().as_bytes(), now).unwrap();
        assert_eq!(restored.state, agent.state);
        assert_eq!(restored.standing(now), standing);
    }
}

#[test]
fn every_truncation_is_refused() {
    let (agent, now) = registered(Verdict::InCompliance);
    let saved = agent.snapshot();
    for at in 0..saved.len() {
        assert!(Agent::restore(&saved.as_bytes()[..at], now).is_err(), "{at}");
    }
}

fn changed(change: impl Fn(&mut Value)) -> Result<Agent, NoState> {
    let (agent, _) = registered(Verdict::InCompliance);
    let mut value: Value = serde_json::from_str(&agent.snapshot()).unwrap();
    change(&mut value);
    Agent::restore(value.to_string().as_bytes(), start())
}

#[test]
fn what_cannot_have_been_is_refused() {
    assert!(changed(|_| {}).is_ok());
    assert_eq!(changed(|state| state["schema_version"] = 9.into()).unwrap_err(), NoState::Version(9));
    let changes: [fn(&mut Value); 12] = [
        |state| state["schema"] = "other".into(),
        |state| state["evaluation"]["used_ms"] = u64::MAX.into(),
        |state| state["evaluation"]["used_ms"] = (-1).into(),
        |state| state["evaluation"]["expired_at"] = "2021-01-01T00:00:00Z".into(),
        |state| state["authorized_at"] = "9999-01-01T00:00:00Z".into(),
        |state| state["usage"] = serde_json::json!({"not a tag": 1}),
        |state| state["registration"]["contact"] = "9999-01-01T00:00:00Z".into(),
        |state| state["registration"]["instance"] = "".into(),
        |state| state["transport"] = serde_json::json!({"transport": "gateway", "url": "x"}),
        |state| state["leftovers"]["return_code"] = "x".repeat(200).into(),
        |state| state["leftovers"]["cancelled"] = serde_json::json!(vec!["x"; 9]),
        |state| state["udi"]["serial"] = "".into(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        assert!(changed(change).is_err(), "{at}");
    }
}

#[test]
fn no_length_is_too_much() {
    let long = vec![b' '; (4 << 20) + 1];
    assert_eq!(Agent::restore(&long, start()).unwrap_err(), NoState::TooLong);
    assert_eq!(State::VERSION, 1);
}
