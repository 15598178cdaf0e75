//! Events: the last ones of each sensor; those that give way are counted.

use super::EVENTS_PER_SENSOR;
use super::row::{damaged, integer};
use super::write::{json, run};
use crate::model::ident::SensorId;
use crate::model::message::Event;
use rusqlite::{Connection, Result, params};

/// Writes an event once, however often it comes.
pub(super) fn write_event(to: &Connection, sensor: &SensorId, event: &Event) -> Result<()> {
    let instance = event.instance.to_string();
    let row = params![sensor.as_str(), instance, integer(event.number), json(event)?];
    let mut insert = to.prepare_cached(
        "INSERT OR IGNORE INTO events (sensor, instance, number, body) VALUES (?, ?, ?, ?)",
    )?;
    if insert.execute(row)? == 0 {
        return Ok(());
    }
    let gone = drop_oldest(to, sensor)?;
    let dropped = integer(event.dropped).saturating_add(integer(gone as u64));
    if dropped == 0 {
        return Ok(());
    }
    // Both are bounded, so that a hostile count cannot overflow.
    let sql = "UPDATE sensors SET events_dropped = min(events_dropped + min(?2, 1000000000), 1000000000000000) WHERE id = ?1";
    run(to, sql, params![sensor.as_str(), dropped])
}

fn drop_oldest(to: &Connection, sensor: &SensorId) -> Result<usize> {
    let mut delete = to.prepare_cached(
        "DELETE FROM events WHERE sensor = ?1 AND id <= (SELECT id FROM events WHERE sensor = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?;
    delete.execute(params![sensor.as_str(), integer(EVENTS_PER_SENSOR as u64)])
}

/// The last events, oldest first.
pub(super) fn last_events(from: &Connection, of: Option<&SensorId>, last: usize) -> Result<Vec<Event>> {
    let mut select = from.prepare_cached(
        "SELECT body FROM events WHERE sensor = ?1 OR ?1 IS NULL ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = select.query_map(params![of.map(SensorId::as_str), integer(last as u64)], |row| {
        let body: String = row.get(0)?;
        serde_json::from_str(&body).map_err(|error| damaged(0, error))
    })?;
    let mut events: Vec<Event> = rows.collect::<Result<_>>()?;
    events.reverse();
    Ok(events)
}
