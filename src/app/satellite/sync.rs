//! Synchronisation by signed files: what was purchased comes from an upstream, what is in use goes to it. Both are DSSE
//! envelopes, signed with Ed25519.

use super::desk::Desk;
use super::files::Folder;
use crate::app::rest::No;
use crate::engine::authority::{Actor, Command, Label, LicenceRow, Position, Refusal, Role, TermOrder};
use crate::engine::entitlement::envelope;
use crate::engine::entitlement::keys::{Keyring, PublicKey};
use crate::io::clock;
use crate::model::entitlement::Tag;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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

/// What a satellite's Centers hold, for its upstream.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    account: Label,
    /// The number of the last grant that was taken in.
    number: u64,
    at: UnixTime,
    licenses: Vec<Figures>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    account: Label,
    tag: Tag,
    purchased: u64,
    reserved: u64,
    in_use: u64,
}

impl From<LicenceRow> for Figures {
    fn from(row: LicenceRow) -> Self {
        let LicenceRow { virtual_account: account, tag, position, .. } = row;
        let Position { purchased, reserved, in_use, .. } = position;
        Self { account, tag, purchased, reserved, in_use }
    }
}

impl Report {
    /// All that is held, by tag.
    fn usage(&self) -> BTreeMap<Tag, u64> {
        let mut usage = BTreeMap::new();
        for of in &self.licenses {
            let held: &mut u64 = usage.entry(of.tag.clone()).or_default();
            *held = held.saturating_add(of.reserved).saturating_add(of.in_use);
        }
        usage
    }
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
    let licenses = desk.books().licence_rows(None, now).into_iter().map(Figures::from).collect();
    let report = Report { account: account.name.clone(), number: account.sync_number, at: now, licenses };
    sealed(desk.folder(), REPORT, &json!(report))
}

/// As an upstream: takes a satellite's report in, and signs what that has. The grant is the next one after that which the
/// satellite has, so that an older one serves for nothing.
pub(super) fn serve(desk: &mut Desk, file: &str) -> Result<Value, No> {
    let (instance, virtual_account, report) = believed(desk, file)?;
    let by = Actor { name: report.account.to_string(), role: Role::Product };
    let told = Command::SatelliteReported { instance, at: report.at, usage: report.usage() };
    desk.commit(&by, told)?.map_err(No::from)?;
    let number = report.number.checked_add(1).ok_or_else(|| No::from(Refusal::SyncOld))?;
    let terms = desk.books().granted(&virtual_account, clock::both().wall);
    grant(desk.folder(), number, report.account, terms)
}

/// Whose report it is: its instance, from where its licences come, and what it says.
fn believed(desk: &Desk, file: &str) -> Result<(String, Label, Report), No> {
    let no = || {
        No::new("sync-not-believed", "no satellite that is known here signed this report; accept it first")
    };
    let signed = |key| envelope::open(file.trim().as_bytes(), REPORT, &Keyring::new(key)).ok();
    let mut known = desk.books().satellites();
    let found = known.find_map(|(instance, known)| Some((instance, known, signed(known.key)?)));
    let (instance, known, opened) = found.ok_or_else(no)?;
    let report: Report = serde_json::from_slice(&opened.payload).map_err(|_| no())?;
    if report.account != known.account {
        return Err(Refusal::SyncForeign.into());
    }
    Ok((instance.id.clone(), instance.virtual_account.clone(), report))
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
