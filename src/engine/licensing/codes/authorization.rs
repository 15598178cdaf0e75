//! The authorization code: one line of XML, signed by the authority. Read: all of it or nothing.
//!
//! Signed are the exact bytes from `<authorizationCode>` to `</authorizationCode>`. The device behind them is not, but the
//! instance number in them is derived from the request code, which names the device.

use super::base58::hex;
use super::key::AuthorityKey;
use super::refusal::CodeRefusal;
use super::scan::Scanner;
use super::udi::Udi;
use crate::model::entitlement::Tag;
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};

/// The longest code.
pub const CODE_MAX: usize = 8192;
/// Entitlements in a code at most.
pub const ENTITLEMENTS_MAX: usize = 32;
/// Tokens of an entitlement at most.
pub const COUNT_MAX: u64 = 1_000_000_000;

/// A code that the authority signed. Only [`read`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    pub(super) instance: String,
    pub(super) stamp_ms: u64,
    pub(super) entitlements: Vec<Entitlement>,
    pub(super) udi: Udi,
    pub(super) digest: String,
}

/// What a code grants of one tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entitlement {
    /// Which.
    pub tag: Tag,
    /// So many tokens.
    pub count: u64,
    /// From this day's begin, or always.
    pub start: Option<UnixTime>,
    /// Until this time, which is the end of the day in the code, or always.
    pub until: Option<UnixTime>,
    /// `TERM` or `PERPETUAL`.
    pub license_type: String,
    /// The name that people read.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// The order it came with.
    pub subscription_id: String,
}

impl Authorization {
    /// The product instance that it is for.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// When the authority made it, in milliseconds since 1970.
    pub const fn stamp_ms(&self) -> u64 {
        self.stamp_ms
    }

    /// What it grants.
    pub fn entitlements(&self) -> &[Entitlement] {
        &self.entitlements
    }

    /// The device it is for.
    pub const fn udi(&self) -> &Udi {
        &self.udi
    }

    /// SHA-256 of the signed bytes, as hexadecimal digits: with instance and time, what makes a code that code. The
    /// signature does not, since each has two forms.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Reads a code. White space around it is left out.
///
/// # Errors
/// With the first thing that is wrong; form first, then the signature, then the values.
pub fn read(text: &str, key: &AuthorityKey) -> Result<Authorization, CodeRefusal> {
    let raw = parse(text)?;
    let signature = STANDARD.decode(&raw.signature).map_err(|_| CodeRefusal::SignatureForm)?;
    let signature = Signature::from_der(&signature).map_err(|_| CodeRefusal::SignatureForm)?;
    if !key.verifies(raw.signed, &signature) {
        return Err(CodeRefusal::Signature);
    }
    raw.believe()
}

/// A code's words, none of them believed.
struct Raw<'a> {
    instance: String,
    timestamp: String,
    entitlements: Vec<RawEntitlement>,
    signature: String,
    udi: String,
    signed: &'a [u8],
}

struct RawEntitlement {
    tag: String,
    count: String,
    start: String,
    end: String,
    license_type: String,
    title: String,
    description: String,
    subscription_id: String,
}

fn parse(text: &str) -> Result<Raw<'_>, CodeRefusal> {
    let text = text.trim();
    if text.len() > CODE_MAX {
        return Err(CodeRefusal::TooLong);
    }
    if !text.starts_with('<') || text.chars().any(char::is_control) {
        return Err(CodeRefusal::Syntax);
    }
    let mut scan = Scanner::new(text);
    scan.open("specificPLR")?;
    let from = scan.position();
    let (instance, timestamp, entitlements) = signed_part(&mut scan)?;
    let signed = scan.bytes(from, scan.position());
    let signature = scan.value("signature")?;
    // A scan of the guide prints the element's name with two letters swapped.
    let name = if scan.is_at("uid")? { "uid" } else { "udi" };
    let udi = scan.value(name)?;
    scan.close("specificPLR")?;
    scan.finish()?;
    Ok(Raw { instance, timestamp, entitlements, signature, udi, signed })
}

fn signed_part(scan: &mut Scanner<'_>) -> Result<(String, String, Vec<RawEntitlement>), CodeRefusal> {
    scan.open("authorizationCode")?;
    let (flag, version) = (scan.value("flag")?, scan.value("version")?);
    if flag != "A" || version != "C" {
        return Err(CodeRefusal::Value);
    }
    let (instance, timestamp) = (scan.value("piid")?, scan.value("timestamp")?);
    scan.open("entitlements")?;
    let mut entitlements = Vec::new();
    while scan.is_at("entitlement")? {
        if entitlements.len() == ENTITLEMENTS_MAX {
            return Err(CodeRefusal::Element);
        }
        entitlements.push(entitlement(scan)?);
    }
    scan.close("entitlements")?;
    scan.close("authorizationCode")?;
    Ok((instance, timestamp, entitlements))
}

fn entitlement(scan: &mut Scanner<'_>) -> Result<RawEntitlement, CodeRefusal> {
    scan.open("entitlement")?;
    let raw = RawEntitlement {
        tag: scan.value("tag")?,
        count: scan.value("count")?,
        start: scan.value("startDate")?,
        end: scan.value("endDate")?,
        license_type: scan.value("licenseType")?,
        title: scan.value("displayName")?,
        description: scan.value("tagDescription")?,
        subscription_id: scan.value("subscriptionID")?,
    };
    scan.close("entitlement")?;
    Ok(raw)
}

impl Raw<'_> {
    fn believe(self) -> Result<Authorization, CodeRefusal> {
        let instance: Epoch = self.instance.parse().map_err(|_| CodeRefusal::Value)?;
        let stamp_ms = number(&self.timestamp, UnixTime::MAX.millis())?;
        let entitlements =
            self.entitlements.into_iter().map(RawEntitlement::believe).collect::<Result<_, _>>()?;
        let udi = Udi::read(&self.udi).map_err(|_| CodeRefusal::Value)?;
        let digest = hex(&Sha256::digest(self.signed));
        Ok(Authorization { instance: instance.to_string(), stamp_ms, entitlements, udi, digest })
    }
}

impl RawEntitlement {
    fn believe(self) -> Result<Entitlement, CodeRefusal> {
        let (start, end) = (date(&self.start)?, date(&self.end)?);
        Ok(Entitlement {
            tag: Tag::try_from(self.tag).map_err(|_| CodeRefusal::Value)?,
            count: number(&self.count, COUNT_MAX)?,
            start: start.map(|day| day.0),
            until: end.map(|day| day.1),
            license_type: self.license_type,
            title: self.title,
            description: self.description,
            subscription_id: self.subscription_id,
        })
    }
}

/// Digits only.
fn number(text: &str, most: u64) -> Result<u64, CodeRefusal> {
    let digits = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| *number <= most).ok_or(CodeRefusal::Number)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Begin and end of a day written `2023-Apr-03 UTC`; none when empty.
fn date(text: &str) -> Result<Option<(UnixTime, UnixTime)>, CodeRefusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.strip_suffix(" UTC").and_then(day_of).ok_or(CodeRefusal::Date)?;
    Ok(Some(day))
}

fn day_of(text: &str) -> Option<(UnixTime, UnixTime)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let plain = parts.next().is_none() && year.len() == 4 && day.len() == 2;
    let begin: UnixTime = format!("{year}-{month:02}-{day}T00:00:00Z").parse().ok().filter(|_| plain)?;
    Some((begin, begin.plus(std::time::Duration::from_hours(24))))
}

/// The date as a code writes it.
pub(super) fn write_date(time: UnixTime) -> String {
    let text = time.to_string();
    let (year, rest) = text.split_at(4);
    let month = rest[1..3].parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{year}-{}-{} UTC", month.unwrap_or(&"Jan"), &rest[4..6])
}
