//! Programs: each wires the pieces below into one that runs.

#[cfg(feature = "agent")]
pub mod agent;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod bundle;
#[cfg(feature = "center")]
pub mod center;
#[cfg(feature = "center")]
pub mod ctl;
#[cfg(feature = "notify")]
mod health;
#[cfg(feature = "notify")]
pub mod notify;
#[cfg(any(feature = "agent", feature = "notify"))]
pub mod openmetrics;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod pages;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod release;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod rest;
#[cfg(feature = "satellite")]
pub mod satellite;
