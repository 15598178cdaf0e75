//! Minds: all the thinking. No I/O, no clock, no threads; frames bring their own time.
//!
//! A frame becomes a count in two rooms:
//!
//! 1. [`wire`] reads the frame's headers and says who was seen sending it: at most two sightings.
//! 2. [`inventory`] keeps each sighting once, in a table of fixed size, and counts components as they come.
//!
//! [`filter`] decides, before both, whether a capture filter lets the frame through.

pub mod filter;
pub mod inventory;
pub mod wire;
