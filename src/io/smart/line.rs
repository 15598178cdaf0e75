//! One connection for one question.

use super::{Fault, Login};
use crate::engine::licensing::{Reason, Transport};
use crate::io::client::{roots, strict};
use crate::io::whole_file;
use crate::model::smart::Reply;
use std::path::Path;
use std::time::Duration;
use ureq::tls::{Certificate, ClientCert, PrivateKey};
use ureq::{Agent, Proxy, ProxyProtocol};

/// The longest answer, in bytes.
const ANSWER_MAX: u64 = 1 << 20;
/// The longest file of CA certificates, in bytes.
const CA_MAX: u64 = 64 * 1024;
/// How long a connection, and then the whole exchange, may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_mins(1);

/// How the authority is reached.
pub(super) struct Line<'a> {
    pub(super) url: &'a str,
    pub(super) transport: &'a Transport,
    pub(super) ca: &'a Path,
    /// Certificates, DER, and key, PEM, where they are shown.
    pub(super) identity: Option<(Vec<Vec<u8>>, String)>,
    /// Who the Center is to the proxy, where that asks.
    pub(super) login: Option<Login>,
}

impl Line<'_> {
    /// Sends the question, and reads the answer.
    pub(super) fn post(&self, body: &[u8]) -> Result<Reply, Fault> {
        let agent = self.agent()?;
        let through_proxy = matches!(self.transport, Transport::Proxy { .. });
        let fault = |error| Fault::of(&error, through_proxy);
        let request = agent.post(self.url).header("content-type", "application/json");
        let mut answer = request.send(body).map_err(fault)?;
        let bytes = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().map_err(fault)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let status = answer.status();
            Fault::new(Reason::BadAnswer, format!("{}: HTTP status {status}, {error}", self.url))
        })
    }

    fn agent(&self) -> Result<Agent, Fault> {
        let identity =
            self.identity.as_ref().map(|(certificates, key)| client_certificate(certificates, key));
        let name = concat!("tollgate-center/", env!("CARGO_PKG_VERSION"));
        let config = strict(self.roots()?, identity.transpose()?, name)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_global(Some(PATIENCE))
            .proxy(self.proxy()?)
            .build();
        Ok(config.into())
    }

    fn proxy(&self) -> Result<Option<Proxy>, Fault> {
        let Transport::Proxy { host, port } = self.transport else { return Ok(None) };
        let mut proxy = Proxy::builder(ProxyProtocol::Http).host(host).port(*port);
        if let Some(Login { user, password, .. }) = &self.login {
            proxy = proxy.username(user).password(password.reveal());
        }
        proxy.build().map(Some).map_err(|error| Fault::new(Reason::Proxy, error))
    }

    /// Who may vouch for the authority. Without anybody nothing is asked.
    fn roots(&self) -> Result<Vec<Certificate<'static>>, Fault> {
        let named = |why: String| {
            let step = "put the authority's CA certificate there, or name it in center.toml: [license] ca";
            Fault::new(Reason::Tls, format!("{}: {why}; {step}", self.ca.display()))
        };
        let pem = whole_file::read(self.ca, CA_MAX).map_err(|error| named(error.to_string()))?;
        roots(&pem).map_err(named)
    }
}

fn client_certificate(certificates: &[Vec<u8>], key: &str) -> Result<ClientCert, Fault> {
    let key = PrivateKey::from_pem(key.as_bytes()).map_err(|error| Fault::new(Reason::Identity, error))?;
    let chain: Vec<_> = certificates.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(ClientCert::new_with_certs(&chain, key))
}
