//! Rule bundles on the disk of a sensor or of the Center: taken in whole, checked, named by their content.
//!
//! ```text
//!  operator's bundle ──▶ tmp/stage-N/ ──▶ sets/<set>-<digest>/
//!  (folder, tar, tar.gz)  every name,      files/      the bundle
//!                         size and byte    set.rules   what Snort loads: its rule files, one after the other
//!                         checked          set.json    name, date, number of rules
//! ```
//!
//! All or nothing: files and folders are on the disk before one rename makes the set appear. A set's name is the digest
//! of all that it holds ([`digest::Listing`]), so what was checked once can be checked again, and is, before each use.
//!
//! **Who may bring what.** A bundle with a manifest signed by the Center's key is what its manifest says. One without is
//! taken as Community, and as Subscriber only when the operator says so; it still runs only while a lease lists its
//! digest, so the signature protects the operator's disk and not the right.
//!
//! **What is not taken in**, each with its reason code ([`StageFault::code`]): see [`names`] for names, [`source`] for
//! kinds of entries and sizes, [`text`] for rule files, [`manifest`] for signatures.

#[cfg(feature = "center")]
mod catalogue;
pub mod digest;
pub mod disk;
mod fault;
pub mod manifest;
pub mod names;
mod render;
mod sets;
pub mod source;
mod stage;
pub mod text;

#[cfg(feature = "center")]
pub use catalogue::Catalogue;
pub use fault::StageFault;
pub use manifest::Manifest;
pub use sets::{Record, SETS_MAX, Sets, Whole};
pub use source::{Code, Limits};
pub use stage::Wish;
