//! The tables of a Center.

use crate::io::sqlite::Schema;

/// "toll": names the file's program.
pub(super) const SCHEMA: Schema =
    Schema { application_id: 0x746f_6c6c, migrations: &[V1, V2, V3, V4, V5, V6, V7, V8] };

const V2: &str = "
CREATE TABLE ids (sensor TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE rules (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
";

const V1: &str = "
CREATE TABLE sensors (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, enrolled_at INTEGER NOT NULL,
    serial TEXT NOT NULL, fingerprint TEXT NOT NULL, revoked INTEGER NOT NULL,
    epoch TEXT, seq INTEGER NOT NULL, keep INTEGER NOT NULL, purge TEXT, retired TEXT, refused INTEGER NOT NULL,
    status TEXT, last_seen INTEGER, events_dropped INTEGER NOT NULL);
CREATE TABLE networks (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE sightings (
    id INTEGER PRIMARY KEY, sensor INTEGER NOT NULL, network INTEGER NOT NULL, mac INTEGER, ip BLOB,
    marks INTEGER NOT NULL, kept INTEGER NOT NULL, vlans BLOB, first INTEGER NOT NULL, last INTEGER NOT NULL,
    packets INTEGER NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sensor TEXT NOT NULL, instance TEXT NOT NULL, number INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (sensor, instance, number));
CREATE INDEX events_of_sensor ON events (sensor, id);
CREATE TABLE policy (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
CREATE TABLE licence (one INTEGER PRIMARY KEY CHECK (one = 1), state BLOB NOT NULL);
CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    previous BLOB NOT NULL, hash BLOB NOT NULL);
";

const V4: &str = "ALTER TABLE sensors ADD COLUMN enrolment TEXT;";

const V3: &str = "
CREATE TABLE bundles (
    digest TEXT PRIMARY KEY, rule_set TEXT NOT NULL, name TEXT NOT NULL, released TEXT NOT NULL, rules INTEGER NOT NULL,
    archive TEXT NOT NULL, size INTEGER NOT NULL, unpacked INTEGER NOT NULL, signed INTEGER NOT NULL,
    added INTEGER NOT NULL);
";

const V5: &str = "
CREATE TABLE access (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
";

/// A subject is six bytes of a MAC, or four or sixteen of an address.
const V6: &str = "
CREATE TABLE nameplates (
    sensor INTEGER NOT NULL, network INTEGER NOT NULL, subject BLOB NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (sensor, network, subject)) WITHOUT ROWID;
";

const V7: &str = "
CREATE TABLE series (
    sensor INTEGER NOT NULL, ring INTEGER NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL,
    processed INTEGER NOT NULL, dropped INTEGER NOT NULL, born INTEGER NOT NULL,
    PRIMARY KEY (sensor, ring, place)) WITHOUT ROWID;
CREATE INDEX ledger_of_kind ON ledger (kind, at);
";

/// A subject is as above, a peer and a protocol are words; of a protocol that is not known the word is empty.
const V8: &str = "
CREATE TABLE activities (
    sensor INTEGER NOT NULL, network INTEGER NOT NULL, subject BLOB NOT NULL, peer TEXT NOT NULL, protocol TEXT NOT NULL,
    packets INTEGER NOT NULL, bytes INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (sensor, network, subject, peer, protocol)) WITHOUT ROWID;
CREATE TABLE activities_incomplete (sensor INTEGER PRIMARY KEY);
";
