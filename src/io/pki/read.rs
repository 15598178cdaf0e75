//! What a certificate says.

use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Common name and serial number (32 hexadecimal digits) of a certificate, DER. It is not verified here.
pub fn named(der: &[u8]) -> Option<(String, String)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    Some((name, format!("{:0>32}", certificate.serial.to_str_radix(16))))
}
