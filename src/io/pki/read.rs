//! What a certificate says.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Common name and serial number (32 hexadecimal digits) of a certificate, DER. It is not verified here.
pub fn named(der: &[u8]) -> Option<(String, String)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    Some((name, format!("{:0>32}", certificate.serial.to_str_radix(16))))
}

/// Whether the key of this certificate, ECDSA P-256, made this signature (DER) over these bytes.
pub fn has_signed(der: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    let certificate = X509Certificate::from_der(der).ok();
    let key = certificate.and_then(|(_, certificate)| {
        VerifyingKey::from_sec1_bytes(&certificate.public_key().subject_public_key.data).ok()
    });
    let signature = Signature::from_der(signature).ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verify(bytes, &signature).is_ok())
}
