//! The Smart Agent: evaluation, registration, authorization, reservation, utility mode; one machine.
//!
//! Named, and not built yet.
