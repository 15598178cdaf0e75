//! Rows of a list as they are asked for: filtered, sorted, a page of them, some of their fields, as JSON or CSV.

use super::V3Error;
use crate::app::center::screen::csv;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Rows of a page, where nothing is said.
const SIZE: usize = 2000;
/// Rows of a page at most.
const SIZE_MAX: usize = 10_000;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Select {
    /// `json` or `csv`.
    pub format: Option<String>,
    /// Names of fields, separated by commas.
    pub fields: Option<String>,
    /// From 1.
    pub page: Option<usize>,
    /// Rows of a page.
    pub size: Option<usize>,
    /// `a,b:DESC`
    pub sort: Option<String>,
    /// `f:value,g:value`: those that contain the values.
    pub filter: Option<String>,
}

impl Select {
    /// How many rows lead to the end of the page.
    pub(super) fn end(&self) -> Result<usize, V3Error> {
        let (page, size) = self.place()?;
        Ok(page.saturating_mul(size))
    }

    fn place(&self) -> Result<(usize, usize), V3Error> {
        match (self.page.unwrap_or(1), self.size.unwrap_or(SIZE)) {
            (page, size) if page > 0 && (1..=SIZE_MAX).contains(&size) => Ok((page, size)),
            _ => Err(V3Error::Parameter("a page is counted from 1 and has 1 to 10000 rows")),
        }
    }

    /// The rows wanted.
    pub(super) fn of(&self, columns: &[&str], mut rows: Vec<Value>) -> Result<Value, V3Error> {
        let filters = self.filters(columns)?;
        rows.retain(|row| filters.iter().all(|(field, value)| holds(&row[*field], value)));
        let orders = self.orders(columns)?;
        rows.sort_by(|one, other| compare(one, other, &orders));
        self.sorted(columns, rows)
    }

    /// The filters: fields and what they are to contain.
    pub(super) fn filters<'c>(&self, columns: &[&'c str]) -> Result<Vec<(&'c str, &str)>, V3Error> {
        pairs(self.filter.as_deref(), columns)
    }

    /// The orders: fields, and which way.
    pub(super) fn orders<'c>(&self, columns: &[&'c str]) -> Result<Vec<(&'c str, &str)>, V3Error> {
        pairs(self.sort.as_deref(), columns)
    }

    /// The page of rows that match and are in order.
    pub(super) fn sorted(&self, columns: &[&str], rows: Vec<Value>) -> Result<Value, V3Error> {
        let (page, size) = self.place()?;
        let rows = rows.into_iter().skip((page - 1).saturating_mul(size)).take(size);
        self.shown(columns, rows)
    }

    fn shown(&self, columns: &[&str], rows: impl Iterator<Item = Value>) -> Result<Value, V3Error> {
        let wanted: Vec<&str> = match &self.fields {
            None => columns.to_vec(),
            Some(fields) => pairs(Some(fields), columns)?.into_iter().map(|(field, _)| field).collect(),
        };
        let cut = rows.map(|mut row| {
            let take = |name: &&str| ((*name).to_owned(), row[*name].take());
            wanted.iter().map(take).collect::<Map<String, Value>>()
        });
        match self.format.as_deref() {
            None | Some("json") => Ok(cut.map(Value::Object).collect()),
            Some("csv") => Ok(Value::String(table(&wanted, cut))),
            Some(_) => Err(V3Error::Parameter("a format is json or csv")),
        }
    }
}

fn table(wanted: &[&str], rows: impl Iterator<Item = Map<String, Value>>) -> String {
    let heading: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let line = |row: Map<String, Value>| {
        csv(&wanted.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>()) + "\r\n"
    };
    rows.map(line).fold(csv(&heading) + "\r\n", |all, line| all + &line)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(cell).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

/// `a,b:word` as fields that there are, each with its word.
fn pairs<'a, 'c>(text: Option<&'a str>, columns: &[&'c str]) -> Result<Vec<(&'c str, &'a str)>, V3Error> {
    let parts = text.unwrap_or_default().split(',').filter(|part| !part.is_empty());
    let pair = |part: &'a str| {
        let (name, word) = part.split_once(':').unwrap_or((part, ""));
        let known = columns.iter().find(|column| **column == name.trim());
        known.map(|column| (*column, word)).ok_or(V3Error::Parameter("a field that there is not"))
    };
    parts.map(pair).collect()
}

fn holds(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Array(all) => all.iter().any(|each| holds(each, wanted)),
        other => cell(other).to_lowercase().contains(&wanted.to_lowercase()),
    }
}

fn compare(one: &Value, other: &Value, orders: &[(&str, &str)]) -> Ordering {
    let by = |(field, way): &(&str, &str)| {
        let order = match (one[*field].as_u64(), other[*field].as_u64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => cell(&one[*field]).cmp(&cell(&other[*field])),
        };
        if way.eq_ignore_ascii_case("desc") { order.reverse() } else { order }
    };
    orders.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows() -> Vec<Value> {
        let row = |ip: &str, last: u64, who: &str| json!({"ip": ip, "last": last, "who": [who]});
        vec![row("10.0.0.1", 9, "a"), row("10.0.0.2", 10, "b"), row("fd00::1", 10, "=b")]
    }

    fn of(select: &Select) -> Result<Value, V3Error> {
        select.of(&["ip", "last", "who"], rows())
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn rows_are_filtered_sorted_paged_and_cut() {
        let select = Select { sort: text("last:DESC,ip"), fields: text("ip"), ..Select::default() };
        assert_eq!(of(&select).unwrap(), json!([{"ip": "10.0.0.2"}, {"ip": "fd00::1"}, {"ip": "10.0.0.1"}]));
        let second = Select { page: Some(2), size: Some(2), ..select };
        assert_eq!(of(&second).unwrap(), json!([{"ip": "10.0.0.1"}]));
        let filter = Select { filter: text("ip:fd00::,who:B"), fields: text("ip"), ..Select::default() };
        assert_eq!(of(&filter).unwrap(), json!([{"ip": "fd00::1"}]));
    }

    #[test]
    fn a_spreadsheet_computes_nothing() {
        let select = Select { format: text("csv"), fields: text("who,last"), ..Select::default() };
        assert_eq!(of(&select).unwrap(), json!("who,last\r\na,9\r\nb,10\r\n\"'=b\",10\r\n"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for select in [
            Select { sort: text("colour"), ..Select::default() },
            Select { fields: text("ip,colour"), ..Select::default() },
            Select { format: text("xml"), ..Select::default() },
            Select { size: Some(0), ..Select::default() },
            Select { page: Some(0), ..Select::default() },
        ] {
            assert!(of(&select).is_err(), "{select:?}");
        }
        let far = Select { page: Some(usize::MAX), size: Some(10_000), ..Select::default() };
        assert_eq!(of(&far).unwrap(), json!([]));
    }
}
