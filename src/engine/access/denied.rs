//! Why somebody is not let in: a reason code, what is wrong, and the next step.

/// A door's no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// Nothing was shown, or what nobody has.
    Unknown,
    /// What was shown is over.
    KeyExpired,
    /// Name or password. Which of them is not said.
    LoginWrong,
    /// Too many attempts.
    TooManyLogins,
}

impl Denied {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::KeyExpired, Self::LoginWrong, Self::TooManyLogins];

    /// The reason code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unauthorized",
            Self::KeyExpired => "key-expired",
            Self::LoginWrong => "login-wrong",
            Self::TooManyLogins => "too-many-logins",
        }
    }

    /// What is wrong, and the next step.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unknown => {
                "no key is shown, or one that nobody has; log in, or have a key made, and show it (Authorization: Bearer KEY)"
            }
            Self::KeyExpired => "the key is over; log in again, or have another key made",
            Self::LoginWrong => "name or password is wrong; try again with both",
            Self::TooManyLogins => "too many logins were tried; wait a minute",
        }
    }
}
