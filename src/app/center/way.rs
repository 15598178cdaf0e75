//! The way to the licence authority, beside the transport: the CA of its server, what a proxy asks for, and whose codes are
//! believed.

use super::desk::{DeskError, done};
use super::state::{Center, CenterError};
use crate::engine::licensing::{AuthorityKey, Transport};
use crate::io::smart::Login;
use crate::io::whole_file;
use serde_json::Value;

impl Center {
    /// A password that nobody asks for any more is not to lie about. The transport is set all the same.
    pub(super) fn forget_login(&self, transport: &Transport) {
        if let Err(fault) = self.config.authority_place().forget_login_unless_of(transport) {
            tracing::warn!(%fault, "the login of the proxy before is still kept");
        }
    }

    pub(super) fn license_way(
        &mut self,
        ca: Option<&str>,
        login: Option<&Login>,
        authority: Option<&str>,
    ) -> Result<Value, DeskError> {
        let place = self.config.authority_place();
        if let Some(pem) = ca {
            self.config.may_keep_ca()?;
            place.keep_ca(pem.as_bytes())?;
        }
        login.map_or(Ok(()), |login| place.keep_login(login))?;
        authority.map_or(Ok(()), |text| self.trust(text))?;
        done("the way to the authority is kept".to_owned())
    }

    /// Believes another authority's codes, from now on.
    fn trust(&mut self, text: &str) -> Result<(), CenterError> {
        let path = self.config.authority();
        let bad = |why| CenterError::Authority { path: path.clone(), why };
        let key = key_in(text).map_err(bad)?;
        whole_file::write(&path, key.to_pem().as_bytes()).map_err(|error| bad(error.to_string()))?;
        self.licence.trust(key);
        Ok(())
    }
}

/// The key in what `tollgate-satellite public-key` prints.
fn key_in(text: &str) -> Result<AuthorityKey, String> {
    let (begin, end) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----");
    let pem = text.find(begin).zip(text.find(end)).and_then(|(from, to)| text.get(from..to + end.len()));
    AuthorityKey::from_pem(pem.unwrap_or(text)).map_err(|error| error.to_string())
}
