//! The page's figures as OpenMetrics text.

use super::ids::IdsPage;
use super::page::Page;
use crate::app::openmetrics::{self, counter, gauge};
use crate::model::lease::RuleSet;
use crate::model::message::LinkState;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels = Vec<(String, String)>;

/// The text that a scraper gets.
pub fn text(page: &Page) -> String {
    let mut registry = Registry::with_prefix("tollgate");
    counts(page, &mut registry);
    interfaces(page, &mut registry);
    exchange(page, &mut registry);
    if let Some(page) = &page.ids {
        ids(page, &mut registry);
    }
    openmetrics::text(&registry)
}

fn counts(page: &Page, registry: &mut Registry) {
    let counts = &page.counts;
    gauge(
        registry,
        "components",
        "Licence tokens: internal addresses, and MACs without one",
        counts.components,
    );
    gauge(registry, "components_ip", "Internal addresses seen as a source", counts.ip);
    gauge(registry, "components_mac_only", "MACs that never sourced an internal address", counts.mac_only);
    gauge(registry, "external", "Distinct external sources, never billed", counts.external);
    gauge(registry, "infrastructure", "Switch ports, never billed", counts.infrastructure);
    gauge(registry, "saturated", "1 when the table has no room", u64::from(counts.saturated));
    gauge(registry, "overflow", "Components that had no room, about", counts.overflow_estimate);
    gauge(registry, "uptime_seconds", "Seconds since the program began", page.uptime_seconds);
}

fn interfaces(page: &Page, registry: &mut Registry) {
    let packets = Family::<Labels, Counter>::default();
    let up = Family::<Labels, Gauge>::default();
    for interface in &page.interfaces {
        let status = &interface.status;
        let labels = |fate: &str| {
            vec![("interface".to_owned(), status.name.clone()), ("fate".to_owned(), fate.to_owned())]
        };
        for (fate, packets_of) in
            [("counted", status.counted), ("dropped", status.dropped), ("filtered", status.filtered)]
        {
            packets.get_or_create(&labels(fate)).inc_by(packets_of);
        }
        let name = vec![("interface".to_owned(), status.name.clone())];
        up.get_or_create(&name).set(i64::from(status.link == LinkState::Up));
    }
    registry.register("packets", "Packets that came, by what became of them", packets);
    registry.register("interface_up", "1 while the interface delivers", up);
    let undecoded = page.interfaces.iter().map(|interface| interface.status.undecoded).sum();
    counter(registry, "undecoded", "Packets looked at that were cut short or malformed", undecoded);
}

fn exchange(page: &Page, registry: &mut Registry) {
    let (store, center) = (&page.store, &page.center);
    gauge(
        registry,
        "store_fault",
        "1 while the durable state does not work",
        u64::from(store.fault.is_some()),
    );
    gauge(registry, "store_facts", "Facts that are stored", store.facts);
    gauge(registry, "store_waiting", "Facts that wait to be committed", store.waiting as u64);
    gauge(registry, "change", "The number of the last change committed", store.seq);
    gauge(registry, "change_acked", "The last change that the Center has committed", center.acked);
    gauge(registry, "center_connected", "1 while the broker is there", u64::from(center.connected));
    counter(registry, "reports", "Reports sent", center.reports);
    counter(registry, "event_lines_lost", "Lines of events that were lost", page.event_lines_lost);
}

fn ids(page: &IdsPage, registry: &mut Registry) {
    let runs = page.effective.as_ref();
    let subscriber = runs.is_some_and(|runs| runs.set == RuleSet::Subscriber);
    gauge(registry, "ids_known", "1 while it is known which rules Snort runs", u64::from(runs.is_some()));
    gauge(registry, "ids_subscriber", "1 while Snort runs Subscriber rules", u64::from(subscriber));
    gauge(registry, "ids_entitled", "1 while a lease lets it", u64::from(page.entitled.granted));
    gauge(
        registry,
        "ids_fallback",
        "1 while the rules are not those that are wanted",
        u64::from(page.reason.is_some()),
    );
    gauge(registry, "ids_rules", "Rules that Snort runs", runs.map_or(0, |runs| u64::from(runs.rules)));
    let until = page.entitled.until.map_or(0, |until| until.millis() / 1000);
    gauge(registry, "ids_lease_until_seconds", "When the lease ends, in seconds since 1970", until);
    counter(registry, "ids_switches", "Switches of Snort's rules", page.switches);
    counter(registry, "ids_switch_failures", "Of these, those that failed", page.failures);
    counter(registry, "ids_leases_refused", "Leases that were refused", page.refused);
    if let Some(last) = &page.last_switch {
        gauge(registry, "ids_switch_ours_milliseconds", "The agent's share of the last switch", last.ours_ms);
        gauge(registry, "ids_switch_snort_milliseconds", "Snort's share of the last switch", last.snort_ms);
    }
}
