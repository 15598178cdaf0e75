//! The pages of a reservation, for a Center without a way to its authority.

use super::ordered;
use super::status::Status;
use crate::app::center::words::Request;
use crate::app::pages::{Frame, Said, Shown, Visit, go, page};
use crate::app::rest::No;
use crate::engine::licensing::Command;
use askama::Template;

const CODE: &str = "/license/reservation/code";

#[derive(Template)]
#[template(path = "center/web/license/surplus.html")]
struct Surplus<'a> {
    frame: &'a Frame,
}

pub(super) fn surplus(visit: &Visit) -> Said {
    page(&Surplus { frame: &visit.frame })
}

pub(super) async fn request(visit: &Visit) -> Said {
    ordered(visit, Command::RequestReservation, "").await?;
    go(CODE, "")
}

#[derive(Template)]
#[template(path = "center/web/license/code.html")]
struct Code<'a> {
    frame: &'a Frame,
    code: String,
}

pub(super) async fn code(visit: &Visit) -> Said {
    page(&Code { frame: &visit.frame, code: asked(visit).await? })
}

pub(super) async fn file(visit: &Visit) -> Said {
    let code = asked(visit).await? + "\n";
    Ok(Shown::File {
        name: "reservation-request.txt".to_owned(),
        kind: "text/plain; charset=utf-8",
        bytes: code.into(),
    })
}

async fn asked(visit: &Visit) -> Result<String, No> {
    let status: Status = visit.ask(&Request::LicenseStatus).await?;
    let none =
        || No::new("no-reservation", "no reservation is requested; begin with Register, then 'start here'");
    status.codes.request.ok_or_else(none)
}
