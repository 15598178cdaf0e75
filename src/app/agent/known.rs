//! What a component says of itself, as fields and as columns.

use crate::engine::inventory::listing::Identity;
use crate::model::nameplate::Nameplate;
use crate::model::plain::PlainText;
use crate::model::property::{Property, Protocol, Protocols};
use serde::Serialize;
use std::collections::BTreeMap;

/// By the names of the listing.
pub(super) type Knowledge<'a> = BTreeMap<(&'a str, Identity), Nameplate>;

/// What one component says.
#[derive(Debug, Default, Serialize)]
pub(super) struct Known<'a> {
    properties: BTreeMap<Property, &'a PlainText>,
    protocols: Protocols,
}

impl<'a> Known<'a> {
    pub(super) const COLUMNS: [&'static str; 3] = ["name", "what", "protocols"];

    pub(super) fn of(knowledge: &'a Knowledge<'a>, name: (&'a str, Identity)) -> Self {
        let plate = knowledge.get(&name);
        plate.map_or_else(Self::default, |plate| Self {
            properties: plate.properties().collect(),
            protocols: plate.protocols,
        })
    }

    pub(super) fn cells(&self) -> [String; 3] {
        let get = |property| self.properties.get(&property).map(|text| text.as_str());
        let what = [Property::Vendor, Property::Model, Property::Reference, Property::Software]
            .into_iter()
            .filter_map(get);
        let cells = [
            get(Property::Name).unwrap_or_default().to_owned(),
            what.collect::<Vec<_>>().join(", "),
            self.protocols.iter().map(Protocol::name).collect::<Vec<_>>().join(","),
        ];
        cells.map(|cell| if cell.is_empty() { "-".to_owned() } else { cell })
    }
}
