//! Tollgate counts the components of an industrial network, exactly, in bounded memory, under hostile traffic.
//!
//! Five floors; a floor uses those below it, never one above:
//!
//! ```text
//! bin/     doors     arguments, one run, one exit code
//! app/     programs  wire the pieces together: threads, progress, output, shutdown
//! io/      hands     one door per outside thing: capture file, NIC, clock, randomness
//! engine/  minds     all the thinking; no I/O, no clock, no threads
//! model/   words     names, messages, limits
//! ```
//!
//! **How a frame becomes a count.** [`io::capture`] lends a frame from a mapped file or the kernel's ring, without
//! copying it. [`app::agent::meter`] asks the capture filter ([`engine::filter`]) and hands the frame on.
//! [`engine::wire`] reads its headers and says who sent it: a MAC, an address, or both. [`engine::inventory`] asks the
//! address policy whether the address counts, finds the record of the pair in a table of fixed size, and moves its
//! counters; a pair that is new moves the count. At the end the inventories of several workers, files or sensors
//! unite by union, and [`app::agent`] prints the figures or the list, which are the same set.
//!
//! **What a component is.** [`engine::identity`] hears names, makers and protocols in passing;
//! [`engine::inventory::nameplates`] keeps them beside the table, where the count does not look.
//!
//! **How a count reaches the Center.** [`app::agent::run`] is the daemon on the sensor: what changed goes into a store that
//! outlives crashes ([`io::state`]), it gives up what it need not reach ([`io::sandbox`]), and [`engine::sync`] says what to tell of it next, in the words of
//! [`model::message`]. Both ends meet at a broker ([`io::mqtt`]) and know each other by certificates ([`io::pki`]). On the
//! Center, [`app::center`], [`engine::fleet`] unites what all sensors told, and [`io::store`] commits it before anything is
//! acknowledged.
//!
//! **What is licensed.** [`engine::licensing`] is the Center's licence agent, whose questions [`io::smart`] carries; `engine::authority` the books of the licence
//! authority, which [`app::satellite`] keeps in [`io::sqlite`] files.
//! `engine::access` is who may do what there: roles, people, keys.
//!
//! **How people ask a running program.** Commands on the same machine ask through [`io::control`]: those of the agent, those
//! of the Center ([`app::center`]), and `smartagentctl` ([`app::ctl`]). Over
//! HTTPS they ask through [`io::http`], by the tables of `app::rest`, and with a browser by those of `app::pages`. Other systems are told
//! what happens by `app::notify`, in the forms of `engine::notify`.
//!
//! **Which rules Snort may run.** [`engine::entitlement`] decides from a signed lease; [`io::fetch`] brings rule bundles from the
//! Center, [`io::rules`] takes them in and names them by their content; [`io::snort`] has Snort run one of them, and reads back which; [`app::agent::run::ids`] joins them in
//! the daemon.
//!
//! **How a release is believed.** [`engine::release`] checks who signed it, [`io::release`] unpacks it once all of it is verified.
//!
//! **Where to add a link type**: see [`engine::wire`].

pub mod app;
pub mod engine;
pub mod io;
pub mod model;
