//! The union over sensors: components per network, confirmed or not, and how each sensor stands.
//!
//! Named, and not built yet.
