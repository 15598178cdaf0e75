//! The counting policy that a Center gives its sensors, retained.

use super::Message;
use crate::model::prefix::Prefix;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;
use std::time::Duration;

/// Which addresses count beyond the defaults of the rules, and from when on a component is billed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CountingPolicy {
    /// Prefixes declared internal.
    #[serde(default)]
    pub internal: Vec<Prefix>,
    /// Prefixes declared external. The longest of all declared prefixes decides.
    #[serde(default)]
    pub external: Vec<Prefix>,
    /// A component is billed once its first and last sighting lie this many seconds apart; 0 bills at once.
    #[serde(default = "confirm_after_default")]
    pub confirm_after_seconds: u64,
    /// The Center's clock when the policy was made.
    pub sent: UnixTime,
}

/// Counting rules, section 5.
const fn confirm_after_default() -> u64 {
    20 * 60
}

impl Default for CountingPolicy {
    fn default() -> Self {
        Self {
            internal: Vec::new(),
            external: Vec::new(),
            confirm_after_seconds: confirm_after_default(),
            sent: UnixTime::NEVER,
        }
    }
}

impl CountingPolicy {
    /// How far apart first and last sighting must lie.
    pub const fn confirm_after(&self) -> Duration {
        Duration::from_secs(self.confirm_after_seconds)
    }

    /// Names the policy's content, whatever the order of its prefixes: equal digests mean equal counting. 32
    /// hexadecimal digits of SipHash-2-4-128 under a public key.
    pub fn digest(&self) -> String {
        let sorted = |prefixes: &[Prefix]| {
            let mut sorted = prefixes.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let text = format!(
            "internal {}\nexternal {}\nconfirm_after {}\n",
            sorted(&self.internal),
            sorted(&self.external),
            self.confirm_after_seconds
        );
        let mut hasher = SipHasher24::new_with_keys(0x746f_6c6c_6761_7465, 0x706f_6c69_6379_0001);
        hasher.write(text.as_bytes());
        format!("{:032x}", hasher.finish128().as_u128())
    }
}

impl Message for CountingPolicy {
    const SCHEMA: &'static str = "tollgate.policy";
    const BYTES_MAX: usize = 64 * 1024;
}
