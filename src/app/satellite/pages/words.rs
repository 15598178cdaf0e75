//! How the portal writes days, times and words in addresses.

use crate::model::time::UnixTime;
use std::fmt::Write as _;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `2022-Aug-10 09:52:17`, UTC.
pub(super) fn time(at: UnixTime) -> String {
    let text = at.to_string();
    format!("{} {}", day(text.get(..10).unwrap_or("")), text.get(11..19).unwrap_or(""))
}

/// `2022-Aug-10` of `2022-08-10`; what is no day stays as it is.
pub(super) fn day(text: &str) -> String {
    let month = text.get(5..7).and_then(|month| month.parse::<usize>().ok());
    match month.and_then(|month| MONTHS.get(month.checked_sub(1)?)) {
        Some(month) if text.len() == 10 => format!("{}{month}{}", &text[..5], &text[7..]),
        _ => text.to_owned(),
    }
}

/// A word as part of an address.
pub(super) fn escaped(word: &str) -> String {
    let mut out = String::new();
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_read_as_on_the_portal() {
        let at = UnixTime::from_millis(1_660_125_137_000);
        assert_eq!(time(at), "2022-Aug-10 09:52:17");
        assert_eq!(
            [day("2025-07-01"), day("multiple terms"), day("-")],
            ["2025-Jul-01", "multiple terms", "-"]
        );
        assert_eq!(day("2025-13-01"), "2025-13-01");
        assert_eq!(escaped("Plant 1/ä&<"), "Plant%201%2F%C3%A4%26%3C");
    }
}
