//! `tollgate-center init`: a folder with all that a Center and its broker need. Makes what is missing, and replaces
//! nothing that is there.

use super::args::InitArgs;
use super::config::{CENTER_TOML, Config};
use crate::io::pki::{Authority, Identity, Issued, LeaseSigner, PkiError};
use crate::io::{clock, owner, whole_file};
use crate::model::broker::{BrokerAddress, NoBrokerAddress};
use crate::model::time::UnixTime;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the Center's and the broker's certificates last: as long as the CA.
const VALIDITY: Duration = Duration::from_hours(10 * 365 * 24);
const CENTER: &str = "center";
const BROKER: &str = "broker";
const CA: &str = "ca.pem";
const LIST: &str = "crl.pem";
/// The user that Debian's package runs the broker as.
const BROKER_USER: &str = "mosquitto";
/// The longest file that is copied to the broker: a revocation list of some hundred thousand lines.
const COPIED_MAX: u64 = 16 << 20;

/// Why a Center's folder cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum InitError {
    /// Not a name sensors could use.
    #[error("--broker-name: {0}")]
    Name(#[from] NoBrokerAddress),
    /// Keys or certificates.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// No such user on this machine.
    #[error("no user '{0}' in /etc/passwd to run the broker as; name another with --broker-user")]
    NoUser(String),
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |source| InitError::File { path, source }
}

/// The user that the broker runs as.
struct BrokerUser {
    name: String,
    /// Its numbers, when this program may give files away.
    ids: Option<(u32, u32)>,
}

/// Makes the folder, and says what was made.
pub(super) fn init(args: &InitArgs) -> Result<String, InitError> {
    let data = std::path::absolute(&args.data).map_err(fault(&args.data))?;
    let address = BrokerAddress::secure(&args.broker_name, args.port)?;
    let user = broker_user(args.broker_user.as_deref())?;
    let place = Place { data: &data, broker: data.join(BROKER) };
    let now = clock::both().wall;
    let mut said = String::new();
    for (folder, mode) in
        [("", 0o711), ("pki", 0o700), ("store", 0o700), (BROKER, 0o755), ("broker/data", 0o700)]
    {
        make_folder(&data.join(folder), mode)?;
    }
    let authority = authority(&data.join("pki"), now, &mut said)?;
    lease_keys(&authority, &mut said)?;
    keep(&authority, CENTER, &mut said, || authority.issue_center(VALIDITY, now))?;
    let names = broker_names(&args.broker_name);
    keep(&authority, BROKER, &mut said, || authority.issue_broker(&names, VALIDITY, now))?;
    place.hand_over(&authority)?;
    place.write_once("broker/acl", ACL, &mut said)?;
    place.write_once("broker/mosquitto.conf", &place.broker_conf(address.port(), &user.name), &mut said)?;
    place.write_once(CENTER_TOML, &center_toml(&data, &address), &mut said)?;
    place.give_to(&user)?;
    owner::give_to_owner(&data).map_err(fault(&data))?;
    let config = data.join(CENTER_TOML);
    let _ = write!(
        said,
        "next: mosquitto -c {}\n      tollgate-center --config {} run\n",
        place.broker.join("mosquitto.conf").display(),
        config.display()
    );
    Ok(said)
}

/// The Center's own identity.
pub(super) fn center_identity(config: &Config) -> Result<Identity, PkiError> {
    let at = |name: &str| config.pki().join(name);
    Identity::load_files(&at(CA), &at("center.pem"), &at("center.key"))
}

/// Puts the newest revocation list where the broker reads it.
pub(super) fn publish_list(config: &Config, authority: &Authority) -> io::Result<()> {
    whole_file::write(
        &config.data.join(BROKER).join(LIST),
        &whole_file::read(&authority.list_path(), COPIED_MAX)?,
    )
}

fn make_folder(path: &Path, mode: u32) -> Result<(), InitError> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(fault(path))
}

fn authority(folder: &Path, now: UnixTime, said: &mut String) -> Result<Authority, PkiError> {
    if folder.join("ca.key").exists() {
        said.push_str("there already: pki/ca.key\n");
        return Authority::open(folder);
    }
    said.push_str("made: pki/ca.key, pki/ca.pem (the authority; keep a copy of this folder offline)\n");
    Authority::create(folder, "Tollgate Center CA", now)
}

fn lease_keys(authority: &Authority, said: &mut String) -> Result<(), PkiError> {
    let there = authority.folder().join("lease-keys.json").exists();
    LeaseSigner::open_or_make(authority.folder())?;
    let _ = writeln!(said, "{}: pki/lease-keys.json", if there { "there already" } else { "made" });
    Ok(())
}

fn keep(
    authority: &Authority,
    name: &str,
    said: &mut String,
    issue: impl FnOnce() -> Result<Issued, PkiError>,
) -> Result<(), PkiError> {
    let there = authority.folder().join(format!("{name}.pem")).exists();
    let _ =
        writeln!(said, "{}: pki/{name}.key, pki/{name}.pem", if there { "there already" } else { "made" });
    if there { Ok(()) } else { authority.keep(name, &issue()?) }
}

/// The broker is also called by this machine.
fn broker_names(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    names.extend(["localhost", "127.0.0.1"].map(str::to_owned).into_iter().filter(|other| other != name));
    names
}

fn broker_user(wanted: Option<&str>) -> Result<BrokerUser, InitError> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mut found = fields.filter(|fields| fields.len() > 3 && fields[0] == name);
        found.next().and_then(|fields| Some((fields[2].parse().ok()?, fields[3].parse().ok()?)))
    };
    // Only root may give files away, and only a broker that root starts changes its user.
    let root = owner::is_root();
    let name = wanted.unwrap_or(BROKER_USER).to_owned();
    match (ids(&name), root) {
        (Some(ids), true) => Ok(BrokerUser { name, ids: Some(ids) }),
        (None, true) if wanted.is_some() => Err(InitError::NoUser(name)),
        _ => Ok(BrokerUser { name, ids: None }),
    }
}

struct Place<'a> {
    data: &'a Path,
    broker: PathBuf,
}

impl Place<'_> {
    fn write_once(&self, name: &str, text: &str, said: &mut String) -> Result<(), InitError> {
        let path = self.data.join(name);
        let there = path.exists();
        let _ = writeln!(said, "{}: {name}", if there { "there already" } else { "made" });
        if there { Ok(()) } else { whole_file::write(&path, text.as_bytes()).map_err(fault(&path)) }
    }

    /// What the broker reads stands in its own folder, so that it need not see the authority's.
    fn hand_over(&self, authority: &Authority) -> Result<(), InitError> {
        let files = [(CA, 0o644), ("broker.pem", 0o644), ("broker.key", 0o600), (LIST, 0o644)];
        for (name, mode) in files {
            let (from, to) = (authority.folder().join(name), self.broker.join(name));
            let from = if name == LIST { authority.list_path() } else { from };
            let bytes = whole_file::read(&from, COPIED_MAX).map_err(fault(&from))?;
            whole_file::write(&to, &bytes).map_err(fault(&to))?;
            fs::set_permissions(&to, fs::Permissions::from_mode(mode)).map_err(fault(&to))?;
        }
        Ok(())
    }

    fn give_to(&self, user: &BrokerUser) -> Result<(), InitError> {
        let Some((uid, gid)) = user.ids else { return Ok(()) };
        for name in ["broker.key", "data"] {
            let path = self.broker.join(name);
            chown(&path, Some(uid), Some(gid)).map_err(fault(&path))?;
        }
        Ok(())
    }

    /// The shipped configuration with this folder's paths, and what a distribution's own would say beside it.
    fn broker_conf(&self, port: u16, user: &str) -> String {
        let folder = self.broker.display().to_string();
        let conf = BROKER_CONF
            .replace("listener 8883", &format!("listener {port}"))
            .replace("/etc/tollgate/pki", &folder)
            .replace("/etc/mosquitto/tollgate.acl", &format!("{folder}/acl"));
        let beside = "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\n";
        format!(
            "# For `mosquitto -c {folder}/mosquitto.conf`; made by `tollgate-center init`.\nuser {user}\n\
             persistence true\npersistence_location {folder}/data/\nautosave_interval 300\n{beside}\n{conf}"
        )
    }
}

fn center_toml(data: &Path, address: &BrokerAddress) -> String {
    let data = toml::Value::String(data.display().to_string());
    format!(
        "# A Tollgate Center. `tollgate-center check-config` shows what this means; docs/center.md has every key.\n\
         data = {data}\nbroker = \"{address}\"\n"
    )
}

/// The files that ship beside the program.
const ACL: &str = include_str!("../../../targets/center/tollgate.acl");
const BROKER_CONF: &str = include_str!("../../../targets/center/tollgate.conf");

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    fn args(data: PathBuf, name: &str) -> InitArgs {
        InitArgs { data, broker_name: name.to_owned(), port: 1, broker_user: None }
    }

    #[test]
    fn run_twice_it_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("center");
        let said = init(&args(data.clone(), "center.plant.example")).unwrap();
        assert!(said.contains("made: pki/ca.key") && said.contains("made: center.toml"), "{said}");
        let files =
            ["pki/ca.key", "pki/center.key", "pki/broker.pem", "broker/mosquitto.conf", "center.toml"];
        let read = || files.map(|name| fs::read(data.join(name)).unwrap());
        fs::write(data.join("broker/acl"), "mine").unwrap();
        let before = read();
        let said = init(&args(data.clone(), "other.example")).unwrap();
        assert!(!said.contains("made:"), "{said}");
        assert_eq!(read(), before);
        assert_eq!(fs::read_to_string(data.join("broker/acl")).unwrap(), "mine");
    }

    #[test]
    fn what_it_writes_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        init(&args(folder.path().to_owned(), "fd00::1")).unwrap();
        let config = Config::load(&folder.path().join(CENTER_TOML)).unwrap();
        assert_eq!(config.broker.to_string(), "mqtts://[fd00::1]:1");
        assert!(center_identity(&config).is_ok());
    }

    #[test]
    fn keys_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        init(&args(folder.path().to_owned(), "localhost")).unwrap();
        for key in
            ["pki/lease-keys.json", "pki/ca.key", "pki/center.key", "pki/broker.key", "broker/broker.key"]
        {
            assert_eq!(fs::metadata(folder.path().join(key)).unwrap().mode() & 0o077, 0, "{key}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let error = init(&args("/nonexistent".into(), "a b")).unwrap_err().to_string();
        assert!(error.starts_with("--broker-name: "), "{error}");
    }
}
