//! How the daemon is set up: the platform's profile, the file over it, and flags over both.

mod error;
pub mod file;
#[cfg(test)]
mod tests;
pub mod values;

pub use error::ConfigError;

use super::args::RunArgs;
use crate::engine::inventory::networks::Networks;
use crate::engine::inventory::policy::Policy;
use crate::io::capture::compile;
use crate::io::capture::live::Backend;
use crate::io::snort::SnortConfig;
use crate::model::message::CountingPolicy;
use crate::model::profile::Profile;
use crate::model::sighting::is_network_name;
use file::{EventsSection, File, InterfaceSection};
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes.
const FILE_MAX: u64 = 1 << 20;
/// The folder in the state folder where an enrolment bundle is unpacked.
pub const ENROLMENT: &str = "enrolment";
/// Interfaces of one sensor.
pub const INTERFACES_MAX: usize = 16;
/// Packet threads of one sensor.
const WORKERS_MAX: usize = 64;

/// Everything that is settled before the daemon runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where it came from.
    pub path: PathBuf,
    /// The platform's limits.
    pub profile: Profile,
    /// The file, with the flags' values in it.
    pub file: File,
    /// What is captured.
    pub interfaces: Vec<Interface>,
    /// All networks, numbered alike for all interfaces.
    pub networks: Vec<String>,
}

/// One source of frames.
#[derive(Clone, PartialEq, Debug)]
pub struct Interface {
    /// What it is called.
    pub name: String,
    /// Capture files, if it is none.
    pub files: Vec<PathBuf>,
    /// What reads it.
    pub backend: Backend,
    /// Which frames count.
    pub filter: Option<String>,
    /// Packet threads.
    pub workers: usize,
    /// Where its traffic belongs.
    pub networks: Networks,
    /// The names of these.
    pub own: Vec<String>,
}

impl Config {
    /// Reads the file and puts the flags over it. Where the platform is a flag, its profile is enough: the file may be
    /// missing.
    ///
    /// # Errors
    /// See [`ConfigError`]; what is wrong in the file is said with line and column.
    pub fn load(path: &Path, args: &RunArgs) -> Result<Self, ConfigError> {
        let text = match read(path) {
            Err(error) if error.is_missing() && args.platform.is_some() => String::new(),
            text => text?,
        };
        Self::of(path, &text, args)
    }

    /// The same from text.
    pub(super) fn of(path: &Path, text: &str, args: &RunArgs) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError::toml(path, text, &error))?;
        let mut file = args.over(file);
        let broken = |what| ConfigError::Content { path: path.to_owned(), what };
        if file.ids.is_some() {
            file.ids = Some(ids_with_paths(text, &file.platform.0).map_err(broken)?);
        }
        Self::new(path, file).map_err(broken)
    }

    fn new(path: &Path, file: File) -> Result<Self, String> {
        let profile = Profile::of(&file.platform.0).map_err(|error| error.to_string())?;
        Policy::new(&file.count.internal, &file.count.external)
            .map_err(|error| format!("[count]: {error}"))?;
        check_events(file.events.as_ref())?;
        check_ids(file.ids.as_ref(), &profile)?;
        let (interfaces, networks) = interfaces(&file, &profile)?;
        Ok(Self { path: path.to_owned(), profile, file, interfaces, networks })
    }

    /// Components the tables hold.
    pub fn capacity(&self) -> u32 {
        self.file.count.capacity.map_or(self.profile.components_max, |capacity| capacity.0)
    }

    /// The counting policy while no Center gives another.
    pub fn own_policy(&self) -> CountingPolicy {
        let (internal, external) = (self.file.count.internal.clone(), self.file.count.external.clone());
        CountingPolicy { internal, external, ..CountingPolicy::default() }
    }

    /// Where the enrolment is looked for.
    pub fn enrolment(&self) -> PathBuf {
        let given = self.file.center.as_ref().map(|center| center.enrolment.clone());
        given.unwrap_or_else(|| self.file.state_dir.join(ENROLMENT))
    }

    /// What differs from `other` in ways that only a restart brings into force.
    pub fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let (old, new) = (&self.file, &other.file);
        let differs = [
            ("platform", old.platform != new.platform),
            ("sensor", old.sensor != new.sensor),
            ("state_dir", old.state_dir != new.state_dir),
            ("control_socket", old.control_socket != new.control_socket),
            ("interface", self.interfaces != other.interfaces),
            ("count.capacity", old.count.capacity != new.count.capacity),
            ("center", old.center != new.center),
            ("ids", old.ids != new.ids),
            ("metrics", old.metrics != new.metrics),
            ("events", old.events != new.events),
            ("log.format", old.log.format != new.log.format),
            ("sandbox", old.sandbox != new.sandbox),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > FILE_MAX {
        return Err(ConfigError::TooLong { path: path.to_owned() });
    }
    Ok(text)
}

fn check_events(events: Option<&EventsSection>) -> Result<(), String> {
    match events {
        Some(EventsSection { file: Some(_), socket: Some(_), .. }) => {
            Err("[events]: file or socket, not both".into())
        }
        Some(EventsSection { file: None, socket: None, .. }) => {
            Err("[events]: give a file or a socket".into())
        }
        _ => Ok(()),
    }
}

/// `[ids]` of a file that was found right, with the platform's paths where it gives none.
fn ids_with_paths(text: &str, platform: &str) -> Result<SnortConfig, String> {
    let profile = Profile::of(platform).map_err(|error| error.to_string())?;
    let mut file: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut ids = file.remove("ids").unwrap_or_else(|| toml::Table::new().into());
    if let Some(keys) = ids.as_table_mut() {
        for (key, path) in profile.snort {
            keys.entry(key).or_insert_with(|| path.into());
        }
    }
    ids.try_into().map_err(|error: toml::de::Error| error.to_string())
}

/// Snort needs a platform that can run it.
fn check_ids(ids: Option<&SnortConfig>, profile: &Profile) -> Result<(), String> {
    let Some(ids) = ids else { return Ok(()) };
    if profile.ids_class.is_none() {
        let platform = &profile.platform;
        return Err(format!(
            "[ids]: platform {platform} only counts; Snort runs on {}. Take the section away, or set `platform`",
            Profile::with_ids().join(", ")
        ));
    }
    ids.check().map_err(|why| format!("[ids]: {why}"))
}

/// What the file names, or else what the platform has.
fn interfaces(file: &File, profile: &Profile) -> Result<(Vec<Interface>, Vec<String>), String> {
    let of_platform = profile.capture_interfaces.iter().map(|name| InterfaceSection::named(name)).collect();
    let sections = if file.interface.is_empty() { of_platform } else { file.interface.clone() };
    if sections.is_empty() {
        return Err(format!(
            "no interface to capture on, and platform {} has none by itself; add [[interface]] with a name",
            profile.platform
        ));
    }
    let (mut interfaces, mut names) = (Vec::<Interface>::new(), Vec::new());
    for section in sections {
        let interface = interface(section, &names, profile)?;
        names = interface.networks.names().to_vec();
        if interfaces.iter().any(|other| other.name == interface.name) {
            return Err(format!("[[interface]] {}: named twice", interface.name));
        }
        interfaces.push(interface);
    }
    let workers: usize = interfaces.iter().map(|interface| interface.workers).sum();
    if interfaces.len() > INTERFACES_MAX || workers > WORKERS_MAX {
        return Err(format!(
            "at most {INTERFACES_MAX} interfaces and {WORKERS_MAX} workers in all are possible"
        ));
    }
    Ok((interfaces, names))
}

fn interface(section: InterfaceSection, known: &[String], profile: &Profile) -> Result<Interface, String> {
    let name = match (&section.name, section.files.is_empty()) {
        (Some(name), _) => name.clone(),
        (None, false) => "files".to_owned(),
        (None, true) => return Err("[[interface]]: give a name, or files to read instead".into()),
    };
    let wrong = |what: String| format!("[[interface]] {}: {what}", name.escape_debug());
    if !is_network_name(&section.network) || !is_network_name(&name) {
        return Err(wrong("names are 1 to 64 printable ASCII characters".into()));
    }
    let networks = Networks::among(known, &section.network, &section.vlan_networks.0)
        .map_err(|error| wrong(error.to_string()))?;
    if let Some(filter) = &section.filter {
        compile::load_for_every_link(filter).map_err(|error| wrong(error.to_string()))?;
    }
    let mut own = vec![section.network];
    own.extend(section.vlan_networks.0.into_iter().map(|(_, name)| name));
    let workers = section.workers.map_or(profile.workers, |workers| workers.0);
    Ok(Interface {
        backend: section.backend.into(),
        filter: section.filter,
        // A file is read by one thread; others would take its frames in another order.
        workers: if section.files.is_empty() { usize::from(workers) } else { 1 },
        files: section.files,
        networks,
        own,
        name,
    })
}

impl InterfaceSection {
    /// An interface with nothing said of it but its name.
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            files: Vec::new(),
            backend: crate::app::agent::args::BackendArg::Auto,
            filter: None,
            workers: None,
            network: crate::model::sighting::DEFAULT_NETWORK.to_owned(),
            vlan_networks: values::VlanNetworks::default(),
        }
    }
}
