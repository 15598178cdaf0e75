//! The asking side: a running Center over its socket, a stopped one from its store.

use super::config::Config;
use super::desk::DeskError;
use super::state::{Center, CenterError};
use super::turn::Turn;
use super::words::Request;
use crate::io::clock;
use crate::io::control::{self, ControlError};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a command waits for each piece of an answer: longer than the Center waits for its own.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The running Center refused, or did not answer.
    #[error("{0}")]
    Control(#[from] ControlError),
    /// It is stopped, and its store cannot be opened.
    #[error("the Center does not answer on its socket, and what it keeps cannot be read: {0}")]
    Stopped(#[from] CenterError),
    /// It is stopped, and what is in its store says no.
    #[error("{0}")]
    Refused(#[from] DeskError),
    /// Not the answer that was expected.
    #[error("the answer makes no sense ({0}); are both programs of one version?")]
    Answer(#[from] serde_json::Error),
}

/// Asks the running Center, or else what a stopped one keeps.
///
/// # Errors
/// What is refused, and when nobody can be asked.
pub fn ask<A: DeserializeOwned>(config: &Config, request: &Request) -> Result<A, AskError> {
    match control::ask_within(&config.control(), request, PATIENCE) {
        Err(ControlError::Connect { .. }) => alone(config, request),
        answer => Ok(answer?),
    }
}

fn alone<A: DeserializeOwned>(config: &Config, request: &Request) -> Result<A, AskError> {
    let mut center = Center::open(config, request.changes())?;
    let answer = center.carry_out(request.clone(), clock::both(), &mut Turn::default())?;
    Ok(serde_json::from_value(answer)?)
}
