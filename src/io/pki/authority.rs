//! The Center's certificate authority: one folder, ECDSA P-256 throughout.

use super::{PkiError, files};
use crate::io::random;
use crate::model::ident::SensorId;
use crate::model::time::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SerialNumber,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The common name of a Center's own client certificate; no sensor can have it, since of sensor names `@` is no part.
pub const CENTER_NAME: &str = "@center";
/// How long the CA lasts.
const CA_VALIDITY: Duration = Duration::from_hours(10 * 365 * 24);
/// Certificates begin this much earlier, for clocks that are behind.
const BACKDATED: Duration = Duration::from_hours(24);

pub(super) const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca.key";

/// A wall time, as the certificate library has it.
macro_rules! date {
    ($time:expr) => {
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs($time.secs())
    };
}
pub(super) use date;

/// A certificate and its key, just made.
#[derive(Clone)]
pub struct Issued {
    /// PEM.
    pub certificate_pem: String,
    /// PEM, PKCS #8. Not kept by the Center.
    pub key_pem: String,
    /// 32 hexadecimal digits.
    pub serial: String,
    /// When.
    pub issued: UnixTime,
    /// Until when.
    pub expires: UnixTime,
}

/// A certificate for a key that stays with its owner.
#[derive(Clone, Debug)]
pub struct Certified {
    /// PEM.
    pub certificate_pem: String,
    /// 32 hexadecimal digits.
    pub serial: String,
}

/// The key in a signing request (PKCS #10, PEM), as DER.
///
/// # Errors
/// [`PkiError::Pem`] when it is none, see [`Authority::certify`].
pub fn requested_key(request: &str) -> Result<Vec<u8>, PkiError> {
    Ok(read(request)?.public_key.subject_public_key_info())
}

fn read(request: &str) -> Result<CertificateSigningRequestParams, PkiError> {
    let bad = |cause: String| PkiError::Pem { what: "the certificate signing request", cause };
    let request =
        CertificateSigningRequestParams::from_pem(request).map_err(|error| bad(error.to_string()))?;
    if request.public_key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
        Ok(request)
    } else {
        Err(bad("its key is not ECDSA P-256".to_owned()))
    }
}

/// Without the key: what is shown ends in logs.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("serial", &self.serial)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// What is issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paper {
    /// For a client: sensors, the Center.
    Client,
    /// For a server: the broker.
    Server,
}

/// A CA, opened.
pub struct Authority {
    folder: PathBuf,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Authority {
    /// A new CA called `name`, valid for ten years, and its empty revocation list, in `folder`.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub fn create(folder: &Path, name: &str, now: UnixTime) -> Result<Self, PkiError> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o750).create(folder).map_err(files::fault(folder))?;
        if folder.join(CA_KEY).exists() {
            return Err(PkiError::Exists(folder.to_owned()));
        }
        let key = KeyPair::generate().map_err(unmade("a key"))?;
        let mut params = params(name, now, CA_VALIDITY)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(unmade("the CA"))?;
        files::put(&folder.join(CA_KEY), key.serialize_pem().as_bytes(), 0o600)?;
        files::put(&folder.join(CA_CERTIFICATE), certificate.pem().as_bytes(), 0o644)?;
        let authority = Self::open(folder)?;
        authority.write_list(&[], 1, now)?;
        Ok(authority)
    }

    /// The CA in `folder`.
    ///
    /// # Errors
    /// When there is none, it is damaged, or others may read its key.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let text = |what, bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|_| PkiError::Pem { what, cause: "no text".to_owned() })
        };
        let key = text("the CA's key", files::read_key(&folder.join(CA_KEY))?)?;
        let certificate_pem = text("the CA", files::read(&folder.join(CA_CERTIFICATE), files::PEM_MAX)?)?;
        let unread = |what| move |error: rcgen::Error| PkiError::Pem { what, cause: error.to_string() };
        let key = KeyPair::from_pem(&key).map_err(unread("the CA's key"))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(unread("the CA"))?;
        Ok(Self { folder: folder.to_owned(), certificate_pem, issuer })
    }

    /// The CA's certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// A sensor's client certificate; its common name is the sensor's.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn issue_sensor(
        &self,
        sensor: &SensorId,
        validity: Duration,
        now: UnixTime,
    ) -> Result<Issued, PkiError> {
        self.issue(Paper::Client, sensor.as_str(), &[], validity, now)
    }

    /// The broker's server certificate for all `names`, host names or addresses, as sensors will call it.
    ///
    /// # Errors
    /// When a name is none, or it cannot be made.
    pub fn issue_broker(
        &self,
        names: &[String],
        validity: Duration,
        now: UnixTime,
    ) -> Result<Issued, PkiError> {
        let first = names.first().map_or("broker", String::as_str);
        self.issue(Paper::Server, first, names, validity, now)
    }

    /// A Center's client certificate ([`CENTER_NAME`]).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn issue_center(&self, validity: Duration, now: UnixTime) -> Result<Issued, PkiError> {
        self.issue(Paper::Client, CENTER_NAME, &[], validity, now)
    }

    /// Any certificate.
    ///
    /// # Errors
    /// When a name is none, or it cannot be made.
    pub fn issue(
        &self,
        paper: Paper,
        common_name: &str,
        alternative_names: &[String],
        validity: Duration,
        now: UnixTime,
    ) -> Result<Issued, PkiError> {
        let named = CertificateParams::new(alternative_names).map_err(unmade("a certificate"))?;
        let (mut params, serial) = end_params(paper, common_name, validity, now)?;
        params.subject_alt_names = named.subject_alt_names;
        let key = KeyPair::generate().map_err(unmade("a key"))?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(unmade("a certificate"))?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            serial,
            issued: now,
            expires: now.plus(validity),
        })
    }

    /// A client certificate for the key of a signing request (PKCS #10, PEM): ECDSA P-256, and signed by itself. Of the
    /// request nothing else is used.
    ///
    /// # Errors
    /// [`PkiError::Pem`] when it is none, or the certificate cannot be made.
    pub fn certify(
        &self,
        request: &str,
        common_name: &str,
        validity: Duration,
        now: UnixTime,
    ) -> Result<Certified, PkiError> {
        let request = read(request)?;
        let (params, serial) = end_params(Paper::Client, common_name, validity, now)?;
        let certificate =
            params.signed_by(&request.public_key, &self.issuer).map_err(unmade("a certificate"))?;
        Ok(Certified { certificate_pem: certificate.pem(), serial })
    }

    /// Keeps a certificate and its key beside the CA, as `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn keep(&self, name: &str, issued: &Issued) -> Result<(), PkiError> {
        let place = |end: &str| self.folder.join(format!("{name}.{end}"));
        files::put(&place("key"), issued.key_pem.as_bytes(), 0o600)?;
        files::put(&place("pem"), issued.certificate_pem.as_bytes(), 0o644)
    }
}

/// Of a certificate that certifies nobody else, and its serial number.
fn end_params(
    paper: Paper,
    name: &str,
    validity: Duration,
    now: UnixTime,
) -> Result<(CertificateParams, String), PkiError> {
    let (serial, digits) = serial()?;
    let mut params = params(name, now, validity)?;
    params.serial_number = Some(serial);
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match paper {
        Paper::Client => ExtendedKeyUsagePurpose::ClientAuth,
        Paper::Server => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    Ok((params, digits))
}

fn params(name: &str, now: UnixTime, validity: Duration) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new([]).map_err(unmade("a certificate"))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date!(before(now, BACKDATED));
    params.not_after = date!(now.plus(validity));
    Ok(params)
}

/// 127 random bits that are no zero, and their digits.
fn serial() -> Result<(SerialNumber, String), PkiError> {
    let [high, low] = random::key().map_err(unmade("a serial number"))?;
    let bits = (u128::from(high & (u64::MAX >> 1) | 1 << 62) << 64) | u128::from(low);
    Ok((SerialNumber::from_slice(&bits.to_be_bytes()), format!("{bits:032x}")))
}

fn before(time: UnixTime, duration: Duration) -> UnixTime {
    UnixTime::from_millis(time.millis().saturating_sub(duration.as_secs() * 1000))
}

pub(super) fn unmade<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> PkiError {
    move |error| PkiError::Make { what, cause: error.to_string() }
}
