//! The Center's health and figures.

use crate::app::center::words::{Request, StatusAnswer};
use crate::app::health::{self, Health};
use crate::app::openmetrics::{counter, gauge, text};
use prometheus_client::registry::Registry;
use serde::Serialize;

impl Health for StatusAnswer {
    fn question() -> impl Serialize + Send + Sync {
        Request::Status
    }

    /// Ready is who takes over reports: there is a broker, and what comes from it can be written.
    fn fault(&self) -> Option<&str> {
        let why = "no broker, or the store cannot be written; see `tollgate-center status`";
        (self.broker_fault.is_some() || self.store_fault.is_some()).then_some(why)
    }

    fn figures(&self) -> String {
        figures(self)
    }
}

fn figures(status: &StatusAnswer) -> String {
    let mut registry = Registry::with_prefix("tollgate_center");
    for (name, help, value) in gauges(status) {
        gauge(&mut registry, name, help, value);
    }
    let intake = status.intake;
    for (name, help, value) in [
        ("messages", "Messages that came in", intake.messages),
        ("reports", "Reports committed", intake.reports),
        ("sightings", "Sightings in them", intake.sightings),
        ("refused", "Messages that were refused", intake.refused),
        ("resyncs", "Sensors asked to begin anew", intake.resyncs),
    ] {
        counter(&mut registry, name, help, value);
    }
    health::notified(&mut registry, &status.notify);
    text(&registry)
}

fn gauges(status: &StatusAnswer) -> [(&'static str, &'static str, u64); 13] {
    let figures = status.figures;
    [
        ("components", "Licence tokens: all that was seen", figures.components),
        ("components_confirmed", "Of these billed", figures.confirmed),
        ("components_ip", "Internal addresses seen as a source", figures.ip),
        ("components_mac_only", "MACs without an internal address", figures.mac_only),
        ("external", "Distinct external sources at most, never billed", figures.external),
        ("infrastructure", "Switch ports, never billed", figures.infrastructure),
        ("saturated", "1 when a sensor's table has no room", u64::from(status.saturated)),
        ("sensors", "Sensors that are enrolled or were", status.sensors),
        ("sensors_online", "Of these connected", status.online),
        ("broker_connected", "1 while the broker is there", u64::from(status.broker)),
        ("store_fault", "1 while the store cannot be written", u64::from(status.store_fault.is_some())),
        ("evaluation_days", "Days of evaluation that are left", status.evaluation_days),
        ("uptime_seconds", "Seconds since the program began", status.uptime_seconds),
    ]
}
