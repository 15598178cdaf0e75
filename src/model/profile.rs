//! A platform's limits, as data: `targets/<platform>/profile.toml`, compiled in and checked once.

use serde::Deserialize;

/// What differs from box to box.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The platform's name, equal to its folder's.
    pub platform: String,
    /// Components the table holds; beyond it, sightings go to the overflow sketch.
    pub components_max: u32,
    /// Packet threads, each with a table of its own.
    pub workers: u8,
    /// Bytes of one capture ring.
    pub ring_bytes: u32,
}

impl Profile {
    /// The profile used where no platform was named.
    ///
    /// # Errors
    /// When the compiled-in file is not a profile, which a test of this module excludes.
    pub fn generic() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../targets/generic/profile.toml"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_profile_parses_and_carries_the_documented_default() {
        let profile = Profile::generic().unwrap();
        assert_eq!((profile.platform.as_str(), profile.components_max), ("generic", 150_000));
        assert!(profile.workers >= 1 && profile.ring_bytes >= 1 << 20);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = include_str!("../../targets/generic/profile.toml");
        assert!(toml::from_str::<Profile>(&format!("{text}\ncolour = 1")).is_err());
    }
}
