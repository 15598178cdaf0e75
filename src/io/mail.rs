//! A mail server: SMTP with STARTTLS, or in the clear where that is asked for.
//!
//! What must hold: only the CA that is named is believed; a password goes over TLS only; no text makes a header.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport as _};
use std::time::Duration;

/// For each step of the conversation.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a mail server is, and how it is spoken to.
#[derive(Debug)]
pub struct Server<'a> {
    /// Name and port.
    pub host: &'a str,
    /// Usually 587.
    pub port: u16,
    /// The CAs of its certificate, PEM; in the clear without.
    pub ca: Option<&'a [u8]>,
    /// Name and password.
    pub login: Option<(String, String)>,
    /// What this machine calls itself.
    pub hello: &'a str,
}

/// A mail server, who writes, and to whom.
#[derive(Debug)]
pub struct Mail {
    transport: SmtpTransport,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    /// Nothing is opened before something is sent.
    ///
    /// # Errors
    /// When an address is none, no certificate is in `ca`, or a password would go in the clear.
    pub fn new(server: Server<'_>, from: &str, to: &[String]) -> Result<Self, String> {
        if server.ca.is_none() && server.login.is_some() {
            return Err("a password needs TLS; leave `tls = \"none\"` out".to_owned());
        }
        let tls = match server.ca {
            Some(ca) => Tls::Required(parameters(server.host, ca)?),
            None => Tls::None,
        };
        let mut builder = SmtpTransport::builder_dangerous(server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(server.hello.to_owned()));
        if let Some((user, password)) = server.login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let to = to.iter().map(|address| mailbox(address)).collect::<Result<_, _>>()?;
        Ok(Self { transport: builder.build(), from: mailbox(from)?, to })
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// With what the server, or the way to it, says.
    pub fn send(&self, subject: &str, body: &str) -> Result<(), String> {
        let mut message = Message::builder().from(self.from.clone()).subject(subject);
        for address in &self.to {
            message = message.to(address.clone());
        }
        let message = message.header(ContentType::TEXT_PLAIN).header(Automatic);
        let message = message.body(body.to_owned()).map_err(|error| error.to_string())?;
        self.transport.send(&message).map(drop).map_err(|error| error.to_string())
    }
}

fn parameters(host: &str, ca: &[u8]) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    builder = builder.add_root_certificate(Certificate::from_pem(ca).map_err(|error| error.to_string())?);
    builder.build().map_err(|error| error.to_string())
}

fn mailbox(address: &str) -> Result<Mailbox, String> {
    address.parse().map_err(|error| format!("'{address}' is no mail address: {error}"))
}

/// `Auto-Submitted`, RFC 3834: no robot answers a robot.
#[derive(Clone)]
struct Automatic;

impl lettre::message::header::Header for Automatic {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
