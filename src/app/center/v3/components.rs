//! Components as that API shows them.

use super::select::Select;
use super::{V3Error, id_of, millis};
use crate::app::center::desk::DeskError;
use crate::app::center::listing::{self, Wanted};
use crate::app::center::state::Center;
use crate::app::center::words::ComponentLine;
use crate::engine::fleet::ComponentKind;
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
        let in_order = span == (None, None) && select.sort.is_none() && select.filter.is_none();
        let most = if in_order { select.end()? } else { self.v3_all()? };
        let lines = self.v3_lines(most)?;
        let lines = lines.iter().filter(|line| active(millis(line.first), millis(line.last), span));
        Ok(select.of(&COLUMNS, lines.map(row).collect())?)
    }

    pub(super) fn v3_component(&self, ids: &str) -> Result<Value, DeskError> {
        let ids: Vec<&str> = ids.split(';').collect();
        if ids.len() > IDS_MAX {
            return Err(V3Error::Parameter("at most 100 ids").into());
        }
        let lines = self.v3_lines(self.v3_all()?)?;
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

    fn v3_lines(&self, most: usize) -> Result<Vec<ComponentLine>, DeskError> {
        let wanted = Wanted { network: None, sensor: None, after: None, most };
        Ok(listing::page(&self.fleet, &wanted)?.lines)
    }
}

fn id(line: &ComponentLine) -> String {
    id_of("component", &format!("{}\n{}", line.network, line.address))
}

/// Flows, vulnerabilities and the like are not looked at here, so their numbers are null.
fn row(line: &ComponentLine) -> Value {
    let is_ip = line.kind == "ip";
    let ip = is_ip.then_some(&line.address);
    let mac = if is_ip { line.macs.first() } else { Some(&line.address) };
    let property = |key: &str, value: &str| json!({"key": key, "value": value});
    let vlans = line.vlans.iter().map(|vlan| property("vlan-id", &vlan.to_string()));
    let macs = line.macs.iter().map(|mac| property("mac", mac));
    let normal: Vec<Value> = ip.iter().map(|ip| property("ip", ip)).chain(macs).chain(vlans).collect();
    json!({
        "id": id(line), "label": line.address, "customLabel": null, "originalLabel": line.address, "ip": ip, "mac": mac,
        "firstActivity": millis(line.first), "lastActivity": millis(line.last), "sensorNames": line.sensors,
        "device": null, "group": null, "tags": [], "normalizedProperties": normal,
        "otherProperties": [property("network", &line.network), property("confirmed", &line.confirmed.to_string()),
            property("packets", &line.packets.to_string())],
        "flowsCount": null, "eventsCount": null, "variablesCount": null, "vulnerabilitiesCount": null,
        "credentialsCount": null, "externalCommunicationsCount": null, "network": line.network,
    })
}
