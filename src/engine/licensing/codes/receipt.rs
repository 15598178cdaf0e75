//! The codes that go back to the authority: confirmation of an update, and return of a reservation.
//!
//! Both are digests that the authority computes as well. They prove that a Center with this reservation made them as far
//! as people carry them honestly: without contact there is no secret between the two.

use super::base58::{digest, encode};
use super::udi::Udi;

/// Confirms that the authorization code with this digest was installed as update number `update`: 18 characters in
/// groups of six.
pub fn confirmation_code(request: &str, udi: &Udi, update: u32, installed: &str) -> String {
    let hash = digest("tollgate confirmation v1", &[request, &identity(udi), &update.to_string(), installed]);
    grouped(&encode(&hash, 18))
}

/// Says that the reservation of this request, with the last installed code of this digest, is given back: `C` and 50
/// characters, in groups of six, the last of three.
pub fn return_code(request: &str, udi: &Udi, installed: &str) -> String {
    let parts = [request, &identity(udi), installed];
    let (hash, check) = (digest("tollgate return v1", &parts), digest("tollgate return check v1", &parts));
    let bytes: Vec<u8> = hash.into_iter().chain(check.into_iter().take(4)).collect();
    grouped(&format!("C{}", encode(&bytes, 50)))
}

/// Whether two codes are the same, however they are grouped.
pub fn is_same_code(one: &str, other: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect() };
    letters(one) == letters(other)
}

/// A product is the same in every case of letters.
fn identity(udi: &Udi) -> String {
    format!("P:{},S:{}", udi.product().to_ascii_uppercase(), udi.serial())
}

fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(6).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
