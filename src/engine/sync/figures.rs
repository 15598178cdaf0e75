//! What a status says beyond the position: the program's figures, cut to what a status holds.

use super::position::Position;
use super::reporter::Identity;
use crate::model::message::{Counts, IdsStatus, InterfaceStatus, Message, Status, encode};
use crate::model::time::UnixTime;

/// Figures of the moment, for one status.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Seconds since the program began.
    pub uptime_seconds: u64,
    /// Version of the counting rules.
    pub rules_version: u32,
    /// The digest of the counting policy in force.
    pub policy: String,
    /// The count.
    pub counts: Counts,
    /// What was captured, by interface; the first four are told.
    pub interfaces: Vec<InterfaceStatus>,
    /// Why the durable state does not work, if so.
    pub store_fault: Option<String>,
    /// How Snort and its rules stand, where the platform can run it.
    pub ids: Option<Box<IdsStatus>>,
}

const INTERFACES_MAX: usize = 4;

impl Figures {
    /// The status of a sensor that stands like this; at most 2 KiB as payload, texts cut and interfaces left out as
    /// needed.
    pub(super) fn into_status(self, who: &Identity, position: &Position, sent: UnixTime) -> Status {
        let mut status = Status {
            sensor: who.sensor.clone(),
            instance: who.instance,
            epoch: position.epoch,
            seq: position.seq,
            acked: position.acked,
            digest: position.digest,
            sent,
            uptime_seconds: self.uptime_seconds,
            version: cut(&who.version, 64),
            platform: cut(&who.platform, 64),
            rules_version: self.rules_version,
            policy: cut(&self.policy, 64),
            counts: self.counts,
            interfaces: self.interfaces,
            store_fault: self.store_fault,
            ids: self.ids.map(cut_ids),
        };
        status.interfaces.truncate(INTERFACES_MAX);
        for bytes in [256, 64, 24] {
            if !is_too_long(&status) {
                break;
            }
            shorten(&mut status, bytes);
        }
        while is_too_long(&status) && status.interfaces.pop().is_some() {}
        status
    }
}

fn is_too_long(status: &Status) -> bool {
    encode(status).is_ok_and(|payload| payload.len() > Status::BYTES_MAX)
}

fn shorten(status: &mut Status, bytes: usize) {
    status.store_fault = status.store_fault.take().map(|text| cut(&text, bytes));
    for interface in &mut status.interfaces {
        interface.name = cut(&interface.name, bytes);
        interface.filter = interface.filter.take().map(|text| cut(&text, bytes));
    }
}

/// Codes and versions are short; what is not is cut.
fn cut_ids(mut ids: Box<IdsStatus>) -> Box<IdsStatus> {
    const CODE: usize = 32;
    ids.reason = ids.reason.map(|code| cut(&code, CODE));
    ids.effective.iter_mut().for_each(|runs| runs.engine = cut(&runs.engine, CODE));
    ids.switch.iter_mut().for_each(|switch| switch.outcome = cut(&switch.outcome, CODE));
    ids
}

/// The beginning of a text, printable: as many letters as fit `bytes` when every one is a single byte, else fewer.
fn cut(text: &str, bytes: usize) -> String {
    let mut room = bytes;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain
        .take_while(|c| {
            let fits = c.len_utf8() <= room;
            room = room.saturating_sub(c.len_utf8());
            fits
        })
        .collect()
}
