//! What reaches a terminal, a spreadsheet or a program. Sensors' words may be hostile: they are shown, never obeyed.

use serde::Serialize;
use std::fmt::Write as _;

/// Text that a terminal shows and does nothing else with: control, formatting and direction marks are written out.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// JSON of ASCII only, so that no byte of it can mean anything to a terminal.
///
/// # Errors
/// When the value cannot be JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ' ' || c.is_ascii_graphic() {
            out.push(c);
        } else {
            // Outside its strings JSON is printable ASCII, so this stands within one.
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    Ok(out)
}

/// One line of comma separated values. A cell that a spreadsheet would take for a formula gets an apostrophe.
pub(super) fn csv(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(&safe(cell))).collect();
    cells.join(",")
}

fn csv_cell(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']) && cell != "-";
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', ' ', '\'']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("\u{202e}gnp\u{9b}2J\u{7f}\n"), "\\u{202e}gnp\\u{9b}2J\\u{7f}\\u{a}");
        assert_eq!(safe("Presse Süd 2"), "Presse Süd 2");
    }

    #[test]
    fn json_is_ascii_and_reads_back() {
        let hostile = "\u{9b}2J \u{1f600} \u{202e}\"\n\u{7f}";
        let text = json(&hostile).unwrap();
        assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b)), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn a_spreadsheet_computes_nothing() {
        let line =
            csv(&["=cmd|'/C calc'!A0", "+1", "@x", "-2", "-", "a,b", "say \"x\"", "plain"].map(String::from));
        assert_eq!(line, "\"'=cmd|'/C calc'!A0\",\"'+1\",\"'@x\",\"'-2\",-,\"a,b\",\"say \"\"x\"\"\",plain");
    }
}
