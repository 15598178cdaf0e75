//! Events as JSON lines, in the manner of intrusion detection systems: `timestamp`, `event_type`, `sensor_id`.

use super::page::Page;
use crate::engine::inventory::changes::Known;
use crate::io::lines::Lines;
use crate::model::ident::SensorId;
use crate::model::key::Key;
use crate::model::message::Severity;
use crate::model::time::UnixTime;
use serde::Serialize;
use serde_json::{Value, json};

/// The version of the lines.
const SCHEMA_VERSION: u32 = 1;

/// Writes events.
pub struct Eve {
    lines: Lines,
    sensor: SensorId,
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: UnixTime,
    event_type: &'static str,
    sensor_id: &'a SensorId,
    schema_version: u32,
    #[serde(flatten)]
    body: Value,
}

impl Eve {
    /// Writes to `lines`.
    pub const fn new(lines: Lines, sensor: SensorId) -> Self {
        Self { lines, sensor }
    }

    /// Lines that were lost.
    pub fn lost(&self) -> u64 {
        self.lines.lost()
    }

    /// Opens the file anew.
    pub fn reopen(&self) {
        self.lines.reopen();
    }

    /// A component that was not known before.
    pub fn component(&self, known: &Known, network: &str, now: UnixTime) {
        let key: Key = known.key;
        let vlans: Vec<u16> = known.vlans.sorted().collect();
        let component = json!({
            "address": key.address(),
            "mac": key.has_mac().then(|| key.mac()),
            "network": network,
            "vlans": vlans,
            "first": UnixTime::from(known.span.first),
        });
        self.line("component", json!({ "component": component }), now);
    }

    /// How everything stands.
    pub fn stats(&self, page: &Page, now: UnixTime) {
        let stats = json!({
            "uptime": page.uptime_seconds,
            "counts": page.counts,
            "interfaces": page.interfaces,
            "ids": page.ids,
            "change": page.store.seq,
            "change_acked": page.center.acked,
        });
        self.line("stats", json!({ "stats": stats }), now);
    }

    /// News of the capture or the policy, or of something else.
    pub fn news(&self, event_type: &'static str, severity: Severity, message: &str, now: UnixTime) {
        let news = json!({ "severity": severity, "message": message });
        self.line(event_type, json!({ event_type: news }), now);
    }

    fn line(&self, event_type: &'static str, body: Value, timestamp: UnixTime) {
        let line =
            Line { timestamp, event_type, sensor_id: &self.sensor, schema_version: SCHEMA_VERSION, body };
        if let Ok(text) = serde_json::to_string(&line) {
            self.lines.send(text);
        }
    }
}
