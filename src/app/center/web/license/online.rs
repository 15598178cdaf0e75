//! The page of a registration at the authority.

use super::status::Status;
use super::{back, ordered};
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

/// The token is a secret, and is not shown again.
pub(super) async fn register(visit: &Visit) -> Said {
    let order =
        Command::Register { token: visit.word("token").trim().to_owned(), force: visit.flag("force") };
    back(&ordered(visit, order).await?, "Registration was ordered.")
}
