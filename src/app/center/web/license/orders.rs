//! Orders that take no word: each has a page that says what it does, and a button.

use super::{HERE, back, ordered};
use crate::app::pages::{Frame, Said, Visit, go, page};
use crate::app::rest::No;
use crate::engine::licensing::Command;
use askama::Template;

struct Order {
    name: &'static str,
    title: &'static str,
    /// What it does, and what it may cost.
    says: &'static [&'static str],
    button: &'static str,
    command: Command,
    /// What was done.
    done: &'static str,
    /// Where to go then.
    then: &'static str,
}

#[rustfmt::skip]
static ORDERS: &[Order] = &[
    Order {
        name: "request", title: "Smart License Reservation", button: "Generate Reservation Request Code",
        says: &["In order to continue, ensure that you have a surplus of the licenses you will be requesting in your Smart Account."],
        command: Command::RequestReservation, done: "", then: "/license/codes/request",
    },
    Order {
        name: "cancel", title: "Cancel Reservation Request", button: "Cancel Reservation Request",
        says: &["The request code is forgotten, and the next one is another.",
            "If an authorization code was made for it already, its licenses stay reserved at the authority: give that code back with Return Reservation Authorization Code."],
        command: Command::CancelReservation, done: "The reservation request is cancelled.", then: HERE,
    },
    Order {
        name: "confirmed", title: "Code Has Been Entered", button: "Code Has Been Entered",
        says: &["The confirmation code is shown no more. Until it has been entered into Smart Software Manager the license usage is not updated there."],
        command: Command::CodeEntered, done: "The confirmation code is put away.", then: HERE,
    },
    Order {
        name: "return", title: "Confirm Return Licenses", button: "Generate Reservation Return Code",
        says: &["This returns the reserved licenses: they no longer serve here, and the Center returns to Evaluation Mode at once, with the days that were left.",
            "If no day is left, only the License page stays open, and sensors run Community rules.",
            "The licenses stay in use at the authority until you remove the product instance there with the return code."],
        command: Command::ReturnReservation, done: "The reserved licenses are returned.", then: "/license/codes/return",
    },
    Order {
        name: "returned", title: "Return Code Has Been Entered", button: "Code Has Been Entered",
        says: &["The return code is shown no more. Without it the licenses can be freed at the authority only by its operator."],
        command: Command::AcknowledgeReturn, done: "The return code is put away.", then: HERE,
    },
    Order {
        name: "deregister", title: "Confirm Deregistration", button: "Deregister",
        says: &["If you deregister this Product Instance from Smart Software Licensing, it will no longer appear in Smart Software Manager and the licenses it is using will be made available for use by other products in the Virtual Account.",
            "The Center will return to Evaluation Mode, with the days that were left. If no day is left, only the License page stays open.",
            "A registration that is still being tried is called off."],
        command: Command::Deregister, done: "The Center is deregistered.", then: HERE,
    },
    Order {
        name: "renew-id", title: "Renew ID certificate", button: "Renew ID certificate",
        says: &["The authority is asked for another ID certificate now."],
        command: Command::RenewId, done: "The renewal of the ID certificate was ordered.", then: HERE,
    },
    Order {
        name: "renew-authorization", title: "Renew authorization", button: "Renew authorization",
        says: &["The authority is told now what is in use, and says whether that is authorized."],
        command: Command::RenewAuthorization, done: "The renewal of the authorization was ordered.", then: HERE,
    },
];

#[derive(Template)]
#[template(path = "center/web/license/confirm.html")]
struct Confirm<'a> {
    frame: &'a Frame,
    order: &'a Order,
}

fn wanted(visit: &Visit) -> Result<&'static Order, No> {
    let order = ORDERS.iter().find(|order| order.name == visit.word("order"));
    order.ok_or_else(|| No::new("unknown", "there is no such order; see the License page"))
}

pub(super) fn ask(visit: &Visit) -> Said {
    page(&Confirm { frame: &visit.frame, order: wanted(visit)? })
}

pub(super) async fn carry_out(visit: &Visit) -> Said {
    let order = wanted(visit)?;
    let done = ordered(visit, order.command.clone()).await?;
    if order.then == HERE { back(&done, order.done) } else { go(order.then, order.done) }
}
