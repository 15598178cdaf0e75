//! Why the authority says no: a reason code, what is wrong, and the next step. Nothing changed.

use crate::engine::access::Denied;
use crate::engine::licensing::codes::{CodeRefusal, NoIssue};

macro_rules! refusals {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// A domain's no.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Refusal {
            $(#[doc = $text] $name,)*
            /// Who asks is not let in.
            Denied(Denied),
            /// A code is not believed.
            Code(CodeRefusal),
            /// A code cannot be made.
            Issue(NoIssue),
        }

        impl Refusal {
            /// Every refusal that is the authority's own.
            pub const OWN: &'static [Self] = &[$(Self::$name,)*];

            /// The reason code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Denied(denied) => denied.code(),
                    Self::Code(refusal) => refusal.code(),
                    Self::Issue(_) => "code-not-made",
                }
            }

            /// What is wrong, and the next step.
            pub fn text(self) -> String {
                match self {
                    $(Self::$name => $text.to_owned(),)*
                    Self::Denied(denied) => denied.text().to_owned(),
                    Self::Code(refusal) => refusal.text().to_owned(),
                    Self::Issue(cause) => cause.to_string(),
                }
            }
        }
    };
}

refusals! {
    NameTaken = "name-taken", "the name is taken; choose another one";
    Unknown = "unknown", "there is no such thing here; list what there is";
    NotEmpty = "not-empty", "the virtual account has licences, tokens or instances; remove those first";
    TooMany = "too-many", "the books hold as many of these as they may; remove some first";
    Text = "text", "a description has at most 256 characters, no control characters and none of < > &";
    BadCount = "bad-count", "a count is a whole number from 1 to 1000000000";
    BadTerm = "bad-term", "a term ends after its start, and not in the past";
    BadDays = "bad-days", "a token lasts 1 to 365 days";
    PoolShort = "pool-short", "the virtual account has not enough licences; add licences, or take fewer";
    NothingReserved = "nothing-reserved", "choose at least one licence";
    TokenUnknown = "token-unknown", "the token is not known; copy it again whole";
    TokenRevoked = "token-revoked", "the token was revoked; create another one";
    TokenExpired = "token-expired", "the token expired; create another one";
    TokenUsedUp = "token-used-up", "the token was used as often as it may be; create another one";
    AlreadyRegistered = "already-registered", "the device is registered here already; register with force, or remove it";
    AlreadyReserved = "already-reserved", "the device has a reservation already; update or return that one";
    InstanceUnknown = "instance-unknown", "there is no such product instance; list the instances";
    NotOnline = "not-online", "the instance holds a reservation, which codes change and not contact";
    NotReserved = "not-reserved", "the instance has no reservation; remove it instead";
    ReturnCodeNeeded = "return-code-needed", "licences are reserved; return them with the Center's return code, or override";
    WrongCode = "wrong-code", "the code is not of this instance's reservation; copy it again from the Center";
    RequestUsed = "request-used", "the request code was used before; make another one on the Center";
    UpdatePending = "update-pending", "the last update is not confirmed; enter its confirmation code first";
    NoUpdatePending = "no-update-pending", "no update waits to be confirmed";
    ReasonNeeded = "reason-needed", "say why, for the audit";
    ClocksDiffer = "clocks-differ", "the clocks differ by over an hour; set them right";
    CsrMissing = "csr-missing", "a Center registers and renews with a certificate signing request; update the Center";
    CsrBad = "csr-bad", "the certificate signing request is none of an ECDSA P-256 key (PKCS #10, PEM)";
    CertificateMissing = "certificate-missing", "ask under the instance's ID certificate (mutual TLS), or register again";
    CertificateWrong = "certificate-wrong", "the certificate is of another instance, or a newer one was used; register again with force";
    SignatureMissing = "signature-missing", "a usage report is signed by the key of the ID certificate";
    SignatureBad = "signature-bad", "the usage report's signature is not by the key of the ID certificate";
    BadReport = "bad-report", "a usage report has a number, an interval that is over, and at most 32 tags";
    SyncOld = "sync-old", "the file was imported already, or a later one was; import the latest";
    BadDevice = "bad-device", "a device has a product id and a serial number, and a plain name";
    SyncForeign = "sync-foreign", "the file is for another account";
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text(), self.code())
    }
}

impl std::error::Error for Refusal {}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<CodeRefusal> for Refusal {
    fn from(refusal: CodeRefusal) -> Self {
        Self::Code(refusal)
    }
}

impl From<NoIssue> for Refusal {
    fn from(cause: NoIssue) -> Self {
        Self::Issue(cause)
    }
}
