//! What sensors say, and what follows from it: each cell of the session's tables, and the count.

mod activities;
mod kit;
mod nameplates;
mod purge;
mod random;
mod search;
mod series;
mod session;
mod silence;
