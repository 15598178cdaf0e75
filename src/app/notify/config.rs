//! `[notify]` of a configuration: who is told. Secrets are in files that nobody else may read, never in the configuration.

use super::door::{Door, Way};
use crate::engine::notify::syslog::Form;
use crate::engine::notify::{Origin, Severity};
use crate::io::mail::{Mail, Server};
use crate::io::syslog::{Address, Syslog};
use crate::io::webhook::Webhook;
use crate::io::whole_file;
use serde::Deserialize;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Receivers in all.
const RECEIVERS_MAX: usize = 16;
/// The longest file of a secret, and of CA certificates, in bytes.
const SECRET_MAX: u64 = 4096;
const CA_MAX: u64 = 4 << 20;
/// The CAs that the system believes.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Who is told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// What this machine is called; as the kernel has it where it is not said.
    pub host: Option<String>,
    syslog: Vec<SyslogTo>,
    webhook: Vec<WebhookTo>,
    mail: Vec<MailTo>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyslogTo {
    to: Address,
    #[serde(default)]
    form: Form,
    #[serde(default = "all")]
    least: Severity,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookTo {
    url: String,
    ca: Option<PathBuf>,
    secret_file: Option<PathBuf>,
    #[serde(default = "all")]
    least: Severity,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailTo {
    server: String,
    #[serde(default = "submission")]
    port: u16,
    #[serde(default)]
    tls: MailTls,
    ca: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    to: Vec<String>,
    #[serde(default = "bad")]
    least: Severity,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MailTls {
    #[default]
    Starttls,
    None,
}

const fn all() -> Severity {
    Severity::Info
}

const fn bad() -> Severity {
    Severity::Warning
}

const fn submission() -> u16 {
    587
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// A file.
    #[error("[notify] {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read a secret.
    #[error("[notify] {} may be read by others; chmod 600 it", .0.display())]
    Exposed(PathBuf),
    /// A value that cannot be.
    #[error("[notify] {to}: {why}")]
    Value {
        /// Of which receiver.
        to: &'static str,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The system refuses a thread.
    #[error("the system refuses a thread: {0}")]
    Thread(io::Error),
}

impl Notify {
    /// A door to each receiver, with the least severity that it is told of.
    pub(super) fn doors(&self, origin: &Arc<Origin>) -> Result<Vec<(Severity, Door)>, NotifyError> {
        let all = self.syslog.len() + self.webhook.len() + self.mail.len();
        if all > RECEIVERS_MAX {
            return Err(value("receivers", format!("at most {RECEIVERS_MAX}")));
        }
        let door = |least, way| (least, Door { origin: Arc::clone(origin), way });
        let syslog = self.syslog.iter().map(|it| Ok(door(it.least, it.way())));
        let webhook = self.webhook.iter().map(|it| Ok(door(it.least, it.way()?)));
        let mail = self.mail.iter().map(|it| Ok(door(it.least, it.way(&origin.host)?)));
        syslog.chain(webhook).chain(mail).collect()
    }
}

impl SyslogTo {
    fn way(&self) -> Way {
        Way::Syslog { syslog: Syslog::new(self.to.clone()), address: self.to.clone(), form: self.form }
    }
}

impl WebhookTo {
    fn way(&self) -> Result<Way, NotifyError> {
        let ca = authorities(self.ca.as_deref())?;
        let webhook = Webhook::new(&self.url, &ca).map_err(|why| value("webhook", why))?;
        Ok(Way::Webhook { webhook, secret: self.secret_file.as_deref().map(secret).transpose()? })
    }
}

impl MailTo {
    fn way(&self, hello: &str) -> Result<Way, NotifyError> {
        let no = |why: &str| value("mail", why.to_owned());
        if self.to.is_empty() {
            return Err(no("`to` names nobody"));
        }
        let ca = match self.tls {
            MailTls::Starttls => Some(authorities(self.ca.as_deref())?),
            MailTls::None => None,
        };
        let login = match (&self.user, &self.password_file) {
            (None, None) => None,
            (Some(user), Some(file)) => {
                let password = String::from_utf8(secret(file)?).map_err(|_| no("the password is no text"))?;
                Some((user.clone(), password))
            }
            _ => return Err(no("`user` and `password_file` go together")),
        };
        let server = Server { host: &self.server, port: self.port, ca: ca.as_deref(), login, hello };
        let mail = Mail::new(server, &self.from, &self.to).map_err(|why| value("mail", why))?;
        Ok(Way::Mail { mail, server: format!("{}:{}", self.server, self.port) })
    }
}

fn value(to: &'static str, why: String) -> NotifyError {
    NotifyError::Value { to, why }
}

/// Whom to believe; the system's CAs where none is named.
fn authorities(named: Option<&Path>) -> Result<Vec<u8>, NotifyError> {
    let path = named.unwrap_or(Path::new(SYSTEM_CA));
    whole_file::read(path, CA_MAX).map_err(|source| NotifyError::File { path: path.to_owned(), source })
}

/// A secret, without the end of its line.
fn secret(path: &Path) -> Result<Vec<u8>, NotifyError> {
    let failed = |source| NotifyError::File { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(NotifyError::Exposed(path.to_owned()));
    }
    let mut secret = whole_file::read(path, SECRET_MAX).map_err(failed)?;
    while secret.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        secret.pop();
    }
    if secret.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "the file is empty")));
    }
    Ok(secret)
}
