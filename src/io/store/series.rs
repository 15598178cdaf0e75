//! Two rings of slots a sensor, of a fixed size: a later time takes an older one's place.

use super::row::{integer, natural, time};
use super::write::run;
use crate::engine::fleet::{Ring, SensorNumber, Slot};
use crate::model::time::UnixTime;
use rusqlite::{Connection, Result, Row, params};

const fn number(ring: Ring) -> u8 {
    match ring {
        Ring::Minutes => 0,
        Ring::Hours => 1,
    }
}

/// Adds to what both rings have of that time.
pub(super) fn write_slot(to: &Connection, sensor: SensorNumber, slot: &Slot) -> Result<()> {
    let sql = "INSERT INTO series VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (sensor, ring, place) DO UPDATE SET
        processed = iif(at = ?4, processed, 0) + ?5, dropped = iif(at = ?4, dropped, 0) + ?6,
        born = iif(at = ?4, born, 0) + ?7, at = ?4";
    for ring in Ring::ALL {
        let (place, at) = (integer(ring.place(slot.at)), integer(ring.start(slot.at).millis()));
        let [processed, dropped, born] = [slot.processed, slot.dropped, slot.born].map(integer);
        run(to, sql, params![sensor.0, number(ring), place, at, processed, dropped, born])?;
    }
    Ok(())
}

/// The slots of a sensor from a time on, oldest first. A store before the seventh version, looked at before a Center brought
/// it forward, has none.
pub(super) fn slots(
    from: &Connection,
    version: u32,
    (sensor, ring): (SensorNumber, Ring),
    (first, last): (UnixTime, UnixTime),
) -> Result<Vec<Slot>> {
    if version < 7 {
        return Ok(Vec::new());
    }
    let sql = "SELECT at, processed, dropped, born FROM series
        WHERE sensor = ? AND ring = ? AND at >= ? AND at <= ? ORDER BY at";
    let span = [first, last].map(|time| integer(time.millis()));
    from.prepare_cached(sql)?.query_map(params![sensor.0, number(ring), span[0], span[1]], slot)?.collect()
}

fn slot(row: &Row<'_>) -> Result<Slot> {
    let [processed, dropped, born] = [natural(row, 1)?, natural(row, 2)?, natural(row, 3)?];
    Ok(Slot { at: time(row, 0)?, processed, dropped, born })
}
