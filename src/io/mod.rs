//! Hands: one door per outside thing, and nothing but the door.
//!
//! | outside thing | door | through |
//! |---|---|---|
//! | capture files, stdin | [`capture::file`] | `memmap2`, `flate2`, `ruzstd` |
//! | a network interface, by AF_PACKET ring | [`capture::ring`] | `libc` |
//! | a network interface, by libpcap; its filter compiler | [`capture::libpcap`] | `pcap` |
//! | commands on the same machine | [`control`] | `tokio`, std |
//! | the durable state of an agent | [`state`] | `redb` |
//! | random keys | [`random`] | `getrandom` |
//! | the clock | [`clock`] | std |

#[cfg(feature = "agent")]
pub mod capture;
pub mod clock;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod control;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod random;
#[cfg(feature = "agent")]
pub mod state;
