//! The union over sensors: components per network, confirmed or not, and how each sensor stands.
//!
//! ```text
//! report ─ session: known, gap, new epoch? ─ facts of that sensor ─ components of all sensors ─ usage
//! status ─ session: equal digests, or again ┘                                              (moved, never recounted)
//! ```
//!
//! [`Fleet::handle`] takes what a sensor said and returns the [`Ack`](crate::model::message::Ack) to send once the
//! [`Change`]s that it appended are committed. The fleet itself is ahead of the store by what is not committed yet; a
//! commit that fails is tried again with the same changes, and nothing is acknowledged meanwhile.
//!
//! **What counts.** The union of what the sensors' facts say is counted as one inventory (counting rules, section 1). The
//! Center asks its own policy about each address, so that a new policy counts at once for all that is known; addresses
//! that become internal arrive when their sensors have the policy.
//!
//! **Whose facts.** The digest of a status is compared with what its sensor told in its *current* epoch. What it told
//! before is *kept*: it counts until it is told again, and goes only
//!
//! - when everything was sent again in the same epoch and the digests are equal,
//! - when a new epoch begins after the Center ordered a purge ([`Fleet::order_purge`]), or
//! - by an order to forget ([`Fleet::forget`]).
//!
//! So a sensor that lost its store makes no count fall, and a purge does remove.
//!
//! **Clocks.** A report whose clock is more than two minutes off has its times shifted by the difference between sending
//! and receipt. `components` never depends on a time; `confirmed` is about the shifted ones.
//!
//! **Names.** What stations say of themselves ([`Fleet::nameplate`]) lies beside all this: no figure and no digest looks at
//! it, nothing is answered, and a purge forgets it with the facts. So does who talks to whom
//! ([`Fleet::talks`]).
//!
//! **Hostile sensors.** Facts, networks and sensors are limited ([`Limits`]); what is refused is counted with its sensor.

mod activities;
mod change;
mod components;
mod facts;
mod figures;
pub mod forecast;
mod handle;
mod index;
pub mod ledger;
mod manage;
mod name;
mod nameplates;
mod notice;
mod said;
mod search;
mod sensor;
mod series;
mod session;
mod union;
mod view;

pub use activities::{Activity, ActivityId, TalkOrder, TalkSearch};
pub use change::{Change, Fact, FactId, NetworkNumber, SensorNumber};
pub use figures::{Figures, NetworkUsage, Usage};
pub use handle::{Input, Refusal};
pub use manage::Unknown;
pub use name::{Name, NoName};
pub use nameplates::{PlateChange, PlateId};
pub use notice::{Notice, NoticeKind};
pub use said::Maker;
pub use search::{After, Order, Page, Row, Search, Within};
pub use sensor::{Certificate, Sensor, Standing};
pub use series::{Ring, Slot};
pub use session::{Keep, Session};
pub use union::{Fleet, Inconsistent, Limits, Settings};
pub use view::{Component, ComponentKind, SensorView, Witness};

#[cfg(test)]
mod tests;
