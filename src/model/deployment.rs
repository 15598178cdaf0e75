//! Tokens with which sensors enrol themselves: JSON Web Tokens (RFC 7519) that a Center signs and reads back.

use super::ident::SensorId;
use super::label::Label;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The longest token, in bytes.
pub const TOKEN_MAX: usize = 8192;
/// Which tokens are of this kind.
pub const AUDIENCE: &str = "tollgate-enrolment";

/// What a token says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// [`AUDIENCE`].
    pub aud: String,
    /// The sensor's serial number: the name that it is enrolled under.
    pub sub: SensorId,
    /// Seconds since 1970 when it was made.
    pub iat: u64,
    /// Seconds since 1970 when it ends.
    pub exp: u64,
    /// The deployment that it belongs to.
    pub deployment: Label,
    /// Where it is shown: the Center's HTTPS address.
    pub center: String,
    /// Whom the sensor is to believe that it is the Center: a CA certificate, PEM.
    pub ca: String,
}

impl Claims {
    /// What a token says, whoever signed it: for the sensor, which has it from its operator, and has no key to check it.
    /// `None` when it says nothing of the kind.
    pub fn peek(token: &str) -> Option<Self> {
        let token = Some(token.trim()).filter(|token| token.len() <= TOKEN_MAX)?;
        let mut parts = token.split('.');
        let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let claims: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (claims.aud == AUDIENCE).then_some(claims)
    }
}

/// What a sensor sends, and gets its bundle for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The token.
    pub token: String,
    /// The sensor's platform, as its profile is called.
    pub platform: String,
}

/// The bundle, as the Center answers it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Given {
    /// The bundle: a tar in Base64.
    pub tar: String,
}
