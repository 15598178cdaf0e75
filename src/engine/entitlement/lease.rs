//! Believing a lease: signature first, then everything it says, each refusal with its reason.

use super::envelope::{self, EnvelopeFault};
use super::keys::{PublicKey, Slot};
use super::trust::Trust;
use crate::model::ident::{Epoch, SensorId};
use crate::model::lease::{BUNDLES_MAX, Lease, RuleSet};
use crate::model::message::decode;
use crate::model::time::UnixTime;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What is signed is a lease, and nothing else that the key may sign.
pub const PAYLOAD_TYPE: &str = "application/vnd.tollgate.lease.v1+json";
/// No lease is longer: thirty days, and an hour for clocks.
pub const VALIDITY_MAX: Duration = Duration::from_hours(721);
/// A Center's clock may be this much ahead.
const AHEAD_TOLERATED: Duration = Duration::from_mins(5);

/// Why a lease is refused. The state is left as it was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LeaseRefusal {
    /// Not signed as it must be.
    #[error(transparent)]
    Envelope(#[from] EnvelopeFault),
    /// Signed, and no lease.
    #[error("the signed bytes are no lease: {0}")]
    NoLease(String),
    /// For another sensor.
    #[error("it is for sensor '{0}'")]
    OtherSensor(SensorId),
    /// For another platform.
    #[error("it is for platform '{0}'")]
    OtherPlatform(String),
    /// The machine is not of the platform that was declared.
    #[error("no lease holds here: {0}")]
    OtherMachine(String),
    /// Paid by an entitlement that this platform does not use.
    #[error("its entitlement tag is not the one of this platform")]
    OtherEntitlement,
    /// An older decision, or a second one of the same number.
    #[error("its generation {generation} is not above {floor}, the highest accepted")]
    Rollback {
        /// The lease's.
        generation: u64,
        /// The highest accepted.
        floor: u64,
    },
    /// Its times contradict each other, or reach too far.
    #[error("its times are not a validity of at most thirty days")]
    Validity,
    /// It announces something that is no key.
    #[error("the next key that it announces is none")]
    NextKey,
}

impl LeaseRefusal {
    /// The reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Envelope(EnvelopeFault::TooLong(_)) => "too-long",
            Self::Envelope(EnvelopeFault::Malformed(_)) => "malformed",
            Self::Envelope(EnvelopeFault::PayloadType(_)) => "payload-type",
            Self::Envelope(EnvelopeFault::UnknownKey { .. }) => "unknown-key",
            Self::Envelope(EnvelopeFault::BadSignature(_)) => "bad-signature",
            Self::NoLease(_) => "no-lease",
            Self::OtherSensor(_) => "other-sensor",
            Self::OtherPlatform(_) => "other-platform",
            Self::OtherMachine(_) => "other-machine",
            Self::OtherEntitlement => "other-entitlement",
            Self::Rollback { .. } => "rollback",
            Self::Validity => "validity",
            Self::NextKey => "next-key",
        }
    }
}

/// Whom leases must be for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// This sensor.
    pub sensor: SensorId,
    /// Its platform, as declared.
    pub platform: String,
    /// Why this machine is none of that platform, if it says so itself.
    pub contradiction: Option<String>,
    /// The entitlement tag of its platform; none where no IDS can run.
    pub entitlement_tag: Option<String>,
    /// This run of the program.
    pub instance: Epoch,
}

/// A lease that was verified. Nothing else makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    lease: Lease,
    /// What is to be remembered once it is accepted.
    trust: Trust,
}

impl Verified {
    /// What it says.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// What must be durable before it takes effect.
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// From when on it is valid: a clock a little behind the Center's does not make a lease wait.
    pub const fn begins(&self) -> UnixTime {
        let tolerated = AHEAD_TOLERATED.as_secs() * 1000;
        UnixTime::from_millis(self.lease.not_before.millis().saturating_sub(tolerated))
    }
}

/// Verifies an envelope that came from a Center or from the store.
///
/// # Errors
/// See [`LeaseRefusal`].
pub fn verify(envelope: &[u8], holder: &Holder, trust: &Trust) -> Result<Verified, LeaseRefusal> {
    let opened = envelope::open(envelope, PAYLOAD_TYPE, &trust.keys)?;
    let lease: Lease = decode(&opened.payload).map_err(|error| LeaseRefusal::NoLease(error.to_string()))?;
    check_holder(&lease, holder)?;
    check_validity(&lease)?;
    let payload: [u8; 32] = Sha256::digest(&opened.payload).into();
    check_generation(&lease, &payload, trust)?;
    let trust = trusted(&lease, opened.slot, payload, trust)?;
    Ok(Verified { lease, trust })
}

fn check_holder(lease: &Lease, holder: &Holder) -> Result<(), LeaseRefusal> {
    if lease.sensor != holder.sensor {
        return Err(LeaseRefusal::OtherSensor(lease.sensor.clone()));
    }
    if lease.platform != holder.platform {
        let shown = lease.platform.chars().take(80).collect::<String>().escape_debug().to_string();
        return Err(LeaseRefusal::OtherPlatform(shown));
    }
    if let Some(why) = &holder.contradiction {
        return Err(LeaseRefusal::OtherMachine(why.clone()));
    }
    let wants = lease.rule_set == RuleSet::Subscriber;
    if wants && holder.entitlement_tag.as_deref() != Some(lease.entitlement_tag.as_str()) {
        return Err(LeaseRefusal::OtherEntitlement);
    }
    Ok(())
}

fn check_validity(lease: &Lease) -> Result<(), LeaseRefusal> {
    let ordered = lease.not_before < lease.expires_at && lease.issued_at < lease.expires_at;
    let from = lease.issued_at.min(lease.not_before);
    let short = lease.expires_at.since(from) <= VALIDITY_MAX;
    if ordered && short && lease.bundles.len() <= BUNDLES_MAX { Ok(()) } else { Err(LeaseRefusal::Validity) }
}

/// Retained leases come again at each connection; the same one is no rollback.
fn check_generation(lease: &Lease, payload: &[u8; 32], trust: &Trust) -> Result<(), LeaseRefusal> {
    let same = lease.generation == trust.generation && trust.payload.as_ref() == Some(payload);
    if lease.generation > trust.generation || same {
        return Ok(());
    }
    Err(LeaseRefusal::Rollback { generation: lease.generation, floor: trust.generation })
}

fn trusted(lease: &Lease, slot: Slot, payload: [u8; 32], before: &Trust) -> Result<Trust, LeaseRefusal> {
    let announced = lease.next_key.clone().map(PublicKey::try_from).transpose();
    let keys = before.keys.after(slot, announced.map_err(|_| LeaseRefusal::NextKey)?);
    let latest = before.latest.max(lease.issued_at);
    Ok(Trust { keys, generation: lease.generation, payload: Some(payload), latest })
}
