//! Components as that API shows them.

use super::select::Select;
use super::{V3Error, id_of, millis};
use crate::app::center::desk::DeskError;
use crate::app::center::listing;
use crate::app::center::state::Center;
use crate::app::center::words::ComponentLine;
use crate::engine::fleet::{ComponentKind, Order, Search, Within};
use crate::model::property::{Property, Protocol};
use crate::model::time::UnixTime;
use serde_json::{Value, json};

/// So many can be filtered and sorted in one answer.
const SORTED_MAX: u64 = 200_000;
/// Ids in one question.
const IDS_MAX: usize = 100;

const COLUMNS: [&str; 21] = [
    "id",
    "label",
    "customLabel",
    "originalLabel",
    "ip",
    "mac",
    "firstActivity",
    "lastActivity",
    "sensorNames",
    "device",
    "group",
    "tags",
    "normalizedProperties",
    "otherProperties",
    "flowsCount",
    "eventsCount",
    "variablesCount",
    "vulnerabilitiesCount",
    "credentialsCount",
    "externalCommunicationsCount",
    "network",
];

type Span = (Option<u64>, Option<u64>);

fn active(first: u64, last: u64, (from, to): Span) -> bool {
    from.is_none_or(|from| last >= from) && to.is_none_or(|to| first <= to)
}

impl Center {
    pub(super) fn v3_components(&self, span: Span, select: &Select) -> Result<Value, DeskError> {
        if let Some(search) = self.v3_search(span, select)? {
            let lines = self.v3_lines(&search)?;
            return Ok(select.sorted(&COLUMNS, lines.iter().map(row).collect())?);
        }
        let lines = self.v3_lines(&Search { most: self.v3_all()?, ..during(span) })?;
        Ok(select.of(&COLUMNS, lines.iter().map(row).collect())?)
    }

    /// The same in the fleet's own words, where it has them: then no row is looked at but those of the page.
    fn v3_search<'a>(&'a self, span: Span, select: &'a Select) -> Result<Option<Search<'a>>, V3Error> {
        let mut search = Search { most: select.end()?, ..during(span) };
        let filters = select.filters(&COLUMNS)?;
        let known = filters.iter().all(|(field, text)| self.v3_filter(&mut search, field, text));
        let sorted = match select.orders(&COLUMNS)?.as_slice() {
            [] => Some((Order::Address, "")),
            [(field, way)] => order(field).map(|order| (order, *way)),
            _ => None,
        };
        let Some((order, way)) = sorted.filter(|_| known) else { return Ok(None) };
        (search.order, search.descending) = (order, way.eq_ignore_ascii_case("desc"));
        Ok(Some(search))
    }

    /// Adds a filter; whether that is possible.
    fn v3_filter<'a>(&'a self, search: &mut Search<'a>, field: &str, text: &'a str) -> bool {
        let within = match field {
            "ip" => Within::Name,
            "mac" => Within::Macs,
            "sensorNames" => return set(&mut search.sensor, self.fleet.sensor_ids(), text),
            "network" => return set(&mut search.network, self.fleet.network_names(), text),
            _ => return false,
        };
        let first = search.text.is_empty() && !text.trim().is_empty();
        (search.text, search.within) = (text, within);
        if field == "ip" {
            search.kind = Some(ComponentKind::Ip);
        }
        first
    }

    pub(super) fn v3_component(&self, ids: &str) -> Result<Value, DeskError> {
        let ids: Vec<&str> = ids.split(';').collect();
        if ids.len() > IDS_MAX {
            return Err(V3Error::Parameter("at most 100 ids").into());
        }
        let lines = self.v3_lines(&Search { most: self.v3_all()?, ..Search::default() })?;
        let found: Vec<Value> = lines.iter().filter(|line| ids.contains(&&*id(line))).map(row).collect();
        if found.is_empty() { Err(V3Error::Unknown.into()) } else { Ok(Value::Array(found)) }
    }

    pub(super) fn v3_dashboard(&self, span: Span) -> Value {
        let all = self.fleet.components().filter(|it| it.kind != ComponentKind::Infrastructure);
        let (mut here, mut born, mut total) = (0_u64, 0_u64, 0_u64);
        for component in all {
            let (first, last) = (millis(component.first), millis(component.last));
            total += 1;
            here += u64::from(active(first, last, span));
            born += u64::from(active(first, first, span));
        }
        let components = json!({"active": here, "created": born, "total": total});
        let none = json!({"active": 0, "created": 0, "total": 0});
        json!({"components": components, "orphanComponents": components, "devices": none})
    }

    fn v3_all(&self) -> Result<usize, DeskError> {
        match self.fleet.usage().total.components() {
            all if all > SORTED_MAX => Err(V3Error::TooMany.into()),
            all => Ok(usize::try_from(all).unwrap_or(usize::MAX)),
        }
    }

    fn v3_lines(&self, search: &Search<'_>) -> Result<Vec<ComponentLine>, DeskError> {
        Ok(self.fleet.search(search)?.rows.into_iter().map(|row| listing::line(&self.fleet, row)).collect())
    }
}

fn during((from, to): Span) -> Search<'static> {
    let time = |millis: Option<u64>, open| millis.map_or(open, UnixTime::from_millis);
    Search { active: (time(from, UnixTime::NEVER), time(to, UnixTime::MAX)), ..Search::default() }
}

fn order(field: &str) -> Option<Order> {
    match field {
        "ip" => Some(Order::Name),
        "firstActivity" => Some(Order::First),
        "lastActivity" => Some(Order::Last),
        _ => None,
    }
}

/// The only name that contains a text; whether there is one, and no other was asked for.
fn set<'a, N: ToString + ?Sized>(
    place: &mut Option<&'a N>,
    names: impl Iterator<Item = &'a N>,
    text: &str,
) -> bool {
    let text = text.to_lowercase();
    let mut holding = names.filter(|name| name.to_string().to_lowercase().contains(&text));
    match (holding.next(), holding.next()) {
        (Some(name), None) if place.is_none() => place.replace(name).is_none(),
        _ => false,
    }
}

fn id(line: &ComponentLine) -> String {
    id_of("component", &format!("{}\n{}", line.network, line.address))
}

/// The names of that API for what a component says of itself; what has none there is another property.
const NORMAL: [(Property, &str); 7] = [
    (Property::Name, "name"),
    (Property::Model, "model-name"),
    (Property::Reference, "model-ref"),
    (Property::Software, "fw-version"),
    (Property::Hardware, "hw-version"),
    (Property::Serial, "serial-number"),
    (Property::System, "os-name"),
];

/// A protocol as a tag.
pub(super) fn tag(protocol: Protocol) -> Value {
    let category = if protocol.is_industrial() { "Control system protocols" } else { "Network protocols" };
    json!({"id": id_of("tag", protocol.name()), "label": protocol.label(), "type": "protocol", "category": category,
        "important": false})
}

fn property(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}

/// Flows, vulnerabilities and the like are not looked at here, so their numbers are null.
fn row(line: &ComponentLine) -> Value {
    let is_ip = line.kind == "ip";
    let ip = is_ip.then_some(&line.address);
    let mac = if is_ip { line.macs.first() } else { Some(&line.address) };
    let label = line.known.name.as_ref().unwrap_or(&line.address);
    let (normal, other) = properties(line, ip);
    let tags = line.known.protocols.iter().filter_map(|name| Protocol::named(name)).map(tag);
    json!({
        "id": id(line), "label": label, "customLabel": null, "originalLabel": label, "ip": ip, "mac": mac,
        "firstActivity": millis(line.first), "lastActivity": millis(line.last), "sensorNames": line.sensors,
        "device": null, "group": null, "tags": tags.collect::<Vec<_>>(), "normalizedProperties": normal,
        "otherProperties": other,
        "flowsCount": null, "eventsCount": null, "variablesCount": null, "vulnerabilitiesCount": null,
        "credentialsCount": null, "externalCommunicationsCount": null, "network": line.network,
    })
}

/// Those that have names in that API, and the others.
fn properties(line: &ComponentLine, ip: Option<&String>) -> (Vec<Value>, Vec<Value>) {
    let said = &line.known.properties;
    let vendor = line.known.vendor.iter().map(|vendor| property("vendor-name", vendor));
    let named = NORMAL.iter().filter_map(|(own, key)| Some(property(key, said.get(own.name())?.as_str())));
    let vlans = line.vlans.iter().map(|vlan| property("vlan-id", &vlan.to_string()));
    let macs = line.macs.iter().map(|mac| property("mac", mac));
    let normal =
        ip.map(|ip| property("ip", ip)).into_iter().chain(macs).chain(vlans).chain(vendor).chain(named);
    let counted = [
        property("network", &line.network),
        property("confirmed", &line.confirmed.to_string()),
        property("packets", &line.packets.to_string()),
    ];
    let is_named = |name: &str| NORMAL.iter().any(|(own, _)| own.name() == name);
    let others = said.iter().filter(|(name, _)| !is_named(name));
    let others = others.map(|(name, text)| property(name, text.as_str()));
    (normal.collect(), counted.into_iter().chain(others).collect())
}
