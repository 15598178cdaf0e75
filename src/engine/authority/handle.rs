//! One command, one outcome: who may, what happens, and the line for the audit.

use super::books::Authority;
use super::command::{Command, Outcome, Reply};
use super::instance::UsageRecord;
use super::refusal::Refusal;
use super::rows::RowKind;
use crate::engine::access::{Actor, Role, Task};
use crate::model::entitlement::Tag;
use crate::model::time::UnixTime;
use serde_json::json;
use std::collections::BTreeMap;

/// What a handler says: the answer, and a report to be kept.
pub(super) type Done = Result<(Reply, Option<UsageRecord>), Refusal>;

/// The answer of most handlers, which have looked for all that could be refused.
#[allow(clippy::unnecessary_wraps, reason = "ends handlers that can refuse")]
pub(super) const fn done(reply: Reply) -> Done {
    Ok((reply, None))
}

impl Authority {
    /// Takes a command of somebody.
    ///
    /// # Errors
    /// With the reason, and nothing changed.
    pub fn handle(&mut self, by: &Actor, command: Command, now: UnixTime) -> Result<Outcome, Refusal> {
        self.admit(by, &command)?;
        let now = now.max(self.account.latest);
        let (name, about) = (command.name(), about(&command));
        let (reply, report) = self.carry_out(command, now)?;
        if self.account.latest < now {
            self.account.latest = now;
            self.mark(RowKind::Account, "");
        }
        let audit = audit(by, name, &about, &reply);
        Ok(Outcome { reply, rows: self.take_rows(), report, audit })
    }

    /// Whether somebody may look.
    ///
    /// # Errors
    /// When the role does not allow it, or there is no administrator.
    pub fn may_look(&self, by: &Actor) -> Result<(), Refusal> {
        self.may(by, Task::View)
    }

    /// Whether somebody may do work of this kind.
    ///
    /// # Errors
    /// When the role does not allow it, or there is no administrator.
    pub fn may(&self, by: &Actor, task: Task) -> Result<(), Refusal> {
        Ok(self.access.may(by, task)?)
    }

    fn admit(&self, by: &Actor, command: &Command) -> Result<(), Refusal> {
        let first = matches!(command, Command::AddPerson { role: Role::Admin, .. });
        if first && by.role.may(command.task()) {
            return Ok(());
        }
        self.may(by, command.task())
    }

    fn carry_out(&mut self, command: Command, now: UnixTime) -> Done {
        match command {
            Command::AddPerson { name, role, password } => self.add_person(name, role, password, now),
            Command::RemovePerson { name } => self.remove_person(&name),
            Command::AddKey { name, role, digest, days } => self.add_key(name, role, digest, days, now),
            Command::RevokeKey { number } => self.revoke_key(number),
            Command::OpenSession { name, digest } => self.open_session(&name, digest, now),
            Command::CloseSession { number } => self.close_session(number),
            Command::AddVirtualAccount { name, description } => self.add_account(name, description, now),
            Command::RemoveVirtualAccount { name } => self.remove_account(&name),
            Command::AddLicences(order) => self.add_licences(order, now),
            Command::CreateToken { virtual_account, description, days, max_uses, digest } => {
                self.create_token(virtual_account, description, days, max_uses, digest, now)
            }
            Command::RevokeToken { number } => self.revoke_token(number, now),
            Command::Reserve { virtual_account, request, counts } => {
                self.reserve(&virtual_account, &request, &counts, now)
            }
            Command::UpdateReservation { instance, counts } => {
                self.update_reservation(&instance, &counts, now)
            }
            Command::Confirm { instance, code } => self.confirm(&instance, &code, now),
            Command::Return { instance, code } => self.give_back(&instance, &code),
            Command::Override { instance, reason } => self.override_reservation(&instance, &reason),
            Command::RemoveInstance { instance } => self.remove_instance(&instance),
            Command::Synchronise { number, account, terms } => self.synchronise(number, &account, terms, now),
            Command::AddSatellite { account, virtual_account, key, id } => {
                self.add_satellite(account, virtual_account, key, id, now)
            }
            Command::SatelliteReported { instance, at, usage } => {
                self.satellite_reported(&instance, at, &usage, now)
            }
            Command::Register(registration) => self.register(registration, now),
            Command::RenewId { instance, certificate } => self.renew_id(&instance, certificate, now),
            Command::CertificateUsed { instance } => self.retire_certificates(&instance),
            Command::Authorize { instance, usage } => self.authorize(&instance, &usage, now),
            Command::Deregister { instance } => self.deregister(&instance),
            Command::Report { instance, sequence, from, to, usage } => {
                self.report(UsageRecord { instance, sequence, from, to, usage, late: false, taken: now })
            }
            Command::Sweep => self.sweep(now),
        }
    }
}

/// What a command is about, without its secrets and codes.
fn about(command: &Command) -> serde_json::Value {
    match command {
        Command::AddPerson { name, role, .. } | Command::AddKey { name, role, .. } => {
            json!({"name": name, "role": role})
        }
        Command::RemovePerson { name }
        | Command::OpenSession { name, .. }
        | Command::AddVirtualAccount { name, .. }
        | Command::RemoveVirtualAccount { name } => json!({"name": name}),
        Command::RevokeKey { number }
        | Command::CloseSession { number }
        | Command::RevokeToken { number } => json!({"number": number}),
        Command::AddLicences(order) => {
            json!({"account": order.virtual_account, "tag": order.tag, "count": order.count, "end": order.end})
        }
        Command::CreateToken { virtual_account, days, max_uses, .. } => {
            json!({"account": virtual_account, "days": days, "max_uses": max_uses})
        }
        Command::Reserve { virtual_account, counts, .. } => {
            json!({"account": virtual_account, "units": units(counts), "tags": counts.len()})
        }
        Command::UpdateReservation { instance, counts } => {
            json!({"instance": instance, "units": units(counts), "tags": counts.len()})
        }
        Command::Override { instance, reason } => json!({"instance": instance, "reason": reason}),
        Command::Confirm { instance, .. }
        | Command::Return { instance, .. }
        | Command::RemoveInstance { instance }
        | Command::RenewId { instance, .. }
        | Command::CertificateUsed { instance }
        | Command::Deregister { instance } => json!({"instance": instance}),
        Command::Synchronise { number, terms, .. } => json!({"number": number, "terms": terms.len()}),
        Command::Register(it) => json!({"udi": it.udi.to_string(), "force": it.force}),
        Command::AddSatellite { account, virtual_account, .. } => {
            json!({"name": account, "account": virtual_account})
        }
        Command::Authorize { instance, usage } | Command::SatelliteReported { instance, usage, .. } => {
            json!({"instance": instance, "units": units(usage), "tags": usage.len()})
        }
        Command::Report { instance, sequence, .. } => json!({"instance": instance, "sequence": sequence}),
        Command::Sweep => json!({}),
    }
}

/// Nothing is checked yet when this is added up.
fn units(counts: &BTreeMap<Tag, u64>) -> u64 {
    counts.values().fold(0, |sum, count| sum.saturating_add(*count))
}

fn audit(by: &Actor, name: &str, about: &serde_json::Value, reply: &Reply) -> String {
    let result = match reply {
        Reply::Numbered { number } => json!({"number": number}),
        Reply::Authorization { instance, update, .. } => json!({"instance": instance, "update": update}),
        Reply::Registered { instance, .. } => json!({"instance": instance}),
        Reply::Swept { released, removed } => json!({"released": released, "removed": removed}),
        _ => json!({}),
    };
    json!({"by": by.name, "role": by.role, "did": name, "about": about, "result": result}).to_string()
}
