//! Why a code is refused: a reason code, what is wrong, and the next step.

/// Why a code is refused. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CodeRefusal {
    /// No request code, or copied wrongly.
    Request,
    /// Longer than any code.
    TooLong,
    /// No XML of an authorization code.
    Syntax,
    /// A document type, an entity, a comment, a processing instruction or an attribute.
    Markup,
    /// An element that is missing, too many, or elsewhere.
    Element,
    /// A value that is too long or of another form.
    Value,
    /// A count or time that is no number.
    Number,
    /// A date that is none.
    Date,
    /// No signature at all: not Base64, or not a DER pair of numbers.
    SignatureForm,
    /// Not signed by the trusted authority.
    Signature,
    /// No authority is trusted here.
    NoAuthorityKey,
    /// For another device.
    WrongDevice,
    /// For another request.
    OtherRequest,
    /// For a request that was cancelled.
    Cancelled,
    /// Older than the request or than what is installed.
    Old,
    /// Installed already.
    Used,
    /// From the future.
    ClocksDiffer,
}

impl CodeRefusal {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::Request,
        Self::TooLong,
        Self::Syntax,
        Self::Markup,
        Self::Element,
        Self::Value,
        Self::Number,
        Self::Date,
        Self::SignatureForm,
        Self::Signature,
        Self::NoAuthorityKey,
        Self::WrongDevice,
        Self::OtherRequest,
        Self::Cancelled,
        Self::Old,
        Self::Used,
        Self::ClocksDiffer,
    ];

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
            Self::Request => {
                ("code-request", "this is no request code, or a character is wrong; copy it again whole")
            }
            Self::TooLong => ("code-too-long", "the code is longer than a code can be; copy the code only"),
            Self::Syntax => ("code-syntax", "this is no authorization code; copy it again whole"),
            Self::Markup => {
                ("code-markup", "the code holds what no code may hold; take it from the authority again")
            }
            Self::Element => {
                ("code-element", "a part of the code is missing, doubled or misplaced; copy it again whole")
            }
            Self::Value => ("code-value", "a value in the code is not of its form; copy it again whole"),
            Self::Number => ("code-number", "a count or time in the code is no number; copy it again whole"),
            Self::Date => ("code-date", "a date in the code is none; copy it again whole"),
            Self::SignatureForm => {
                ("code-signature-form", "the signature is damaged; copy the code again whole")
            }
            Self::Signature => (
                "code-signature",
                "the trusted authority did not sign this code; copy it again, or check the key",
            ),
            Self::NoAuthorityKey => (
                "no-authority-key",
                "no authority is trusted here; name its key first: tollgate-satellite public-key | smartagentctl --trust-authority -",
            ),
            Self::WrongDevice => {
                ("code-wrong-device", "the code is for another Center; enter this one's request code")
            }
            Self::OtherRequest => {
                ("code-other-request", "the code answers another request; enter the present request code")
            }
            Self::Cancelled => (
                "code-cancelled",
                "the code answers a request that was cancelled; discard it to get a return code",
            ),
            Self::Old => ("code-old", "a later code or request exists; use the latest authorization code"),
            Self::Used => ("code-used", "the code is installed already"),
            Self::ClocksDiffer => {
                ("clocks-differ", "the code is from the future by over an hour; set the clocks right")
            }
        }
    }
}

impl std::fmt::Display for CodeRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for CodeRefusal {}
