//! Text that strangers wrote, made harmless once, where it comes in.

use serde::{Deserialize, Serialize};
use std::fmt;

/// At most 96 bytes on one line, without anything that steers a terminal, turns the direction of writing, hides, or
/// makes a spreadsheet calculate. What was such a character is U+FFFD; what looks like a formula has an apostrophe before
/// it. Markup is left alone: each page escapes it anyway.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct PlainText(Box<str>);

impl PlainText {
    /// Bytes of the longest text.
    pub const MAX: usize = 96;
    /// Bytes looked at; what lies behind is left out.
    const READ_MAX: usize = 4 * Self::MAX;

    /// Reads up to a NUL, as UTF-8 with its errors replaced. `None` when nothing is left.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().take(Self::READ_MAX).position(|&byte| byte == 0);
        let bytes = &bytes[..end.unwrap_or(bytes.len().min(Self::READ_MAX))];
        let text = Self::of(&String::from_utf8_lossy(bytes));
        (!text.0.is_empty()).then_some(text)
    }

    fn of(text: &str) -> Self {
        let mut plain = line(text, Self::MAX);
        if plain.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            plain.insert(0, '\'');
        }
        plain.truncate(plain.floor_char_boundary(Self::MAX));
        Self(plain.trim_end().into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text on one line of at most `max` bytes, each character that steers or hides as U+FFFD.
pub fn line(text: &str, max: usize) -> String {
    let mut plain = String::new();
    for word in text.split_whitespace() {
        let space = if plain.is_empty() { "" } else { " " };
        plain.push_str(space);
        let left = max.saturating_sub(plain.len());
        let word = word.chars().take(left.saturating_add(1));
        plain.extend(word.map(|c| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c }));
        if plain.len() > max {
            break;
        }
    }
    plain.truncate(plain.floor_char_boundary(max));
    plain.truncate(plain.trim_end().len());
    plain
}

/// Controls, and what Unicode has for steering without being seen: marks of direction, joiners, fillers, tags, variation
/// selectors, private use.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{10ffff}'
        )
}

/// What comes from a file or a message is no safer than what comes from a frame.
impl From<String> for PlainText {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl fmt::Display for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> String {
        PlainText::read(bytes).map_or_else(String::new, |text| text.to_string())
    }

    #[test]
    fn hostile_text_is_harmless() {
        assert_eq!(read(b"plc-7\0junk"), "plc-7");
        assert_eq!(read(b" Cisco IOS\r\n  Version 15.2\t\n"), "Cisco IOS Version 15.2");
        assert_eq!(read(b"\x1b[31mred"), "\u{fffd}[31mred");
        assert_eq!(read("abc\u{202e}fdp.exe".as_bytes()), "abc\u{fffd}fdp.exe");
        assert_eq!(read("a\u{2028}b\u{85}c".as_bytes()), "a b c");
        assert_eq!(read(b"=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(read(b"\t@SUM(1)"), "'@SUM(1)");
        assert_eq!(read("＝SUM(1)".as_bytes()), "'＝SUM(1)");
        assert_eq!(read(&[0xff, b'x']), "\u{fffd}x");
        assert_eq!((read(b""), read(b"\0x"), read(b" \r\n")), (String::new(), String::new(), String::new()));
        assert_eq!(read("Prüfstand 3 <b>".as_bytes()), "Prüfstand 3 <b>");
        assert_eq!(read(&[b'x'; 65_536]).len(), PlainText::MAX);
    }

    proptest! {
        #[test]
        fn any_bytes_become_one_short_plain_line(bytes in proptest::collection::vec(any::<u8>(), 0..600), text: String) {
            for text in [read(&bytes), read(text.as_bytes())] {
                prop_assert!(text.len() <= PlainText::MAX);
                prop_assert!(!text.chars().any(is_harmful));
                prop_assert!(!text.starts_with(['=', '+', '-', '@', ' ']));
                let again = PlainText::from(text.clone());
                prop_assert_eq!(again.as_str(), &text, "the same when read again");
            }
        }
    }
}
