//! Who is at the other end.

use crate::io::pki;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The other end of a connection; each request has it as an extension.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// The certificate that it showed, verified.
    pub shown: Option<Shown>,
}

/// A verified client certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Its common name.
    pub name: String,
    /// Its serial number, 32 hexadecimal digits.
    pub serial: String,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

impl Peer {
    /// The common name of the certificate.
    pub fn name(&self) -> Option<&str> {
        self.shown.as_ref().map(|shown| shown.name.as_str())
    }
}

impl Shown {
    /// A certificate that TLS verified; none that has no common name.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (name, serial) = pki::named(der)?;
        Some(Self { name, serial, der: der.to_vec() })
    }
}
