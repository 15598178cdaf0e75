//! Words as columns, and back. What is not as it was written is damage, and said so.

use crate::engine::fleet::ledger::{Entry, Hash, Kind};
use crate::engine::fleet::{
    ActivityId, Certificate, Fact, FactId, Keep, NetworkNumber, PlateId, Sensor, SensorNumber, Session,
};
use crate::model::activity::{Peer, Talk, Traffic};
use crate::model::bundle::Offer;
use crate::model::ident::{Epoch, SensorId};
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::nameplate::Nameplate;
use crate::model::property::Protocol;
use crate::model::sighting::Marks;
use crate::model::time::UnixTime;
use crate::model::vlan::VlanSet;
use rusqlite::Row;
use rusqlite::types::Type;
use std::net::IpAddr;
use std::str::FromStr;

/// A column that does not hold what it should.
pub(super) fn damaged(
    column: usize,
    what: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, Box::new(what))
}

#[derive(Debug, thiserror::Error)]
#[error("not what was written there")]
struct Unexpected;

fn unexpected(column: usize) -> rusqlite::Error {
    damaged(column, Unexpected)
}

/// SQLite's integers have a sign; nothing here comes near the end of them.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number that cannot be negative.
pub(super) fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|error| damaged(column, error))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<UnixTime> {
    natural(row, column).map(UnixTime::from_millis)
}

fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|error| damaged(column, error))
}

fn epoch(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Epoch>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|error| damaged(column, error))).transpose()
}

pub(super) const fn keep_number(keep: Keep) -> u8 {
    match keep {
        Keep::Nothing => 0,
        Keep::UntilEqual => 1,
        Keep::UntilForgotten => 2,
    }
}

fn keep(row: &Row<'_>, column: usize) -> rusqlite::Result<Keep> {
    let number: u8 = row.get(column)?;
    let all = [Keep::Nothing, Keep::UntilEqual, Keep::UntilForgotten];
    all.into_iter().find(|keep| keep_number(*keep) == number).ok_or_else(|| unexpected(column))
}

/// A store that was not brought forward yet has no such column.
fn enrolment(row: &Row<'_>) -> rusqlite::Result<Option<Epoch>> {
    row.as_ref().column_index("enrolment").map_or(Ok(None), |column| epoch(row, column))
}

/// A row of `SELECT * FROM sensors`.
pub(super) fn sensor(row: &Row<'_>) -> rusqlite::Result<Sensor> {
    let status: Option<String> = row.get(13)?;
    Ok(Sensor {
        number: SensorNumber(row.get(0)?),
        id: parsed::<SensorId>(row, 1)?,
        platform: row.get(2)?,
        enrolled_at: time(row, 3)?,
        certificate: Certificate {
            serial: row.get(4)?,
            fingerprint: row.get(5)?,
            enrolment: enrolment(row)?,
        },
        revoked: row.get(6)?,
        session: Session {
            epoch: epoch(row, 7)?,
            seq: natural(row, 8)?,
            keep: keep(row, 9)?,
            purge: epoch(row, 10)?,
            retired: epoch(row, 11)?,
            refused: natural(row, 12)?,
        },
        // A status of a version that is not understood any more is no damage: the next one comes within a minute.
        status: status.and_then(|text| serde_json::from_str(&text).ok()),
        last_seen: row.get::<_, Option<i64>>(14)?.map(|at| UnixTime::from_millis(at.unsigned_abs())),
        events_dropped: natural(row, 15)?,
    })
}

/// The bytes of an address: 4 or 16.
pub(super) fn address_bytes(address: IpAddr) -> ([u8; 16], usize) {
    match address {
        IpAddr::V4(v4) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&v4.octets());
            (bytes, 4)
        }
        IpAddr::V6(v6) => (v6.octets(), 16),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

/// The half that a nameplate is about.
pub(super) fn subject_bytes(subject: Key) -> ([u8; 16], usize) {
    subject.address().map_or_else(
        || {
            let mut bytes = [0; 16];
            bytes[..6].copy_from_slice(&subject.mac().bits().to_be_bytes()[2..]);
            (bytes, 6)
        },
        address_bytes,
    )
}

fn subject(bytes: &[u8]) -> Option<Key> {
    let mac = || <[u8; 6]>::try_from(bytes).ok().map(|bytes| Key::station(MacAddr::new(bytes)));
    mac().or_else(|| address(bytes).map(|address| Key::EMPTY.with_address(address)))
}

/// A row of `SELECT sensor, network, subject, body FROM nameplates`.
pub(super) fn nameplate(row: &Row<'_>) -> rusqlite::Result<(PlateId, Nameplate)> {
    let subject = subject(row.get_ref(2)?.as_blob()?).ok_or_else(|| unexpected(2))?;
    let id = PlateId { sensor: SensorNumber(row.get(0)?), network: NetworkNumber(row.get(1)?), subject };
    let body: String = row.get(3)?;
    Ok((id, serde_json::from_str(&body).map_err(|error| damaged(3, error))?))
}

/// A row of `SELECT * FROM activities`.
pub(super) fn activity(row: &Row<'_>) -> rusqlite::Result<(ActivityId, Traffic)> {
    let one = subject(row.get_ref(2)?.as_blob()?).ok_or_else(|| unexpected(2))?;
    let (other, protocol) = (parsed::<Peer>(row, 3)?, Protocol::named(row.get_ref(4)?.as_str()?));
    let talk = Talk { one, other, protocol };
    let id = ActivityId { sensor: SensorNumber(row.get(0)?), network: NetworkNumber(row.get(1)?), talk };
    let (packets, bytes) = (natural(row, 5)?, natural(row, 6)?);
    Ok((id, Traffic { packets, bytes, first: time(row, 7)?, last: time(row, 8)? }))
}

fn key(row: &Row<'_>, mac: usize, ip: usize) -> rusqlite::Result<Key> {
    let bits = row.get::<_, Option<i64>>(mac)?.unwrap_or(0);
    let station = Key::station(MacAddr::from_bits(bits.cast_unsigned()));
    match row.get_ref(ip)?.as_blob_or_null()? {
        None => Ok(station),
        Some(bytes) => {
            address(bytes).map(|ip_address| station.with_address(ip_address)).ok_or_else(|| unexpected(ip))
        }
    }
}

/// The ids, two bytes each, least significant first.
pub(super) fn vlan_bytes(vlans: &VlanSet) -> ([u8; 2 * VlanSet::MAX], usize) {
    let mut bytes = [0; 2 * VlanSet::MAX];
    let mut end = 0;
    for id in vlans.sorted() {
        bytes[end..end + 2].copy_from_slice(&id.to_le_bytes());
        end += 2;
    }
    (bytes, end)
}

fn vlans(row: &Row<'_>, column: usize) -> rusqlite::Result<VlanSet> {
    let mut set = VlanSet::EMPTY;
    let bytes = row.get_ref(column)?.as_blob_or_null()?.unwrap_or(&[]);
    let (ids, rest) = bytes.as_chunks::<2>();
    if bytes.len() > 2 * VlanSet::MAX || !rest.is_empty() {
        return Err(unexpected(column));
    }
    ids.iter().for_each(|id| set.insert(u16::from_le_bytes(*id)));
    Ok(set)
}

/// A row of `SELECT * FROM sightings`.
pub(super) fn fact(row: &Row<'_>) -> rusqlite::Result<(FactId, Fact)> {
    let fact = Fact {
        sensor: SensorNumber(row.get(1)?),
        network: NetworkNumber(row.get(2)?),
        key: key(row, 3, 4)?,
        marks: Marks::from_bits(row.get(5)?).reported(),
        kept: Marks::from_bits(row.get(6)?).reported(),
        vlans: vlans(row, 7)?,
        first: time(row, 8)?,
        last: time(row, 9)?,
        packets: natural(row, 10)?,
    };
    Ok((FactId(row.get(0)?), fact))
}

/// A row of `SELECT * FROM bundles`.
pub(super) fn offer(row: &Row<'_>) -> rusqlite::Result<Offer> {
    Ok(Offer {
        digest: parsed(row, 0)?,
        set: parsed(row, 1)?,
        name: row.get(2)?,
        released: row.get(3)?,
        rules: row.get(4)?,
        archive: parsed(row, 5)?,
        size: natural(row, 6)?,
        unpacked: natural(row, 7)?,
        signed: row.get(8)?,
        added: time(row, 9)?,
    })
}

/// A row of `SELECT * FROM ledger`.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let kind: String = row.get(2)?;
    Ok(Entry {
        number: natural(row, 0)?,
        at: time(row, 1)?,
        kind: Kind::named(&kind).ok_or_else(|| unexpected(2))?,
        body: row.get(3)?,
        previous: Hash(row.get(4)?),
        hash: Hash(row.get(5)?),
    })
}
