//! May this sensor run Subscriber rules? Leases, their issue on the Center and the gate on the sensor.
//!
//! ```text
//!  Center                                    sensor
//!  decide ─ issue ─ seal ──── envelope ────▶ verify ── store ── held lease ─┐
//!  (licence, toggle,  (DSSE, Ed25519)        (signature,  (trust          asked anew at each step
//!   platform, IDS)                            holder,      durable)          │
//!                                             generation)                    ▼
//!                                                        what runs ◀─ switch ─ grant, or why not
//!                                                       (read back)
//! ```
//!
//! **How the gate stands**, by what it is entitled to and what is known to run:
//!
//! | right | Community runs | leased Subscriber runs | other Subscriber runs | nothing known to run |
//! |---|---|---|---|---|
//! | none asked for | Community | Fallback, to Community | Fallback, to Community | Fallback, to Community |
//! | lease over, early, or no bundle | Fallback | Fallback, to Community | Fallback, to Community | Fallback, to Community |
//! | granted | Fallback, to Subscriber | Subscriber | Fallback, to the leased one | Fallback, to Subscriber |
//!
//! "To" is the switch that is ordered; while it is under way the gate is Validating. A switch that failed leaves what
//! ran before, and is ordered again later. A bundle that Snort refuses is left for a while, and the next best one of the
//! same set serves; where there is none, a leased one that runs stays, else Community runs.
//!
//! **Why it cannot be fooled.**
//! 1. Only [`lease::verify`] makes a [`Verified`] lease, only that makes a [`SubscriberGrant`], and only with a grant are
//!    Subscriber rules activated. A grant cannot be copied or stored.
//! 2. The signature is checked over the bytes that are read afterwards; a saved lease is verified again at each start.
//! 3. A lease takes effect after its generation is durable: an older decision never comes back.
//! 4. Time is the highest of the wall clock, every time that was signed or seen, and what has passed since. A clock set
//!    back extends nothing. Only a new decision, made during this very run, tells the time anew.
//! 5. What runs is what was read back from Snort, not what was ordered.
//!
//! What this does not prevent: who controls the machine's kernel can patch the program, or keep back a lease that was
//! issued during this run and set the clock back before delivering it; each such lease can be used once.

pub mod envelope;
pub mod fetch;
pub mod gate;
pub mod grant;
pub mod issue;
pub mod keys;
pub mod lease;
#[cfg(feature = "center")]
pub mod roster;
pub mod trust;
pub mod watchdog;

pub use gate::{Action, Gate, Input, Notice, Order, Setback, Staged, State};
pub use grant::{Denial, Effective, SubscriberGrant};
pub use keys::{KeyId, Keyring, PublicKey};
pub use lease::{Holder, LeaseRefusal, Verified};
pub use trust::Trust;

#[cfg(test)]
mod tests;
