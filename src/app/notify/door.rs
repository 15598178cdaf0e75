//! One receiver: a notification in its form, through its door.

use crate::engine::notify::syslog::Form;
use crate::engine::notify::{Notification, Origin, json, mail, syslog};
use crate::io::mail::Mail;
use crate::io::syslog::{Address, Syslog};
use crate::io::webhook::{self, Webhook};
use std::fmt;
use std::sync::Arc;

pub(super) use webhook::Fault;

/// A receiver.
pub(super) struct Door {
    pub(super) origin: Arc<Origin>,
    pub(super) way: Way,
}

/// How it is reached.
pub(super) enum Way {
    Syslog { syslog: Syslog, address: Address, form: Form },
    Webhook { webhook: Webhook, secret: Option<Vec<u8>> },
    Mail { mail: Mail, server: String },
}

/// Where it is, without secrets.
impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Syslog { address, .. } => write!(f, "{address}"),
            Way::Webhook { webhook, .. } => write!(f, "webhook {}", webhook.host()),
            Way::Mail { server, .. } => write!(f, "mail {server}"),
        }
    }
}

impl Door {
    pub(super) fn send(&mut self, told: &Notification, id: &str) -> Result<(), Fault> {
        let origin = &self.origin;
        match &mut self.way {
            Way::Syslog { syslog, form, .. } => {
                let message = syslog::message(origin, told, *form);
                let message = if syslog.is_stream() { syslog::framed(&message) } else { message };
                syslog.send(message.as_bytes()).map_err(|error| Fault::Later(error.to_string()))
            }
            Way::Webhook { webhook, secret } => {
                let body = json::body(origin, told, id);
                let signature = secret.as_ref().map(|secret| json::signature(secret, body.as_bytes()));
                webhook.post(body.as_bytes(), signature.as_deref())
            }
            Way::Mail { mail, .. } => {
                let sent = mail.send(&mail::subject(origin, told), &mail::body(origin, told));
                sent.map_err(Fault::Later)
            }
        }
    }
}
