//! The pages of a registration at the authority.

use super::ordered;
use super::status::Status;
use crate::app::center::words::Request;
use crate::app::pages::{Frame, Said, Visit, page};
use crate::engine::licensing::Command;
use askama::Template;

#[derive(Template)]
#[template(path = "center/web/license/register.html")]
struct Form<'a> {
    frame: &'a Frame,
    status: Status,
    force: bool,
}

pub(super) async fn form(visit: &Visit) -> Said {
    let status = visit.ask(&Request::LicenseStatus).await?;
    page(&Form { frame: &visit.frame, status, force: visit.flag("force") })
}

pub(super) async fn register(visit: &Visit) -> Said {
    let order =
        Command::Register { token: visit.word("token").trim().to_owned(), force: visit.flag("force") };
    ordered(visit, order, "Registration was ordered.").await
}
