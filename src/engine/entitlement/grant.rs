//! The passed check, as a value: without it Subscriber rules cannot be activated.

use super::lease::Verified;
use crate::model::ident::Epoch;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::UnixTime;

/// Why Subscriber rules may not run, though nothing is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denial {
    /// The Center has not said anything yet.
    #[error("no lease was received")]
    NoLease,
    /// The Center decided for Community.
    #[error("the Center decided for Community rules")]
    Decided,
    /// The lease begins later.
    #[error("the lease begins at {0}; compare the clocks of sensor and Center")]
    NotYetValid(UnixTime),
    /// The lease is over.
    #[error("the lease ended at {0}; is the Center reached?")]
    Expired(UnixTime),
    /// None of the bundles that the lease lists is staged.
    #[error("no Subscriber bundle that the lease allows is staged; fetch or stage one")]
    NoBundle,
}

impl Denial {
    /// The reason code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoLease => "no-lease",
            Self::Decided => "decided",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::Expired(_) => "expired",
            Self::NoBundle => "no-bundle",
        }
    }
}

/// What runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effective {
    /// The rule set.
    pub set: RuleSet,
    /// Its content.
    pub bundle: BundleDigest,
}

/// Permission to activate one Subscriber bundle. Only a [`Verified`] lease makes one, and it is used up by the switch:
/// it can be neither copied nor stored.
#[derive(PartialEq, Eq, Debug)]
pub struct SubscriberGrant {
    lease: Epoch,
    bundle: BundleDigest,
    until: UnixTime,
}

impl SubscriberGrant {
    /// Asks whether `lease` lets one of the `staged` bundles run at `time`; the first that it lists and that is there.
    ///
    /// # Errors
    /// See [`Denial`].
    pub fn of(lease: &Verified, staged: &[BundleDigest], time: UnixTime) -> Result<Self, Denial> {
        let said = lease.lease();
        match () {
            () if said.rule_set != RuleSet::Subscriber => Err(Denial::Decided),
            () if time < lease.begins() => Err(Denial::NotYetValid(said.not_before)),
            () if time >= said.expires_at => Err(Denial::Expired(said.expires_at)),
            () => {
                let bundle = said.bundles.iter().find(|bundle| staged.contains(bundle));
                let bundle = *bundle.ok_or(Denial::NoBundle)?;
                Ok(Self { lease: said.lease, bundle, until: said.expires_at })
            }
        }
    }

    /// The lease that it stands on.
    pub const fn lease(&self) -> Epoch {
        self.lease
    }

    /// The bundle that may run.
    pub const fn bundle(&self) -> BundleDigest {
        self.bundle
    }

    /// What is to run because of it.
    pub const fn effective(&self) -> Effective {
        Effective { set: RuleSet::Subscriber, bundle: self.bundle }
    }

    /// Uses it up: what may be activated now, once.
    #[must_use]
    pub fn redeem(self) -> Effective {
        self.effective()
    }

    /// When it ends.
    pub const fn until(&self) -> UnixTime {
        self.until
    }
}
