//! A REST API as a table: router, checks of what is asked, answers and OpenAPI are made of its rows. Center and satellite
//! have one each, and people and keys by the same words.

pub(crate) mod api;
pub mod args;
pub(crate) mod openapi;
mod route;
mod words;

pub(crate) use api::{Api, Asking, Scheme};
pub(crate) use route::{Field, Kind, Place, Route, Verb, field, may, row};
pub use words::{Answer, No};
pub(crate) use words::{key_row, person_row};
