//! Who talks to whom: searched, filtered, sorted, drawn; all that match as a file.

use super::drawing::{Drawing, drawing};
use super::words::time;
use crate::app::center::show;
use crate::app::center::words::{
    CountAnswer, OTHER, Request, Spoken, TalkLine, TalkSort, TalksPage, WantedTalks,
};
use crate::app::pages::{Frame, Said, Shown, Visit, page};
use crate::app::rest::No;
use crate::model::ident::SensorId;
use crate::model::property::Protocol;
use askama::Template;

/// Lines of a page.
const ROWS: u64 = 100;
/// Pairs that are drawn, the strongest.
const DRAWN: u64 = 2_000;
/// Networks to choose from.
const NETWORKS: usize = 200;

/// What the form says; the same words lead to the next page and to a file.
fn wanted(visit: &Visit) -> Result<WantedTalks, No> {
    let text = |name| visit.may(name).map(str::to_owned);
    let protocol = visit.may_be::<Spoken>("protocol")?;
    let sensor = visit.may_be::<SensorId>("sensor")?;
    let sort = visit.may_be::<TalkSort>("sort")?;
    let from = visit.may_be("from")?;
    Ok(WantedTalks {
        search: text("search"),
        network: text("network"),
        protocol,
        sensor,
        sort: sort.unwrap_or_default(),
        from: from.unwrap_or_default(),
        size: Some(ROWS),
    })
}

#[derive(Template)]
#[template(path = "center/web/look/activities.html")]
struct List<'a> {
    frame: &'a Frame,
    answer: TalksPage,
    drawing: Drawing,
    /// Pairs in the drawing.
    drawn: usize,
    /// Name, label, and whether it was asked for.
    protocols: Vec<(&'static str, &'static str, bool)>,
    networks: Vec<String>,
    /// Whether the network that was asked for is one of these.
    listed: bool,
    search: &'a str,
    network: &'a str,
    protocol: &'a str,
    sensor: &'a str,
    sort: &'a str,
}

pub(super) async fn list(visit: &Visit) -> Said {
    let wanted = wanted(visit)?;
    let strongest = WantedTalks { sort: TalkSort::Most, from: 0, size: Some(DRAWN), ..wanted.clone() };
    let strongest: TalksPage = visit.ask(&Request::Activities(strongest)).await?;
    let drawn = strongest.lines.len();
    let drawing = drawing(&strongest.lines);
    let answer = if wanted.sort == TalkSort::Most && wanted.from == 0 {
        first_page(strongest)
    } else {
        visit.ask(&Request::Activities(wanted)).await?
    };
    let count: CountAnswer = visit.ask(&Request::Count).await?;
    let networks: Vec<String> = count.networks.into_iter().map(|line| line.name).take(NETWORKS).collect();
    let protocol = visit.word("protocol");
    let names = Protocol::ALL.into_iter().map(|protocol| (protocol.name(), protocol.label()));
    let protocols = names.chain([(OTHER, OTHER)]).map(|(name, label)| (name, label, name == protocol));
    page(&List {
        frame: &visit.frame,
        answer,
        drawn,
        drawing,
        protocols: protocols.collect(),
        listed: networks.iter().any(|name| name == visit.word("network")),
        networks,
        search: visit.word("search").trim(),
        network: visit.word("network"),
        protocol,
        sensor: visit.word("sensor"),
        sort: visit.word("sort"),
    })
}

/// Of the strongest pairs those that a page shows.
fn first_page(strongest: TalksPage) -> TalksPage {
    let lines: Vec<_> = strongest.lines.into_iter().take(usize::try_from(ROWS).unwrap_or(0)).collect();
    let next = (strongest.matching > ROWS).then_some(ROWS);
    TalksPage { lines, next, ..strongest }
}

/// An end as people read it, and what it is called.
pub(super) fn end(word: &str, name: Option<&str>) -> String {
    match (word, name) {
        ("group", _) => "multicast and broadcast".to_owned(),
        ("external", _) => "external addresses".to_owned(),
        (word, Some(name)) => format!("{word} {name}"),
        (word, None) => word.to_owned(),
    }
}

/// Piece by piece, so that the Center does not stand still meanwhile.
pub(super) async fn export(visit: &Visit) -> Said {
    let is_csv = match visit.word("format") {
        "csv" => true,
        "json" => false,
        _ => return Err(No::new("bad-request", "a format is csv or json; choose one")),
    };
    let (name, kind) = if is_csv {
        ("activities.csv", "text/csv; charset=utf-8")
    } else {
        ("activities.jsonl", "application/jsonl")
    };
    // In an order that no frame changes meanwhile.
    let mut wanted = WantedTalks { sort: TalkSort::Pair, from: 0, size: None, ..wanted(visit)? };
    let mut text = String::new();
    loop {
        let piece: TalksPage = visit.ask(&Request::Activities(wanted.clone())).await?;
        text += &written(&piece.lines, is_csv, wanted.from == 0)?;
        match piece.next {
            Some(next) => wanted.from = next,
            None => return Ok(Shown::File { name: name.to_owned(), kind, bytes: text.into() }),
        }
    }
}

fn written(lines: &[TalkLine], is_csv: bool, first: bool) -> Result<String, No> {
    if is_csv {
        return Ok(show::talks_csv(lines, first));
    }
    show::json_lines(lines).map_err(|error| No::new("failed", error.to_string()))
}
