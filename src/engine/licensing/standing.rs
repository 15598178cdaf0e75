//! How the Center stands with the licence authority: one value, from which both columns of the License page derive.

/// Every way to stand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// Neither registered nor asking for it.
    Unregistered(Trial),
    /// A registration was ordered and is not answered with yes.
    Registering(Trial),
    /// The authority knows the Center.
    Registered(Compliance),
    /// A reservation was requested; its code is awaited.
    Pending,
    /// Licences are reserved by an authorization code.
    Reserved(Cover),
}

/// The evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trial {
    /// Its days run.
    Running,
    /// Nothing is in use, so it stands still.
    Idle,
    /// No day is left.
    Over,
}

/// What the authority said last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Compliance {
    /// Yes to every tag in use.
    Authorized,
    /// Nothing is in use.
    Idle,
    /// No to a tag in use.
    Short,
    /// Nothing, for 90 days.
    Lapsed,
}

/// Whether a reservation covers what is in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cover {
    /// Every tag.
    Enough,
    /// Not some tag.
    Short,
}

/// A standing's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// Registration on the screen, without its date.
    pub registration: &'static str,
    /// Authorization on the screen, without its date and days.
    pub authorization: &'static str,
    /// `registrationStatus` of the summary.
    pub registration_status: &'static str,
    /// `authorizationStatus` of the summary.
    pub authorization_status: &'static str,
    /// What is shown above everything.
    pub banner: Option<&'static str>,
}

const NOT_IN_USE: (&str, &str) = ("No Licenses in Use", "NO LICENSES IN USE");
const SHORT: (&str, &str) = ("Out of Compliance", "OUT OF COMPLIANCE");

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 13] = [
        Self::Unregistered(Trial::Running),
        Self::Unregistered(Trial::Idle),
        Self::Unregistered(Trial::Over),
        Self::Registering(Trial::Running),
        Self::Registering(Trial::Idle),
        Self::Registering(Trial::Over),
        Self::Registered(Compliance::Authorized),
        Self::Registered(Compliance::Idle),
        Self::Registered(Compliance::Short),
        Self::Registered(Compliance::Lapsed),
        Self::Pending,
        Self::Reserved(Cover::Enough),
        Self::Reserved(Cover::Short),
    ];

    /// The words of the License page and of the summary.
    pub const fn words(self) -> Words {
        let (registration, registration_status) = self.registration();
        let (authorization, authorization_status) = self.authorization();
        let banner = self.banner();
        Words { registration, authorization, registration_status, authorization_status, banner }
    }

    /// The standing without its parts, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unregistered(_) => "unregistered",
            Self::Registering(_) => "registering",
            Self::Registered(_) => "registered",
            Self::Pending => "pending",
            Self::Reserved(_) => "reserved",
        }
    }

    const fn registration(self) -> (&'static str, &'static str) {
        match self {
            Self::Unregistered(_) => ("Unregistered", "UNREGISTERED"),
            Self::Registering(_) => ("Registration in progress", "UNREGISTERED"),
            Self::Registered(_) => ("Registered", "REGISTERED"),
            Self::Pending => ("License Reservation Pending", "PENDING RESERVATION"),
            Self::Reserved(_) => {
                ("Registered - License Reservation", "REGISTERED - SPECIFIC LICENSE RESERVATION")
            }
        }
    }

    const fn authorization(self) -> (&'static str, &'static str) {
        match self {
            Self::Unregistered(Trial::Running) | Self::Registering(Trial::Running) => {
                ("Evaluation Mode", "EVAL MODE")
            }
            Self::Unregistered(Trial::Over) | Self::Registering(Trial::Over) => {
                ("Evaluation Period Expired", "EVAL EXPIRED")
            }
            Self::Unregistered(Trial::Idle)
            | Self::Registering(Trial::Idle)
            | Self::Registered(Compliance::Idle)
            | Self::Pending => NOT_IN_USE,
            Self::Registered(Compliance::Authorized) => ("Authorized", "AUTHORIZED"),
            Self::Registered(Compliance::Lapsed) => ("Authorization Expired", "AUTHORIZATION EXPIRED"),
            Self::Registered(Compliance::Short) | Self::Reserved(Cover::Short) => SHORT,
            Self::Reserved(Cover::Enough) => ("Authorized - Reserved", "AUTHORIZED - RESERVED"),
        }
    }

    const fn banner(self) -> Option<&'static str> {
        match self {
            Self::Unregistered(Trial::Over) | Self::Registering(Trial::Over) => {
                Some("The license is Expired")
            }
            Self::Registered(Compliance::Short) | Self::Reserved(Cover::Short) => {
                Some("The license is Out of compliance")
            }
            _ => None,
        }
    }

    /// Whether both are authorized in the same words.
    pub fn is_enforced_as(self, other: Self) -> bool {
        self.words().authorization_status == other.words().authorization_status
    }

    /// The evaluation, where it is in force.
    pub const fn trial(self) -> Option<Trial> {
        match self {
            Self::Unregistered(trial) | Self::Registering(trial) => Some(trial),
            Self::Registered(_) | Self::Pending | Self::Reserved(_) => None,
        }
    }
}
