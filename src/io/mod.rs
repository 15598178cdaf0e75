//! Hands: one door per outside thing, and nothing but the door.
//!
//! | outside thing | door | through |
//! |---|---|---|
//! | capture files, stdin | [`capture::file`] | `memmap2`, `flate2`, `ruzstd`, `rustix` |
//! | a network interface, by AF_PACKET ring | [`capture::ring`] | `libc` |
//! | a network interface, by libpcap; its filter compiler | [`capture::libpcap`] | `pcap` |
//! | commands on the same machine | [`control`] | `tokio`, std |
//! | the durable state of an agent | [`state`] | `redb` |
//! | locks between programs | [`lock`] | std |
//! | whose files are | [`owner`] | `rustix` |
//! | small files, written whole or not at all | [`whole_file`] | std |
//! | lines of events | [`lines`] | std |
//! | the program's log | [`log`] | `tracing-subscriber`, `tracing-journald` |
//! | the service manager | [`notify`] | `sd-notify` |
//! | HTTPS clients | [`http`] | `axum`, `hyper`, `tokio-rustls` |
//! | scrapers of figures | [`scrape`] | `tokio` |
//! | SQLite files; in them the Center's store and the satellite's books | [`sqlite`], [`store`], [`books`] | `rusqlite` |
//! | passwords, as they are kept | [`password`] | `argon2` |
//! | secrets, as somebody types them | [`secret`] | `rpassword` |
//! | the MQTT broker | [`mqtt`] | `rumqttc` |
//! | keys and certificates | [`pki`] | `rustls`, `rcgen`, `x509-parser`, `tar` |
//! | syslog receivers | [`syslog`] | std |
//! | webhooks | [`webhook`] | `ureq` |
//! | mail servers | [`mail`] | `lettre` |
//! | the licence authority, as the Center asks it | [`smart`] | `ureq`, `rustls` |
//! | a satellite's upstream | [`upstream`] | `ureq` |
//! | release bundles | [`release`] | `tar` |
//! | rule bundles and staged sets | [`rules`] | `tar`, `flate2` |
//! | rule bundles at the Center, as a sensor fetches them | [`fetch`] | `ureq`, `rustix` |
//! | Snort, and the one link to its rules | [`snort`] | std |
//! | the machine, and the host of an application | [`machine`] | std |
//! | what a running program may still do | [`sandbox`] | `landlock`, `rustix`, `seccompiler` |
//! | random keys | [`random`] | `getrandom` |
//! | the clock | [`clock`] | std |

#[cfg(feature = "satellite")]
pub mod books;
#[cfg(feature = "agent")]
pub mod capture;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
mod client;
pub mod clock;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod control;
#[cfg(feature = "agent")]
pub mod fetch;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "agent")]
pub mod lines;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod lock;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod log;
#[cfg(feature = "agent")]
pub mod machine;
#[cfg(feature = "notify")]
pub mod mail;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod mqtt;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod notify;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod owner;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod password;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod pki;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
mod questions;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod random;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod release;
#[cfg(any(feature = "agent", feature = "center"))]
pub mod rules;
#[cfg(feature = "agent")]
pub mod sandbox;
#[cfg(feature = "agent")]
pub mod scrape;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod secret;
#[cfg(feature = "center")]
pub mod smart;
#[cfg(feature = "agent")]
pub mod snort;
#[cfg(any(feature = "center", feature = "satellite"))]
pub mod sqlite;
#[cfg(feature = "agent")]
pub mod state;
#[cfg(feature = "center")]
pub mod store;
#[cfg(feature = "notify")]
pub mod syslog;
#[cfg(feature = "satellite")]
pub mod upstream;
#[cfg(feature = "notify")]
pub mod webhook;
#[cfg(any(feature = "agent", feature = "center", feature = "satellite"))]
pub mod whole_file;
