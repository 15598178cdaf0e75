//! The Center's side of enrolment bundles: writing them.

use super::authority::Issued;
use super::bundle::{MANIFEST, POLICY, Parts, digests};
use super::identity::{CA, CERTIFICATE, KEY};
use super::{PkiError, files};
use crate::model::broker::BrokerAddress;
use crate::model::enrolment::{Enrolment, LeaseKeys};
use crate::model::ident::{Epoch, SensorId};
use crate::model::message::{CountingPolicy, encode};
use std::path::Path;

/// What goes into a bundle.
#[derive(Debug)]
pub struct Bundle<'a> {
    /// Names the enrolment; random.
    pub id: Epoch,
    /// For whom: the certificate's common name.
    pub sensor: &'a SensorId,
    /// The platform's name.
    pub platform: &'a str,
    /// Where the sensor is to report to.
    pub broker: &'a BrokerAddress,
    /// Key and certificate.
    pub issued: &'a Issued,
    /// The CA's certificate.
    pub ca_pem: &'a str,
    /// The counting policy to begin with.
    pub policy: Option<&'a CountingPolicy>,
    /// Whose signatures on leases the sensor is to believe.
    pub lease_keys: Option<LeaseKeys>,
}

/// Writes the bundle to `out`, whole, readable by its owner only: there is a private key in it.
///
/// # Errors
/// When the file cannot be written.
pub fn write(bundle: &Bundle<'_>, out: &Path) -> Result<Enrolment, PkiError> {
    let issued = bundle.issued;
    let mut parts = Parts::from([
        (CA, bundle.ca_pem.as_bytes().to_vec()),
        (CERTIFICATE, issued.certificate_pem.as_bytes().to_vec()),
        (KEY, issued.key_pem.as_bytes().to_vec()),
    ]);
    if let Some(policy) = bundle.policy {
        parts.insert(POLICY, encode(policy).map_err(unwritable)?);
    }
    let enrolment = Enrolment {
        id: bundle.id,
        sensor: bundle.sensor.clone(),
        platform: bundle.platform.to_owned(),
        broker: bundle.broker.clone(),
        serial: issued.serial.clone(),
        issued: issued.issued,
        expires: issued.expires,
        files: digests(&parts),
        lease_keys: bundle.lease_keys.clone(),
    };
    parts.insert(MANIFEST, encode(&enrolment).map_err(unwritable)?);
    files::put(out, &tar(&parts, issued.issued.secs()).map_err(files::fault(out))?, 0o600)?;
    Ok(enrolment)
}

fn tar(parts: &Parts, mtime: u64) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in parts {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(mtime);
        tar.append_data(&mut header, name, bytes.as_slice())?;
    }
    tar.into_inner()
}

fn unwritable(error: impl std::fmt::Display) -> PkiError {
    PkiError::Make { what: "the enrolment bundle", cause: error.to_string() }
}
