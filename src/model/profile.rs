//! A platform's limits, as data: `targets/<platform>/profile.toml`, compiled in and checked once.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What differs from box to box.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The platform's name, equal to its folder's.
    pub platform: String,
    /// What its programs are built for; any where none is named.
    #[serde(default)]
    pub triple: Option<String>,
    /// How the products are named that are of this platform: the beginnings of their names.
    #[serde(default)]
    pub products: Vec<String>,
    /// Components the table holds; beyond it, sightings go to the overflow sketch.
    pub components_max: u32,
    /// Packet threads, each with a table of its own.
    pub workers: u8,
    /// Bytes of one capture ring.
    pub ring_bytes: u32,
    /// Mebibytes that the agent itself may use, its tables and rings included.
    pub memory_mb: u32,
    /// Interfaces on which mirrored traffic arrives, where the configuration names none.
    pub capture_interfaces: Vec<String>,
    /// What intrusion detection is licensed as, where the platform can do it.
    #[serde(default)]
    pub ids_class: Option<String>,
    /// What the box gives to an application, where there is such a share.
    #[serde(default)]
    pub share: Option<Share>,
    /// Where Snort is: the keys of `[ids]` that the configuration need not give.
    #[serde(default)]
    pub snort: BTreeMap<String, String>,
}

/// An application's share of a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// In the platform's own units.
    pub cpu_units: u32,
    /// Of memory.
    pub memory_mb: u32,
    /// Of disk.
    pub disk_mb: u32,
}

/// What a machine says of itself, as far as it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// The processor's architecture, as it begins a triple.
    pub architecture: &'static str,
    /// The product's name.
    pub product: Option<String>,
}

/// The platform of nobody in particular.
const GENERIC: &str = "generic";

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

    /// Why a machine is not of this platform, if it says so itself.
    pub fn contradiction(&self, machine: &Machine) -> Option<String> {
        let other_triple = |triple: &&String| !triple.starts_with(machine.architecture);
        if let Some(triple) = self.triple.as_ref().filter(other_triple) {
            return Some(format!("{} is {triple}, this machine is {}", self.platform, machine.architecture));
        }
        let product = machine.product.as_ref().filter(|_| self.platform != GENERIC)?;
        let known = self.products.iter().any(|begin| product.starts_with(begin.as_str()));
        (!known).then(|| {
            let shown = product.chars().take(80).collect::<String>();
            format!("the box says that it is a {}, which is not {}", shown.escape_debug(), self.platform)
        })
    }

    /// The profile used where no platform was named.
    ///
    /// # Errors
    /// When the compiled-in file is not a profile, which a test of this module excludes.
    pub fn generic() -> Result<Self, ProfileError> {
        Self::of(GENERIC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn file(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

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
            let paths = if detects { &["control", "program", "rules"][..] } else { &[] };
            assert!(profile.snort.keys().eq(paths), "{name}");
            let boxes = !["generic", "center-dpi"].contains(&name);
            assert!(profile.share.is_some() == boxes && profile.products.is_empty() != boxes, "{name}");
            assert!(profile.share.is_none_or(|share| share.memory_mb >= profile.memory_mb), "{name}");
        }
    }

    #[test]
    fn every_figure_says_whether_it_is_public_or_ours() {
        for name in Profile::names() {
            let text = file(&format!("targets/{name}/profile.toml"));
            let (figures, _) = text.split_once("# Where Snort is").unwrap_or((&text, ""));
            for line in figures.lines().filter(|line| line.contains(" = ") && !line.starts_with("platform")) {
                let mark = line.split_once("  # ").map_or("", |(_, mark)| mark);
                let marked = ["public", "ours", "nobody can know"].iter().any(|word| mark.starts_with(word));
                assert!(marked, "{name}: {line}");
            }
        }
    }

    /// What the package asks for, and what the page tells an engineer to type, are the profile's.
    #[test]
    fn packages_and_pages_say_what_the_profile_says() {
        for name in Profile::names() {
            let profile = Profile::of(name).unwrap();
            let Some(share) = profile.share else { continue };
            let package = file(&format!("targets/{name}/package.yaml"));
            let says = |what: String| assert!(package.contains(&what), "{name}/package.yaml: {what}");
            let (arch, _) = profile.triple.as_ref().unwrap().split_once('-').unwrap();
            says(format!("\n  cpuarch: {arch}\n"));
            says(format!("\n    cpu: {}\n    memory: {}\n", share.cpu_units, share.memory_mb));
            says(format!("\n    disk: {}\n", share.disk_mb));
            says(format!("\"--platform\", \"{name}\""));
            let mirrored = package.lines().filter(|line| line.contains("mirroring: true"));
            let named =
                |line: &str| line.split("interface-name: ").nth(1)?.split(',').next().map(str::to_owned);
            assert_eq!(mirrored.filter_map(named).collect::<Vec<_>>(), profile.capture_interfaces, "{name}");
            let page = file(&format!("docs/install/{name}.md"));
            let typed = [("cpu", share.cpu_units), ("memory", share.memory_mb), ("disk", share.disk_mb)];
            for (word, figure) in typed {
                let ways = [format!("{word} {figure}"), format!("\"{word}\": {figure}")];
                assert!(ways.iter().any(|way| page.contains(way)), "docs/install/{name}.md: {word} {figure}");
            }
        }
    }

    #[test]
    fn a_machine_may_contradict_what_was_declared() {
        let ask = |platform: &str, architecture, product: Option<&str>| {
            let machine = Machine { architecture, product: product.map(str::to_owned) };
            Profile::of(platform).unwrap().contradiction(&machine)
        };
        assert_eq!(ask("cat9300", "x86_64", Some("C9300-24T")), None);
        assert_eq!(ask("ie3x00", "aarch64", Some("IE-3400-8T2S")), None);
        assert_eq!(ask("cat9300", "x86_64", None), None, "nobody says anything");
        assert_eq!(ask("generic", "riscv64", Some("IR1101-K9")), None);
        let told = ask("cat9300", "x86_64", Some("C9404R\u{1b}[2J")).unwrap();
        assert_eq!(told, "the box says that it is a C9404R\\u{1b}[2J, which is not cat9300");
        assert!(ask("cat9300", "aarch64", None).unwrap().contains("this machine is aarch64"));
        assert!(ask("center-dpi", "x86_64", Some("IC3000-2C2F-K9")).is_some());
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
