//! The licence authority's books: accounts, licences, tokens, product instances, reservations.
//!
//! Named, and not built yet.
