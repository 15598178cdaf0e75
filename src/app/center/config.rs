//! `center.toml`: what it may say, and what it means. An unknown word is an error, with file and line.

use crate::app::notify::Notify;
use crate::engine::licensing::Allowances;
use crate::io::log::Form;
use crate::io::smart::Place;
use crate::model::broker::BrokerAddress;
use crate::model::lease::{BUNDLES_MAX, BundleDigest};
use serde::Deserialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file's name in a Center's folder.
pub const CENTER_TOML: &str = "center.toml";
/// The longest configuration that is read, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// A Center's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder of all that the Center keeps.
    pub data: PathBuf,
    /// The control socket; `control.sock` in `data` where it is not said.
    control_socket: Option<PathBuf>,
    /// Where the broker is, for the Center and, in bundles, for sensors: `mqtts://HOST:PORT`.
    pub broker: BrokerAddress,
    /// What sensors are given.
    #[serde(default)]
    pub sensors: Sensors,
    /// For which rules leases are given.
    #[serde(default)]
    ids: Ids,
    /// The HTTPS door; without it there is none.
    pub http: Option<Http>,
    /// How the licence authority is known.
    #[serde(default)]
    license: License,
    /// Who else is told what happens.
    #[serde(default)]
    pub notify: Notify,
    /// What is written about the Center's own doings.
    #[serde(default)]
    pub log: Log,
}

/// For which rules leases are given.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ids {
    /// The Subscriber bundles that may run, the best first.
    bundles: Vec<BundleDigest>,
    /// How long a lease holds; it is renewed after a third of that.
    lease_hours: u32,
}

impl Default for Ids {
    fn default() -> Self {
        Self { bundles: Vec::new(), lease_hours: 7 * 24 }
    }
}

/// The HTTPS door.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// Names by which the Center is called, beside the broker's.
    #[serde(default)]
    pub names: Vec<String>,
    /// How fast a sensor may fetch rules, in KiB a second.
    #[serde(default = "download_kib_s")]
    pub download_kib_s: u32,
}

const fn listen() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8444)
}

const fn download_kib_s() -> u32 {
    4096
}

/// How the licence authority is known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct License {
    /// The CA that its certificate must come from; `authority-ca.pem` in `data` where it is not said.
    ca: Option<PathBuf>,
    /// Its URL when it is reached directly or through a proxy.
    url: Option<String>,
    /// What entitlements bear before they are out of compliance, by class.
    allowance: Allowances,
}

/// What sensors are given.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sensors {
    /// Days that a sensor's certificate lasts.
    pub valid_days: u32,
}

impl Default for Sensors {
    fn default() -> Self {
        Self { valid_days: 365 }
    }
}

/// The Center's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Where to, and how.
    pub format: LogFormat,
    /// From which level on.
    pub level: Level,
}

/// Forms of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// The journal under systemd, text elsewhere.
    #[default]
    Auto,
    /// Lines for people, on standard error.
    Text,
    /// JSON lines, on standard error.
    Json,
    /// The system's journal.
    Journald,
}

impl From<LogFormat> for Form {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Auto => Self::Auto,
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
            LogFormat::Journald => Self::Journal,
        }
    }
}

/// Levels of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What failed.
    Error,
    /// And what should be looked at.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And each message.
    Debug,
}

impl Level {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}; make one with `tollgate-center init --data DIR`, or name yours with --config", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("{}:{line}: {message}", path.display())]
    Text {
        /// Which file.
        path: PathBuf,
        /// In which line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The operator's own file.
    #[error("center.toml names the authority's CA: put the certificate into {}, or leave [license] ca out", .0.display())]
    OwnCa(PathBuf),
    /// A value that cannot be.
    #[error("{}: {what}", path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which value, and what it may be.
        what: &'static str,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`ConfigError`]; each names the file, and the line where there is one.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let length = std::fs::metadata(path).map_err(read)?.len();
        if length > BYTES_MAX {
            return Err(ConfigError::Value { path: path.to_owned(), what: "is longer than 1 MiB" });
        }
        Self::parse(&std::fs::read_to_string(path).map_err(read)?, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
            ConfigError::Text { path: path.to_owned(), line, message: error.message().to_owned() }
        })?;
        match config.fault() {
            Some(what) => Err(ConfigError::Value { path: path.to_owned(), what }),
            None => Ok(config),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        match self {
            _ if self.data.as_os_str().is_empty() => Some("data: name a folder"),
            _ if self.license.url.as_ref().is_some_and(|url| !url.starts_with("https://")) => {
                Some("license.url: a URL that begins with https://")
            }
            _ if !(1..=3650).contains(&self.sensors.valid_days) => Some("sensors.valid_days: from 1 to 3650"),
            _ if !(1..=720).contains(&self.ids.lease_hours) => Some("ids.lease_hours: from 1 to 720"),
            _ if self.http.as_ref().is_some_and(|http| !(1..=1 << 20).contains(&http.download_kib_s)) => {
                Some("http.download_kib_s: from 1 to 1048576")
            }
            _ if self.ids.bundles.len() > BUNDLES_MAX => Some("ids.bundles: at most 32"),
            _ => None,
        }
    }

    /// The Subscriber bundles that may run, the best first.
    pub fn bundles(&self) -> &[BundleDigest] {
        &self.ids.bundles
    }

    /// How long leases hold.
    pub fn lease_validity(&self) -> Duration {
        Duration::from_hours(self.ids.lease_hours.into())
    }

    /// The control socket.
    pub fn control(&self) -> PathBuf {
        self.control_socket.clone().unwrap_or_else(|| self.data.join("control.sock"))
    }

    /// The public key of the licence authority, where there is one.
    pub fn authority(&self) -> PathBuf {
        self.data.join("authority.pem")
    }

    /// Where the licence authority is, and what is kept of it.
    pub fn authority_place(&self) -> Place {
        let ca = self.license.ca.clone().unwrap_or_else(|| self.data.join("authority-ca.pem"));
        Place { ca, id: self.data.join("smart"), url: self.license.url.clone() }
    }

    /// The licence authority's URL where no gateway is, if the operator named one.
    pub fn authority_url(&self) -> Option<&str> {
        self.license.url.as_deref()
    }

    /// What entitlements bear before they are out of compliance.
    pub fn allowances(&self) -> Allowances {
        self.license.allowance.clone()
    }

    /// Whether the CA of the licence authority is the Center's to change.
    ///
    /// # Errors
    /// When the operator named a file.
    pub fn may_keep_ca(&self) -> Result<(), ConfigError> {
        self.license.ca.as_ref().map_or(Ok(()), |path| Err(ConfigError::OwnCa(path.clone())))
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.data.join("store").join("center.db")
    }

    /// The rule bundles that sensors may fetch.
    pub fn rules(&self) -> PathBuf {
        self.data.join("rules")
    }

    /// Certificates and keys.
    pub fn pki(&self) -> PathBuf {
        self.data.join("pki")
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "data            {}", self.data.display())?;
        writeln!(f, "control socket  {}", self.control().display())?;
        writeln!(f, "broker          {}", self.broker)?;
        writeln!(f, "certificates    {} days", self.sensors.valid_days)?;
        writeln!(f, "leases          {} h, for {} bundles", self.ids.lease_hours, self.ids.bundles.len())?;
        match &self.http {
            Some(http) => {
                writeln!(f, "https           {}, rules at {} KiB/s", http.listen, http.download_kib_s)?;
            }
            None => writeln!(f, "https           off")?,
        }
        write!(f, "log             {:?}, from {}", self.log.format, self.log.level.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entitlement::Class;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("center.toml")).map_err(|error| error.to_string())
    }

    const LEAST: &str = "data = '/var/lib/x'\nbroker = 'mqtts://center.plant'\n";

    #[test]
    fn two_lines_are_enough() {
        let config = parse(LEAST).unwrap();
        assert_eq!(config.control(), Path::new("/var/lib/x/control.sock"));
        assert_eq!((config.broker.port(), config.sensors.valid_days), (8883, 365));
    }

    #[test]
    fn an_unknown_word_is_named_with_its_line() {
        let error = parse(&format!("{LEAST}[sensors]\nvalid_dais = 3\n")).unwrap_err();
        assert!(error.starts_with("center.toml:4: unknown field `valid_dais`"), "{error}");
        let error = parse(&format!("{LEAST}[log]\nlevel = 'loud'\n")).unwrap_err();
        assert!(error.starts_with("center.toml:4: unknown variant `loud`"), "{error}");
        assert!(parse("data = '/x'").unwrap_err().contains("missing field `broker`"));
        let error = parse("data = '/x'\nbroker = 'mqtt://center.plant'").unwrap_err();
        assert!(error.starts_with("center.toml:2: ") && error.contains("in the clear"), "{error}");
    }

    #[test]
    fn what_an_entitlement_bears_is_said_by_class() {
        assert_eq!(parse(LEAST).unwrap().allowances(), Allowances::new());
        let text = format!("{LEAST}[license.allowance.'ids.ic3000']\noverage = 2\n");
        let allowance = parse(&text).unwrap().allowances()[&Class::IdsIc3000];
        assert_eq!((allowance.overage, allowance.minutes), (2, 0));
        assert!(parse(&text.replace("ids.ic3000", "ids.toaster")).is_err());
    }

    #[test]
    fn a_value_that_cannot_be_is_said_with_what_it_may_be() {
        let error = parse(&format!("{LEAST}[sensors]\nvalid_days = 0")).unwrap_err();
        assert_eq!(error, "center.toml: sensors.valid_days: from 1 to 3650");
        let error = parse(&format!("{LEAST}[ids]\nlease_hours = 721")).unwrap_err();
        assert_eq!(error, "center.toml: ids.lease_hours: from 1 to 720");
        let error = parse(&format!("{LEAST}[ids]\nbundles = ['A7']")).unwrap_err();
        assert!(error.contains("64 lower-case hexadecimal digits"), "{error}");
    }

    /// What a section knows, as its error about something else lists it.
    fn keys(section: &str) -> Vec<String> {
        let error = parse(&format!("{LEAST}{section}zzz = 1\n")).unwrap_err();
        let expected = error.split("expected").nth(1).unwrap_or_else(|| panic!("{error}"));
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_is_on_the_page() {
        const PAGE: &str = include_str!("../../../docs/center.md");
        const OTHERS: &str = include_str!("../../../docs/monitoring.md");
        let sections = ["sensors", "ids", "http", "license", "log"];
        for key in keys("").into_iter().filter(|key| !sections.contains(&key.as_str())) {
            assert!(PAGE.contains(&format!("| `{key}` |")), "{key}");
        }
        for section in sections {
            for key in keys(&format!("[{section}]\n")) {
                assert!(PAGE.contains(&format!("| `{section}.{key}` |")), "{section}.{key}");
            }
        }
        for key in keys("[notify]\n") {
            assert!(
                OTHERS.contains(&format!(" {key} = ")) || OTHERS.contains(&format!("[[notify.{key}]]")),
                "{key}"
            );
        }
    }
}
