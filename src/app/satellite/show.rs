//! Answers as people read them: a list as a table, anything else one line a word.

use comfy_table::{Table, presets};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// An answer as text.
pub(super) fn text(answer: &Value) -> String {
    let Some(answer) = answer.as_object() else { return format!("{answer}\n") };
    if answer.is_empty() {
        return "done\n".to_owned();
    }
    if let (1, Some(alone)) =
        (answer.len(), answer.get("code").or(answer.get("file")).and_then(Value::as_str))
    {
        return format!("{alone}\n");
    }
    let mut out = String::new();
    for (name, value) in answer {
        // Writing to a string does not fail.
        let _ = match value.as_array().map(|rows| table(name, rows)) {
            Some(rows) => write!(out, "{rows}"),
            None => writeln!(out, "{name}: {}", cell(value)),
        };
    }
    out
}

fn table(name: &str, rows: &[Value]) -> String {
    let rows: Vec<Map<String, Value>> = rows.iter().map(|row| line(name, row)).collect();
    let Some(first) = rows.first() else { return format!("no {name}\n") };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(first.keys());
    for row in &rows {
        table.add_row(row.values().map(cell));
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// A row's words. Licences read as on the portal: "14343 (9843 Reserved)", "+ 44657".
fn line(name: &str, row: &Value) -> Map<String, Value> {
    let mut words = row.as_object().cloned().unwrap_or_default();
    if name == "licenses" && words.contains_key("balance") {
        let number = |name: &str| row[name].as_u64().unwrap_or(0);
        let taken = number("reserved") + number("in_use");
        let in_use = format!("{taken} ({} Reserved)", number("reserved"));
        let balance = row["balance"].as_i64().unwrap_or(0);
        let balance = format!("{} {}", if balance < 0 { '-' } else { '+' }, balance.unsigned_abs());
        let words_of = |name: &str| row[name].clone();
        words = [
            ("Virtual Account", words_of("virtual_account")),
            ("License", words_of("license")),
            ("Billing", words_of("billing")),
            ("Expires", words_of("expires")),
            ("Purchased", words_of("purchased")),
            ("In Use", in_use.into()),
            ("Balance", balance.into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
    }
    words
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.chars().filter(|c| !c.is_control() || *c == '\n').collect(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn licences_read_as_on_the_portal() {
        let row = json!({"virtual_account": "IOT", "license": "Cisco Cyber Vision Advantage", "billing": "Prepaid",
            "expires": "-", "purchased": 59000, "reserved": 9843, "in_use": 4500, "balance": 44657});
        let shown = text(&json!({"licenses": [row]}));
        assert!(shown.contains("14343 (9843 Reserved)") && shown.contains("+ 44657"), "{shown}");
    }

    #[test]
    fn a_code_alone_is_a_line_and_nothing_is_done() {
        assert_eq!(text(&json!({"code": "<x/>"})), "<x/>\n");
        assert_eq!((text(&json!({})), text(&json!({"alerts": []}))), ("done\n".into(), "no alerts\n".into()));
    }
}
