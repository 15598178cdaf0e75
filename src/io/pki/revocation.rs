//! The revocation list, in the form that brokers read (PEM). The file is the one record of what was revoked.

use super::authority::{Authority, date, unmade};
use super::{PkiError, files};
use crate::model::time::UnixTime;
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use std::path::PathBuf;
use std::time::Duration;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _};

/// The list's file, beside the CA.
const LIST: &str = "crl.pem";
/// A broker refuses everybody once its list has ended, so the list does not end before the CA.
const VALIDITY: Duration = Duration::from_hours(10 * 365 * 24);
/// The longest list read, in bytes: some hundred thousand certificates.
const LIST_MAX: u64 = 16 << 20;

/// One revoked certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// 32 hexadecimal digits.
    pub serial: String,
    /// When.
    pub at: UnixTime,
}

impl Authority {
    /// Where the list is.
    pub fn list_path(&self) -> PathBuf {
        self.folder().join(LIST)
    }

    /// What was revoked.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn revoked(&self) -> Result<Vec<Revoked>, PkiError> {
        Ok(self.read_list()?.0)
    }

    /// Revokes certificates and replaces the list. The broker reads it again when it gets SIGHUP, and refuses new
    /// connections from then on.
    ///
    /// # Errors
    /// When a serial is none, or the list cannot be read or written.
    pub fn revoke(&self, serials: &[&str], now: UnixTime) -> Result<(), PkiError> {
        let (mut revoked, number) = self.read_list()?;
        for serial in serials {
            let serial = serial.to_ascii_lowercase();
            if !revoked.iter().any(|one| one.serial == serial) {
                revoked.push(Revoked { serial, at: now });
            }
        }
        self.write_list(&revoked, number + 1, now)
    }

    fn read_list(&self) -> Result<(Vec<Revoked>, u64), PkiError> {
        let damaged = |cause: String| PkiError::Pem { what: "the revocation list", cause };
        let pem = files::read(&self.list_path(), LIST_MAX)?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).map_err(|error| damaged(error.to_string()))?;
        let (_, list) =
            CertificateRevocationList::from_der(&pem.contents).map_err(|error| damaged(error.to_string()))?;
        let revoked = list.iter_revoked_certificates().map(|one| Revoked {
            serial: format!("{:0>32}", one.serial().to_str_radix(16)),
            at: UnixTime::from_millis(u64::try_from(one.revocation_date.timestamp()).unwrap_or(0) * 1000),
        });
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        Ok((revoked.collect(), number))
    }

    pub(super) fn write_list(&self, revoked: &[Revoked], number: u64, now: UnixTime) -> Result<(), PkiError> {
        let revoked_certs = revoked.iter().map(entry).collect::<Result<_, _>>()?;
        let params = CertificateRevocationListParams {
            this_update: date!(now),
            next_update: date!(now.plus(VALIDITY)),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(self.issuer()).and_then(|list| list.pem());
        let list = list.map_err(unmade("the revocation list"))?;
        files::put(&self.list_path(), list.as_bytes(), 0o644)
    }
}

fn entry(revoked: &Revoked) -> Result<RevokedCertParams, PkiError> {
    let no_serial =
        || PkiError::Make { what: "the revocation list", cause: "a serial number has 32 digits".into() };
    let digits = revoked.serial.len() == 32 && revoked.serial.bytes().all(|b| b.is_ascii_hexdigit());
    let bits = if digits { u128::from_str_radix(&revoked.serial, 16).ok() } else { None };
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from_slice(&bits.ok_or_else(no_serial)?.to_be_bytes()),
        revocation_time: date!(revoked.at),
        reason_code: None,
        invalidity_date: None,
    })
}
