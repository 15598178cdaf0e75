//! What each command does in each standing.
//!
//! | command | Unregistered | Registering | Registered | Pending | Reserved |
//! |---|---|---|---|---|---|
//! | set subscription | set | set | set | set | set |
//! | set transport | set | set | set | set | set |
//! | set mode | set | set | set | reservation-pending | reserved |
//! | register | register | register | already-registered | reservation-pending | reserved |
//! | register with force | register | register | register | reservation-pending | reserved |
//! | renew id | not-registered | not-registered | renew id | not-registered | not-registered |
//! | renew authorization | not-registered | not-registered | renew authorization | not-registered | not-registered |
//! | deregister | not-registered | call off | deregister | reservation-pending | reserved |
//! | request reservation | request | registering | already-registered | keep request | reserved |
//! | cancel reservation | nothing | nothing | nothing | cancel | reserved |
//! | install | no-reservation | no-reservation | no-reservation | install | update |
//! | code entered | no-confirmation | no-confirmation | no-confirmation | no-confirmation | confirm |
//! | return reservation | no-reservation | no-reservation | no-reservation | no-reservation | return |
//! | discard | discard | registering | already-registered | discard | reserved |
//! | acknowledge return | acknowledge | acknowledge | acknowledge | acknowledge | no-return-code |
//!
//! A row of the License page stands in the same column whatever its authorization: no command asks for it.

use super::refusal::Refusal;
use super::standing::Standing;

/// The commands, without their words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    SetSubscription,
    SetTransport,
    SetPayment,
    Register,
    RegisterWithForce,
    RenewId,
    RenewAuthorization,
    Deregister,
    RequestReservation,
    CancelReservation,
    Install,
    CodeEntered,
    ReturnReservation,
    Discard,
    AcknowledgeReturn,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Step {
    Set,
    Register,
    RenewId,
    RenewAuthorization,
    CallOff,
    Deregister,
    Request,
    KeepRequest,
    Cancel,
    Nothing,
    Install,
    Update,
    Confirm,
    Return,
    Discard,
    Acknowledge,
}

/// The cell of the table above.
pub(super) const fn cell(standing: Standing, command: Kind) -> Result<Step, Refusal> {
    use Standing::{Pending, Registered, Registering, Reserved, Unregistered};
    match (command, standing) {
        (
            Kind::SetSubscription | Kind::SetTransport,
            Unregistered(_) | Registering(_) | Registered(_) | Pending | Reserved(_),
        )
        | (Kind::SetPayment, Unregistered(_) | Registering(_) | Registered(_)) => Ok(Step::Set),
        (Kind::Register, Unregistered(_) | Registering(_))
        | (Kind::RegisterWithForce, Unregistered(_) | Registering(_) | Registered(_)) => Ok(Step::Register),
        (Kind::Register | Kind::RequestReservation | Kind::Discard, Registered(_)) => {
            Err(Refusal::AlreadyRegistered)
        }
        (Kind::RenewId, Registered(_)) => Ok(Step::RenewId),
        (Kind::RenewAuthorization, Registered(_)) => Ok(Step::RenewAuthorization),
        (
            Kind::RenewId | Kind::RenewAuthorization,
            Unregistered(_) | Registering(_) | Pending | Reserved(_),
        )
        | (Kind::Deregister, Unregistered(_)) => Err(Refusal::NotRegistered),
        (Kind::Deregister, Registering(_)) => Ok(Step::CallOff),
        (Kind::Deregister, Registered(_)) => Ok(Step::Deregister),
        (Kind::SetPayment | Kind::Register | Kind::RegisterWithForce | Kind::Deregister, Pending) => {
            Err(Refusal::ReservationPending)
        }
        (
            Kind::SetPayment
            | Kind::Register
            | Kind::RegisterWithForce
            | Kind::Deregister
            | Kind::RequestReservation
            | Kind::CancelReservation
            | Kind::Discard,
            Reserved(_),
        ) => Err(Refusal::Reserved),
        (Kind::RequestReservation, Unregistered(_)) => Ok(Step::Request),
        (Kind::RequestReservation | Kind::Discard, Registering(_)) => Err(Refusal::Registering),
        (Kind::RequestReservation, Pending) => Ok(Step::KeepRequest),
        (Kind::CancelReservation, Unregistered(_) | Registering(_) | Registered(_)) => Ok(Step::Nothing),
        (Kind::CancelReservation, Pending) => Ok(Step::Cancel),
        (Kind::Install, Pending) => Ok(Step::Install),
        (Kind::Install, Reserved(_)) => Ok(Step::Update),
        (Kind::CodeEntered, Reserved(_)) => Ok(Step::Confirm),
        (Kind::CodeEntered, Unregistered(_) | Registering(_) | Registered(_) | Pending) => {
            Err(Refusal::NoConfirmation)
        }
        (Kind::ReturnReservation, Reserved(_)) => Ok(Step::Return),
        (Kind::Install, Unregistered(_) | Registering(_) | Registered(_))
        | (Kind::ReturnReservation, Unregistered(_) | Registering(_) | Registered(_) | Pending) => {
            Err(Refusal::NoReservation)
        }
        (Kind::Discard, Unregistered(_) | Pending) => Ok(Step::Discard),
        (Kind::AcknowledgeReturn, Unregistered(_) | Registering(_) | Registered(_) | Pending) => {
            Ok(Step::Acknowledge)
        }
        (Kind::AcknowledgeReturn, Reserved(_)) => Err(Refusal::NoReturnCode),
    }
}
