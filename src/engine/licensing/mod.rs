//! The Smart Agent: evaluation, registration, authorization, reservation, utility mode; one machine.
//!
//! An [`Agent`] is told what is in use and what operators and the authority say, and says what is to be saved, told and
//! asked. How the Center stands is one [`Standing`]; all words that people and programs read derive from it.
//!
//! ```text
//!                    register ──▶ Registering ──yes──▶ Registered
//!                   ╱                  │no: retry          │ deregister, certificate over,
//!  Unregistered ◀──┼───────────────────┴───────────────────┤ 90 days out of compliance
//!  (evaluation)     ╲                                      │
//!                    request ───▶ Pending ──code──▶ Reserved ── return, 90 days out of compliance
//! ```
//!
//! **Two clocks.** *Compliance*: the authority said no, or a reservation is too small; after 90 days the Center falls
//! back to what is left of its evaluation. *Contact*: nobody answered; after 90 days the authorization expired, after
//! 180 its grace is over too, and after a year without renewal the ID certificate ends.
//!
//! **Time** is the latest time known, saved with the state: a clock set back neither extends a right nor ends one.

#[cfg(feature = "center")]
mod agent;
#[cfg(feature = "center")]
mod allowance;
#[cfg(feature = "center")]
mod answer;
#[cfg(feature = "center")]
mod ask;
pub mod codes;
#[cfg(feature = "center")]
mod command;
#[cfg(feature = "center")]
mod demand;
#[cfg(feature = "center")]
mod evaluation;
#[cfg(feature = "center")]
mod floor;
#[cfg(feature = "center")]
mod notice;
#[cfg(feature = "center")]
mod passing;
#[cfg(feature = "center")]
mod permit;
#[cfg(feature = "center")]
mod refusal;
#[cfg(feature = "center")]
mod registration;
#[cfg(feature = "center")]
mod reservation;
#[cfg(feature = "center")]
mod settings;
#[cfg(feature = "center")]
mod standing;
#[cfg(feature = "center")]
mod state;
#[cfg(feature = "center")]
mod status;
#[cfg(feature = "center")]
mod summary;
#[cfg(feature = "center")]
mod table;
#[cfg(feature = "center")]
mod usage;
#[cfg(feature = "center")]
mod utility;

#[cfg(feature = "center")]
pub use {
    agent::{Action, Agent, Input},
    allowance::Allowances,
    answer::Answer,
    ask::{Ask, Request},
    codes::{AuthorityKey, NoUdi, Udi},
    command::{Command, Done},
    demand::Demand,
    evaluation::EVALUATION,
    floor::Floor,
    notice::Notice,
    permit::{Area, Denied},
    refusal::Refusal,
    registration::{End, Reason, Token},
    settings::{Customer, DIRECT_URL, Payment, Transport},
    standing::{Compliance, Cover, Standing, Trial, Words},
    state::{NoState, State},
    status::{Codes, LicenseStatus, Row, Why},
    summary::{LicenseSummary, LicenseUsage},
    usage::{TAGS_MAX, TooManyTags, Usage},
    utility::UsageReport,
};

#[cfg(all(test, feature = "center"))]
mod tests;
