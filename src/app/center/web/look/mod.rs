//! The pages to look at the plant: sensors, Snort, components, usage, the Center itself; and the orders that belong there,
//! each with a page that says first what it will do.

mod activities;
mod chart;
mod components;
mod drawing;
mod sensors;
mod snort;
mod system;
mod usage;
mod words;

use crate::app::pages::{Page, look, order};

pub(super) static PAGES: &[Page] = &[
    look("/sensors", "Sensors", |visit| Box::pin(sensors::list(visit))),
    look("/sensors/{sensor}", "Sensor", |visit| Box::pin(sensors::one(visit))),
    order(
        "/sensors/{sensor}/ids",
        "IDS",
        |visit| Box::pin(sensors::ids(visit)),
        |visit| Box::pin(sensors::set_ids(visit)),
    ),
    order(
        "/sensors/{sensor}/revoke",
        "Revoke a sensor",
        |visit| Box::pin(sensors::revoking(visit)),
        |visit| Box::pin(sensors::revoke(visit)),
    ),
    order(
        "/enroll",
        "Enrol a sensor",
        |visit| Box::pin(std::future::ready(sensors::enrolment(visit))),
        |visit| Box::pin(sensors::enroll(visit)),
    ),
    look("/snort", "Snort", |visit| Box::pin(snort::snort(visit))),
    order(
        "/snort/rules",
        "Rules for all sensors",
        |visit| Box::pin(snort::review(visit)),
        |visit| Box::pin(snort::choose(visit)),
    ),
    look("/components", "Components", |visit| Box::pin(components::list(visit))),
    look("/components/explain", "Why it counts", |visit| Box::pin(components::explain(visit))),
    look("/components/export", "Export", |visit| Box::pin(components::export(visit))),
    look("/activities", "Activities", |visit| Box::pin(activities::list(visit))),
    look("/activities/export", "Export", |visit| Box::pin(activities::export(visit))),
    look("/usage", "Usage", |visit| Box::pin(usage::usage(visit))),
    look("/system", "System statistics", |visit| Box::pin(system::system(visit))),
    look("/system/diagnostics", "Diagnostic bundle", |visit| Box::pin(system::diagnostics(visit))),
];
