//! The request code: `CB-Z` product `:` serial number `-` 9 characters that make it unique `-` 2 check characters.
//!
//! The check characters are of our own scheme; the vendor's is not public.

use super::base58::{digest, encode, is_plain};
use super::refusal::CodeRefusal;
use super::udi::Udi;
use std::fmt;

const MARK: &str = "CB-Z";
const NONCE: usize = 9;
const CHARS_MAX: usize = 160;

/// What a Center shows when it asks for a reservation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestCode {
    udi: Udi,
    nonce: String,
}

impl RequestCode {
    /// Another one for each other random number.
    pub fn new(udi: Udi, random: u64) -> Self {
        Self { udi, nonce: encode(&random.to_be_bytes(), NONCE) }
    }

    /// The Center it is of.
    pub const fn udi(&self) -> &Udi {
        &self.udi
    }

    /// Reads a code with a colon or a hyphen before the serial number; white space around it is left out.
    ///
    /// # Errors
    /// When the text is no request code, or its check characters say that it was copied wrongly.
    pub fn read(text: &str) -> Result<Self, CodeRefusal> {
        let text = text.trim();
        if text.len() > CHARS_MAX {
            return Err(CodeRefusal::TooLong);
        }
        let body = text.strip_prefix(MARK).ok_or(CodeRefusal::Request)?;
        let (body, check) = body.rsplit_once('-').ok_or(CodeRefusal::Request)?;
        let (device, nonce) = body.rsplit_once('-').ok_or(CodeRefusal::Request)?;
        if nonce.len() != NONCE || !is_plain(nonce) {
            return Err(CodeRefusal::Request);
        }
        // Without a colon only the check characters know where the product ends.
        let splits = device.match_indices([':', '-']).map(|(at, _)| (&device[..at], &device[at + 1..]));
        let candidates = splits.filter_map(|(product, serial)| Udi::new(product, serial).ok());
        let mut codes = candidates.map(|udi| Self { udi, nonce: nonce.to_owned() });
        codes.find(|code| code.check() == check).ok_or(CodeRefusal::Request)
    }

    /// The number of the product instance that this request makes: derived, so that a code for one request fits no
    /// other and no other device.
    pub fn instance(&self) -> String {
        let hash = digest("tollgate product instance v1", &[&self.to_string()]);
        let hex = super::base58::hex(&hash[..16]);
        // RFC 9562, version 8: of our own making.
        format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    fn body(&self) -> String {
        format!("{MARK}{}:{}-{}", self.udi.product(), self.udi.serial(), self.nonce)
    }

    fn check(&self) -> String {
        encode(&digest("tollgate request code v1", &[&self.body()]), 2)
    }
}

impl fmt::Display for RequestCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.body(), self.check())
    }
}
