//! Tokens over time against what is reserved, where it goes, and whether the ledger that says so holds.

use super::chart::{Chart, chart};
use super::words::day;
use crate::app::center::words::{LedgerAnswer, Request, UsageHistory, UsagePoint};
use crate::app::pages::{Frame, Said, Visit, page};
use crate::app::rest::No;
use crate::engine::fleet::forecast::Forecast;
use askama::Template;

/// Days that are drawn.
const DAYS: usize = 90;
const DAY: u64 = 86_400_000;

#[derive(Template)]
#[template(path = "center/web/look/usage.html")]
struct Usage<'a> {
    frame: &'a Frame,
    chart: Chart,
    days: Vec<UsagePoint>,
    reserved: Option<u64>,
    outlook: String,
    /// What came of a look at the ledger, if one was wanted.
    ledger: Option<Result<LedgerAnswer, No>>,
}

pub(super) async fn usage(visit: &Visit) -> Said {
    let history: UsageHistory = visit.ask(&Request::UsageHistory {}).await?;
    let outlook = outlook(&history);
    let UsageHistory { mut days, reserved, .. } = history;
    days.drain(..days.len().saturating_sub(DAYS));
    let first = days.first().map_or(0, |point| point.day.millis() / DAY);
    let last = days.last().map_or(0, |point| point.day.millis() / DAY);
    let bars = days.iter().map(|point| (point.day.millis() / DAY - first, point.confirmed));
    let chart = chart("Components billed", bars, last - first + 1, reserved);
    days.reverse();
    let ledger = if visit.flag("verify") { Some(visit.ask(&Request::VerifyLedger).await) } else { None };
    page(&Usage { frame: &visit.frame, chart, days, reserved, outlook, ledger })
}

/// The forecast in words.
fn outlook(history: &UsageHistory) -> String {
    let (Some(limit), Some(forecast)) = (history.reserved, history.forecast) else {
        return "Nothing is reserved here, so there is no limit to reach.".to_owned();
    };
    let looked_at = history.looked_at_days;
    match forecast {
        Forecast::Reached {} => format!("All {limit} reserved tokens are used up."),
        Forecast::At { at, per_day } => {
            format!(
                "Reaches {limit} on {} at the last {looked_at} days' rate ({per_day:.1} a day).",
                day(&at)
            )
        }
        Forecast::Far { per_day } => {
            format!(
                "Does not reach {limit} within ten years at the last {looked_at} days' rate ({per_day:.2} a day)."
            )
        }
        Forecast::NoGrowth {} => {
            format!("Did not grow in the last {looked_at} days: {limit} is not reached so.")
        }
        Forecast::TooEarly { days } => {
            format!(
                "It cannot be told yet when {limit} is reached: {days} days are known, and seven are needed."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::UnixTime;

    #[test]
    fn the_outlook_says_a_date_or_that_there_is_none() {
        let said = |reserved, forecast| {
            outlook(&UsageHistory { days: Vec::new(), reserved, forecast, looked_at_days: 30 })
        };
        let at = Forecast::At { at: UnixTime::from_millis(1_800_000_000_000), per_day: 2.5 };
        assert_eq!(
            said(Some(900), Some(at)),
            "Reaches 900 on 2027-01-15 at the last 30 days' rate (2.5 a day)."
        );
        assert!(said(None, None).starts_with("Nothing is reserved"));
        assert!(said(Some(9), Some(Forecast::TooEarly { days: 3 })).contains("3 days are known"));
    }
}
