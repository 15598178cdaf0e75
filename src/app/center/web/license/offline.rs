//! The pages of a reservation, for a Center without a way to its authority: codes go to and fro by hand.

use super::status::Status;
use super::{back, ordered};
use crate::app::center::words::Request;
use crate::app::pages::{Frame, Said, Shown, Visit, go, page};
use crate::app::rest::No;
use crate::engine::licensing::Command;
use askama::Template;

#[derive(Template)]
#[template(path = "center/web/license/warning.html")]
struct Warning<'a> {
    frame: &'a Frame,
}

pub(super) fn warning(visit: &Visit) -> Said {
    page(&Warning { frame: &visit.frame })
}

#[derive(Template)]
#[template(path = "center/web/license/authorization.html")]
struct Form<'a> {
    frame: &'a Frame,
    code: &'a str,
    /// It is given back, and not installed.
    discard: bool,
}

pub(super) fn form(visit: &Visit) -> Said {
    let discard = visit.frame.title.starts_with("Return");
    page(&Form { frame: &visit.frame, code: visit.word("code"), discard })
}

/// An uploaded file goes before what was pasted.
fn given(visit: &Visit) -> String {
    visit.may("file").unwrap_or(visit.word("code")).to_owned()
}

/// The code of an update is answered with a confirmation code.
pub(super) async fn install(visit: &Visit) -> Said {
    let done = ordered(visit, Command::Install(given(visit))).await?;
    match done.code {
        Some(_) => go("/license/codes/confirmation", "The license reservation has been updated."),
        None => back(&done, "The authorization code is installed."),
    }
}

pub(super) async fn discard(visit: &Visit) -> Said {
    ordered(visit, Command::Discard(given(visit))).await?;
    go("/license/codes/return", "The authorization code will not be taken any more.")
}

/// A code that is to be carried to the authority.
#[derive(Template)]
#[template(path = "center/web/license/code.html")]
struct Carried<'a> {
    frame: &'a Frame,
    name: &'a str,
    title: &'static str,
    about: &'static str,
    code: String,
}

pub(super) async fn code(visit: &Visit) -> Said {
    let (name, frame) = (visit.word("code"), &visit.frame);
    let (title, about) = heading(name);
    page(&Carried { frame, name, title, about, code: waiting(visit).await? })
}

pub(super) async fn file(visit: &Visit) -> Said {
    let bytes = (waiting(visit).await? + "\n").into_bytes();
    let name = format!("{}.txt", heading(visit.word("code")).0.to_ascii_lowercase().replace(' ', "-"));
    Ok(Shown::File { name, kind: "text/plain; charset=utf-8", bytes })
}

fn heading(code: &str) -> (&'static str, &'static str) {
    match code {
        "request" => (
            "Reservation Request Code",
            "Enter this code where licenses are reserved: the authority answers it with an authorization code.",
        ),
        "confirmation" => (
            "License Reservation Confirmation Code",
            "Enter this code at the product instance there. The license usage will not be updated in Smart Software Manager until you do this.",
        ),
        _ => (
            "Reservation Return Code",
            "Remove the product instance there with this code. Until then its licenses stay in use there.",
        ),
    }
}

async fn waiting(visit: &Visit) -> Result<String, No> {
    let codes = visit.ask::<Status>(&Request::LicenseStatus).await?.codes;
    let code = match visit.word("code") {
        "request" => codes.request,
        "confirmation" => codes.confirmation,
        "return" => codes.returned,
        _ => None,
    };
    code.ok_or_else(|| No::new("unknown", "no such code waits; see the License page"))
}
