//! The satellite's health and figures.

use crate::app::health::{self, Health};
use crate::app::openmetrics::{gauge, text};
use crate::app::rest::Answer;
use crate::app::satellite::words::{Request, Vitals};
use crate::engine::authority::{LicenceRow, Severity};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

type Labels = Vec<(String, String)>;
type Figure = (&'static str, &'static str, fn(&LicenceRow) -> i64);

/// What the desk answers.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Told(Answer);

impl Health for Told {
    fn question() -> impl Serialize + Send + Sync {
        Request::Vitals
    }

    /// Ready is who has an administrator: without one nobody is answered.
    fn fault(&self) -> Option<&str> {
        match &self.0 {
            Answer::Done(_) => None,
            Answer::Refused(no) => Some(&no.text),
        }
    }

    fn figures(&self) -> String {
        let mut registry = Registry::with_prefix("tollgate_satellite");
        let vitals = match &self.0 {
            Answer::Done(value) => Vitals::deserialize(value).ok(),
            Answer::Refused(_) => None,
        };
        gauge(&mut registry, "ready", "1 when it answers", u64::from(vitals.is_some()));
        if let Some(vitals) = vitals {
            figures(&mut registry, &vitals);
        }
        text(&registry)
    }
}

fn figures(registry: &mut Registry, vitals: &Vitals) {
    for (name, help, value) in [
        ("virtual_accounts", "Virtual accounts", vitals.virtual_accounts),
        ("instances", "Product instances", vitals.instances),
        ("tokens", "Registration tokens that serve", vitals.tokens),
    ] {
        gauge(registry, name, help, value);
    }
    let alerts = Family::<Labels, Gauge>::default();
    for (name, severity) in
        [("major", Severity::Major), ("minor", Severity::Minor), ("informational", Severity::Informational)]
    {
        let there = vitals.alerts.iter().filter(|it| **it == severity).count();
        let labels = vec![("severity".to_owned(), name.to_owned())];
        alerts.get_or_create(&labels).set(i64::try_from(there).unwrap_or(i64::MAX));
    }
    registry.register("alerts", "What needs attention", alerts);
    licences(registry, &vitals.licenses);
    health::notified(registry, &vitals.notify);
}

fn licences(registry: &mut Registry, rows: &[LicenceRow]) {
    let figures: [Figure; 4] = [
        ("license_purchased", "Licences purchased, of terms that run", |row| clamp(row.position.purchased)),
        ("license_in_use", "Licences in use, reserved ones too", |row| clamp(row.position.taken())),
        ("license_reserved", "Licences reserved", |row| clamp(row.position.reserved)),
        ("license_balance", "Licences left; negative when short", |row| row.balance),
    ];
    for (name, help, value) in figures {
        let family = Family::<Labels, Gauge>::default();
        for row in rows {
            let labels = vec![
                ("account".to_owned(), row.virtual_account.to_string()),
                ("license".to_owned(), row.license.to_string()),
            ];
            family.get_or_create(&labels).set(value(row));
        }
        registry.register(name, help, family);
    }
}

fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
