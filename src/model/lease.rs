//! Leases: for how long, and from which rule bundles, a sensor may run Subscriber rules. The words only; what makes one
//! believed is [`crate::engine::entitlement`]'s.

use super::ident::{Epoch, SensorId};
use super::message::Message;
use super::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The bundles that one lease may list.
pub const BUNDLES_MAX: usize = 32;

/// The two rule sets that Snort may run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSet {
    /// Free of charge; what runs when nothing else may.
    Community,
    /// Needs an entitlement.
    Subscriber,
}

impl RuleSet {
    /// When new rules come, which is a property of the publisher's feed.
    pub const fn feed(self) -> &'static str {
        match self {
            Self::Community => "new rules 30 days after their release to subscribers",
            Self::Subscriber => "new rules at their release",
        }
    }
}

impl std::str::FromStr for RuleSet {
    type Err = NoRuleSet;

    fn from_str(text: &str) -> Result<Self, NoRuleSet> {
        [Self::Community, Self::Subscriber].into_iter().find(|set| set.to_string() == text).ok_or(NoRuleSet)
    }
}

/// A text that is no rule set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a rule set is 'community' or 'subscriber'")]
pub struct NoRuleSet;

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Community => "community",
            Self::Subscriber => "subscriber",
        })
    }
}

/// Names a rule bundle by its content: SHA-256, 64 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BundleDigest([u8; 32]);

/// A text that is no bundle digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a bundle digest is a SHA-256: 64 lower-case hexadecimal digits")]
pub struct NoBundleDigest;

impl BundleDigest {
    /// From the hash's bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for BundleDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BundleDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for BundleDigest {
    type Err = NoBundleDigest;

    /// Upper case is refused, so that one bundle has one name.
    fn from_str(text: &str) -> Result<Self, NoBundleDigest> {
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NoBundleDigest),
        };
        let digits: [u8; 64] = text.as_bytes().try_into().map_err(|_| NoBundleDigest)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for BundleDigest {
    type Error = NoBundleDigest;

    fn try_from(text: String) -> Result<Self, NoBundleDigest> {
        text.parse()
    }
}

impl From<BundleDigest> for String {
    fn from(digest: BundleDigest) -> Self {
        digest.to_string()
    }
}

/// What a Center signs: the payload of the envelope.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// Names this lease in logs.
    pub lease: Epoch,
    /// The sensor it is for.
    pub sensor: SensorId,
    /// Its platform's name.
    pub platform: String,
    /// The entitlement that pays for it.
    pub entitlement_tag: String,
    /// Whether Snort is to run at all.
    #[serde(default)]
    pub ids: bool,
    /// What may run: Community, as a decision, is a lease too, so that it outranks older ones.
    pub rule_set: RuleSet,
    /// The Center's clock when it decided.
    pub issued_at: UnixTime,
    /// Not valid before.
    pub not_before: UnixTime,
    /// Not valid at or after.
    pub expires_at: UnixTime,
    /// Grows by one with each decision for this sensor.
    pub generation: u64,
    /// The run of the sensor's program that the Center last heard of: proves that the lease is no older than that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Epoch>,
    /// The bundles that may be run, the best first.
    #[serde(default)]
    pub bundles: Vec<BundleDigest>,
    /// The key that will sign later leases, 32 bytes as Base64: announced by the one in force before it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_key: Option<String>,
}

impl Message for Lease {
    const SCHEMA: &'static str = "tollgate.lease";
    const BYTES_MAX: usize = 8 * 1024;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_one_name() {
        let digest = BundleDigest::from_bytes([0xa7; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "a7", &"A7".repeat(32), &"g0".repeat(32), &"a7".repeat(33)] {
            assert_eq!(wrong.parse::<BundleDigest>(), Err(NoBundleDigest), "{wrong}");
        }
    }
}
