//! Random keys, from the operating system (getrandom(2)).

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoRandomness(getrandom::Error);

/// A fresh 128-bit key, not to be guessed by who sends the traffic.
///
/// # Errors
/// When the operating system has no source of randomness; there is no fallback.
pub fn key() -> Result<[u64; 2], NoRandomness> {
    Ok([getrandom::u64().map_err(NoRandomness)?, getrandom::u64().map_err(NoRandomness)?])
}

/// 256 random bits as hexadecimal digits: keys, tokens.
///
/// # Errors
/// As [`key`].
pub fn secret() -> Result<String, NoRandomness> {
    let halves = [key()?, key()?];
    Ok(halves.iter().flatten().map(|part| format!("{part:016x}")).collect::<Vec<_>>().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_differ() {
        assert_ne!(key().unwrap(), key().unwrap());
    }
}
