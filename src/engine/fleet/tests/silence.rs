//! Sensors that are silent, gone, or two.

use super::kit::*;
use crate::engine::fleet::{Input, Standing};
use crate::model::message::Status;

fn standing(kit: &Kit) -> Standing {
    kit.fleet.sensor(&id("a"), now(kit.now)).unwrap().standing
}

#[test]
fn three_statuses_missed_are_named_once_and_so_is_the_return() {
    let mut kit = Kit::new(&["a", "never"]);
    assert_eq!(standing(&kit), Standing::Never);
    kit.status(&status("a", epoch(1), 0, 0, &[]));
    assert_eq!(standing(&kit), Standing::Online);
    kit.now = 190;
    assert!(kit.notices().is_empty());
    kit.now = 200;
    assert_eq!(kit.notices(), ["Silent"]);
    assert_eq!(standing(&kit), Standing::Silent);
    kit.now = 400;
    assert!(kit.notices().is_empty());
    kit.status(&status("a", epoch(1), 0, 0, &[]));
    assert_eq!(
        (kit.notices(), standing(&kit)),
        (vec!["Clock".into(), "HeardAgain".into()].into_iter().rev().collect(), Standing::Online)
    );
}

#[test]
fn a_last_will_shows_until_the_next_birth() {
    let mut kit = Kit::new(&["a"]);
    kit.status(&status("a", epoch(1), 0, 0, &[]));
    kit.say(Input::Birth(&birth("a", 77, false))).unwrap();
    assert_eq!((kit.notices(), standing(&kit)), (vec!["Offline".to_owned()], Standing::Offline));
    kit.say(Input::Birth(&birth("a", 77, true))).unwrap();
    assert_eq!(standing(&kit), Standing::Online);
}

#[test]
fn two_agents_with_one_identity_are_named_and_a_restart_is_not() {
    let mut kit = Kit::new(&["a"]);
    let status = |instance: u128| Status { instance: epoch(instance), ..status("a", epoch(1), 0, 0, &[]) };
    for restart in 1..5 {
        kit.status(&status(restart));
    }
    assert!(kit.notices().is_empty() && !kit.fleet.sensor(&id("a"), now(0)).unwrap().twins);
    for instance in [5, 6, 5, 6] {
        kit.status(&status(instance));
    }
    assert_eq!(kit.notices(), ["Twins"]);
    assert!(kit.fleet.sensor(&id("a"), now(0)).unwrap().twins);
    assert!(!kit.fleet.sensor(&id("a"), now(3601)).unwrap().twins, "once it was put right");
}
