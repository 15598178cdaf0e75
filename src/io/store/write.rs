//! Changes, as statements of one transaction.

use super::AUDIT_LINES_MAX;
use super::events::write_event;
use super::row::{address_bytes, integer, keep_number, subject_bytes, vlan_bytes};
use super::series;
use crate::engine::fleet::ledger::Entry;
use crate::engine::fleet::{ActivityId, Change, Fact, FactId, PlateChange, Sensor, SensorNumber, Session};
use crate::model::activity::Traffic;
use crate::model::bundle::Offer;
use crate::model::message::Status;
use crate::model::property::Protocol;
use crate::model::sighting::Marks;
use crate::model::time::UnixTime;
use rusqlite::{Connection, Result, params};

/// Writes one change.
pub(super) fn write(to: &Connection, change: &Change) -> Result<()> {
    match change {
        Change::Sensor(sensor) => write_sensor(to, sensor),
        Change::Session(sensor, session) => write_session(to, *sensor, session),
        Change::Status(sensor, status, at) => write_status(to, *sensor, status, *at),
        Change::Slot(sensor, slot) => series::write_slot(to, *sensor, slot),
        Change::Network(number, name) => {
            run(to, "INSERT INTO networks VALUES (?, ?)", params![number.0, name])
        }
        Change::Facts(facts) => write_facts(to, facts),
        Change::Gone(gone) => {
            let mut delete = to.prepare_cached("DELETE FROM sightings WHERE id = ?")?;
            gone.iter().try_for_each(|id| delete.execute([id.0]).map(drop))
        }
        Change::Nameplates(plates) => plates.iter().try_for_each(|plate| write_nameplate(to, plate)),
        Change::NameplatesGone(sensor) => {
            run(to, "DELETE FROM nameplates WHERE sensor = ?", params![sensor.0])
        }
        Change::Activities(seen) => seen.iter().try_for_each(|(id, seen)| write_activity(to, id, seen)),
        Change::ActivitiesIncomplete(sensor) => {
            run(to, "INSERT OR IGNORE INTO activities_incomplete VALUES (?)", params![sensor.0])
        }
        Change::ActivitiesGone(sensor) => {
            run(to, "DELETE FROM activities_incomplete WHERE sensor = ?", params![sensor.0])?;
            run(to, "DELETE FROM activities WHERE sensor = ?", params![sensor.0])
        }
        Change::Remove(sensor) => remove(to, *sensor),
        Change::Policy(policy) => {
            let body = json(policy)?;
            run(to, "INSERT OR REPLACE INTO policy VALUES (1, ?)", params![body])
        }
        Change::Event(sensor, event) => write_event(to, sensor, event),
        Change::Licence { state, audit, at } => write_licence(to, state, audit.as_deref(), *at),
        Change::Ledger(entry) => write_entry(to, entry),
        Change::Ids(entry) => {
            let row = params![entry.sensor.as_str(), json(entry)?];
            run(to, "INSERT OR REPLACE INTO ids VALUES (?, ?)", row)
        }
        Change::Rules(rules) => run(to, "INSERT OR REPLACE INTO rules VALUES (1, ?)", params![json(rules)?]),
        Change::Access { kind, id, body: Some(body) } => {
            run(to, "INSERT OR REPLACE INTO access VALUES (?, ?, ?)", params![kind, id, body])
        }
        Change::Access { kind, id, body: None } => {
            run(to, "DELETE FROM access WHERE kind = ? AND id = ?", params![kind, id])
        }
        Change::Bundle(offer) => write_bundle(to, offer),
        Change::BundleGone(digest) => {
            run(to, "DELETE FROM bundles WHERE digest = ?", params![digest.to_string()])
        }
    }
}

pub(super) fn run(to: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
    to.prepare_cached(sql)?.execute(params).map(drop)
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn write_sensor(to: &Connection, sensor: &Sensor) -> Result<()> {
    let certificate = &sensor.certificate;
    run(
        to,
        "INSERT INTO sensors (number, id, platform, enrolled_at, serial, fingerprint, revoked, enrolment, seq, keep, refused, events_dropped)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0)
         ON CONFLICT (number) DO UPDATE SET id = ?2, platform = ?3, enrolled_at = ?4, serial = ?5, fingerprint = ?6, revoked = ?7,
           enrolment = ?8",
        params![
            sensor.number.0,
            sensor.id.as_str(),
            sensor.platform,
            integer(sensor.enrolled_at.millis()),
            certificate.serial,
            certificate.fingerprint,
            sensor.revoked,
            certificate.enrolment.map(|enrolment| enrolment.to_string()),
        ],
    )
}

fn write_bundle(to: &Connection, offer: &Offer) -> Result<()> {
    let [digest, archive] = [offer.digest, offer.archive].map(|digest| digest.to_string());
    run(
        to,
        "INSERT OR REPLACE INTO bundles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            digest,
            offer.set.to_string(),
            offer.name,
            offer.released,
            offer.rules,
            archive,
            integer(offer.size),
            integer(offer.unpacked),
            offer.signed,
            integer(offer.added.millis()),
        ],
    )
}

fn write_session(to: &Connection, sensor: SensorNumber, session: &Session) -> Result<()> {
    let [epoch, purge, retired] =
        [session.epoch, session.purge, session.retired].map(|epoch| epoch.map(|epoch| epoch.to_string()));
    let sql = "UPDATE sensors SET epoch = ?2, seq = ?3, keep = ?4, purge = ?5, retired = ?6, refused = ?7 WHERE number = ?1";
    let (seq, refused) = (integer(session.seq), integer(session.refused));
    run(to, sql, params![sensor.0, epoch, seq, keep_number(session.keep), purge, retired, refused])
}

fn write_status(to: &Connection, sensor: SensorNumber, status: &Status, at: UnixTime) -> Result<()> {
    let sql = "UPDATE sensors SET status = ?2, last_seen = ?3 WHERE number = ?1";
    run(to, sql, params![sensor.0, json(status)?, integer(at.millis())])
}

fn write_facts(to: &Connection, facts: &[(FactId, Fact)]) -> Result<()> {
    let mut upsert = to.prepare_cached(
        "INSERT INTO sightings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET sensor = ?2, network = ?3, mac = ?4, ip = ?5, marks = ?6, kept = ?7, vlans = ?8,
         first = ?9, last = ?10, packets = ?11",
    )?;
    for (id, fact) in facts {
        let mac = fact.key.has_mac().then(|| integer(fact.key.mac().bits()));
        let ip = fact.key.address().map(address_bytes);
        let (vlans, end) = vlan_bytes(&fact.vlans);
        upsert.execute(params![
            id.0,
            fact.sensor.0,
            fact.network.0,
            mac,
            ip.as_ref().map(|(bytes, end)| &bytes[..*end]),
            fact.marks.bits(),
            fact.kept.bits(),
            (end > 0).then_some(&vlans[..end]),
            integer(fact.first.millis()),
            integer(fact.last.millis()),
            integer(fact.packets),
        ])?;
    }
    debug_assert!(facts.iter().all(|(_, fact)| fact.effective() != Marks::NONE), "what says nothing is gone");
    Ok(())
}

fn write_nameplate(to: &Connection, (id, plate): &PlateChange) -> Result<()> {
    let (bytes, end) = subject_bytes(id.subject);
    let subject = &bytes[..end];
    if let Some(plate) = plate {
        let row = params![id.sensor.0, id.network.0, subject, json(plate)?];
        run(to, "INSERT OR REPLACE INTO nameplates VALUES (?, ?, ?, ?)", row)
    } else {
        let sql = "DELETE FROM nameplates WHERE sensor = ? AND network = ? AND subject = ?";
        run(to, sql, params![id.sensor.0, id.network.0, subject])
    }
}

fn write_activity(to: &Connection, id: &ActivityId, seen: &Traffic) -> Result<()> {
    let (bytes, end) = subject_bytes(id.talk.one);
    let (peer, protocol) = (id.talk.other.to_string(), id.talk.protocol.map_or("", Protocol::name));
    let [packets, octets, first, last] =
        [seen.packets, seen.bytes, seen.first.millis(), seen.last.millis()].map(integer);
    run(
        to,
        "INSERT OR REPLACE INTO activities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![id.sensor.0, id.network.0, &bytes[..end], peer, protocol, packets, octets, first, last],
    )
}

fn remove(to: &Connection, sensor: SensorNumber) -> Result<()> {
    run(
        to,
        "DELETE FROM events WHERE sensor = (SELECT id FROM sensors WHERE number = ?)",
        params![sensor.0],
    )?;
    run(to, "DELETE FROM series WHERE sensor = ?", params![sensor.0])?;
    run(to, "DELETE FROM sensors WHERE number = ?", params![sensor.0])
}

fn write_licence(to: &Connection, state: &[u8], audit: Option<&str>, at: UnixTime) -> Result<()> {
    run(to, "INSERT OR REPLACE INTO licence VALUES (1, ?)", params![state])?;
    let Some(line) = audit else { return Ok(()) };
    run(to, "INSERT INTO audit (at, line) VALUES (?, ?)", params![integer(at.millis()), line])?;
    let oldest = to.last_insert_rowid().saturating_sub(integer(AUDIT_LINES_MAX as u64));
    run(to, "DELETE FROM audit WHERE id <= ?", params![oldest])
}

fn write_entry(to: &Connection, entry: &Entry) -> Result<()> {
    let (number, at) = (integer(entry.number), integer(entry.at.millis()));
    let row = params![number, at, entry.kind.name(), entry.body, entry.previous.0, entry.hash.0];
    run(to, "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", row)
}
