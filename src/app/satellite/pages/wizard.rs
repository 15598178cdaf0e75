//! Smart License Reservation in four steps, and Update License Reservation in three. A step carries what was typed before
//! it in its form; each step, and the last one above all, asks the desk anew.

use super::words::{day, escaped};
use super::{INSTANCES, LICENSES, Selection, code_or_file, instance};
use crate::app::pages::{Frame, Said, Shown, Visit, go, page};
use crate::app::rest::No;
use crate::app::satellite::words::Request;
use crate::engine::authority::SelectionRow;
use crate::engine::licensing::codes::Udi;
use crate::model::entitlement::{Class, Tag};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RESERVE: &str = "Smart License Reservation";
pub(super) const UPDATE: &str = "Update License Reservation";

/// A step's number, name, and whether it is behind, or here.
struct Step {
    number: usize,
    name: &'static str,
    done: bool,
    current: bool,
}

/// The steps of a wizard; `at` counts from the selection on, which an update begins with.
fn steps(updating: bool, at: usize) -> Vec<Step> {
    let names: &[&str] =
        &["Enter Request Code", "Select Licenses", "Review and confirm", "Authorization Code"];
    let skipped = usize::from(updating);
    let names = names.iter().skip(skipped).enumerate();
    let at = at + 1 - skipped;
    names.map(|(n, name)| Step { number: n + 1, name, done: n < at, current: n == at }).collect()
}

/// What both wizards go by.
struct Course<'a> {
    visit: &'a Visit,
    /// The instance that is updated.
    instance: Option<&'a str>,
    product: String,
    serial: String,
    rows: Vec<SelectionRow>,
}

#[derive(Deserialize)]
struct Device {
    udi: String,
}

#[allow(clippy::unused_self, reason = "a template asks its page")]
impl<'a> Course<'a> {
    /// What there is to reserve, for whom.
    async fn of(visit: &'a Visit) -> Result<Self, No> {
        if let Some(id) = visit.may("instance") {
            let whole = instance::asked(visit).await?;
            let request = Request::SelectUpdate { instance: id.to_owned() };
            let Selection { licenses } = visit.ask(&request).await?;
            let (product, serial) = (whole.pid, whole.brief.serial);
            return Ok(Self { visit, instance: Some(id), product, serial, rows: licenses });
        }
        let (account, request) = (visit.parsed("account")?, code_or_file(visit, "request").to_owned());
        let answer: Value = visit.ask(&Request::Select { account, request }).await?;
        let broken = |error: String| No::new("failed", error);
        let Device { udi } = Device::deserialize(&answer).map_err(|error| broken(error.to_string()))?;
        let rows = Selection::deserialize(&answer).map_err(|error| broken(error.to_string()))?.licenses;
        let udi = Udi::read(&udi).map_err(|error| broken(error.to_string()))?;
        let (product, serial) = (udi.product().to_owned(), udi.serial().to_owned());
        Ok(Self { visit, instance: None, product, serial, rows })
    }

    /// What was typed for a licence; what it has already where nothing was.
    fn typed(&self, row: &SelectionRow) -> String {
        self.visit.may(&field(&row.tag)).map_or_else(|| row.reserved.to_string(), str::to_owned)
    }

    /// How many of each; blank is none.
    fn counts(&self) -> Result<BTreeMap<Tag, u64>, No> {
        let count = |row: &SelectionRow| {
            let name = field(&row.tag);
            let count = self.visit.may(&name).map_or(Ok(0), |text| {
                let wrong = || format!("'{text}' is no number of licenses; correct it");
                text.parse::<u64>().map_err(|_| No::new("bad-request", wrong()))
            })?;
            Ok((row.tag.clone(), count))
        };
        self.rows.iter().map(count).filter(|it| !matches!(it, Ok((_, 0)))).collect()
    }

    fn request(&self, counts: BTreeMap<Tag, u64>, review: bool) -> Result<Request, No> {
        Ok(match self.instance {
            Some(id) => Request::Update { instance: id.to_owned(), counts, review },
            None => Request::Reserve {
                account: self.visit.parsed("account")?,
                request: code_or_file(self.visit, "request").to_owned(),
                counts,
                review,
            },
        })
    }

    fn address(&self, step: &str) -> String {
        match (self.instance, step) {
            (Some(id), "select") => format!("{INSTANCES}/{}/update", escaped(id)),
            (Some(id), step) => format!("{INSTANCES}/{}/update/{step}", escaped(id)),
            (None, step) => format!("{LICENSES}/reserve/{step}"),
        }
    }

    fn cancel(&self) -> String {
        match self.instance {
            Some(id) => format!("{INSTANCES}/{}", escaped(id)),
            None => format!("{LICENSES}?account={}", escaped(self.visit.word("account"))),
        }
    }

    fn field(&self, row: &SelectionRow) -> String {
        field(&row.tag)
    }

    fn description(&self, row: &SelectionRow) -> &'static str {
        Class::of_tag(&row.tag).map_or("", Class::description)
    }

    fn expires(&self, row: &SelectionRow) -> String {
        day(&row.expires)
    }

    fn pasted(&self) -> &str {
        code_or_file(self.visit, "request")
    }
}

/// The field of a licence in the form.
fn field(tag: &Tag) -> String {
    format!("take {tag}")
}

#[derive(Template)]
#[template(path = "satellite/pages/request.html")]
struct Asked<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    steps: Vec<Step>,
    back: String,
}

/// Step 1 of a reservation. It posts to itself, and what comes of that is step 2.
pub(super) fn request(visit: &Visit) -> Said {
    let back = format!("{LICENSES}?account={}", escaped(visit.word("account")));
    let mut steps = steps(false, 0);
    for step in &mut steps {
        (step.done, step.current) = (false, step.number == 1);
    }
    page(&Asked { frame: &visit.frame, visit, steps, back })
}

#[derive(Template)]
#[template(path = "satellite/pages/select.html")]
struct Select<'a> {
    frame: &'a Frame,
    steps: Vec<Step>,
    course: Course<'a>,
}

pub(super) async fn select(visit: &Visit) -> Said {
    let course = Course::of(visit).await?;
    let steps = steps(course.instance.is_some(), 0);
    page(&Select { frame: &visit.frame, steps, course })
}

#[derive(Template)]
#[template(path = "satellite/pages/review.html")]
struct Review<'a> {
    frame: &'a Frame,
    steps: Vec<Step>,
    course: Course<'a>,
    /// The licences that are reserved, with how many.
    chosen: Vec<(SelectionRow, u64)>,
}

#[derive(Deserialize)]
struct Reviewed {
    reserve: BTreeMap<Tag, u64>,
}

pub(super) async fn review(visit: &Visit) -> Said {
    let course = Course::of(visit).await?;
    let Reviewed { reserve } = visit.ask(&course.request(course.counts()?, true)?).await?;
    let chosen = course.rows.iter().filter_map(|row| Some((row.clone(), *reserve.get(&row.tag)?)));
    let (chosen, steps) = (chosen.collect(), steps(course.instance.is_some(), 1));
    page(&Review { frame: &visit.frame, steps, course, chosen })
}

#[derive(Deserialize)]
struct Issued {
    instance: String,
}

/// The last step but to carry the code: everything is looked at again, and reserved.
pub(super) async fn reserve(visit: &Visit) -> Said {
    let course = Course::of(visit).await?;
    let Issued { instance } = visit.ask(&course.request(course.counts()?, false)?).await?;
    go(format!("{INSTANCES}/{}/code", escaped(&instance)), "The licenses are reserved.")
}

#[derive(Template)]
#[template(path = "satellite/pages/code.html")]
struct CodePage<'a> {
    frame: &'a Frame,
    steps: Vec<Step>,
    whole: instance::Whole,
    code: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn code_of(visit: &Visit) -> Result<String, No> {
    let Code { code } = visit.ask(&Request::Code { instance: visit.word("instance").to_owned() }).await?;
    Ok(code)
}

pub(super) async fn code(visit: &Visit) -> Said {
    let (code, whole) = (code_of(visit).await?, instance::asked(visit).await?);
    let steps = steps(whole.update_pending, 2);
    page(&CodePage { frame: &visit.frame, steps, whole, code })
}

pub(super) async fn code_file(visit: &Visit) -> Said {
    let bytes = code_of(visit).await?.into_bytes();
    let name = "AuthorizationCode.xml".to_owned();
    Ok(Shown::File { name, kind: "application/xml; charset=utf-8", bytes })
}

#[derive(Template)]
#[template(path = "satellite/pages/confirmation.html")]
struct Confirmation<'a> {
    frame: &'a Frame,
    visit: &'a Visit,
    back: String,
}

fn to_instance(visit: &Visit) -> String {
    format!("{INSTANCES}/{}", escaped(visit.word("instance")))
}

pub(super) fn confirmation(visit: &Visit) -> Said {
    page(&Confirmation { frame: &visit.frame, visit, back: to_instance(visit) })
}

pub(super) async fn confirm(visit: &Visit) -> Said {
    let instance = visit.word("instance").to_owned();
    let request = Request::Confirm { instance, code: code_or_file(visit, "code").to_owned() };
    let _: Value = visit.ask(&request).await?;
    go(to_instance(visit), "The update of the reservation is confirmed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(steps: &[Step]) -> Vec<String> {
        let mark = |step: &Step| {
            if step.current {
                " *"
            } else if step.done {
                " +"
            } else {
                ""
            }
        };
        steps.iter().map(|step| format!("{} {}{}", step.number, step.name, mark(step))).collect()
    }

    #[test]
    fn a_reservation_has_four_steps_and_an_update_three() {
        assert_eq!(
            shown(&steps(false, 0)),
            ["1 Enter Request Code +", "2 Select Licenses *", "3 Review and confirm", "4 Authorization Code"]
        );
        assert_eq!(
            shown(&steps(true, 2)),
            ["1 Select Licenses +", "2 Review and confirm +", "3 Authorization Code *"]
        );
    }
}
