//! Answers as people read them: a list as a table, anything else one line a word.

use comfy_table::{Table, presets};
use serde_json::Value;
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

/// The order in which columns are read; others stand behind them.
const ORDER: [&str; 12] = [
    "number",
    "at",
    "id",
    "severity",
    "kind",
    "name",
    "license",
    "account",
    "virtual_account",
    "billing",
    "expires",
    "purchased",
];

fn table(name: &str, rows: &[Value]) -> String {
    let portal = name == "licenses" && rows.iter().all(|row| row["balance"].is_i64());
    let rows: Vec<Vec<(&str, Value)>> =
        rows.iter().map(|row| if portal { portal_line(row) } else { line(row) }).collect();
    let Some(first) = rows.first() else { return format!("no {name}\n") };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(first.iter().map(|(name, _)| name.replace('_', " ")));
    for row in &rows {
        table.add_row(row.iter().map(|(_, value)| cell(value)));
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

fn line(row: &Value) -> Vec<(&str, Value)> {
    let words = row.as_object().into_iter().flatten();
    let mut words: Vec<(&str, Value)> = words.map(|(name, value)| (name.as_str(), value.clone())).collect();
    words.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    words
}

/// Licences read as on the portal: "14343 (9843 Reserved)", "+ 44657".
fn portal_line(row: &Value) -> Vec<(&'static str, Value)> {
    let number = |name: &str| row[name].as_u64().unwrap_or(0);
    let reserved = number("reserved");
    let in_use = format!("{} ({reserved} Reserved)", reserved.saturating_add(number("in_use")));
    let balance = row["balance"].as_i64().unwrap_or(0);
    let balance = format!("{} {}", if balance < 0 { '-' } else { '+' }, balance.unsigned_abs());
    vec![
        ("Virtual Account", row["virtual_account"].clone()),
        ("License", row["license"].clone()),
        ("Billing", row["billing"].clone()),
        ("Expires", row["expires"].clone()),
        ("Purchased", row["purchased"].clone()),
        ("In Use", in_use.into()),
        ("Balance", balance.into()),
    ]
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
        assert!(shown.starts_with("Virtual Account"), "in the portal's order: {shown}");
    }

    #[test]
    fn a_code_alone_is_a_line_and_nothing_is_done() {
        assert_eq!(text(&json!({"code": "<x/>"})), "<x/>\n");
        assert_eq!((text(&json!({})), text(&json!({"alerts": []}))), ("done\n".into(), "no alerts\n".into()));
    }
}
