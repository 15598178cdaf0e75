//! The name and password that an HTTP proxy asks for: kept for one proxy, in a file that only the Center may read, and told
//! to nobody else.

use super::Fault;
use crate::engine::licensing::{Reason, Transport};
use crate::io::pki::files;
use crate::model::smart::Secret;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

const FILE: &str = "proxy.json";
/// The longest name or password, in bytes.
const WORD_MAX: usize = 256;

/// Who the Center is to a proxy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The proxy's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Login {
    /// Keeps it in `folder`, instead of another.
    pub(super) fn keep(&self, folder: &Path) -> Result<(), Fault> {
        let plain = |word: &str| (1..=WORD_MAX).contains(&word.len()) && !word.chars().any(char::is_control);
        if !plain(&self.user) || self.user.contains(':') || !plain(self.password.reveal()) {
            let why = "a proxy's name and password have 1 to 256 characters, none a control character, the name no colon";
            return Err(proxy(why));
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(proxy)?;
        let json = serde_json::to_vec(self).map_err(proxy)?;
        files::put(&folder.join(FILE), &json, 0o600).map_err(proxy)
    }

    /// Forgets what is kept when it is not for the proxy of this transport; a file that cannot be read is not kept either.
    pub(super) fn forget_unless_of(folder: &Path, transport: &Transport) -> Result<(), Fault> {
        let path = folder.join(FILE);
        if !path.exists() || matches!(Self::of(folder, transport), Ok(Some(_))) {
            return Ok(());
        }
        std::fs::remove_file(&path).map_err(|error| proxy(format!("{}: {error}; remove it", path.display())))
    }

    /// What is kept for the proxy of this transport.
    pub(super) fn of(folder: &Path, transport: &Transport) -> Result<Option<Self>, Fault> {
        let Transport::Proxy { host, port } = transport else { return Ok(None) };
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let json = files::read_key(&path).map_err(proxy)?;
        let bad = |error| proxy(format!("{}: {error}; set the transport again", path.display()));
        let login: Self = serde_json::from_slice(&json).map_err(bad)?;
        Ok(Some(login).filter(|login| (&login.host, &login.port) == (host, port)))
    }
}

fn proxy(cause: impl std::fmt::Display) -> Fault {
    Fault::new(Reason::Proxy, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn login(user: &str, password: &str) -> Login {
        let password = Secret::from(password.to_owned());
        Login { host: "proxy.plant".to_owned(), port: 8080, user: user.to_owned(), password }
    }

    #[test]
    fn it_is_kept_for_its_proxy_and_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("smart");
        let to = |host: &str| Transport::Proxy { host: host.to_owned(), port: 8080 };
        assert_eq!(Login::of(&place, &to("proxy.plant")), Ok(None));
        login("anna", "secret").keep(&place).unwrap();
        assert_eq!(Login::of(&place, &to("proxy.plant")), Ok(Some(login("anna", "secret"))));
        assert_eq!(Login::of(&place, &to("other.plant")), Ok(None));
        assert!(!format!("{:?}", login("anna", "secret")).contains("secret"));
        std::fs::set_permissions(place.join(FILE), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Login::of(&place, &to("proxy.plant")).is_err(), "others may read it");
        for (user, password) in [("", "x"), ("x", ""), ("a:b", "x"), ("a\r\n", "x")] {
            assert!(login(user, password).keep(&place).is_err(), "{user:?} {password:?}");
        }
    }
}
