//! Who may do what at a program that people and programs ask: roles, people with a password, keys with an end, and how
//! often a password may be tried. Shared by all that have such a door; each keeps its own people and keys.

mod denied;
mod logins;
mod people;
mod register;

pub use denied::Denied;
pub use logins::Logins;
pub use people::{Actor, Digest, Key, Person, Role, SESSION_LASTS, Task};
pub use register::{Register, Touched};
