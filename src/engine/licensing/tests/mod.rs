//! Tests of the licence agent.

mod guide;
mod kit;
