//! Synchronisation by signed files: what was purchased comes from an upstream, what is in use goes to it. Both are DSSE
//! envelopes, signed with Ed25519.

use super::desk::Desk;
use super::files::Folder;
use crate::app::rest::No;
use crate::engine::authority::{Command, Label, TermOrder};
use crate::engine::entitlement::envelope;
use crate::engine::entitlement::keys::{Keyring, PublicKey};
use crate::io::clock;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What an upstream grants.
const GRANT: &str = "application/vnd.tollgate.satellite-grant+json";
/// What a satellite reports.
const REPORT: &str = "application/vnd.tollgate.satellite-report+json";

/// All that a smart account holds, from an upstream.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// Counts the files for this account.
    number: u64,
    account: Label,
    at: UnixTime,
    terms: Vec<TermOrder>,
}

fn sealed(folder: &Folder, kind: &str, payload: &Value) -> Result<Value, No> {
    let key = folder.sync_key().map_err(|error| No::new("failed", error.to_string()))?;
    let broken = |error: serde_json::Error| No::new("failed", error.to_string());
    let bytes = envelope::seal(kind, payload.to_string().as_bytes(), &key).map_err(broken)?;
    if bytes.len() > envelope::BYTES_MAX {
        return Err(No::new("too-many", "the file would be longer than any that is read; use fewer terms"));
    }
    Ok(json!({"file": String::from_utf8_lossy(&bytes)}))
}

/// A file for the upstream: the figures of each licence.
pub(super) fn export(desk: &Desk) -> Result<Value, No> {
    let now = clock::both().wall;
    let account = desk.books().account();
    let figures: Vec<Value> = desk.books().licence_rows(None, now).iter().map(figures).collect();
    let report =
        json!({"account": account.name, "number": account.sync_number, "at": now, "licenses": figures});
    sealed(desk.folder(), REPORT, &report)
}

fn figures(row: &crate::engine::authority::LicenceRow) -> Value {
    let position = row.position;
    json!({"account": row.virtual_account, "tag": row.tag, "purchased": position.purchased,
        "reserved": position.reserved, "in_use": position.in_use})
}

/// A file that another satellite can import.
pub(super) fn grant(
    folder: &Folder,
    number: u64,
    account: Label,
    terms: Vec<TermOrder>,
) -> Result<Value, No> {
    let grant = json!(Grant { number, account, at: clock::both().wall, terms });
    sealed(folder, GRANT, &grant)
}

/// The command that a file is.
pub(super) fn import(folder: &Folder, file: &str) -> Result<Command, No> {
    let key = std::fs::read_to_string(folder.upstream()).map_err(|error| {
        let path = folder.upstream();
        No::new(
            "no-upstream",
            format!("no upstream is trusted ({}: {error}); put its public key there", path.display()),
        )
    })?;
    let key = PublicKey::try_from(key.trim().to_owned()).map_err(|why| No::new("no-upstream", why))?;
    let opened = envelope::open(file.trim().as_bytes(), GRANT, &Keyring::new(key))
        .map_err(|fault| No::new("sync-not-believed", fault.to_string()))?;
    let grant: Grant = serde_json::from_slice(&opened.payload)
        .map_err(|error| No::new("sync-not-believed", error.to_string()))?;
    Ok(Command::Synchronise { number: grant.number, account: grant.account, terms: grant.terms })
}
