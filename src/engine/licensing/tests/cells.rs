//! Every cell of the table: what the command does in each standing, and that a refusal changes nothing.

use super::kit::{in_standing, order};
use crate::engine::licensing::table::{Kind, Step, cell};
use crate::engine::licensing::{Command, Payment, Standing, Transport};
use crate::model::entitlement::Subscription;

/// The table of the room, by hand: unregistered, registering, registered, pending, reserved.
const TABLE: [(Kind, [&str; 5]); 15] = [
    (Kind::SetSubscription, ["Set", "Set", "Set", "Set", "Set"]),
    (Kind::SetTransport, ["Set", "Set", "Set", "Set", "Set"]),
    (Kind::SetPayment, ["Set", "Set", "Set", "reservation-pending", "reserved"]),
    (Kind::Register, ["Register", "Register", "already-registered", "reservation-pending", "reserved"]),
    (Kind::RegisterWithForce, ["Register", "Register", "Register", "reservation-pending", "reserved"]),
    (Kind::RenewId, ["not-registered", "not-registered", "RenewId", "not-registered", "not-registered"]),
    (
        Kind::RenewAuthorization,
        ["not-registered", "not-registered", "RenewAuthorization", "not-registered", "not-registered"],
    ),
    (Kind::Deregister, ["not-registered", "CallOff", "Deregister", "reservation-pending", "reserved"]),
    (Kind::RequestReservation, ["Request", "registering", "already-registered", "KeepRequest", "reserved"]),
    (Kind::CancelReservation, ["Nothing", "Nothing", "Nothing", "Cancel", "reserved"]),
    (Kind::Install, ["no-reservation", "no-reservation", "no-reservation", "Install", "Update"]),
    (
        Kind::CodeEntered,
        ["no-confirmation", "no-confirmation", "no-confirmation", "no-confirmation", "Confirm"],
    ),
    (
        Kind::ReturnReservation,
        ["no-reservation", "no-reservation", "no-reservation", "no-reservation", "Return"],
    ),
    (Kind::Discard, ["Discard", "registering", "already-registered", "Discard", "reserved"]),
    (Kind::AcknowledgeReturn, ["Acknowledge", "Acknowledge", "Acknowledge", "Acknowledge", "no-return-code"]),
];

fn column(standing: Standing) -> usize {
    match standing {
        Standing::Unregistered(_) => 0,
        Standing::Registering(_) => 1,
        Standing::Registered(_) => 2,
        Standing::Pending => 3,
        Standing::Reserved(_) => 4,
    }
}

fn command(kind: Kind) -> Command {
    let token = || "token".to_owned();
    match kind {
        Kind::SetSubscription => Command::SetSubscription(Subscription::Essentials),
        Kind::SetTransport => {
            Command::SetTransport(Transport::Gateway { url: "https://satellite/SmartTransport".into() })
        }
        Kind::SetPayment => Command::SetPayment(Payment::Utility { customer: Default::default() }),
        Kind::Register => Command::Register { token: token(), force: false },
        Kind::RegisterWithForce => Command::Register { token: token(), force: true },
        Kind::RenewId => Command::RenewId,
        Kind::RenewAuthorization => Command::RenewAuthorization,
        Kind::Deregister => Command::Deregister,
        Kind::RequestReservation => Command::RequestReservation,
        Kind::CancelReservation => Command::CancelReservation,
        Kind::Install => Command::Install("no code".into()),
        Kind::CodeEntered => Command::CodeEntered,
        Kind::ReturnReservation => Command::ReturnReservation,
        Kind::Discard => Command::Discard("no code".into()),
        Kind::AcknowledgeReturn => Command::AcknowledgeReturn,
    }
}

#[test]
fn every_cell_is_as_the_table_says() {
    for (kind, row) in TABLE {
        for standing in Standing::ALL {
            let found = cell(standing, kind);
            let word = found.map_or_else(|refusal| refusal.code().to_owned(), |step| format!("{step:?}"));
            assert_eq!(word, row[column(standing)], "{kind:?} in {standing:?}");
        }
    }
}

#[test]
fn every_refusal_leaves_the_state_as_it_was() {
    for (kind, _) in TABLE {
        for standing in Standing::ALL {
            let (mut agent, now) = in_standing(standing);
            let before = agent.snapshot();
            let done = order(&mut agent, command(kind), now);
            // What the table lets through may still be refused for what it carries.
            match (cell(standing, kind), &done) {
                (Err(refusal), done) => assert_eq!(*done, Err(refusal), "{kind:?} in {standing:?}"),
                (Ok(Step::Install | Step::Update | Step::Discard), done) => {
                    assert_eq!(done.clone().unwrap_err().code(), "code-syntax");
                }
                (Ok(Step::Confirm), done) => assert_eq!(done.clone().unwrap_err().code(), "no-confirmation"),
                (Ok(Step::Acknowledge), done) => {
                    assert_eq!(done.clone().unwrap_err().code(), "no-return-code")
                }
                (Ok(_), done) => assert!(done.is_ok(), "{kind:?} in {standing:?}: {done:?}"),
            }
            if done.is_err() {
                assert_eq!(agent.snapshot(), before, "{kind:?} in {standing:?}");
            }
        }
    }
}

#[test]
fn every_standing_has_the_words_of_the_page_and_of_the_summary() {
    const WORDS: [[&str; 4]; 13] = [
        ["Unregistered", "Evaluation Mode", "UNREGISTERED", "EVAL MODE"],
        ["Unregistered", "No Licenses in Use", "UNREGISTERED", "NO LICENSES IN USE"],
        ["Unregistered", "Evaluation Period Expired", "UNREGISTERED", "EVAL EXPIRED"],
        ["Registration in progress", "Evaluation Mode", "UNREGISTERED", "EVAL MODE"],
        ["Registration in progress", "No Licenses in Use", "UNREGISTERED", "NO LICENSES IN USE"],
        ["Registration in progress", "Evaluation Period Expired", "UNREGISTERED", "EVAL EXPIRED"],
        ["Registered", "Authorized", "REGISTERED", "AUTHORIZED"],
        ["Registered", "No Licenses in Use", "REGISTERED", "NO LICENSES IN USE"],
        ["Registered", "Out of Compliance", "REGISTERED", "OUT OF COMPLIANCE"],
        ["Registered", "Authorization Expired", "REGISTERED", "AUTHORIZATION EXPIRED"],
        ["License Reservation Pending", "No Licenses in Use", "PENDING RESERVATION", "NO LICENSES IN USE"],
        [
            "Registered - License Reservation",
            "Authorized - Reserved",
            "REGISTERED - SPECIFIC LICENSE RESERVATION",
            "AUTHORIZED - RESERVED",
        ],
        [
            "Registered - License Reservation",
            "Out of Compliance",
            "REGISTERED - SPECIFIC LICENSE RESERVATION",
            "OUT OF COMPLIANCE",
        ],
    ];
    for (standing, words) in Standing::ALL.into_iter().zip(WORDS) {
        let found = standing.words();
        let found =
            [found.registration, found.authorization, found.registration_status, found.authorization_status];
        assert_eq!(found, words, "{standing:?}");
    }
    let banners: Vec<_> = Standing::ALL.into_iter().filter_map(|standing| standing.words().banner).collect();
    let (expired, short) = ("The license is Expired", "The license is Out of compliance");
    assert_eq!(banners, [expired, expired, short, short]);
}
