//! Components: searched, filtered, sorted; why one counts; all that match as a file.

use super::words::time;
use crate::app::center::show;
use crate::app::center::words::{
    ComponentLine, ComponentsPage, CountAnswer, Explanation, Kind, Place, Request, Sort, Wanted,
};
use crate::app::pages::{Frame, Said, Shown, Visit, page};
use crate::app::rest::No;
use crate::model::ident::SensorId;
use crate::model::property::Protocol;
use askama::Template;

/// Lines of a page.
const ROWS: usize = 100;
/// Lines of a file, and of one question for it.
const FILE: usize = 200_000;
const PIECE: usize = 10_000;
/// Networks to choose from.
const NETWORKS: usize = 200;

/// What the form says; the same words lead to the next page and to a file.
fn wanted(visit: &Visit) -> Result<Wanted, No> {
    let text = |name| visit.may(name).map(str::to_owned);
    let sensor = visit.may_be::<SensorId>("sensor")?;
    let kind = visit.may_be::<Kind>("kind")?;
    let protocol = visit.may_be::<Protocol>("protocol")?;
    let sort = visit.may_be::<Sort>("sort")?;
    Ok(Wanted {
        search: text("search"),
        network: text("network"),
        kind,
        sensor,
        protocol,
        vendor: text("vendor"),
        confirmed: visit.flag("unconfirmed").then_some(false),
        sort: sort.unwrap_or_default(),
        descending: visit.flag("descending"),
        after: after(visit)?,
        size: Some(ROWS),
    })
}

fn after(visit: &Visit) -> Result<Option<Place>, No> {
    let Some(address) = visit.may("after_address") else { return Ok(None) };
    let time = visit.may_be("after_time")?;
    Ok(Some(Place { network: visit.word("after_network").to_owned(), address: address.to_owned(), time }))
}

/// Words of the form, and those of a page after the first.
const ASKED: [&str; 9] =
    ["search", "network", "kind", "sensor", "protocol", "vendor", "sort", "descending", "unconfirmed"];
const AFTER: [&str; 3] = ["after_network", "after_address", "after_time"];

/// Those of them that were said.
fn said<'a>(visit: &'a Visit, names: &[&'static str]) -> Vec<(&'static str, &'a str)> {
    names.iter().filter_map(|name| Some((*name, visit.may(name)?))).collect()
}

#[derive(Template)]
#[template(path = "center/web/look/components.html")]
struct List<'a> {
    frame: &'a Frame,
    lines: Vec<ComponentLine>,
    matching: u64,
    next: Option<Place>,
    networks: Vec<String>,
    /// Whether the network that was asked for is one of these.
    listed: bool,
    /// Name, label, and whether it was asked for.
    protocols: Vec<(&'static str, &'static str, bool)>,
    /// What was asked for, for links that keep it; and on which page.
    asked: Vec<(&'static str, &'a str)>,
    page: Vec<(&'static str, &'a str)>,
    /// Why one of them counts.
    why: Option<Explanation>,
    search: &'a str,
    network: &'a str,
    sensor: &'a str,
    vendor: &'a str,
    kind: &'a str,
    sort: &'a str,
    unconfirmed: bool,
    descending: bool,
}

pub(super) async fn list(visit: &Visit) -> Said {
    let wanted = wanted(visit)?;
    let ComponentsPage { lines, matching, next } = visit.ask(&Request::Components(wanted)).await?;
    let count: CountAnswer = visit.ask(&Request::Count).await?;
    let networks: Vec<String> = count.networks.into_iter().map(|line| line.name).take(NETWORKS).collect();
    let why = match visit.may("explain") {
        Some(address) => Some(explanation(visit, address, BESIDE).await?),
        None => None,
    };
    let wanted = visit.word("protocol");
    let protocols =
        Protocol::ALL.map(|protocol| (protocol.name(), protocol.label(), protocol.name() == wanted));
    page(&List {
        frame: &visit.frame,
        lines,
        matching,
        next,
        listed: networks.iter().any(|name| name == visit.word("network")),
        networks,
        protocols: protocols.to_vec(),
        asked: said(visit, &ASKED),
        page: said(visit, &AFTER),
        why,
        search: visit.word("search").trim(),
        vendor: visit.word("vendor").trim(),
        network: visit.word("network"),
        sensor: visit.word("sensor"),
        kind: visit.word("kind"),
        sort: visit.word("sort"),
        unconfirmed: visit.flag("unconfirmed"),
        descending: visit.flag("descending"),
    })
}

#[derive(Template)]
#[template(path = "center/web/look/explain.html")]
struct Explain<'a> {
    frame: &'a Frame,
    answer: Explanation,
}

/// Witnesses of one verdict that are listed: on its own page, and beside the list.
const WITNESSES: usize = 100;
const BESIDE: usize = 10;

pub(super) async fn explain(visit: &Visit) -> Said {
    let answer = explanation(visit, visit.word("address"), WITNESSES).await?;
    page(&Explain { frame: &visit.frame, answer })
}

async fn explanation(visit: &Visit, address: &str, witnesses: usize) -> Result<Explanation, No> {
    let mut answer: Explanation = visit.ask(&Request::Explain { address: address.to_owned() }).await?;
    answer.verdicts.iter_mut().for_each(|verdict| verdict.witnesses.truncate(witnesses));
    Ok(answer)
}

/// A way to write lines: the file's name, its kind, and a piece of it, the first one with its heading.
type Form = (&'static str, &'static str, fn(&[ComponentLine], bool) -> Result<String, No>);

fn form(name: &str) -> Result<Form, No> {
    match name {
        "csv" => Ok(("components.csv", "text/csv; charset=utf-8", |lines, first| {
            Ok(show::components_csv(lines, first))
        })),
        "json" => Ok(("components.jsonl", "application/jsonl", |lines, _| {
            show::json_lines(lines).map_err(|error| No::new("failed", error.to_string()))
        })),
        "netbox" => Ok(("netbox-ip-addresses.csv", "text/csv; charset=utf-8", |lines, first| {
            Ok(show::components_netbox(lines, first))
        })),
        _ => Err(No::new("bad-request", "a format is csv, json or netbox; choose one")),
    }
}

/// Piece by piece, so that the Center does not stand still meanwhile.
pub(super) async fn export(visit: &Visit) -> Said {
    let (name, kind, write) = form(visit.word("format"))?;
    let mut wanted = Wanted { size: Some(PIECE), after: None, ..wanted(visit)? };
    let mut text = String::new();
    loop {
        let first = wanted.after.is_none();
        let piece: ComponentsPage = visit.ask(&Request::Components(wanted.clone())).await?;
        if piece.matching > FILE as u64 {
            return Err(too_many(piece.matching));
        }
        text += &write(&piece.lines, first)?;
        match piece.next {
            Some(next) => wanted.after = Some(next),
            None => return Ok(Shown::File { name: name.to_owned(), kind, bytes: text.into() }),
        }
    }
}

fn too_many(matching: u64) -> No {
    No::new(
        "too-many",
        format!(
            "{matching} components match, and a file has {FILE} at most; narrow the search, or use tollgate-center \
             components --csv, which has no limit"
        ),
    )
}
