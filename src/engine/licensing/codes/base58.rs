//! Base58 of fixed length, in the alphabet without `0`, `O`, `I` and `l`, and a digest to fill it.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The bytes, read as one big number, in exactly `chars` digits; what does not fit is cut off at the top.
pub(super) fn encode(bytes: &[u8], chars: usize) -> String {
    let mut digits = vec![0_u32; chars];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in digits.iter_mut().rev() {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
    }
    digits.into_iter().map(letter).collect()
}

fn letter(digit: u32) -> char {
    usize::try_from(digit).ok().and_then(|at| ALPHABET.get(at)).map_or('1', |byte| char::from(*byte))
}

/// Whether all characters are of the alphabet.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// SHA-256 of a purpose and parts, each ended by a line break, which no part holds.
pub(super) fn digest(purpose: &str, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        assert_eq!(encode(b"Hello World!", 17), "12NEpo7TZRRrLZSi2U".get(1..).unwrap());
        assert_eq!(encode(&[0, 57], 3), "11z");
        assert_eq!(encode(&[58], 2), "21");
        assert!(is_plain("BRUWxwm1X") && !is_plain("0") && !is_plain("l") && !is_plain("é"));
    }
}
