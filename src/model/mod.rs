//! Words: the names, messages and limits that the other floors speak in. No I/O, no decisions.
//! Beside them [`prefetch`], the one hint to the processor that readers and tables share.

pub mod frame;
pub mod key;
pub mod mac;
pub mod prefetch;
pub mod profile;
pub mod time;
pub mod vlan;
