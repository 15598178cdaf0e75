//! A secret as somebody gives it: typed at a terminal, which does not show it, or piped in.

use std::io::{self, IsTerminal as _, Read as _};

/// Asks at the terminal for one line; where standard input is none, reads that, `max` bytes at most.
///
/// # Errors
/// When the terminal or standard input cannot be read.
pub fn read(prompt: &str, max: u64) -> io::Result<String> {
    let input = io::stdin();
    if input.is_terminal() {
        return rpassword::prompt_password(prompt);
    }
    let mut text = String::new();
    input.take(max).read_to_string(&mut text)?;
    Ok(text)
}
