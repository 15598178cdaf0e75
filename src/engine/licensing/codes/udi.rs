//! The unique device identifier: which product, and which one of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A product id and a serial number. Products compare without regard to case, serial numbers without white space.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Plain", into = "Plain")]
pub struct Udi {
    product: String,
    serial: String,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Plain {
    product: String,
    serial: String,
}

/// A pair of texts that is no device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a product id has 1 to 32, a serial number 1 to 64 letters, digits, '-', '_' or '.'")]
pub struct NoUdi;

impl Udi {
    /// White space in the serial number, as the License page shows it, is left out.
    ///
    /// # Errors
    /// When the texts are empty, long, or have other characters.
    pub fn new(product: &str, serial: &str) -> Result<Self, NoUdi> {
        let serial: String = serial.chars().filter(|c| !c.is_whitespace()).collect();
        let word = |text: &str, most: usize| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if word(product, 32) && word(&serial, 64) {
            Ok(Self { product: product.to_owned(), serial })
        } else {
            Err(NoUdi)
        }
    }

    /// The product id.
    pub fn product(&self) -> &str {
        &self.product
    }

    /// The serial number, without white space.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// From `P:PRODUCT,S:SERIAL`, with a space after the comma or a `,U:UUID` behind or without.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn read(text: &str) -> Result<Self, NoUdi> {
        let (product, rest) = text.strip_prefix("P:").and_then(|rest| rest.split_once(',')).ok_or(NoUdi)?;
        let serial = rest.trim_start_matches(' ').strip_prefix("S:").ok_or(NoUdi)?;
        let (serial, more) = serial.split_once(',').unwrap_or((serial, "U:"));
        if more.trim_start_matches(' ').starts_with("U:") { Self::new(product, serial) } else { Err(NoUdi) }
    }
}

impl PartialEq for Udi {
    fn eq(&self, other: &Self) -> bool {
        self.product.eq_ignore_ascii_case(&other.product) && self.serial == other.serial
    }
}

impl Eq for Udi {}

impl fmt::Display for Udi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P:{},S:{}", self.product, self.serial)
    }
}

impl TryFrom<Plain> for Udi {
    type Error = NoUdi;

    fn try_from(plain: Plain) -> Result<Self, NoUdi> {
        Self::new(&plain.product, &plain.serial)
    }
}

impl From<Udi> for Plain {
    fn from(udi: Udi) -> Self {
        Self { product: udi.product, serial: udi.serial }
    }
}
