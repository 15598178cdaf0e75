//! What is stored, read back.

use super::AuditLine;
use super::StoreError;
use super::row::{activity, damaged, entry, fact, integer, nameplate, offer, sensor, time};
use super::schema::SCHEMA;
use crate::engine::entitlement::roster::{self, Roster};
use crate::engine::fleet::ledger::{Chain, Entry};
use crate::engine::fleet::{Fleet, NetworkNumber, SensorNumber};
use crate::model::bundle::Offer;
use crate::model::lease::RuleSet;
use crate::model::message::CountingPolicy;
use crate::model::time::{Now, UnixTime};
use rusqlite::{Connection, OptionalExtension, Result};
use std::path::Path;

/// Networks, sensors, facts and nameplates into a fleet.
pub(super) fn load(from: &Connection, version: u32, fleet: &mut Fleet, now: Now) -> Result<(), StoreError> {
    let mut networks = from.prepare("SELECT number, name FROM networks ORDER BY number")?;
    for row in networks.query_map([], |row| Ok((NetworkNumber(row.get(0)?), row.get(1)?)))? {
        let (number, name) = row?;
        fleet.load_network(number, name)?;
    }
    for row in from.prepare("SELECT * FROM sensors ORDER BY number")?.query_map([], sensor)? {
        fleet.load_sensor(row?, now)?;
    }
    for row in from.prepare("SELECT * FROM sightings ORDER BY id")?.query_map([], fact)? {
        let (id, fact) = row?;
        fleet.load_fact(id, fact)?;
    }
    fleet.loaded();
    // A store before the sixth version, looked at before a Center brought it forward, has no such table.
    if version >= 6 {
        let mut plates = from.prepare("SELECT sensor, network, subject, body FROM nameplates")?;
        for row in plates.query_map([], nameplate)? {
            let (id, plate) = row?;
            fleet.load_nameplate(id, plate);
        }
    }
    // Nor has one before the eighth version who talks to whom.
    if version >= 8 {
        load_activities(from, fleet)?;
    }
    Ok(())
}

fn load_activities(from: &Connection, fleet: &mut Fleet) -> Result<()> {
    for row in from.prepare("SELECT * FROM activities")?.query_map([], activity)? {
        let (id, seen) = row?;
        fleet.load_activity(id, seen);
    }
    let mut incomplete = from.prepare("SELECT sensor FROM activities_incomplete")?;
    for sensor in incomplete.query_map([], |row| row.get(0))? {
        fleet.load_activities_incomplete(SensorNumber(sensor?));
    }
    Ok(())
}

pub(super) fn policy(from: &Connection) -> Result<Option<CountingPolicy>> {
    from.query_row("SELECT body FROM policy", [], body).optional()
}

/// A row whose first column is JSON.
fn body<T: serde::de::DeserializeOwned>(row: &rusqlite::Row<'_>) -> Result<T> {
    let body: String = row.get(0)?;
    serde_json::from_str(&body).map_err(|error| damaged(0, error))
}

/// A store of the first version, looked at before a Center brought it forward, has no roster.
pub(super) fn roster(from: &Connection, version: u32) -> Result<Roster> {
    if version < 2 {
        return Ok(Roster::new(RuleSet::Community, []));
    }
    let rules = from.query_row("SELECT body FROM rules", [], body).optional()?;
    let mut select = from.prepare("SELECT body FROM ids ORDER BY sensor")?;
    let entries: Vec<roster::Entry> = select.query_map([], body)?.collect::<Result<_>>()?;
    Ok(Roster::new(rules.unwrap_or(RuleSet::Community), entries))
}

pub(super) fn licence(from: &Connection) -> Result<Option<Vec<u8>>> {
    from.query_row("SELECT state FROM licence", [], |row| row.get(0)).optional()
}

pub(super) fn audit(from: &Connection, last: usize) -> Result<Vec<AuditLine>> {
    let mut select = from.prepare("SELECT at, line FROM audit ORDER BY id DESC LIMIT ?")?;
    let line = |row: &rusqlite::Row<'_>| Ok(AuditLine { at: time(row, 0)?, line: row.get(1)? });
    let mut lines: Vec<_> = select.query_map([integer(last as u64)], line)?.collect::<Result<_>>()?;
    lines.reverse();
    Ok(lines)
}

/// Samples of the usage: the last ones since a time, oldest first.
pub(super) fn usage(from: &Connection, since: UnixTime, last: usize) -> Result<Vec<(UnixTime, String)>> {
    let sql =
        "SELECT at, body FROM ledger WHERE kind = 'usage' AND at >= ? ORDER BY at DESC, number DESC LIMIT ?";
    let mut select = from.prepare_cached(sql)?;
    let sample = |row: &rusqlite::Row<'_>| Ok((time(row, 0)?, row.get(1)?));
    let span = [integer(since.millis()), integer(last as u64)];
    let mut samples: Vec<_> = select.query_map(span, sample)?.collect::<Result<_>>()?;
    samples.reverse();
    Ok(samples)
}

pub(super) fn ledger(from: &Connection, first: u64, max: usize) -> Result<Vec<Entry>> {
    let mut select = from.prepare_cached("SELECT * FROM ledger WHERE number >= ? ORDER BY number LIMIT ?")?;
    select.query_map([integer(first), integer(max as u64)], entry)?.collect()
}

/// Kind and body. A store before the fifth version, looked at before a Center brought it forward, has none.
pub(super) fn access(from: &Connection, version: u32) -> Result<Vec<(String, String)>> {
    if version < 5 {
        return Ok(Vec::new());
    }
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    from.prepare("SELECT kind, body FROM access ORDER BY kind, id")?.query_map([], row)?.collect()
}

/// In no order that matters. A store before the third version, looked at before a Center brought it forward, has none.
pub(super) fn bundles(from: &Connection, version: u32) -> Result<Vec<Offer>> {
    if version < 3 {
        return Ok(Vec::new());
    }
    from.prepare("SELECT * FROM bundles")?.query_map([], offer)?.collect()
}

pub(super) fn ledger_end(from: &Connection) -> Result<Chain> {
    let last = from.query_row("SELECT * FROM ledger ORDER BY number DESC LIMIT 1", [], entry).optional()?;
    Ok(last.as_ref().map_or(Chain::default(), Chain::resume))
}

/// What SQLite finds wrong with its file.
pub(super) fn check(from: &Connection, path: &Path) -> Result<Vec<String>, StoreError> {
    SCHEMA.version(from, path)?;
    let mut select = from.prepare("PRAGMA integrity_check(20)")?;
    let found: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}
