//! See `tests/mqtt_faulty.rs` and `tests/mosquitto.rs` for connections; here is what needs none.

use super::*;
use crate::model::topic::Kind;

#[test]
fn a_sensor_hears_what_is_for_it_and_nothing_else() {
    let topic = Topic::new("press-2".parse().unwrap(), Kind::Birth);
    let session = Session::of_sensor(Will { topic, payload: Vec::new() });
    assert_eq!(session.subscriptions.len(), 4);
    assert!(session.subscriptions.iter().all(|filter| filter.starts_with("tollgate/v1/press-2/")));
}

#[test]
fn in_the_clear_needs_an_address_that_says_so() {
    assert!(Endpoint::clear("mqtt://127.0.0.1".parse().unwrap()).is_some());
    assert!(Endpoint::clear("mqtts://127.0.0.1".parse().unwrap()).is_none());
}

#[test]
fn packet_ids_never_come_round_within_a_window() {
    for window in [0, 1, 8, 512, u16::MAX] {
        let limits = Limits { window, ..Limits::center() };
        assert!(limits.packet_ids() >= window.max(1));
    }
}
