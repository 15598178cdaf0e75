//! The Center's side: what a sensor is entitled to, and the lease that says so.

use super::envelope::seal;
use super::keys::PublicKey;
use super::lease::PAYLOAD_TYPE;
use crate::model::ident::{Epoch, SensorId};
use crate::model::lease::{BundleDigest, Lease, RuleSet};
use crate::model::message::encode;
use crate::model::time::UnixTime;
use ed25519_dalek::SigningKey;
use std::time::Duration;

/// The shortest validity that can be configured.
pub const VALIDITY_MIN: Duration = Duration::from_hours(1);
/// The validity unless configured.
pub const VALIDITY_DEFAULT: Duration = Duration::from_hours(168);

/// What the licence says about Subscriber rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LicenseRight {
    /// Evaluation with days left, authorized, utility mode, or short for less than ninety days.
    Granted,
    /// The evaluation period is over.
    EvaluationExpired,
    /// No contact with the authority for longer than its grace.
    AuthorizationExpired,
}

/// What is known of a sensor when it is decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a column of the table")]
pub struct Case {
    /// Whether its certificate was withdrawn.
    pub revoked: bool,
    /// Whether who speaks for it uses an enrolment that was replaced.
    pub superseded: bool,
    /// Whether its platform can run Snort.
    pub able: bool,
    /// Whether IDS is enabled on it.
    pub enabled: bool,
    /// The rule set chosen for all sensors.
    pub chosen: RuleSet,
    /// Whether the subscription is Advantage.
    pub advantage: bool,
    /// What the licence says.
    pub license: LicenseRight,
}

/// Why a sensor gets less than Subscriber rules. The first that holds, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denial {
    /// It is no sensor of this Center any more.
    #[error("its certificate was revoked")]
    Revoked,
    /// Whoever has the older bundle is not the sensor.
    #[error("it uses an enrolment that was replaced; carry its newest bundle to it")]
    Superseded,
    /// Its platform counts only.
    #[error("its platform cannot run Snort")]
    Platform,
    /// Nobody enabled it.
    #[error("IDS is not enabled on this sensor")]
    Disabled,
    /// Essentials has no IDS.
    #[error("IDS needs the Advantage subscription")]
    Essentials,
    /// Community was chosen, for all.
    #[error("Community rules are chosen for all sensors")]
    Chosen,
    /// The evaluation is over.
    #[error("the evaluation period is over; register, or install an authorization code")]
    EvaluationExpired,
    /// Too long without the authority.
    #[error("the authorization expired; restore the contact with the licence authority")]
    AuthorizationExpired,
}

impl Denial {
    /// The reason code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Superseded => "other-enrolment",
            Self::Platform => "platform",
            Self::Disabled => "ids-disabled",
            Self::Essentials => "needs-advantage",
            Self::Chosen => "community-chosen",
            Self::EvaluationExpired => "evaluation-expired",
            Self::AuthorizationExpired => "authorization-expired",
        }
    }
}

/// What a sensor may run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Whether Snort is to run at all.
    pub ids: bool,
    /// Subscriber, or why not.
    pub subscriber: Result<(), Denial>,
}

impl Decision {
    /// The rule set.
    pub const fn rule_set(&self) -> RuleSet {
        if self.subscriber.is_ok() { RuleSet::Subscriber } else { RuleSet::Community }
    }
}

/// Decides for one sensor.
///
/// | able | enabled | Advantage | chosen | licence | IDS | rules |
/// |---|---|---|---|---|---|---|
/// | revoked, or its enrolment replaced | | | | | off | Community |
/// | no | | | | | off | Community |
/// | yes | no | | | | off | Community |
/// | yes | yes | no | | | off | Community |
/// | yes | yes | yes | Community | | on | Community |
/// | yes | yes | yes | Subscriber | granted | on | Subscriber |
/// | yes | yes | yes | Subscriber | else | on | Community |
pub const fn decide(case: Case) -> Decision {
    match case {
        Case { revoked: true, .. } => off(Denial::Revoked),
        Case { superseded: true, .. } => off(Denial::Superseded),
        Case { able: false, .. } => off(Denial::Platform),
        Case { enabled: false, .. } => off(Denial::Disabled),
        Case { advantage: false, .. } => off(Denial::Essentials),
        Case { chosen: RuleSet::Community, .. } => community(Denial::Chosen),
        Case { license: LicenseRight::EvaluationExpired, .. } => community(Denial::EvaluationExpired),
        Case { license: LicenseRight::AuthorizationExpired, .. } => community(Denial::AuthorizationExpired),
        Case { license: LicenseRight::Granted, .. } => Decision { ids: true, subscriber: Ok(()) },
    }
}

const fn off(why: Denial) -> Decision {
    Decision { ids: false, subscriber: Err(why) }
}

const fn community(why: Denial) -> Decision {
    Decision { ids: true, subscriber: Err(why) }
}

/// For whom a lease is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    /// The sensor.
    pub sensor: SensorId,
    /// Its platform's name.
    pub platform: String,
    /// The entitlement that pays.
    pub entitlement_tag: String,
    /// The run of its program that was last heard of.
    pub instance: Option<Epoch>,
}

/// Signs leases.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
    next: Option<PublicKey>,
    validity: Duration,
}

impl Issuer {
    /// With the key in force, the one that will follow it, and how long leases hold (cut to an hour and thirty days).
    pub fn new(key: SigningKey, next: Option<PublicKey>, validity: Duration) -> Self {
        let longest = Duration::from_hours(720);
        Self { key, next, validity: validity.clamp(VALIDITY_MIN, longest) }
    }

    /// The public half, for the enrolment bundle.
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.key.verifying_key())
    }

    /// How long leases hold.
    pub const fn validity(&self) -> Duration {
        self.validity
    }

    /// When a lease that was issued at `issued` is to be renewed: after a third of its validity.
    pub fn renew_at(&self, issued: UnixTime) -> UnixTime {
        issued.plus(self.validity / 3)
    }

    /// The envelope for one decision. `generation` is one above the last for this sensor, and `lease` a fresh name.
    ///
    /// # Errors
    /// When the words cannot be JSON, which they can.
    pub fn issue(
        &self,
        to: &Recipient,
        decision: Decision,
        bundles: &[BundleDigest],
        (lease, generation): (Epoch, u64),
        now: UnixTime,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let lease = Lease {
            lease,
            sensor: to.sensor.clone(),
            platform: to.platform.clone(),
            entitlement_tag: to.entitlement_tag.clone(),
            ids: decision.ids,
            rule_set: decision.rule_set(),
            issued_at: now,
            not_before: now,
            expires_at: now.plus(self.validity),
            generation,
            instance: to.instance,
            bundles: bundles.to_vec(),
            next_key: self.next.map(String::from),
        };
        seal(PAYLOAD_TYPE, &encode(&lease)?, &self.key)
    }
}
