//! The list of sensors, one of them, and what is ordered of one.

use super::chart::{Chart, charts};
use super::words::{clock, colour, processing, span, time};
use crate::app::center::words::{Bundle, Done, IdsAnswer, Request, SensorLine, Series, Span};
use crate::app::pages::{Frame, Said, Shown, Visit, go, page};
use crate::app::rest::No;
use crate::engine::entitlement::roster::Line;
use crate::model::ident::SensorId;
use crate::model::profile::Profile;
use askama::Template;
use base64::Engine as _;

/// Sensors of a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "center/web/look/sensors.html")]
struct List<'a> {
    frame: &'a Frame,
    lines: Vec<SensorLine>,
    matching: usize,
    total: usize,
    find: &'a str,
    next: Option<usize>,
}

pub(super) async fn list(visit: &Visit) -> Said {
    let mut lines: Vec<SensorLine> = visit.ask(&Request::Sensors).await?;
    let total = lines.len();
    let find = visit.word("find").trim();
    lines.retain(|line| line.sensor.as_str().contains(find));
    let matching = lines.len();
    let from = visit.word("from").parse::<usize>().unwrap_or(0);
    let next = from.checked_add(ROWS).filter(|next| *next < matching);
    let lines = lines.into_iter().skip(from).take(ROWS).collect();
    page(&List { frame: &visit.frame, lines, matching, total, find, next })
}

#[derive(Template)]
#[template(path = "center/web/look/sensor.html")]
struct One<'a> {
    frame: &'a Frame,
    line: SensorLine,
    ids: Option<Line>,
    spans: [(&'static str, &'static str, bool); 4],
    series: Series,
    charts: [Chart; 3],
}

pub(super) async fn one(visit: &Visit) -> Said {
    let line = line(visit).await?;
    let sensor = line.sensor.clone();
    let p = visit.may_be::<Span>("p")?;
    let shown = p.unwrap_or(Span::Day);
    let series: Series = visit.ask(&Request::Series { sensor: sensor.clone(), p: Some(shown) }).await?;
    let spans = [
        ("2h", "2 hours", Span::TwoHours),
        ("24h", "24 hours", Span::Day),
        ("7d", "7 days", Span::Week),
        ("30d", "30 days", Span::Month),
    ];
    let spans = spans.map(|(word, label, span)| (word, label, span == shown));
    let (ids, charts) = (ids_of(visit, &sensor).await?, charts(&series));
    page(&One { frame: &visit.frame, line, ids, spans, charts, series })
}

async fn line(visit: &Visit) -> Result<SensorLine, No> {
    let sensor: SensorId = visit.parsed("sensor")?;
    let lines: Vec<SensorLine> = visit.ask_to_view(&Request::Sensors).await?;
    let unknown = || No::new("unknown", format!("there is no sensor {sensor}; the page Sensors lists them"));
    lines.into_iter().find(|line| line.sensor == sensor).ok_or_else(unknown)
}

async fn ids_of(visit: &Visit, sensor: &SensorId) -> Result<Option<Line>, No> {
    let answer: IdsAnswer = visit.ask_to_view(&Request::IdsStatus).await?;
    Ok(answer.sensors.into_iter().find(|line| line.sensor == *sensor))
}

#[derive(Template)]
#[template(path = "center/web/look/ids.html")]
struct Ids<'a> {
    frame: &'a Frame,
    sensor: SensorId,
    line: Line,
}

pub(super) async fn ids(visit: &Visit) -> Said {
    let sensor = line(visit).await?.sensor;
    let none = || No::new("no-ids", format!("{sensor} cannot run Snort; its platform only counts"));
    let line = ids_of(visit, &sensor).await?.ok_or_else(none)?;
    page(&Ids { frame: &visit.frame, sensor, line })
}

pub(super) async fn set_ids(visit: &Visit) -> Said {
    let sensor: SensorId = visit.parsed("sensor")?;
    let to = format!("/sensors/{sensor}");
    let interface = visit.may("interface").map(str::to_owned);
    let enable = visit.word("enable") == "yes";
    let done: Done = visit.ask(&Request::Ids { sensor, interface, enable }).await?;
    go(to, done.said)
}

#[derive(Template)]
#[template(path = "center/web/look/revoke.html")]
struct Revoking<'a> {
    frame: &'a Frame,
    line: SensorLine,
}

pub(super) async fn revoking(visit: &Visit) -> Said {
    page(&Revoking { frame: &visit.frame, line: line(visit).await? })
}

pub(super) async fn revoke(visit: &Visit) -> Said {
    let sensor: SensorId = visit.parsed("sensor")?;
    let to = format!("/sensors/{sensor}");
    let done: Done = visit.ask(&Request::Revoke { sensor }).await?;
    go(to, done.said)
}

#[derive(Template)]
#[template(path = "center/web/look/enroll.html")]
struct Enrolment<'a> {
    frame: &'a Frame,
    /// Name, and whether it was chosen.
    platforms: Vec<(&'static str, bool)>,
    sensor: &'a str,
}

pub(super) fn enrolment(visit: &Visit) -> Said {
    let platforms = Profile::names().map(|name| (name, name == visit.word("platform"))).collect();
    page(&Enrolment { frame: &visit.frame, platforms, sensor: visit.word("sensor") })
}

/// The bundle is given out once: it is the answer, and kept nowhere.
pub(super) async fn enroll(visit: &Visit) -> Said {
    let (sensor, platform): (SensorId, _) = (visit.parsed("sensor")?, visit.word("platform").to_owned());
    let name = format!("{sensor}.tar");
    let bundle: Bundle = visit.ask(&Request::Enroll { sensor, platform, valid_days: None }).await?;
    let tar = base64::engine::general_purpose::STANDARD.decode(&bundle.tar);
    let bytes = tar.map_err(|error| No::new("failed", error.to_string()))?;
    Ok(Shown::File { name, kind: "application/x-tar", bytes })
}
