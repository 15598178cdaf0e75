//! Reservation: the guide's walk, and codes that must not pass.

use super::kit::*;
use crate::engine::licensing::codes::{confirmation_code, is_same_code};
use crate::engine::licensing::*;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn refusal(agent: &mut Agent, command: Command, now: crate::model::time::Now) -> &'static str {
    let before = agent.snapshot();
    let code = order(agent, command, now).unwrap_err().code();
    assert_eq!(agent.snapshot(), before, "{code}");
    code
}

#[test]
fn request_install_update_confirm_return() {
    let (mut agent, now, request) = pending();
    let status = agent.status(now);
    assert_eq!(status.codes.request.as_deref(), Some(request.as_str()));
    assert_eq!(status.licenses[0].in_use, 0, "while pending, counts show zero");
    let first = code_for(&request, 50, now);
    assert_eq!(order(&mut agent, Command::Install(first.clone()), now), Ok(Done::Done));
    assert_eq!(agent.standing(now), Standing::Reserved(Cover::Short));
    let row = &agent.status(now).licenses[0];
    assert_eq!((row.reserved, row.in_use, row.status), (50, 105, "Out of Compliance"));
    assert_eq!(refusal(&mut agent, Command::Install(first), now), "code-used");

    let then = later(now, HOUR);
    let second = code_for(&request, 200, then);
    let Ok(Done::Confirmation(confirmation)) = order(&mut agent, Command::Install(second.clone()), then)
    else {
        panic!()
    };
    assert_eq!(agent.standing(then), Standing::Reserved(Cover::Enough));
    assert_eq!(agent.status(then).codes.confirmation.as_deref(), Some(confirmation.as_str()));
    let read = codes::read(&second, &authority().public()).unwrap();
    assert!(is_same_code(&confirmation, &confirmation_code(&request, agent.udi(), 1, read.digest())));
    order(&mut agent, Command::CodeEntered, then).unwrap();
    assert_eq!(agent.status(then).codes.confirmation, None);

    let Ok(Done::Return(returned)) = order(&mut agent, Command::ReturnReservation, then) else { panic!() };
    assert_eq!(agent.standing(then), Standing::Unregistered(Trial::Running));
    assert_eq!(agent.status(then).codes.return_code.as_deref(), Some(returned.as_str()));
    assert!(is_same_code(&returned, &codes::return_code(&request, agent.udi(), read.digest())));
    assert_eq!(refusal(&mut agent, Command::RequestReservation, then), "return-code-waits");
    assert_eq!(refusal(&mut agent, Command::Install(second), then), "no-reservation");
    order(&mut agent, Command::AcknowledgeReturn, then).unwrap();
    assert_eq!(agent.status(then).codes.return_code, None);
}

#[test]
fn a_request_is_kept_until_it_is_cancelled() {
    let (mut agent, now, request) = pending();
    assert_eq!(order(&mut agent, Command::RequestReservation, now), Ok(Done::Request(request.clone())));
    let code = code_for(&request, 50, now);
    order(&mut agent, Command::CancelReservation, now).unwrap();
    assert_eq!(agent.standing(now), Standing::Unregistered(Trial::Running));
    let again = Input::Command { command: Command::RequestReservation, random: 1 };
    let Ok(Done::Request(other)) = agent.handle(again, now) else { panic!() };
    assert_ne!(other, request);
    assert_eq!(refusal(&mut agent, Command::Install(code.clone()), now), "code-cancelled");
    let Ok(Done::Return(_)) = order(&mut agent, Command::Discard(code.clone()), now) else { panic!() };
    assert_eq!(agent.standing(now), Standing::Pending, "the new request stays");
    order(&mut agent, Command::AcknowledgeReturn, now).unwrap();
    assert_eq!(refusal(&mut agent, Command::Discard(code), now), "code-other-request");
}

#[test]
fn codes_that_are_not_for_here_and_now_are_refused() {
    let (mut agent, now, request) = pending();
    let good = code_for(&request, 50, now);
    agent.trust(None);
    assert_eq!(refusal(&mut agent, Command::Install(good.clone()), now), "no-authority-key");
    agent.trust(Some(codes::AuthoritySecret::from_bytes(&[9; 32]).unwrap().public()));
    assert_eq!(refusal(&mut agent, Command::Install(good), now), "code-signature");
    agent.trust(Some(authority().public()));
    let other = codes::RequestCode::new(Udi::new("CV-CNTR-ESXI", "OTHER").unwrap(), 1).to_string();
    assert_eq!(refusal(&mut agent, Command::Install(code_for(&other, 50, now)), now), "code-wrong-device");
    let mine = codes::RequestCode::new(udi(), 77).to_string();
    assert_eq!(refusal(&mut agent, Command::Install(code_for(&mine, 50, now)), now), "code-other-request");
    let future = code_for(&request, 50, later(now, HOUR * 2));
    assert_eq!(refusal(&mut agent, Command::Install(future), now), "clocks-differ");
    let past = code_for(&request, 50, back(now, HOUR * 2));
    assert_eq!(refusal(&mut agent, Command::Install(past), now), "code-old");
    // A code for another device with this device's name behind the signature is of another request.
    let forged = code_for(&other, 50, now).replace("S:OTHER", "S:CENTERVM-INT17047");
    assert_eq!(refusal(&mut agent, Command::Install(forged), now), "code-other-request");
}

#[test]
fn an_older_update_is_refused() {
    let (mut agent, now, request) = reserved(105);
    let older = code_for(&request, 999, back(now, Duration::from_secs(1)));
    assert_eq!(refusal(&mut agent, Command::Install(older), now), "code-old");
}

#[test]
fn ninety_days_short_give_the_reservation_back() {
    let (mut agent, now, _) = reserved(104);
    assert_eq!(agent.standing(later(now, DAY * 90 - HOUR)), Standing::Reserved(Cover::Short));
    let then = later(now, DAY * 90);
    assert_eq!(agent.standing(then), Standing::Unregistered(Trial::Running));
    assert!(notices(&mut agent, then).contains(&Notice::RegistrationEnded { end: End::ComplianceLapsed }));
    assert!(agent.status(then).codes.return_code.is_some(), "so that the tokens can be restored");
}

#[test]
fn a_pending_reservation_does_not_stop_the_evaluation() {
    let (agent, now, _) = pending();
    assert_eq!(agent.status(later(now, DAY * 10)).evaluation_days_left, 80);
    assert!(agent.status(later(now, DAY * 89)).open && !agent.status(later(now, DAY * 90)).open);
}
