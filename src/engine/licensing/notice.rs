//! What operators are told: the names that the public Smart Licensing MIB gives its notifications, and a few of ours.

use super::registration::{End, Reason};
use super::standing::Standing;
use crate::model::message::Severity;
use std::time::Duration;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// So many days of the evaluation are left.
    EvalExpiryWarning {
        /// Whole days.
        days: u64,
    },
    /// No day of the evaluation is left.
    EvalExpired,
    /// The authority took the Center in.
    RegisterSuccess,
    /// A registration failed.
    RegisterFailed {
        /// Why.
        reason: Reason,
    },
    /// The registration or reservation is over. Ours.
    RegistrationEnded {
        /// Why.
        end: End,
    },
    /// The authority knows of a deregistration.
    DeRegisterSuccess,
    /// The authority may still hold a Center that is deregistered here.
    DeRegisterFailed {
        /// Why.
        reason: Reason,
    },
    /// The ID certificate ends soon and was not renewed.
    IdCertExpiryWarning {
        /// In so many days.
        days: u64,
    },
    /// The ID certificate ended.
    IdCertExpired,
    /// The ID certificate is not valid now.
    IdCertOutOfRange,
    /// The ID certificate was renewed.
    IdCertRenewSuccess,
    /// The ID certificate was not renewed.
    IdCertRenewFail {
        /// Why.
        reason: Reason,
    },
    /// The authorization was renewed.
    AuthRenewSuccess,
    /// The authorization was not renewed.
    AuthRenewFail {
        /// Why.
        reason: Reason,
    },
    /// The first request without an answer.
    CommunicationFailure {
        /// Why.
        reason: Reason,
    },
    /// The first answer after that.
    CommunicationRestored,
    /// The wall clock stepped; rights are measured by a clock that does not go back.
    SystemClockChanged {
        /// How far it lies behind.
        behind: Duration,
    },
    /// A usage report could not be sent; it is kept.
    UtilitySendRUMFailed {
        /// Why.
        reason: Reason,
    },
    /// Usage is reported from now on.
    UtilityDataReportingStarted,
    /// Usage is no longer reported.
    UtilityDataReportingStopped,
    /// Usage reports were dropped, since too many waited.
    UtilityReportsDropped {
        /// How many.
        reports: u64,
    },
    /// The saved state was older than it had been, or gone. Ours.
    StateRolledBack {
        /// By how much.
        behind: Duration,
    },
    /// The state came from another machine. Ours.
    MachineChanged,
    /// The standing changed: the enforcement mode, or how the Center is registered, which is ours.
    StandingChanged {
        /// Before.
        from: Standing,
        /// Now.
        to: Standing,
    },
    /// A reservation was installed or updated. Ours.
    ReservationInstalled {
        /// 0 for the first code.
        update: u32,
    },
}

impl Notice {
    /// Its name in logs and events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EvalExpiryWarning { .. } => "EvalExpiryWarning",
            Self::EvalExpired => "EvalExpired",
            Self::RegisterSuccess => "RegisterSuccess",
            Self::RegisterFailed { .. } => "RegisterFailed",
            Self::RegistrationEnded { .. } => "RegistrationEnded",
            Self::DeRegisterSuccess => "DeRegisterSuccess",
            Self::DeRegisterFailed { .. } => "DeRegisterFailed",
            Self::IdCertExpiryWarning { .. } => "IdCertExpiryWarning",
            Self::IdCertExpired => "IdCertExpired",
            Self::IdCertOutOfRange => "IdCertOutOfRange",
            Self::IdCertRenewSuccess => "IdCertRenewSuccess",
            Self::IdCertRenewFail { .. } => "IdCertRenewFail",
            Self::AuthRenewSuccess => "AuthRenewSuccess",
            Self::AuthRenewFail { .. } => "AuthRenewFail",
            Self::CommunicationFailure { .. } => "CommunicationFailure",
            Self::CommunicationRestored => "CommunicationRestored",
            Self::SystemClockChanged { .. } => "SystemClockChanged",
            Self::UtilitySendRUMFailed { .. } => "UtilitySendRUMFailed",
            Self::UtilityDataReportingStarted => "UtilityDataReportingStarted",
            Self::UtilityDataReportingStopped => "UtilityDataReportingStopped",
            Self::UtilityReportsDropped { .. } => "UtilityReportsDropped",
            Self::StateRolledBack { .. } => "StateRolledBack",
            Self::MachineChanged => "MachineChanged",
            Self::StandingChanged { from, to } if from.is_enforced_as(*to) => "StandingChanged",
            Self::StandingChanged { .. } => "EnforcementMode",
            Self::ReservationInstalled { .. } => "ReservationInstalled",
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::EvalExpired
            | Self::IdCertExpired
            | Self::UtilityReportsDropped { .. }
            | Self::RegistrationEnded { end: End::RegistrationExpired | End::ComplianceLapsed } => {
                Severity::Error
            }
            Self::StandingChanged { to, .. } if to.words().banner.is_some() => Severity::Error,
            Self::RegisterSuccess
            | Self::RegistrationEnded { .. }
            | Self::DeRegisterSuccess
            | Self::IdCertRenewSuccess
            | Self::AuthRenewSuccess
            | Self::CommunicationRestored
            | Self::UtilityDataReportingStarted
            | Self::UtilityDataReportingStopped
            | Self::StandingChanged { .. }
            | Self::ReservationInstalled { .. } => Severity::Info,
            Self::EvalExpiryWarning { .. }
            | Self::RegisterFailed { .. }
            | Self::DeRegisterFailed { .. }
            | Self::IdCertExpiryWarning { .. }
            | Self::StateRolledBack { .. }
            | Self::MachineChanged { .. }
            | Self::IdCertOutOfRange
            | Self::IdCertRenewFail { .. }
            | Self::AuthRenewFail { .. }
            | Self::CommunicationFailure { .. }
            | Self::SystemClockChanged { .. }
            | Self::UtilitySendRUMFailed { .. } => Severity::Warning,
        }
    }

    /// One line for people.
    pub fn text(&self) -> String {
        match self {
            Self::EvalExpiryWarning { days } => format!("the evaluation ends in {days} days of use"),
            Self::EvalExpired => {
                "the evaluation period is over; register, or install an authorization code".into()
            }
            Self::IdCertExpiryWarning { days } => {
                format!(
                    "the ID certificate ends in {days} days and was not renewed; check the way to the authority"
                )
            }
            Self::RegistrationEnded { end } => end.text().into(),
            Self::RegisterFailed { reason }
            | Self::DeRegisterFailed { reason }
            | Self::IdCertRenewFail { reason }
            | Self::AuthRenewFail { reason }
            | Self::CommunicationFailure { reason }
            | Self::UtilitySendRUMFailed { reason } => reason.text().into(),
            Self::SystemClockChanged { behind } => {
                format!("the system clock lies {} s behind the latest time known", behind.as_secs())
            }
            Self::StateRolledBack { behind } => format!(
                "the saved licence state was {} s older than it had been, or gone; the evaluation goes on where it was",
                behind.as_secs()
            ),
            Self::MachineChanged => {
                "the Center's folder was used on another machine before; of two copies one must not go on, \
                since both pass for the same Center"
                    .into()
            }
            Self::UtilityReportsDropped { reports } => {
                format!("{reports} usage reports were dropped: too many wait")
            }
            Self::StandingChanged { from, to } => {
                let (from, to) = (from.words(), to.words());
                format!(
                    "{}, {} -> {}, {}",
                    from.registration, from.authorization, to.registration, to.authorization
                )
            }
            Self::ReservationInstalled { update } => format!("reservation installed, update {update}"),
            _ => self.name().into(),
        }
    }
}

impl End {
    /// What ended, as people read it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Deregistered => "deregistered",
            Self::RegistrationExpired => {
                "registration expired: the ID certificate was not renewed within its year"
            }
            Self::ComplianceLapsed => "out of compliance for 90 days: back to evaluation",
            Self::Returned => "the reservation was returned",
        }
    }
}
