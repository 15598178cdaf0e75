//! Passwords: Argon2id (RFC 9106) with the library's recommended cost, as a PHC string.

use super::random::{self, NoRandomness};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

/// The shortest password that is taken.
pub const LENGTH_MIN: usize = 12;
/// The longest.
pub const LENGTH_MAX: usize = 256;

/// Why there is no hash of a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has {LENGTH_MIN} to {LENGTH_MAX} bytes")]
    Length,
    /// No salt.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// No memory for it.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// The PHC string of a password, with a fresh salt.
///
/// # Errors
/// When the password has not the length, or the system no memory or randomness.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&password.len()) {
        return Err(PasswordError::Length);
    }
    let salt: Vec<u8> = random::key()?.iter().flat_map(|half| half.to_be_bytes()).collect();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Whether a password is the one of this PHC string.
pub fn verify(password: &str, hash: &str) -> bool {
    let known = PasswordHash::new(hash);
    password.len() <= LENGTH_MAX
        && known.is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
}

/// The hash of a password that nobody has, of the same cost as all others.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// As [`verify`]; no hash takes as long as a wrong password, so that the time tells nobody who has one.
pub fn verify_any(password: &str, hash: Option<&str>) -> bool {
    verify(password, hash.unwrap_or(NOBODY)) && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let hash = hash("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(verify("correct horse battery", &hash));
        assert!(!verify("correct horse batterz", &hash));
        assert!(!verify("correct horse battery", "$argon2id$nonsense"));
    }

    #[test]
    fn who_is_not_known_costs_as_much() {
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(NOBODY), cost(&hash("correct horse battery").unwrap()));
        assert!(PasswordHash::new(NOBODY).is_ok_and(|hash| hash.hash.is_some_and(|hash| hash.len() == 32)));
        assert!(!verify_any("correct horse battery", None));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(matches!(hash("elevenchars"), Err(PasswordError::Length)));
        assert!(matches!(hash(&"x".repeat(257)), Err(PasswordError::Length)));
    }
}
