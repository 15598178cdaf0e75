//! Results as data, and their two forms: a table for people, JSON lines for programs.

use super::known::{Knowledge, Known};
pub use crate::engine::inventory::RULES_VERSION;
use crate::engine::inventory::Tally;
use crate::engine::inventory::listing::{Component, Identity, Listing};
use crate::io::capture::live::LiveCounters;
use crate::model::time::{CaptureTime, Span};
use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

/// One result: the figures of one source or of the union of several.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where the frames came from.
    #[serde(flatten)]
    pub source: Source,
    components: u32,
    ip: u32,
    mac_only: u32,
    external: u64,
    external_is_estimate: bool,
    infrastructure: u32,
    packets: u64,
    undecoded: u64,
    saturated: bool,
    overflow_estimate: u64,
    rules_version: u32,
    /// The capture filter in force.
    pub filter: Option<String>,
    /// Frames that the filter left out.
    pub filtered: u64,
    /// Link types, in order of appearance.
    pub link_types: Vec<String>,
    first: Option<String>,
    last: Option<String>,
    /// Declared prefixes, which change what counts.
    pub declared_internal: Vec<String>,
    /// The same for what does not count.
    pub declared_external: Vec<String>,
    set_digest: String,
    /// What a live capture received and lost.
    #[serde(flatten)]
    pub live: Option<Live>,
}

/// Where the frames came from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// One file, as given.
    File(String),
    /// Several files, united.
    Files(Vec<String>),
    /// An interface.
    Interface(String),
}

/// The books of a live capture: `received = packets + dropped + filtered`.
#[derive(Debug, Serialize)]
pub struct Live {
    received: u64,
    dropped: u64,
    freezes: u64,
}

impl From<LiveCounters> for Live {
    fn from(counters: LiveCounters) -> Self {
        Self { received: counters.received, dropped: counters.dropped, freezes: counters.freezes }
    }
}

impl Report {
    /// The figures of `source`; what the inventory does not know is filled in by the caller.
    pub fn new(source: Source, tally: &Tally, set_digest: String) -> Self {
        Self {
            source,
            components: tally.census.components(),
            ip: tally.census.ip,
            mac_only: tally.census.mac_only,
            external: tally.external,
            external_is_estimate: tally.external_is_estimate,
            infrastructure: tally.census.infrastructure,
            packets: tally.packets,
            undecoded: tally.undecoded,
            saturated: tally.saturated,
            overflow_estimate: tally.overflow_estimate,
            rules_version: RULES_VERSION,
            filter: None,
            filtered: 0,
            link_types: Vec::new(),
            first: (!tally.span.is_empty()).then(|| rfc3339(tally.span.first)),
            last: (!tally.span.is_empty()).then(|| rfc3339(tally.span.last)),
            declared_internal: Vec::new(),
            declared_external: Vec::new(),
            set_digest,
            live: None,
        }
    }

    /// The table that a plant engineer reads.
    pub fn to_text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        for (name, figure, note) in self.rows() {
            table.add_row([name.to_owned(), figure, note]);
        }
        if let Some(figures) = table.column_mut(1) {
            figures.set_cell_alignment(CellAlignment::Right);
        }
        let mut text = self.title();
        for line in table.lines() {
            let _ = write!(text, "\n {}", line.trim_end());
        }
        text
    }

    fn title(&self) -> String {
        match &self.source {
            Source::File(name) => printable(name),
            Source::Files(names) => format!("{} captures, united", names.len()),
            Source::Interface(name) => format!("interface {}", printable(name)),
        }
    }

    fn rows(&self) -> Vec<(&'static str, String, String)> {
        let about = |estimate| if estimate { "about " } else { "" };
        let mut rows = vec![
            ("components", self.components.to_string(), "licence tokens".to_owned()),
            ("  by address", self.ip.to_string(), "internal addresses seen as a source".to_owned()),
            ("  by MAC only", self.mac_only.to_string(), "stations that never sourced one".to_owned()),
            (
                "external",
                format!("{}{}", about(self.external_is_estimate), self.external),
                "addresses outside the plant, never billed".to_owned(),
            ),
            (
                "infrastructure",
                self.infrastructure.to_string(),
                "switch ports (LLDP, STP, CDP), never billed".to_owned(),
            ),
            ("packets", self.packets.to_string(), self.period()),
        ];
        if self.undecoded > 0 {
            rows.push((
                "undecoded",
                self.undecoded.to_string(),
                "cut short, malformed or of another link type".to_owned(),
            ));
        }
        if let Some(filter) = &self.filter {
            rows.push(("filtered", self.filtered.to_string(), format!("left out by: {}", printable(filter))));
        }
        if let Some(live) = &self.live {
            rows.push(("received", live.received.to_string(), "on the interface".to_owned()));
            rows.push(("dropped", live.dropped.to_string(), "lost for want of time or room".to_owned()));
        }
        if self.saturated {
            let note = "had no room: the count is at least that of components".to_owned();
            rows.push(("TABLE FULL", format!("about {}", self.overflow_estimate), note));
        }
        rows
    }

    fn period(&self) -> String {
        match (&self.first, &self.last) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "none".to_owned(),
        }
    }
}

/// One component, as a line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    network: &'a str,
    address: String,
    kind: &'static str,
    macs: Vec<String>,
    vlans: Vec<u16>,
    claimed: bool,
    first: Option<String>,
    last: Option<String>,
    packets: u64,
    #[serde(flatten)]
    known: Option<Known<'a>>,
}

impl<'a> Line<'a> {
    fn new(file: Option<&'a str>, network: &'a str, identity: Identity, component: &Component) -> Self {
        let Span { first, last } = component.span;
        let time = |time| (!component.span.is_empty()).then(|| rfc3339(time));
        Self {
            file,
            network,
            address: identity.to_string(),
            kind: match identity {
                Identity::Ip(_) => "ip",
                Identity::Mac(_) => "mac",
            },
            macs: component.macs.iter().map(ToString::to_string).collect(),
            vlans: component.vlans.iter().copied().collect(),
            claimed: component.claimed,
            first: time(first),
            last: time(last),
            packets: component.packets,
            known: None,
        }
    }

    /// With what it says of itself.
    fn knowing(self, known: Option<Known<'a>>) -> Self {
        Self { known, ..self }
    }

    fn cells(self) -> Vec<String> {
        let none = || "-".to_owned();
        let joined = |parts: Vec<String>| if parts.is_empty() { none() } else { parts.join(",") };
        let known = self.known.map(|known| known.cells());
        let cells = [
            self.network.to_owned(),
            self.address,
            self.kind.to_owned(),
            joined(self.macs),
            joined(self.vlans.iter().map(u16::to_string).collect()),
            self.first.unwrap_or_else(none),
            self.last.unwrap_or_else(none),
            self.packets.to_string(),
        ];
        cells.into_iter().chain(known.into_iter().flatten()).collect()
    }
}

/// One JSON object a component.
pub(super) fn list_json(
    file: Option<&str>,
    listing: &Listing<'_>,
    knowledge: Option<&Knowledge<'_>>,
) -> Result<Vec<String>, serde_json::Error> {
    let line = |(&name, component): (&(&str, Identity), &Component)| {
        let known = knowledge.map(|knowledge| Known::of(knowledge, name));
        serde_json::to_string(&Line::new(file, name.0, name.1, component).knowing(known))
    };
    listing.iter().map(line).collect()
}

const COLUMNS: [&str; 8] = ["network", "address", "kind", "MACs", "VLANs", "first", "last", "packets"];

/// One aligned line a component, under a heading.
pub(super) fn list_text(listing: &Listing<'_>, knowledge: Option<&Knowledge<'_>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(COLUMNS.into_iter().chain(knowledge.iter().flat_map(|_| Known::COLUMNS)));
    for (&name, component) in listing {
        let known = knowledge.map(|knowledge| Known::of(knowledge, name));
        let cells = Line::new(None, name.0, name.1, component).knowing(known).cells();
        table.add_row(cells.iter().map(|cell| printable(cell)));
    }
    if let Some(packets) = table.column_mut(7) {
        packets.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// RFC 3339 in UTC, to the nanosecond as far as the capture has it.
fn rfc3339(time: CaptureTime) -> String {
    Timestamp::from_nanosecond(i128::from(time.nanos())).unwrap_or(Timestamp::MAX).to_string()
}

/// Control characters in a file name or filter must not reach the terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_to_the_nanosecond() {
        assert_eq!(rfc3339(CaptureTime::from_nanos(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            rfc3339(CaptureTime::from_nanos(1_700_000_000_000_000_001)),
            "2023-11-14T22:13:20.000000001Z"
        );
        assert!(rfc3339(CaptureTime::MAX).starts_with("2554-07-21"));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }
}
