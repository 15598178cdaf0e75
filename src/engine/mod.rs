//! Minds: all the thinking. No I/O, no clock, no threads; frames bring their own time.
//!
//! A frame becomes a count in two rooms:
//!
//! 1. [`wire`] reads the frame's headers and says who was seen sending it: at most two sightings.
//! 2. [`inventory`] keeps each sighting once, in a table of fixed size, and counts components as they come.
//!
//! [`identity`] hears what stations say of themselves; the count does not look at it.
//!
//! [`filter`] decides, before both, whether a capture filter lets the frame through.
//!
//! [`sync`] says on the sensor what to tell the Center next, and `fleet` unites on the Center what all sensors told.
//!
//! [`backoff`] says, at both ends, when to try the broker again, and [`throttle`] how often each of many may ask.
//!
//! `licensing` is how the Center stands with the licence authority.
//!
//! `authority` is the licence authority's books, and `entitlement` what a sensor may run because of them.
//!
//! [`release`] is whose bundles of packages are believed.
//!
//! `access` is who may do what at a program that people and programs ask.
//!
//! `notify` is what other systems are told, in the forms that they read.
//!
//! Engines share four verbs and no trait: `handle(input, now)`, `poll(now) -> Option<Action>`, `next_deadline()`,
//! `snapshot()`. A `Refusal` is a domain's answer; an error is a broken thing.

#[cfg(any(feature = "center", feature = "satellite"))]
pub mod access;
#[cfg(feature = "satellite")]
pub mod authority;
pub mod backoff;
#[cfg(feature = "center")]
pub mod deploy;
pub mod entitlement;
pub mod filter;
#[cfg(feature = "center")]
pub mod fleet;
pub mod identity;
pub mod inventory;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod ledger;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod licensing;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod notify;
pub mod release;
pub mod sync;
pub mod throttle;
pub mod wire;
