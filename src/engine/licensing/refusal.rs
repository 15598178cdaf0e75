//! Why a command is refused: a reason code, and the next step. Nothing changed.

use super::codes::CodeRefusal;

/// Why a command is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// There is no registration.
    NotRegistered,
    /// There is one, and no force.
    AlreadyRegistered,
    /// A registration is being tried.
    Registering,
    /// A reservation is pending.
    ReservationPending,
    /// Licences are reserved.
    Reserved,
    /// No reservation was requested.
    NoReservation,
    /// No confirmation code waits.
    NoConfirmation,
    /// No return code waits.
    NoReturnCode,
    /// A return code waits to be carried to the authority.
    ReturnCodeWaits,
    /// Not 1 to 256 characters.
    BadToken,
    /// Not a host and port, or URL.
    BadTransport,
    /// Not 1 to 250 characters each.
    BadCustomer,
    /// The answer to a question that nobody asks any more.
    StaleAnswer,
    /// The code is not good.
    Code(CodeRefusal),
}

impl Refusal {
    /// The reason code.
    pub const fn code(self) -> &'static str {
        self.words().0
    }

    /// What is wrong, and the next step.
    pub const fn text(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotRegistered => ("not-registered", "the Center is not registered; register it first"),
            Self::AlreadyRegistered => (
                "already-registered",
                "the Center is registered; deregister it first, or register with force",
            ),
            Self::Registering => ("registering", "a registration is being tried; deregister to call it off"),
            Self::ReservationPending => (
                "reservation-pending",
                "a reservation was requested; install its authorization code, or cancel it",
            ),
            Self::Reserved => ("reserved", "licences are reserved; return the reservation first"),
            Self::NoReservation => ("no-reservation", "no reservation was requested; request one first"),
            Self::NoConfirmation => ("no-confirmation", "no confirmation code waits"),
            Self::NoReturnCode => ("no-return-code", "no return code waits"),
            Self::ReturnCodeWaits => {
                ("return-code-waits", "a return code waits; enter it at the authority, then acknowledge it")
            }
            Self::BadToken => ("bad-token", "a token has 1 to 256 characters; copy it again whole"),
            Self::BadTransport => {
                ("bad-transport", "a proxy has a host and a port, a gateway a URL that begins with https://")
            }
            Self::BadCustomer => {
                ("bad-customer", "customer information has 1 to 250 characters in each field")
            }
            Self::StaleAnswer => ("stale-answer", "nobody waits for this answer"),
            Self::Code(refusal) => (refusal.code(), refusal.text()),
        }
    }
}

impl From<CodeRefusal> for Refusal {
    fn from(refusal: CodeRefusal) -> Self {
        Self::Code(refusal)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Refusal {}
