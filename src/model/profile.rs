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
    /// Interfaces on which mirrored traffic arrives, where the configuration names none.
    pub capture_interfaces: Vec<String>,
    /// What intrusion detection is licensed as, where the platform can do it.
    #[serde(default)]
    pub ids_class: Option<String>,
}

/// The platforms that are known, and their files.
const FILES: [(&str, &str); 10] = [
    ("generic", include_str!("../../targets/generic/profile.toml")),
    ("ic3000", include_str!("../../targets/ic3000/profile.toml")),
    ("cat9300", include_str!("../../targets/cat9300/profile.toml")),
    ("cat9400", include_str!("../../targets/cat9400/profile.toml")),
    ("ir8340", include_str!("../../targets/ir8340/profile.toml")),
    ("center-dpi", include_str!("../../targets/center-dpi/profile.toml")),
    ("ie3x00", include_str!("../../targets/ie3x00/profile.toml")),
    ("ie9300", include_str!("../../targets/ie9300/profile.toml")),
    ("ir1101", include_str!("../../targets/ir1101/profile.toml")),
    ("ir18xx", include_str!("../../targets/ir18xx/profile.toml")),
];

/// A name that no platform has.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not one of those known.
    #[error("no platform '{0}'; there are: {known}", known = Profile::names().collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// The compiled-in file is not a profile, which a test of this module excludes.
    #[error("the built-in profile is damaged: {0}")]
    Damaged(#[from] toml::de::Error),
}

impl Profile {
    /// The names of all platforms.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// The names of those that can run Snort.
    pub fn with_ids() -> Vec<&'static str> {
        let able = |name: &&str| Self::of(name).is_ok_and(|profile| profile.ids_class.is_some());
        Self::names().filter(able).collect()
    }

    /// The profile of a platform.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(platform: &str) -> Result<Self, ProfileError> {
        let file = FILES.iter().find(|(name, _)| *name == platform);
        let (_, text) = file.ok_or_else(|| ProfileError::Unknown(platform.to_owned()))?;
        Ok(toml::from_str(text)?)
    }

    /// The profile used where no platform was named.
    ///
    /// # Errors
    /// When the compiled-in file is not a profile, which a test of this module excludes.
    pub fn generic() -> Result<Self, ProfileError> {
        Self::of("generic")
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
    fn every_platform_has_its_profile() {
        for name in Profile::names() {
            let profile = Profile::of(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(profile.platform, name);
            assert!(profile.components_max >= 10_000 && profile.workers >= 1, "{name}");
            assert!((1 << 20..=1 << 28).contains(&profile.ring_bytes), "{name}");
            let detects = ["ic3000", "cat9300", "cat9400", "ir8340", "center-dpi"].contains(&name);
            assert_eq!(profile.ids_class.is_some(), detects, "{name}");
            assert_eq!(Profile::with_ids().contains(&name), detects, "{name}");
        }
    }

    #[test]
    fn an_unknown_platform_is_told_which_there_are() {
        let error = Profile::of("ic4000").unwrap_err().to_string();
        assert!(error.contains("'ic4000'") && error.contains("ic3000, cat9300"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = include_str!("../../targets/generic/profile.toml");
        assert!(toml::from_str::<Profile>(&format!("{text}\ncolour = 1")).is_err());
    }
}
