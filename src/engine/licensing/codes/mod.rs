//! The codes that people carry between Center and authority.
//!
//! | code | from | form |
//! |---|---|---|
//! | [`RequestCode`] | Center | `CB-Z` product `:` serial number `-` 9 characters `-` 2 check characters |
//! | [`Authorization`] | authority | one line of XML, signed |
//! | [`confirmation_code`] | Center | 18 characters in groups of six |
//! | [`return_code`] | Center | `C` and 50 characters in groups of six |
//!
//! All but the signature is of our own making: nothing here can be used with the vendor's service.

mod authorization;
mod base58;
mod issue;
mod key;
mod receipt;
mod refusal;
mod request;
mod scan;
mod udi;

pub use authorization::{Authorization, CODE_MAX, COUNT_MAX, ENTITLEMENTS_MAX, Entitlement, read};
pub use issue::{NoIssue, end_of_term, issue};
pub use key::{AuthorityKey, AuthoritySecret, NoKey};
pub use receipt::{confirmation_code, is_same_code, return_code};
pub use refusal::CodeRefusal;
pub use request::RequestCode;
pub use udi::{NoUdi, Udi};

#[cfg(test)]
mod tests;
