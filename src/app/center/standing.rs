//! How a sensor stands, in words.

use super::words::SensorLine;
use crate::engine::fleet::{SensorView, Standing};
use crate::engine::notify::Figures;

/// Its name, as commands print it.
pub(super) const fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Never => "never heard",
        Standing::Online => "online",
        Standing::Offline => "offline",
        Standing::Silent => "silent",
        Standing::Revoked => "revoked",
    }
}

/// The capture filters in force, with their interfaces.
pub(super) fn filters(view: &SensorView<'_>) -> Vec<String> {
    view.filters.iter().map(|(interface, filter)| format!("{interface}: {filter}")).collect()
}

/// What is wrong with a sensor, for people.
pub(super) fn faults(view: &SensorView<'_>) -> Vec<String> {
    let status = view.sensor.status.as_ref();
    let off = view.clock_behind.unwrap_or(0) / 1000;
    let checks = [
        (view.twins, "two agents use its identity; enrol one of them anew".to_owned()),
        (view.superseded, "it uses an enrolment that was replaced; carry its newest bundle to it".to_owned()),
        (view.standing == Standing::Silent, "silent".to_owned()),
        (view.standing == Standing::Offline, "its connection ended".to_owned()),
        (
            view.clock_is_off,
            format!("its clock is {} s {}", off.unsigned_abs(), if off > 0 { "behind" } else { "ahead" }),
        ),
        (status.is_some_and(|status| status.counts.saturated), "its table is full".to_owned()),
        (view.policy_differs, "it counts by another policy".to_owned()),
        (view.keeps, "it began anew; what it told before counts too".to_owned()),
        (
            view.sensor.session.refused > 0,
            format!("{} of its sightings were refused", view.sensor.session.refused),
        ),
    ];
    let mut faults: Vec<_> = checks.into_iter().filter(|(so, _)| *so).map(|(_, fault)| fault).collect();
    let store = status.and_then(|status| status.store_fault.as_ref());
    faults.extend(store.map(|fault| format!("its store: {fault}")));
    faults
}

/// What needs somebody, and what should be looked at: of all sensors, and of those who are told.
pub(super) fn judged(lines: &[SensorLine], receivers: &[Figures]) -> (Vec<String>, Vec<String>) {
    let unreached = receivers.iter().filter_map(|it| Some(format!("{}: {}", it.to, it.fault.as_ref()?)));
    let (mut critical, mut warnings) = (Vec::new(), unreached.collect::<Vec<_>>());
    for line in lines {
        for fault in &line.faults {
            let twins = fault.contains("identity");
            let list = if twins { &mut critical } else { &mut warnings };
            list.push(format!("{}: {fault}", line.sensor));
        }
    }
    (critical, warnings)
}
