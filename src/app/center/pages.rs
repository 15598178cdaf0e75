//! Lists that only programs ask for: lines of the ledger, events, features.

use super::desk::DeskError;
use super::state::Center;
use crate::engine::fleet::ledger::Entry;
use crate::model::entitlement::{FEATURES, Feature, Subscription};
use crate::model::ident::SensorId;
use serde_json::{Value, json};

/// Lines of the ledger, and events, in one answer.
const LINES: usize = 1000;

impl Center {
    pub(super) fn ledger_page(&mut self, from: u64) -> Result<Value, DeskError> {
        let line = |entry: &Entry| {
            let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
            json!({"number": entry.number, "at": entry.at, "kind": entry.kind.name(), "body": body,
                "text": entry.body, "previous": entry.previous.to_string(), "hash": entry.hash.to_string()})
        };
        let entries = self.store.ledger(from, LINES)?;
        Ok(json!({"entries": entries.iter().map(line).collect::<Vec<_>>()}))
    }

    pub(super) fn event_page(&mut self, of: Option<&SensorId>) -> Result<Value, DeskError> {
        Ok(json!({"events": self.store.events(of, LINES)?}))
    }

    /// Which features the subscription has.
    pub(super) fn features(&self) -> Value {
        let subscription = self.licence.subscription();
        let line = |feature: &Feature| {
            let allowed = feature.essentials || subscription == Subscription::Advantage;
            json!({"feature": feature.name, "essentials": feature.essentials, "advantage": true, "allowed": allowed})
        };
        json!({"subscription": subscription, "features": FEATURES.iter().map(line).collect::<Vec<_>>()})
    }
}
