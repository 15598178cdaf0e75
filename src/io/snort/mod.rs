//! Snort: which rules it runs, changed in one step, and read back.
//!
//! ```text
//!  snort.lua ── ips.include ──▶ active.rules ──link──▶ sets/<set>-<digest>/set.rules
//!  (the one configuration,                    (swapped by one rename)
//!   never renamed)
//!
//!  order ─ digest ─ snort -T ─ rules counted ─ memory ─ link ─ reload ─ read back ─▶ what runs
//!                                                          └──── fault: link back, reload ◀┘
//! ```
//!
//! Snort parses its whole configuration anew at each reload and each start. So it has one configuration file, whose name
//! never changes and which includes one link; whatever makes Snort read it again, it finds one whole set.
//!
//! **What counts as proof that a set runs**: "reload complete" on the connection that asked for it, one successful reload
//! more than before, another configuration generation, the same process, and, where Snort's log can be read, the number
//! of rules that it says there. Or: a process that began after the link was set, with this configuration, and that has
//! not reloaded since. Anything less is a fault with a reason code ([`SwitchFault::code`]).
//!
//! **Who may point the link where.** `link` has two functions. The one for Subscriber sets uses up a `SubscriberGrant`.
//! Whatever goes wrong elsewhere ends at a Community set.
//!
//! All of it blocks; it belongs on a thread of its own.

pub mod answers;
mod config;
pub mod control;
mod fault;
mod link;
mod memory;
mod process;
mod program;
mod record;
mod recover;
mod switch;
mod watch;

pub use config::{Memory, Patience, SnortConfig};
pub use fault::SwitchFault;
pub use record::{Confirmed, Last, Status};
pub use switch::Snort;
pub use watch::{EVERY_SECONDS, Observation};
