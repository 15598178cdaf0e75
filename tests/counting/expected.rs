//! Public captures, against the figures that an independent slow program gives for them.

use super::kit::{count_file, open, summary};
use crate::support::captures;
use crate::support::model::Summary;
use serde_json::Value;
use std::path::Path;

/// Where a row and the count differ, in words; empty when they agree.
fn differences(row: &Value, folder: &Path) -> Vec<String> {
    let file = row["file"].as_str().unwrap();
    match (open(&folder.join(file)), row["error"].as_str()) {
        (Ok(capture), None) => differing_figures(row, &summary(&count_file(capture))),
        (Ok(_), Some(expected)) => vec![format!("is counted, expected: {expected}")],
        (Err(error), Some(expected)) if error.to_string().contains(expected) => Vec::new(),
        (Err(error), expected) => vec![format!("is refused: {error}; expected: {expected:?}")],
    }
}

fn differing_figures(row: &Value, ours: &Summary) -> Vec<String> {
    let figures = [
        ("components", ours.components),
        ("ip", ours.ip),
        ("mac_only", ours.mac_only),
        ("external", ours.external),
        ("infrastructure", ours.infrastructure),
        ("packets", ours.packets),
        ("undecoded", ours.undecoded),
    ];
    let differs = |(name, figure): &(&str, u64)| row[name].as_u64() != Some(*figure);
    let mut differing: Vec<String> = figures
        .into_iter()
        .filter(differs)
        .map(|(name, figure)| format!("{name} {} (counted: {figure})", row[name]))
        .collect();
    if let Some(expected) = row["list"].as_array() {
        let mut expected: Vec<&str> = expected.iter().filter_map(Value::as_str).collect();
        expected.sort_unstable();
        if expected != ours.list {
            differing.push(format!("list {expected:?} (counted: {:?})", ours.list));
        }
    }
    differing
}

#[test]
fn public_captures_count_as_expected() {
    let Some(folder) = captures::folder() else { return };
    let expected = std::fs::read_to_string(folder.join("EXPECTED.jsonl")).unwrap();
    let (mut exact, mut advisory, mut wrong) = (0, (0, 0), Vec::new());
    for row in expected.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let differing = differences(&row, &folder);
        if row["advisory"].as_bool() == Some(true) {
            advisory.0 += 1;
            advisory.1 += usize::from(!differing.is_empty());
        } else if differing.is_empty() {
            exact += 1;
        } else {
            wrong.push(format!("{}: {}", row["file"], differing.join("; ")));
        }
    }
    eprintln!("{exact} captures exact; of {} damaged ones, {} are read otherwise", advisory.0, advisory.1);
    assert!(wrong.is_empty(), "{} captures differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(exact > 500, "only {exact} captures compared");
}
