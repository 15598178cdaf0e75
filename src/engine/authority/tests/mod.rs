//! The authority against the guide's figures, its own rules, and a slow model.

mod guide;
mod kit;
mod random;
mod rules;
