//! What the licence leaves open of the Center's own routes: when the evaluation is over and nothing was registered or
//! reserved, only those of the licence itself. Sensors count and report in every state.

use super::agent::Agent;
use crate::model::time::Now;

/// Which routes of API and command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Area {
    /// How the Center and its licence stand, and orders to the licence agent.
    Licence,
    /// All others.
    Rest,
}

/// Why a route is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Denied {
    /// The reason code.
    pub reason: &'static str,
    /// What is wrong, and the next step.
    pub text: &'static str,
}

const EXPIRED: Denied = Denied {
    reason: "evaluation-expired",
    text: "the evaluation period is over, so that only the licence can be asked and ordered; register, or install an \
           authorization code (smartagentctl --help)",
};

impl Agent {
    /// Whether an area is open.
    ///
    /// # Errors
    /// With the reason why it is not.
    pub fn permits(&self, area: Area, now: Now) -> Result<(), Denied> {
        if area == Area::Licence || self.at(now).state.is_open() { Ok(()) } else { Err(EXPIRED) }
    }
}
