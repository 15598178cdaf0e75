//! The satellite's store: the rows of its books, usage reports, and the audit, committed together.

use super::sqlite::{self, Schema, StoreError};
use crate::engine::authority::{Outcome, Row, RowKind, UsageRecord};
use crate::engine::ledger::{Broken, Chain, Entry, Hash, Kind};
use crate::model::time::UnixTime;
use rusqlite::{Connection, Transaction, params};
use std::fs::File;
use std::path::Path;

/// "tsat": names the file's program.
const SCHEMA: Schema = Schema { application_id: 0x7473_6174, migrations: &[V1, V2] };

const V1: &str = "
CREATE TABLE rows (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE reports (
    instance TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (instance, sequence)) WITHOUT ROWID;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL);
";

/// Keys end: those without an end do so a year after they were made.
const V2: &str = "
UPDATE rows SET body = json_set(body, '$.expires',
    strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(body, '$.created'), '+365 days'))
WHERE kind = 'key' AND json_extract(body, '$.expires') IS NULL;
";

/// Where a licence authority keeps what must outlive it.
pub trait BookStore {
    /// Writes an outcome with its line of the audit, all or nothing, durably.
    ///
    /// # Errors
    /// When it is not written; then nothing is.
    fn commit(&mut self, outcome: &Outcome, at: UnixTime) -> Result<(), StoreError>;

    /// Writes a row that is no change by anybody: the last use of a key. The audit has no line of it.
    ///
    /// # Errors
    /// When it is not written.
    fn note(&mut self, row: &Row) -> Result<(), StoreError>;

    /// All rows of the books.
    ///
    /// # Errors
    /// When they cannot be read.
    fn rows(&mut self) -> Result<Vec<Row>, StoreError>;

    /// At most `max` usage reports of an instance, from number `from` on, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn reports(&mut self, instance: &str, from: u64, max: usize) -> Result<Vec<UsageRecord>, StoreError>;

    /// At most `max` lines of the audit, from number `from` on, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn audit(&mut self, from: u64, max: usize) -> Result<Vec<Entry>, StoreError>;

    /// Walks the whole audit; the chain at its end, or the first line that breaks it.
    ///
    /// # Errors
    /// When it cannot be read.
    fn verify(&mut self) -> Result<Result<Chain, Broken>, StoreError> {
        let mut chain = Chain::default();
        loop {
            let entries = self.audit(chain.head().0 + 1, 1000)?;
            if entries.is_empty() {
                return Ok(Ok(chain));
            }
            if let Err(broken) = entries.iter().try_for_each(|entry| chain.follow(entry)) {
                return Ok(Err(broken));
            }
        }
    }
}

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteBooks {
    connection: Connection,
    chain: Chain,
    _lock: File,
}

impl SqliteBooks {
    /// The number of the audit's last line.
    pub const fn last(&self) -> u64 {
        self.chain.head().0
    }

    /// Opens the store in this file, or makes it.
    ///
    /// # Errors
    /// When another program has it, and all of [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (connection, lock) = sqlite::open(path, &SCHEMA)?;
        let mut books = Self { connection, chain: Chain::default(), _lock: lock };
        let last = books.entries("SELECT * FROM audit ORDER BY number DESC LIMIT 1", (0, 0))?;
        books.chain = last.first().map_or_else(Chain::default, Chain::resume);
        Ok(books)
    }

    fn entries(&self, sql: &str, (from, max): (u64, usize)) -> Result<Vec<Entry>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let values = [signed(from), i64::try_from(max).unwrap_or(i64::MAX)];
        let wanted = &values[..statement.parameter_count()];
        let entries = statement.query_map(rusqlite::params_from_iter(wanted), |row| {
            Ok(Entry {
                number: unsigned(row.get(0)?),
                at: UnixTime::from_millis(unsigned(row.get(1)?)),
                kind: Kind::Audit,
                body: row.get(2)?,
                previous: Hash(row.get(3)?),
                hash: Hash(row.get(4)?),
            })
        })?;
        Ok(entries.collect::<Result<_, _>>()?)
    }
}

impl BookStore for SqliteBooks {
    fn commit(&mut self, outcome: &Outcome, at: UnixTime) -> Result<(), StoreError> {
        let mut chain = self.chain;
        let entry = chain
            .append(at, Kind::Audit, outcome.audit.clone())
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let transaction = self.connection.transaction()?;
        outcome.rows.iter().try_for_each(|row| put(&transaction, row))?;
        outcome.report.iter().try_for_each(|report| keep(&transaction, report))?;
        transaction.execute(
            "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                signed(entry.number),
                signed(entry.at.millis()),
                entry.body,
                entry.previous.0,
                entry.hash.0
            ],
        )?;
        transaction.commit()?;
        self.chain = chain;
        Ok(())
    }

    fn note(&mut self, row: &Row) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        put(&transaction, row)?;
        Ok(transaction.commit()?)
    }

    fn rows(&mut self) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare("SELECT kind, id, body FROM rows")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let rows: Vec<(String, String, String)> = rows.collect::<Result<_, _>>()?;
        rows.into_iter().map(|(kind, id, body)| known(&kind, id, body)).collect()
    }

    fn reports(&mut self, instance: &str, from: u64, max: usize) -> Result<Vec<UsageRecord>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body FROM reports WHERE instance = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3",
        )?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let bodies =
            statement.query_map(params![instance, signed(from), max], |row| row.get::<_, String>(0))?;
        let read = |body: Result<String, rusqlite::Error>| {
            serde_json::from_str(&body?).map_err(|error| StoreError::Damaged(error.to_string()))
        };
        bodies.map(read).collect()
    }

    fn audit(&mut self, from: u64, max: usize) -> Result<Vec<Entry>, StoreError> {
        self.entries("SELECT * FROM audit WHERE number >= ?1 ORDER BY number LIMIT ?2", (from, max))
    }
}

/// SQLite's numbers have a sign. No number here comes near its limit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn known(kind: &str, id: String, body: String) -> Result<Row, StoreError> {
    let kind = RowKind::named(kind);
    let kind = kind.ok_or_else(|| StoreError::Damaged("a row of no known kind".to_owned()))?;
    Ok(Row { kind, id, body: Some(body) })
}

fn put(transaction: &Transaction<'_>, row: &Row) -> rusqlite::Result<()> {
    let kind = row.kind.name();
    match &row.body {
        Some(body) => transaction
            .prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3)")?
            .execute(params![kind, row.id, body])?,
        None => transaction
            .prepare_cached("DELETE FROM rows WHERE kind = ?1 AND id = ?2")?
            .execute(params![kind, row.id])?,
    };
    Ok(())
}

fn keep(transaction: &Transaction<'_>, report: &UsageRecord) -> Result<(), StoreError> {
    let body = serde_json::to_string(report).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let sql = "INSERT INTO reports VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(sql)?.execute(params![report.instance, signed(report.sequence), body])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::authority::{Actor, Authority, Command, Role};
    use crate::engine::licensing::codes::AuthoritySecret;

    const NOON: UnixTime = UnixTime::from_millis(1_660_125_137_000);

    fn admin() -> Actor {
        Actor { name: "anna".to_owned(), role: Role::Admin }
    }

    fn key() -> AuthoritySecret {
        AuthoritySecret::from_bytes(&[7; 32]).unwrap()
    }

    fn founded(path: &Path) -> (Authority, SqliteBooks) {
        let mut store = SqliteBooks::open(path).unwrap();
        let mut books = Authority::new("account".parse().unwrap(), key(), NOON);
        store.commit(&books.founding(), NOON).unwrap();
        let person =
            Command::AddPerson { name: "anna".parse().unwrap(), role: Role::Admin, password: String::new() };
        store.commit(&books.handle(&admin(), person, NOON).unwrap(), NOON).unwrap();
        (books, store)
    }

    #[test]
    fn books_come_back_as_they_were_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("satellite.db");
        let (books, store) = founded(&path);
        assert!(matches!(SqliteBooks::open(&path), Err(StoreError::InUse(_))));
        drop(store);
        let mut store = SqliteBooks::open(&path).unwrap();
        let again = Authority::restore(&store.rows().unwrap(), key()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{books:?}"));
        assert_eq!(store.verify().unwrap().unwrap().head(), store.chain.head());
    }

    #[test]
    fn a_commit_that_fails_leaves_rows_and_audit_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (mut books, mut store) = founded(&folder.path().join("satellite.db"));
        let report = UsageRecord {
            instance: "1".to_owned(),
            sequence: 1,
            from: NOON,
            to: NOON,
            usage: std::collections::BTreeMap::new(),
            late: false,
            taken: NOON,
        };
        let account =
            Command::AddVirtualAccount { name: "plant".parse().unwrap(), description: String::new() };
        let mut outcome = books.handle(&admin(), account, NOON).unwrap();
        outcome.report = Some(report);
        store.commit(&outcome, NOON).unwrap();
        let before = (store.rows().unwrap(), store.chain);
        let gone = Command::RemoveVirtualAccount { name: "plant".parse().unwrap() };
        let mut again = books.handle(&admin(), gone, NOON).unwrap();
        // The same report twice: the table refuses it, after the rows were written.
        again.report = outcome.report;
        assert!(store.commit(&again, NOON).is_err());
        assert_eq!((store.rows().unwrap(), store.chain), before);
        assert_eq!(store.reports("1", 1, 10).unwrap().len(), 1);
        let reread = Authority::restore(&store.rows().unwrap(), key()).unwrap();
        assert!(reread.virtual_accounts().any(|it| it.name.as_str() == "plant"));
    }

    #[test]
    fn a_key_of_an_older_store_ends_a_year_after_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("satellite.db");
        let (mut books, mut store) = founded(&path);
        let digest = crate::engine::authority::Digest::of("secret");
        let key_add = Command::AddKey {
            name: "old".parse().unwrap(),
            role: Role::Viewer,
            digest: digest.clone(),
            days: 1,
        };
        store.commit(&books.handle(&admin(), key_add, NOON).unwrap(), NOON).unwrap();
        let old =
            "UPDATE rows SET body = json_remove(body, '$.expires', '$.used', '$.session') WHERE kind = 'key'";
        store.connection.execute_batch(old).unwrap();
        store.connection.pragma_update(None, "user_version", 1).unwrap();
        drop(store);
        let mut store = SqliteBooks::open(&path).unwrap();
        let again = Authority::restore(&store.rows().unwrap(), key()).unwrap();
        let year = std::time::Duration::from_hours(365 * 24);
        assert_eq!(again.shown_key(Some(&digest), NOON).unwrap().expires, NOON.plus(year));
        let row = books.note_use(1, NOON).unwrap();
        store.note(&row).unwrap();
        let again = Authority::restore(&store.rows().unwrap(), key()).unwrap();
        assert_eq!(again.shown_key(Some(&digest), NOON).unwrap().used, Some(NOON));
    }

    #[test]
    fn a_store_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(SqliteBooks::open(&path), Err(StoreError::Foreign(_))));
    }
}
