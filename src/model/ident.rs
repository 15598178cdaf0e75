//! Names of things that speak: sensors, and the life of a sensor's table.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A sensor's name: its certificate's common name, its MQTT user and a part of its topics. 1 to 64 letters, digits,
/// dots, hyphens or underscores, beginning with a letter or digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SensorId(String);

/// A text that is no sensor name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "'{0}' is no sensor name: 1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
)]
pub struct NoSensorId(String);

impl SensorId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SensorId {
    type Error = NoSensorId;

    fn try_from(text: String) -> Result<Self, NoSensorId> {
        let fits = text.len() <= 64 && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        // What is no name is shown cut, since it may be long and hostile.
        let shown = || text.chars().take(80).collect::<String>().escape_debug().to_string();
        if fits && plain { Ok(Self(text)) } else { Err(NoSensorId(shown())) }
    }
}

impl std::str::FromStr for SensorId {
    type Err = NoSensorId;

    fn from_str(text: &str) -> Result<Self, NoSensorId> {
        text.to_owned().try_into()
    }
}

impl From<SensorId> for String {
    fn from(id: SensorId) -> Self {
        id.0
    }
}

impl fmt::Display for SensorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one life of a sensor's table: made when the table is created or purged, kept over restarts. A UUID
/// (RFC 9562, version 4) as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(u128);

/// A text that is no epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an epoch is a UUID: 32 hexadecimal digits in groups of 8-4-4-4-12")]
pub struct NoEpoch;

impl Epoch {
    /// From random bits.
    pub const fn from_random(bits: u128) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0b11 << 62;
        Self(bits & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62)
    }

    /// The bits.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let group = |from: usize, to: usize| &hex[from..to];
        write!(f, "{}-{}-{}-{}-{}", group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32))
    }
}

impl std::str::FromStr for Epoch {
    type Err = NoEpoch;

    fn from_str(text: &str) -> Result<Self, NoEpoch> {
        let hyphens = [8, 13, 18, 23];
        let shape = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(at, b)| if hyphens.contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() });
        let bits = if shape { u128::from_str_radix(&text.replace('-', ""), 16).ok() } else { None };
        bits.map(Self).ok_or(NoEpoch)
    }
}

impl TryFrom<String> for Epoch {
    type Error = NoEpoch;

    fn try_from(text: String) -> Result<Self, NoEpoch> {
        text.parse()
    }
}

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> Self {
        epoch.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_name_is_safe_in_a_topic_and_a_path() {
        for good in ["ic3000-7", "A", "9", "press.line_2", &"x".repeat(64)] {
            assert!(good.parse::<SensorId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "../x", "a/b", "a+b", "#", "-a", "a b", "é", "a\n", &"x".repeat(65)] {
            assert!(bad.parse::<SensorId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_epoch_is_a_version_4_uuid() {
        let epoch = Epoch::from_random(u128::MAX);
        assert_eq!(epoch.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(epoch.to_string().parse(), Ok(epoch));
        assert!("ffffffff-ffff-4fff-bfff-fffffffffff".parse::<Epoch>().is_err());
        assert!("ffffffffffffffffffffffffffffffffffff".parse::<Epoch>().is_err());
    }
}
