//! Answers as people, programs and spreadsheets read them.

use super::screen::{csv, json, safe};
use super::words::{
    ComponentLine, CountAnswer, CountLine, Explanation, IdsAnswer, KeysAnswer, Known, LedgerAnswer,
    PolicyAnswer, RulesAnswer, SensorLine, StatusAnswer, TalkLine, TalksPage,
};
use crate::engine::entitlement::roster::Line;
use crate::model::bundle::Offer;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// The heading of a list of components.
const COMPONENT_COLUMNS: [&str; 15] = [
    "network",
    "address",
    "kind",
    "confirmed",
    "macs",
    "vlans",
    "claimed",
    "first",
    "last",
    "packets",
    "sensors",
    "name",
    "vendor",
    "model",
    "protocols",
];

fn table<const N: usize>(
    heading: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    figures: &[usize],
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading);
    for row in rows {
        table.add_row(row.map(|cell| if cell.is_empty() { "-".to_owned() } else { safe(&cell) }));
    }
    for &at in figures {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// Who may log in, one a line.
pub(super) fn people(answer: &Value) -> String {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = answer["people"].as_array().into_iter().flatten();
    table(
        ["name", "role", "created"],
        rows.map(|row| ["name", "role", "created"].map(|name| text(row, name))),
        &[],
    )
}

/// The keys, one a line, the oldest first.
pub(super) fn door_keys(answer: &Value) -> String {
    let row = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let kind = if row["session"] == true { "session" } else { "key" };
        [
            row["number"].to_string(),
            kind.to_owned(),
            text("name"),
            text("role"),
            text("created"),
            text("expires"),
            text("used"),
        ]
    };
    let heading = ["number", "kind", "name", "role", "created", "expires", "used"];
    table(heading, answer["keys"].as_array().into_iter().flatten().map(row), &[0])
}

/// The deployments, one a line.
pub(super) fn deployments(answer: &Value) -> String {
    let row = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let enabled = if row["enabled"] == true { "yes" } else { "no" };
        let used = format!("{} of {}", row["usage"], row["usage_max"]);
        [text("name"), used, text("expires"), enabled.to_owned()]
    };
    let heading = ["deployment", "sensors", "ends", "enabled"];
    table(heading, answer["deployments"].as_array().into_iter().flatten().map(row), &[])
}

/// One token alone, for a file; several with their serial numbers.
pub(super) fn tokens(answer: &Value) -> String {
    let tokens = answer.as_object().into_iter().flatten();
    let lines: Vec<_> = tokens.map(|(serial, token)| (serial, token.as_str().unwrap_or_default())).collect();
    if let [(_, token)] = lines.as_slice() {
        return format!("{token}\n");
    }
    let lines: Vec<String> = lines.iter().map(|(serial, token)| format!("{serial} {token}\n")).collect();
    lines.concat()
}

/// The rule bundles, one a line, the newest first.
pub(super) fn bundles(offers: &[Offer]) -> String {
    if offers.is_empty() {
        return "no rule bundle can be had; add one: tollgate-center rules add --set community FILE\n"
            .to_owned();
    }
    let heading = ["set", "digest", "name", "rules", "bytes", "released", "signed", "feed"];
    let row = |offer: &Offer| {
        let feed = offer.set.feed().to_owned();
        [
            offer.set.to_string(),
            offer.digest.to_string(),
            offer.name.clone(),
            offer.rules.to_string(),
            offer.size.to_string(),
            offer.released.clone(),
            yes(offer.signed),
            feed,
        ]
    };
    table(heading, offers.iter().map(row), &[3, 4])
}

fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// The sensors, one a line.
pub(super) fn sensors(lines: &[SensorLine]) -> String {
    let heading =
        ["sensor", "state", "components", "committed", "equal", "clock off", "dropped", "heard", "remarks"];
    let row = |line: &SensorLine| {
        let equal = line.equal.map_or_else(|| "not known".to_owned(), yes);
        let mut remarks = line.faults.clone();
        if line.saturated {
            remarks.insert(0, "TABLE FULL".to_owned());
        }
        [
            line.sensor.to_string(),
            line.state.clone(),
            line.components.to_string(),
            format!("{} of {}", line.committed, line.seq.max(line.committed)),
            equal,
            format!("{} s", line.skew_seconds),
            line.dropped.to_string(),
            line.heard.map(|time| time.to_string()).unwrap_or_default(),
            remarks.join("; "),
        ]
    };
    table(heading, lines.iter().map(row), &[2, 5, 6])
}

/// The count, by network and sensor.
pub(super) fn count(answer: &CountAnswer) -> String {
    let heading = [
        "",
        "name",
        "components",
        "confirmed",
        "by address",
        "by MAC only",
        "external up to",
        "infrastructure",
        "full",
        "filter",
    ];
    let row = |kind: &str, line: &CountLine| {
        let figures = line.figures;
        [
            kind.to_owned(),
            line.name.clone(),
            figures.components.to_string(),
            figures.confirmed.to_string(),
            figures.ip.to_string(),
            figures.mac_only.to_string(),
            // Sensors say how many external sources they see, not in which network.
            if kind == "network" { String::new() } else { figures.external.to_string() },
            figures.infrastructure.to_string(),
            yes(line.saturated),
            line.filters.join("; "),
        ]
    };
    let networks = answer.networks.iter().map(|line| row("network", line));
    let sensors = answer.sensors.iter().map(|line| row("sensor", line));
    let total = std::iter::once(row("all", &answer.total));
    let mut text = table(heading, total.chain(networks).chain(sensors), &[2, 3, 4, 5, 6, 7]);
    text += "Sensors overlap: what two of them saw is counted once. Confirmed components are billed.\n";
    text
}

fn joined(words: &[impl ToString]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn component_cells(line: &ComponentLine) -> [String; 15] {
    [
        line.network.clone(),
        line.address.clone(),
        line.kind.clone(),
        yes(line.confirmed),
        line.macs.join(" "),
        joined(&line.vlans),
        yes(line.claimed),
        line.first.to_string(),
        line.last.to_string(),
        line.packets.to_string(),
        joined(&line.sensors),
        line.known.name.clone().unwrap_or_default(),
        line.known.vendor.clone().unwrap_or_default(),
        line.known.model(),
        line.known.protocols.join(" "),
    ]
}

/// Components in columns.
pub(super) fn components(lines: &[ComponentLine]) -> String {
    table(COMPONENT_COLUMNS, lines.iter().map(component_cells), &[9])
}

/// Components as comma separated values; the heading first, if wanted.
pub(super) fn components_csv(lines: &[ComponentLine], heading: bool) -> String {
    let mut text = String::new();
    if heading {
        text += &(csv(&COMPONENT_COLUMNS.map(str::to_owned)) + "\r\n");
    }
    for line in lines {
        text += &(csv(&component_cells(line)) + "\r\n");
    }
    text
}

/// Components with an address, as NetBox's import of IP addresses reads them; a MAC alone is none. What NetBox would look
/// up, and refuse where it is not there (VRF, device), is not named: the network stands in the description.
pub(super) fn components_netbox(lines: &[ComponentLine], heading: bool) -> String {
    let mut text = String::new();
    if heading {
        text += "address,status,description\r\n";
    }
    for line in lines.iter().filter(|line| line.kind == "ip") {
        let bits = if line.address.contains(':') { 128 } else { 32 };
        let mac = line.macs.first().map(|mac| format!(", MAC {mac}")).unwrap_or_default();
        let description = format!("Tollgate: network {}{mac}, last seen {}", line.network, line.last);
        text += &(csv(&[format!("{}/{bits}", line.address), "active".to_owned(), description]) + "\r\n");
    }
    text
}

/// JSON lines: components, or pairs.
///
/// # Errors
/// When a line cannot be JSON.
pub(super) fn json_lines(lines: &[impl Serialize]) -> Result<String, serde_json::Error> {
    lines.iter().map(|line| json(line).map(|text| text + "\n")).collect()
}

/// The heading of a list of pairs.
const TALK_COLUMNS: [&str; 11] = [
    "network",
    "component",
    "component_name",
    "peer",
    "peer_name",
    "protocol",
    "packets",
    "bytes",
    "first",
    "last",
    "sensors",
];

/// Pairs, one a line, and what is missing.
pub(super) fn talks(page: &TalksPage) -> String {
    let heading = ["component", "talks to", "protocol", "network", "packets", "last", "sensors"];
    let row = |line: &TalkLine| {
        [
            line.component.clone(),
            line.peer.clone(),
            line.protocol.into(),
            line.network.clone(),
            line.packets.to_string(),
            line.last.to_string(),
            joined(&line.sensors),
        ]
    };
    let table = table(heading, page.lines.iter().map(row), &[4]);
    let more = match &page.incomplete[..] {
        [] => String::new(),
        sensors => format!("; incomplete, since more pairs were seen than are kept: {}", joined(sensors)),
    };
    format!("{} pairs of a sample of the frames{more}\n{table}", page.matching)
}

/// Pairs as comma separated values; the heading first, if wanted.
pub(super) fn talks_csv(lines: &[TalkLine], heading: bool) -> String {
    let cells = |line: &TalkLine| {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        csv(&[
            line.network.clone(),
            line.component.clone(),
            name(&line.component_name),
            line.peer.clone(),
            name(&line.peer_name),
            line.protocol.into(),
            line.packets.to_string(),
            line.bytes.to_string(),
            line.first.to_string(),
            line.last.to_string(),
            joined(&line.sensors),
        ])
    };
    let heading = heading.then(|| csv(&TALK_COLUMNS.map(str::to_owned)));
    heading.into_iter().chain(lines.iter().map(cells)).map(|line| line + "\r\n").collect()
}

/// Why something counts.
pub(super) fn explanation(answer: &Explanation) -> String {
    let mut text = safe(&answer.address);
    if let Some(class) = &answer.class {
        let _ = write!(text, " is {} by the policy in force", safe(class));
    }
    text.push('\n');
    if answer.verdicts.is_empty() {
        text += "No sensor saw it as a source, so it does not count.\n";
    }
    for verdict in &answer.verdicts {
        let billed = match (verdict.counts, verdict.confirmed) {
            (false, _) => "does not count",
            (true, false) => "counts, not billed yet",
            (true, true) => "counts, billed",
        };
        let _ = writeln!(text, "in network {}: {billed}: {}", safe(&verdict.network), safe(&verdict.why));
        text += &own_words(&verdict.known);
        let heading = ["seen by", "MAC", "address", "how", "VLANs", "first", "last", "packets"];
        text += &table(heading, verdict.witnesses.iter().map(witness_cells), &[7]);
    }
    text
}

/// What it says of itself: a line each.
fn own_words(known: &Known) -> String {
    let maker = known.vendor.iter().map(|vendor| ("made by", vendor.as_str()));
    let words = known.properties.iter().map(|(property, text)| (property.as_str(), text.as_str()));
    let spoken = known.protocols.join(" ");
    let spoken = (!spoken.is_empty()).then_some(("speaks", spoken.as_str()));
    let lines = maker.chain(words).chain(spoken);
    let lines: Vec<String> = lines.map(|(what, text)| format!("  {} {}\n", safe(what), safe(text))).collect();
    lines.concat()
}

fn witness_cells(witness: &super::words::Witness) -> [String; 8] {
    let sighting = &witness.sighting;
    let how = [(sighting.source, "source"), (sighting.claimed, "claimed"), (sighting.control, "control")];
    let how: Vec<_> = how.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    let vlans: Vec<_> = sighting.vlans.iter().map(u16::to_string).collect();
    [
        witness.sensor.to_string(),
        sighting.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        sighting.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        how.join(" "),
        vlans.join(" "),
        sighting.first.to_string(),
        sighting.last.to_string(),
        sighting.packets.to_string(),
    ]
}

/// How sensors stand with their rules.
pub(super) fn ids(answer: &IdsAnswer) -> String {
    let heading = ["sensor", "licence", "IDS", "may run", "until", "runs", "since", "remarks"];
    let row = |line: &Line| {
        let runs = line.effective.as_ref();
        let remarks = [line.reason.as_ref().map(|(_, text)| text), line.problem.as_ref().map(|at| &at.text)];
        [
            line.sensor.to_string(),
            line.class.map(|class| class.name().to_owned()).unwrap_or_default(),
            enabled(line),
            line.entitled.to_string(),
            line.until.map(|until| until.to_string()).unwrap_or_default(),
            runs.map(|runs| runs.set.to_string()).unwrap_or_default(),
            runs.map(|runs| runs.since.to_string()).unwrap_or_default(),
            remarks.into_iter().flatten().cloned().collect::<Vec<_>>().join("; "),
        ]
    };
    let table = table(heading, answer.sensors.iter().map(row), &[]);
    let wrong = answer.sensors.iter().filter(|line| line.problem.is_some()).count();
    format!(
        "chosen for all: {}; {wrong} of {} sensors do not run what they may\n{table}",
        answer.rules,
        answer.sensors.len()
    )
}

/// The keys.
pub(super) fn keys(answer: &KeysAnswer) -> String {
    let KeysAnswer { current, next, behind } = answer;
    let mut text = format!("in force  {current}\nfollows   {next}\n");
    let names: Vec<_> = behind.iter().map(ToString::to_string).collect();
    let _ = match names.len() {
        0 => writeln!(text, "all sensors know both"),
        many => writeln!(text, "{many} sensors may not know of the one that follows: {}", names.join(", ")),
    };
    text
}

/// Where IDS is enabled.
fn enabled(line: &Line) -> String {
    match line.enabled.keys().next() {
        None => "off".to_owned(),
        Some(whole) if whole.is_empty() => "on".to_owned(),
        Some(_) => format!("on {}", line.enabled.keys().cloned().collect::<Vec<_>>().join(",")),
    }
}

/// What a choice of rules does.
pub(super) fn rules(answer: &RulesAnswer) -> String {
    let state =
        if answer.applied { "chosen for all sensors" } else { "not chosen yet; this is what it would do" };
    let mut text = format!("{}: {state}\n", answer.rules);
    for line in &answer.tokens {
        let _ = writeln!(text, "{}: {} tokens, now {}", safe(&line.license), line.after, line.before);
    }
    let _ = writeln!(text, "{} sensors get {} rules", answer.gain.len(), answer.rules);
    for (sensor, why) in &answer.lose {
        let _ = writeln!(text, "{sensor} does not: {}", safe(why));
    }
    text
}

/// The policy in force.
pub(super) fn policy(answer: &PolicyAnswer) -> String {
    let list = |prefixes: &[crate::model::prefix::Prefix]| {
        let texts: Vec<_> = prefixes.iter().map(ToString::to_string).collect();
        if texts.is_empty() { "none declared".to_owned() } else { texts.join(" ") }
    };
    let pending: Vec<_> = answer.pending.iter().map(ToString::to_string).collect();
    let pending = if pending.is_empty() { "none".to_owned() } else { pending.join(" ") };
    format!(
        "internal       {} (beside the private ranges)\nexternal       {}\nconfirm after  {} s\ndigest         {}\nnot yet on     {pending}\n",
        list(&answer.policy.internal),
        list(&answer.policy.external),
        answer.policy.confirm_after_seconds,
        answer.digest,
    )
}

/// A ledger that holds.
pub(super) fn ledger(answer: &LedgerAnswer) -> String {
    format!("the ledger holds: {} entries, the last one {}\n", answer.entries, safe(&answer.head))
}

/// How the Center stands.
pub(super) fn status(answer: &StatusAnswer) -> String {
    let state = if answer.running {
        format!("running for {} s", answer.uptime_seconds)
    } else {
        "stopped".to_owned()
    };
    let broker = match (&answer.broker_fault, answer.broker) {
        (_, true) => "connected".to_owned(),
        (Some(fault), false) => format!("not connected: {}", safe(fault)),
        (None, false) => "not connected".to_owned(),
    };
    let mut text = format!(
        "tollgate-center {}, {state}\nbroker        {broker}\nsensors       {}, of these {} online\ncomponents    {}, confirmed {}\nintake        {} messages, {} reports, {} sightings, {} refused, {} resyncs\nlicence       {}\n",
        safe(&answer.version),
        answer.sensors,
        answer.online,
        answer.figures.components,
        answer.figures.confirmed,
        answer.intake.messages,
        answer.intake.reports,
        answer.intake.sightings,
        answer.intake.refused,
        answer.intake.resyncs,
        safe(&answer.license),
    );
    for to in &answer.notify {
        let (sent, waiting, dropped) = (to.sent, to.waiting, to.dropped);
        let _ =
            writeln!(text, "told          {}: {sent} sent, {waiting} wait, {dropped} dropped", safe(&to.to));
    }
    for (word, list) in [("CRITICAL", &answer.critical), ("WARNING", &answer.warnings)] {
        for line in list {
            let _ = writeln!(text, "{word:<14}{}", safe(line));
        }
    }
    text
}

/// The line for monitoring, and its exit status.
pub(super) fn check(answer: &StatusAnswer) -> (String, u8) {
    if !answer.running {
        return ("TOLLGATE CRITICAL - the Center does not run\n".to_owned(), 2);
    }
    let (word, exit) = match () {
        () if !answer.critical.is_empty() => ("CRITICAL", 2),
        () if !answer.warnings.is_empty() => ("WARNING", 1),
        () => ("OK", 0),
    };
    let figures = answer.figures;
    let said: Vec<_> =
        answer.critical.iter().chain(&answer.warnings).map(|line| safe(line).replace('|', "/")).collect();
    let said = if said.is_empty() { format!("{} sensors online", answer.online) } else { said.join("; ") };
    let line = format!(
        "TOLLGATE {word} - {said} | components={} confirmed={} sensors={} online={} evaluation_days={}\n",
        figures.components, figures.confirmed, answer.sensors, answer.online, answer.evaluation_days
    );
    (line, exit)
}
