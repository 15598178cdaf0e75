//! Deployments: sensors that enrol themselves, without anybody at the sensor.
//!
//! An administrator makes a deployment, with an end and a number of sensors, and has a token made for each serial number.
//! The sensor that shows its token is enrolled under that number.
//!
//! ```text
//! token = header . payload . HMAC-SHA256(secret of the deployment, header . payload)      (RFC 7515, RFC 7518 section 3.2)
//! ```
//!
//! **Why it cannot be fooled.** There is one header, compared byte for byte, so no algorithm can be chosen. The secret is
//! the deployment's own and never leaves the Center: with the deployment all its tokens end. A token is good for one
//! serial number, until its end, while the deployment is enabled and has a place left; a sensor that was enrolled with it
//! and was heard of since is not enrolled again, so a copied token gives nothing.

use crate::model::deployment::{AUDIENCE, Claims, TOKEN_MAX};
use crate::model::ident::SensorId;
use crate::model::label::Label;
use crate::model::smart::Secret;
use crate::model::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// The one header there is.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// So many at a time.
const DEPLOYMENTS_MAX: usize = 64;
/// So many sensors in one at most.
pub const SENSORS_MAX: u32 = 10_000;

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// What it is called.
    pub name: Label,
    /// What its tokens are signed with.
    pub secret: Secret,
    /// So many sensors may use it.
    pub usage_max: u32,
    /// Those that did.
    pub enrolled: BTreeSet<SensorId>,
    /// When it ends, and all its tokens with it.
    pub expires: UnixTime,
    /// Whether its tokens are taken.
    pub enabled: bool,
}

/// Why not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The name is taken.
    #[error("there is a deployment of this name; choose another")]
    NameTaken,
    /// No deployment of this name.
    #[error("there is no deployment of this name; list what there is")]
    NoSuch,
    /// So many are enough.
    #[error("there are {DEPLOYMENTS_MAX} deployments; remove one that is over")]
    TooMany,
    /// A number of sensors that makes no sense.
    #[error("a deployment is for 1 to {SENSORS_MAX} sensors; ask for tokens of no more")]
    BadNumber,
    /// Over before it began.
    #[error("the deployment's end is past; give one that is to come")]
    Past,
    /// Not signed here, cut, or not for enrolment.
    #[error("the token is none of this Center's; have one made, and copy it whole")]
    BadToken,
    /// Over.
    #[error("the token or its deployment has ended; have a new one made")]
    Expired,
    /// Disabled, or gone.
    #[error("the token's deployment is disabled or removed; ask who made it")]
    Disabled,
    /// All places are taken.
    #[error("as many sensors as the deployment is for are enrolled; make another deployment")]
    UsedUp,
    /// Too often.
    #[error("sensors enrol too often from there; try again in a minute")]
    TooOften,
}

impl Refused {
    /// The reason code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NameTaken => "name-taken",
            Self::NoSuch => "unknown",
            Self::TooMany => "too-many",
            Self::BadNumber | Self::Past => "bad-parameter",
            Self::BadToken => "unauthorized",
            Self::Expired => "token-expired",
            Self::Disabled => "deployment-disabled",
            Self::UsedUp => "token-used-up",
            Self::TooOften => "too-many-logins",
        }
    }
}

/// Where tokens lead: the Center's address, and its CA.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// HTTPS address.
    pub center: &'a str,
    /// PEM.
    pub ca: &'a str,
}

/// All of a Center's.
#[derive(Clone, Debug, Default)]
pub struct Deployments(BTreeMap<Label, Deployment>);

impl Deployments {
    /// Takes up what was stored.
    pub fn put(&mut self, deployment: Deployment) {
        self.0.insert(deployment.name.clone(), deployment);
    }

    /// In order of their names.
    pub fn list(&self) -> impl Iterator<Item = &Deployment> {
        self.0.values()
    }

    /// The one of this name.
    pub fn get(&self, name: &Label) -> Option<&Deployment> {
        self.0.get(name)
    }

    /// Makes one.
    ///
    /// # Errors
    /// When its name is taken, there are too many, its number makes no sense, or its end is past.
    pub fn add(&mut self, deployment: Deployment, now: UnixTime) -> Result<(), Refused> {
        match () {
            () if self.0.contains_key(&deployment.name) => Err(Refused::NameTaken),
            () if self.0.len() >= DEPLOYMENTS_MAX => Err(Refused::TooMany),
            () if !(1..=SENSORS_MAX).contains(&deployment.usage_max) => Err(Refused::BadNumber),
            () if deployment.expires <= now => Err(Refused::Past),
            () => {
                self.put(deployment);
                Ok(())
            }
        }
    }

    /// Removes one; its tokens are worth nothing any more.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn remove(&mut self, name: &Label) -> Result<(), Refused> {
        self.0.remove(name).map(drop).ok_or(Refused::NoSuch)
    }

    /// A token for each serial number.
    ///
    /// # Errors
    /// When there is no such deployment, it is over or disabled, or the numbers are more than it is for.
    pub fn tokens(
        &self,
        name: &Label,
        serials: &[SensorId],
        place: Place<'_>,
        now: UnixTime,
    ) -> Result<BTreeMap<SensorId, String>, Refused> {
        let deployment = self.0.get(name).ok_or(Refused::NoSuch)?;
        deployment.is_open(now)?;
        if serials.is_empty() || serials.len() > deployment.usage_max as usize {
            return Err(Refused::BadNumber);
        }
        let token = |serial: &SensorId| (serial.clone(), deployment.token(serial, place, now));
        Ok(serials.iter().map(token).collect())
    }

    /// Which sensor a token is for, if it may be enrolled with it.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, token: &str, now: UnixTime) -> Result<(&Deployment, SensorId), Refused> {
        let token = token.trim();
        let claims = Claims::peek(token).ok_or(Refused::BadToken)?;
        let deployment = self.0.get(&claims.deployment).ok_or(Refused::Disabled)?;
        deployment.verify(token)?;
        if claims.exp <= now.millis() / 1000 {
            return Err(Refused::Expired);
        }
        deployment.is_open(now)?;
        deployment.has_place(&claims.sub)?;
        Ok((deployment, claims.sub))
    }

    /// Notes that a sensor was enrolled.
    pub fn note(&mut self, name: &Label, sensor: &SensorId) {
        if let Some(deployment) = self.0.get_mut(name) {
            deployment.enrolled.insert(sensor.clone());
        }
    }
}

impl Deployment {
    fn is_open(&self, now: UnixTime) -> Result<(), Refused> {
        match () {
            () if !self.enabled => Err(Refused::Disabled),
            () if self.expires <= now => Err(Refused::Expired),
            () => Ok(()),
        }
    }

    fn has_place(&self, sensor: &SensorId) -> Result<(), Refused> {
        let place = self.enrolled.contains(sensor) || self.enrolled.len() < self.usage_max as usize;
        if place { Ok(()) } else { Err(Refused::UsedUp) }
    }

    fn token(&self, serial: &SensorId, place: Place<'_>, now: UnixTime) -> String {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            sub: serial.clone(),
            iat: now.millis() / 1000,
            exp: self.expires.millis() / 1000,
            deployment: self.name.clone(),
            center: place.center.to_owned(),
            ca: place.ca.to_owned(),
        };
        let payload = serde_json::to_vec(&claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// In a time that does not depend on where signatures differ.
    fn verify(&self, token: &str) -> Result<(), Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::BadToken)?;
        let header = signed.split('.').next();
        if token.len() > TOKEN_MAX || header != Some(&URL_SAFE_NO_PAD.encode(HEADER)) {
            return Err(Refused::BadToken);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::BadToken)?;
        self.mac(signed).verify_slice(&signature).map_err(|_| Refused::BadToken)
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        // A key is hashed to the size of a block: each length is one.
        let mut mac = Hmac::<Sha256>::new(&block(self.secret.reveal()));
        mac.update(signed.as_bytes());
        mac
    }
}

/// The secret as one block of SHA-256: 64 hexadecimal digits are that.
fn block(secret: &str) -> hmac::digest::Key<Hmac<Sha256>> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block.iter_mut().zip(secret.bytes()).for_each(|(to, byte)| *to = byte);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { center: "https://center:8444", ca: "-----BEGIN CERTIFICATE-----\n" };

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_millis(1_800_000_000_000 + seconds * 1000)
    }

    fn sensor(name: &str) -> SensorId {
        name.parse().unwrap()
    }

    fn deployment(name: &str, usage_max: u32) -> Deployment {
        let secret = format!("{:064x}", name.len() + 7);
        let (enrolled, expires, enabled) = (BTreeSet::new(), at(1000), true);
        Deployment {
            name: name.parse().unwrap(),
            secret: secret.into(),
            usage_max,
            enrolled,
            expires,
            enabled,
        }
    }

    fn with(deployment: Deployment) -> Deployments {
        let mut all = Deployments::default();
        all.add(deployment, at(0)).unwrap();
        all
    }

    fn token(all: &Deployments, serial: &str) -> String {
        let name = all.list().next().unwrap().name.clone();
        all.tokens(&name, &[sensor(serial)], PLACE, at(0)).unwrap().remove(&sensor(serial)).unwrap()
    }

    fn admitted(all: &Deployments, token: &str, now: UnixTime) -> Result<SensorId, Refused> {
        all.admit(token, now).map(|(_, sensor)| sensor)
    }

    /// The example of RFC 7515, appendix A.1, has its own header and key; this is what RFC 4231, case 2, says of ours.
    #[test]
    fn the_code_is_hmac_sha256() {
        let known = Deployment { secret: "Jefe".to_owned().into(), ..deployment("known", 1) };
        let mac = known.mac("what do ya want for nothing?").finalize().into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_token_enrols_its_own_sensor_until_it_ends() {
        let all = with(deployment("north", 2));
        let token = token(&all, "FCW1");
        let claims = Claims::peek(&token).unwrap();
        assert_eq!((claims.sub, claims.center.as_str()), (sensor("FCW1"), PLACE.center));
        assert_eq!(admitted(&all, &format!(" {token}\n"), at(999)), Ok(sensor("FCW1")));
        assert_eq!(admitted(&all, &token, at(1000)), Err(Refused::Expired));
    }

    #[test]
    fn nothing_else_is_admitted() {
        let all = with(deployment("north", 2));
        let good = token(&all, "FCW1");
        for at_byte in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at_byte] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(admitted(&all, &text, at(0)).is_err(), "byte {at_byte}");
            assert!(admitted(&all, &good[..at_byte], at(0)).is_err(), "cut at {at_byte}");
        }
        let parts: Vec<&str> = good.split('.').collect();
        for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS256"}"#, "{}"] {
            let other = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1], parts[2]);
            assert_eq!(admitted(&all, &other, at(0)), Err(Refused::BadToken), "{header}");
        }
        let unsigned = format!("{}.{}.", parts[0], parts[1]);
        assert_eq!(admitted(&all, &unsigned, at(0)), Err(Refused::BadToken));
        assert_eq!(admitted(&all, &"x.".repeat(1 << 20), at(0)), Err(Refused::BadToken));
        // Of the same name, at another Center or made anew.
        let other = with(Deployment { secret: "0".repeat(64).into(), ..deployment("north", 2) });
        assert_eq!(admitted(&other, &good, at(0)), Err(Refused::BadToken));
    }

    #[test]
    fn a_deployment_takes_so_many_and_one_of_them_again() {
        let mut all = with(deployment("north", 1));
        let (one, two) = (token(&all, "one"), token(&all, "two"));
        all.note(&"north".parse().unwrap(), &sensor("one"));
        assert_eq!(admitted(&all, &one, at(0)), Ok(sensor("one")));
        assert_eq!(admitted(&all, &two, at(0)), Err(Refused::UsedUp));
    }

    #[test]
    fn what_is_removed_or_disabled_takes_none() {
        let mut all = with(deployment("north", 1));
        let token = token(&all, "one");
        let name: Label = "north".parse().unwrap();
        all.put(Deployment { enabled: false, ..all.get(&name).unwrap().clone() });
        assert_eq!(admitted(&all, &token, at(0)), Err(Refused::Disabled));
        assert_eq!(all.tokens(&name, &[sensor("one")], PLACE, at(0)), Err(Refused::Disabled));
        all.remove(&name).unwrap();
        assert_eq!(admitted(&all, &token, at(0)), Err(Refused::Disabled));
        assert_eq!(all.remove(&name), Err(Refused::NoSuch));
    }

    #[test]
    fn what_makes_no_sense_is_not_made() {
        let mut all = with(deployment("north", 1));
        assert_eq!(all.add(deployment("north", 1), at(0)), Err(Refused::NameTaken));
        assert_eq!(all.add(deployment("none", 0), at(0)), Err(Refused::BadNumber));
        assert_eq!(all.add(deployment("crowd", SENSORS_MAX + 1), at(0)), Err(Refused::BadNumber));
        assert_eq!(all.add(deployment("past", 1), at(1000)), Err(Refused::Past));
        let many = (1..DEPLOYMENTS_MAX).map(|n| all.add(deployment(&format!("d{n}"), 1), at(0)));
        assert!(many.collect::<Vec<_>>().iter().all(Result::is_ok));
        assert_eq!(all.add(deployment("more", 1), at(0)), Err(Refused::TooMany));
        let two = [sensor("one"), sensor("two")];
        let name = "north".parse().unwrap();
        assert_eq!(all.tokens(&name, &two, PLACE, at(0)), Err(Refused::BadNumber));
        assert_eq!(all.tokens(&name, &[], PLACE, at(0)), Err(Refused::BadNumber));
    }
}
