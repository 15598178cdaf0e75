//! The REST API under `/api/tollgate/1.0`: the questions of commands, asked by who shows a key.

use super::routes::ROUTES;
use crate::app::center::words::{Place, Request};
use crate::app::rest::{Api, Asking, Scheme};
use crate::engine::licensing::{Command, Customer, Payment, Transport};
use crate::model::entitlement::Subscription;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) static API: Api = Api {
    prefix: "/api/tollgate/1.0",
    title: "Tollgate Center",
    version: "1.0",
    about: "One exact count over all sensors of a plant, and the licence that pays for it. 402: the evaluation is over, and \
            only the licence can be asked and ordered.",
    scheme: Scheme::Bearer,
    key: "A key of 'tollgate-center key create', or of a login (POST /sessions).",
    routes: ROUTES,
    question,
};

/// Orders to the licence agent, as the table has them.
#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    SetSubscription {
        subscription: Subscription,
    },
    SetTransport {
        transport: String,
        host: Option<String>,
        port: Option<u16>,
        url: Option<String>,
    },
    SetMode {
        mode: String,
        customer: Option<Customer>,
    },
    Register {
        token: String,
        #[serde(default)]
        force: bool,
    },
    RenewId {},
    RenewAuthorization {},
    Deregister {},
    RequestReservation {},
    CancelReservation {},
    Install {
        code: String,
    },
    CodeEntered {},
    ReturnReservation {},
    Discard {
        code: String,
    },
    AcknowledgeReturn {},
}

type Fault = serde_json::Error;

impl Order {
    fn command(self) -> Result<Command, Fault> {
        Ok(match self {
            Self::SetSubscription { subscription } => Command::SetSubscription(subscription),
            Self::SetTransport { transport, host, port, url } => {
                Command::SetTransport(way(&transport, host, port, url)?)
            }
            Self::SetMode { mode, customer } => Command::SetPayment(payment(&mode, customer)?),
            Self::Register { token, force } => Command::Register { token, force },
            Self::RenewId {} => Command::RenewId,
            Self::RenewAuthorization {} => Command::RenewAuthorization,
            Self::Deregister {} => Command::Deregister,
            Self::RequestReservation {} => Command::RequestReservation,
            Self::CancelReservation {} => Command::CancelReservation,
            Self::Install { code } => Command::Install(code),
            Self::CodeEntered {} => Command::CodeEntered,
            Self::ReturnReservation {} => Command::ReturnReservation,
            Self::Discard { code } => Command::Discard(code),
            Self::AcknowledgeReturn {} => Command::AcknowledgeReturn,
        })
    }
}

fn way(name: &str, host: Option<String>, port: Option<u16>, url: Option<String>) -> Result<Transport, Fault> {
    match (name, host, port, url) {
        ("direct", None, None, None) => Ok(Transport::Direct),
        ("proxy", Some(host), Some(port), None) => Ok(Transport::Proxy { host, port }),
        ("gateway", None, None, Some(url)) => Ok(Transport::Gateway { url }),
        _ => Err(fault("a transport is direct, proxy with host and port, or gateway with url")),
    }
}

fn payment(mode: &str, customer: Option<Customer>) -> Result<Payment, Fault> {
    match (mode, customer) {
        ("prepaid", None) => Ok(Payment::Prepaid),
        ("utility", customer) => Ok(Payment::Utility { customer: customer.unwrap_or_default() }),
        _ => Err(fault("a mode is prepaid, or utility with who pays")),
    }
}

fn fault(text: &str) -> Fault {
    serde::de::Error::custom(text)
}

/// The keeper's question.
fn question(words: Value, asking: Option<Asking>) -> Result<Value, Fault> {
    let request = request(words)?;
    serde_json::to_value(match asking {
        Some(Asking { key, task }) => Request::By { key, task, request: Box::new(request) },
        None => request,
    })
}

fn request(mut words: Value) -> Result<Request, Fault> {
    let ask = words["ask"].as_str().unwrap_or_default().to_owned();
    if let Some(order) = ask.strip_prefix("order.") {
        words["ask"] = json!(order);
        let order: Order = serde_json::from_value(words)?;
        return Ok(Request::License { order: order.command()? });
    }
    match ask.as_str() {
        "components" => page(&mut words)?,
        "rules" => {
            let review = words.as_object_mut().and_then(|words| words.remove("review"));
            words["dry_run"] = json!(review.is_some());
        }
        _ => (),
    }
    serde_json::from_value(words)
}

/// Where the page before ended, as one word.
fn page(words: &mut Value) -> Result<(), Fault> {
    let mut take = |name| words.as_object_mut().and_then(|words| words.remove(name));
    let place = match (take("after_network"), take("after_address"), take("after_time")) {
        (Some(network), Some(address), time) => {
            let place = json!({"network": network, "address": address, "time": time});
            Some(serde_json::from_value::<Place>(place)?)
        }
        (None, None, None) => None,
        _ => return Err(fault("after_network and after_address are said together")),
    };
    words["after"] = json!(place);
    Ok(())
}
