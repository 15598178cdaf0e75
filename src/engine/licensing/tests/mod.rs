//! Tests of the licence agent.

mod allowance;
mod cells;
mod golden;
mod guide;
mod kit;
mod model;
mod offline;
mod online;
mod saved;
