//! Why somebody is not let in, or a person or key not changed: a reason code, what is wrong, and the next step.

macro_rules! denied {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// A door's no.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Denied {
            $(#[doc = $text] $name,)*
        }

        impl Denied {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What is wrong, and the next step.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

denied! {
    NoAdministrator = "no-administrator", "there is no administrator yet; make one with 'admin create'";
    Unknown = "unauthorized", "no key is shown, or one that nobody has; log in, or have a key made, and show it (Authorization: Bearer KEY)";
    KeyExpired = "key-expired", "the key is over; log in again, or have another key made";
    LoginWrong = "login-wrong", "name or password is wrong; try again with both";
    TooManyLogins = "too-many-logins", "too many logins were tried; wait a minute";
    Forbidden = "forbidden", "your role does not allow this; ask an administrator";
    NameTaken = "name-taken", "the name is taken; choose another one";
    NoSuch = "unknown", "there is no such person or key here; list what there is";
    LastAdministrator = "last-administrator", "the last administrator stays; make another one first";
    TooMany = "too-many", "there are as many people or keys as there may be; remove some first";
    BadDays = "bad-days", "a key lasts 1 to 365 days; say how many";
    NoSession = "no-session", "this is the key of a program and no session; revoke it with 'key revoke'";
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text(), self.code())
    }
}

impl std::error::Error for Denied {}
