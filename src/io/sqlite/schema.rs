//! Whose file it is, and how older stores become newer ones.

use super::error::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// The tables of a program's store.
pub(in crate::io) struct Schema {
    /// Names the file's program.
    pub(in crate::io) application_id: i32,
    /// Each takes the schema one version further; none is ever changed once it was published.
    pub(in crate::io) migrations: &'static [&'static str],
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

impl Schema {
    /// The version written.
    #[allow(clippy::cast_possible_truncation, reason = "a handful")]
    pub(in crate::io) const fn known(&self) -> u32 {
        self.migrations.len() as u32
    }

    /// Refuses what is no store of this program or of a later version of it; says its version, 0 for an empty file.
    pub(in crate::io) fn version(&self, connection: &Connection, path: &Path) -> Result<u32, StoreError> {
        let foreign = || StoreError::Foreign(path.to_owned());
        let application: i32 = pragma(connection, "application_id")?;
        let version: u32 = pragma(connection, "user_version")?;
        let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match version {
            0 if application == 0 && tables == 0 => Ok(0),
            0 => Err(foreign()),
            _ if application != self.application_id => Err(foreign()),
            found if found > self.known() => Err(StoreError::Newer { found, known: self.known() }),
            found => Ok(found),
        }
    }

    /// Brings the schema to the version written, in one transaction.
    pub(in crate::io) fn migrate(&self, connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
        let found = self.version(connection, path)?;
        if found == self.known() {
            return Ok(());
        }
        let transaction = connection.transaction()?;
        for migration in &self.migrations[found as usize..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", self.application_id)?;
        transaction.pragma_update(None, "user_version", self.known())?;
        Ok(transaction.commit()?)
    }
}
