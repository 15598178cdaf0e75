//! What operators order, and how it is done.

use super::agent::Agent;
use super::codes::RequestCode;
use super::refusal::Refusal;
use super::registration::{CANCELLED_MAX, End, Pending, Registering, Registration, Token, Unregistered};
use super::settings::{Payment, Transport};
use super::table::{Kind, Step, cell};
use crate::model::entitlement::Subscription;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// An order, as it is typed and travels to the Center.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Essentials or Advantage; may cost.
    SetSubscription(Subscription),
    /// How the authority is reached.
    SetTransport(Transport),
    /// Prepaid, or utility mode with who pays.
    SetPayment(Payment),
    /// Register with a token; with `force` even when the authority holds this Center already.
    Register {
        /// The secret from the authority.
        token: String,
        /// Whether to register again.
        force: bool,
    },
    /// Renew the ID certificate now.
    RenewId,
    /// Renew the authorization now.
    RenewAuthorization,
    /// Give the registration back, or stop trying to register.
    Deregister,
    /// Make a request code, or show it again.
    RequestReservation,
    /// Forget the request code.
    CancelReservation,
    /// Install an authorization code: the first one, or an update.
    Install(String),
    /// The confirmation code was entered at the authority.
    CodeEntered,
    /// Give the reservation back.
    ReturnReservation,
    /// Make a return code for an authorization code that will not be installed.
    Discard(String),
    /// The return code was entered at the authority.
    AcknowledgeReturn,
}

/// What came of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Done {
    /// Nothing to carry anywhere.
    Done,
    /// The request code, for the authority.
    Request(String),
    /// The confirmation code, for the authority.
    Confirmation(String),
    /// The return code, for the authority.
    Return(String),
}

impl Command {
    const fn kind(&self) -> Kind {
        match self {
            Self::SetSubscription(_) => Kind::SetSubscription,
            Self::SetTransport(_) => Kind::SetTransport,
            Self::SetPayment(_) => Kind::SetPayment,
            Self::Register { force: false, .. } => Kind::Register,
            Self::Register { force: true, .. } => Kind::RegisterWithForce,
            Self::RenewId => Kind::RenewId,
            Self::RenewAuthorization => Kind::RenewAuthorization,
            Self::Deregister => Kind::Deregister,
            Self::RequestReservation => Kind::RequestReservation,
            Self::CancelReservation => Kind::CancelReservation,
            Self::Install(_) => Kind::Install,
            Self::CodeEntered => Kind::CodeEntered,
            Self::ReturnReservation => Kind::ReturnReservation,
            Self::Discard(_) => Kind::Discard,
            Self::AcknowledgeReturn => Kind::AcknowledgeReturn,
        }
    }
}

impl Agent {
    /// Looks up the cell, then does what it says. A refusal leaves everything as it was.
    pub(super) fn order(&mut self, command: Command, random: u64) -> Result<Done, Refusal> {
        let step = cell(self.state.standing(), command.kind())?;
        let done = self.step(step, command, random)?;
        self.dirty |= step != Step::Nothing;
        Ok(done)
    }

    fn step(&mut self, step: Step, command: Command, random: u64) -> Result<Done, Refusal> {
        match (step, command) {
            (Step::Set, command) => self.set(command)?,
            (Step::Register, Command::Register { token, force }) => self.register(&token, force)?,
            (Step::RenewId, _) => self.renew_now(|registered, now| registered.id.next = now),
            (Step::RenewAuthorization, _) => {
                self.renew_now(|registered, now| registered.authorization.next = now);
            }
            (Step::CallOff, _) => self.call_off(),
            (Step::Deregister, _) => self.end(End::Deregistered),
            (Step::Request, _) => return self.request(random),
            (Step::KeepRequest, _) => return self.kept_request(),
            (Step::Cancel, _) => self.cancel(),
            (Step::Install | Step::Update, Command::Install(code)) => return self.install(&code),
            (Step::Confirm, _) => {
                self.state.leftovers.confirmation.take().ok_or(Refusal::NoConfirmation)?;
            }
            (Step::Return, _) => {
                self.end(End::Returned);
                return self
                    .state
                    .leftovers
                    .return_code
                    .clone()
                    .map(Done::Return)
                    .ok_or(Refusal::NoReturnCode);
            }
            (Step::Discard, Command::Discard(code)) => return self.discard(&code),
            (Step::Acknowledge, _) => {
                self.state.leftovers.return_code.take().ok_or(Refusal::NoReturnCode)?;
            }
            // The table pairs steps with their commands only; a test goes through all cells.
            (Step::Nothing | Step::Register | Step::Install | Step::Update | Step::Discard, _) => {}
        }
        Ok(Done::Done)
    }

    fn set(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::SetSubscription(subscription) => self.state.subscription = subscription,
            Command::SetTransport(transport) if transport.is_plausible() => self.set_transport(transport),
            Command::SetTransport(_) => return Err(Refusal::BadTransport),
            Command::SetPayment(payment) if payment.is_plausible() => self.state.payment = payment,
            Command::SetPayment(_) => return Err(Refusal::BadCustomer),
            _ => {}
        }
        Ok(())
    }

    /// What could not be reached before may be reached now, also when the same transport is set again.
    fn set_transport(&mut self, transport: Transport) {
        let latest = self.state.latest;
        self.state.transport = transport;
        match &mut self.state.registration {
            Registration::Registering(it) => {
                (it.failed, it.retry_at) = (0, latest);
                self.flight = None;
            }
            Registration::Registered(it) => {
                for renewal in [&mut it.id, &mut it.authorization].into_iter().filter(|it| it.failed > 0) {
                    renewal.next = latest;
                }
            }
            _ => {}
        }
    }

    fn register(&mut self, token: &str, force: bool) -> Result<(), Refusal> {
        let token = Token::new(token).ok_or(Refusal::BadToken)?;
        let latest = self.state.latest;
        if matches!(self.state.registration, Registration::Registered(_)) {
            self.end(End::Deregistered);
            // The new registration takes the old one's place at the authority.
            self.state.leftovers.orphan = None;
        }
        let end = match &self.state.registration {
            Registration::Unregistered(before) => before.end,
            _ => None,
        };
        self.flight = None;
        let registering =
            Registering { since: latest, token, force, failed: 0, retry_at: latest, failure: None, end };
        self.state.registration = Registration::Registering(registering);
        Ok(())
    }

    fn renew_now(&mut self, due: fn(&mut super::registration::Registered, UnixTime)) {
        let latest = self.state.latest;
        if let Registration::Registered(registered) = &mut self.state.registration {
            due(registered, latest);
        }
    }

    fn call_off(&mut self) {
        let end = match &self.state.registration {
            Registration::Registering(registering) => registering.end,
            _ => None,
        };
        self.flight = None;
        self.unregister(end);
    }

    pub(super) fn unregister(&mut self, end: Option<End>) {
        let since = self.state.latest;
        self.state.registration = Registration::Unregistered(Unregistered { since, end, failure: None });
    }

    fn request(&mut self, random: u64) -> Result<Done, Refusal> {
        if self.state.leftovers.return_code.is_some() {
            return Err(Refusal::ReturnCodeWaits);
        }
        let request = RequestCode::new(self.state.udi.clone(), random).to_string();
        self.state.registration =
            Registration::Pending(Pending { since: self.state.latest, request: request.clone() });
        Ok(Done::Request(request))
    }

    /// The same until it is cancelled.
    fn kept_request(&self) -> Result<Done, Refusal> {
        match &self.state.registration {
            Registration::Pending(pending) => Ok(Done::Request(pending.request.clone())),
            _ => Err(Refusal::NoReservation),
        }
    }

    fn cancel(&mut self) {
        if let Registration::Pending(pending) = &self.state.registration {
            let cancelled = &mut self.state.leftovers.cancelled;
            cancelled.push(pending.request.clone());
            let surplus = cancelled.len().saturating_sub(CANCELLED_MAX);
            cancelled.drain(..surplus);
        }
        self.unregister(None);
    }
}
