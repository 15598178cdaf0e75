//! The licence authority's books: accounts, licences, tokens, product instances, reservations.
//!
//! A smart account has virtual accounts; a virtual account has licences, registration tokens and product instances. An
//! [`Authority`] takes a [`Command`] of somebody and answers with an [`Outcome`], or with a [`Refusal`] that changed
//! nothing. An outcome says which rows of the store changed and the line for the audit: both are committed together.
//!
//! **Double entry.** Every unit in use is held by a named instance, and is booked twice: with the licence and with the
//! instance. For each licence, at any time, `purchased = available + reserved + in use - overage`. Books that do not
//! agree are refused when they are loaded.
//!
//! **Time** is the latest time known, kept with the account: a clock set back revives no token and no term.

mod account;
mod alerts;
mod books;
mod command;
mod handle;
mod instance;
mod keys;
mod licence;
mod manage;
mod online;
mod refusal;
mod reserve;
mod rows;
mod satellites;
mod smart;
mod sweep;
#[cfg(test)]
mod tests;
mod token;
mod view;

pub use crate::engine::access::{Actor, Denied, Digest, Key, Person, Role, Task};
pub use crate::model::label::{Label, NoLabel};
pub use account::{Account, VirtualAccount};
pub use alerts::{Alert, AlertKind, Severity};
pub use books::Authority;
pub use command::{Command, Outcome, Registration, Reply, TermOrder, VerdictRow};
pub use instance::{
    Happening, Held, Instance, Link, Note, PRODUCT_TYPE, Reservation, SATELLITE_TYPE, UsageRecord,
};
pub use licence::{Licence, Position, Term};
pub use online::ID_LASTS;
pub use refusal::Refusal;
pub use rows::{Damaged, Row, RowKind};
pub use satellites::Downstream;
pub use smart::{Given, answer_of, command_of, refusal_of};
pub use token::Token;
pub use view::{LicenceRow, SelectionRow};
