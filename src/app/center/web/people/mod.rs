//! Who may log in, who is signed in, and the keys of programs.

use crate::app::center::words::Request;
use crate::app::pages::{Frame, Page, Said, Visit, go, look, order, page};
use crate::app::rest::No;
use crate::engine::access::{Role, Task};
use crate::io::{password, random};
use crate::model::label::Label;
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use std::future::ready;

const HERE: &str = "/people";

#[rustfmt::skip]
pub(super) static PAGES: &[Page] = &[
    look(HERE, "People and keys", |visit| Box::pin(list(visit))).of(Task::Manage),
    order("/people/add", "Add a person", |visit| Box::pin(ready(form(visit))), |visit| Box::pin(add(visit))),
    order("/people/remove/{name}", "Remove a person", |visit| Box::pin(ready(ask(visit))), |visit| Box::pin(remove(visit))),
    order("/keys/add", "Make a key", |visit| Box::pin(ready(form(visit))), |visit| Box::pin(make(visit))),
    order("/keys/revoke/{number}", "Revoke a key", |visit| Box::pin(ready(ask(visit))), |visit| Box::pin(revoke(visit))),
];

#[derive(Deserialize)]
struct People {
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    name: String,
    role: Role,
    created: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    number: u64,
    name: String,
    role: Role,
    expires: String,
    used: Option<String>,
    session: bool,
}

#[derive(Template)]
#[template(path = "center/web/people/people.html")]
struct List<'a> {
    frame: &'a Frame,
    people: Vec<Person>,
    keys: Vec<Key>,
}

async fn list(visit: &Visit) -> Said {
    let People { people } = visit.ask(&Request::AdminList).await?;
    let Keys { keys } = visit.ask(&Request::KeyList).await?;
    page(&List { frame: &visit.frame, people, keys })
}

const ROLES: [(&str, &str); 3] = [
    ("viewer", "viewer - look, and change nothing"),
    ("admin", "admin - everything"),
    ("product", "product - see whose key it is, no more"),
];

#[derive(Template)]
#[template(path = "center/web/people/form.html")]
struct Form<'a> {
    frame: &'a Frame,
    name: &'a str,
    /// Name, what it may do, whether it was chosen.
    roles: [(&'static str, &'static str, bool); 3],
    /// Of a key.
    days: Option<&'a str>,
}

fn form(visit: &Visit) -> Said {
    let days = visit.frame.title.ends_with("key").then_some(visit.may("days").unwrap_or("90"));
    let roles = ROLES.map(|(role, about)| (role, about, role == visit.word("role")));
    page(&Form { frame: &visit.frame, name: visit.word("name"), roles, days })
}

/// What is shown once, and kept nowhere.
#[derive(Template)]
#[template(path = "center/web/people/secret.html")]
struct Once<'a> {
    frame: &'a Frame,
    what: &'static str,
    name: String,
    secret: String,
}

/// The password itself goes nowhere but to the page.
async fn add(visit: &Visit) -> Said {
    let (name, role): (Label, Role) = (visit.parsed("name")?, visit.parsed("role")?);
    let (secret, password) = tokio::task::spawn_blocking(new_password).await.map_err(failed)??;
    let _: Value = visit.ask(&Request::AdminAdd { name: name.clone(), role, password }).await?;
    page(&Once { frame: &visit.frame, what: "password", name: name.to_string(), secret })
}

/// A password and its hash.
fn new_password() -> Result<(String, String), No> {
    let secret = random::secret().map_err(failed)?[..24].to_owned();
    let hash = password::hash(&secret).map_err(failed)?;
    Ok((secret, hash))
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err hands on")]
fn failed(error: impl ToString) -> No {
    No::new("failed", error.to_string())
}

#[derive(Deserialize)]
struct Made {
    secret: String,
}

async fn make(visit: &Visit) -> Said {
    let (name, role): (Label, Role) = (visit.parsed("name")?, visit.parsed("role")?);
    let days = visit.parsed("days")?;
    let Made { secret } = visit.ask(&Request::KeyCreate { name: name.clone(), role, days }).await?;
    page(&Once { frame: &visit.frame, what: "key", name: name.to_string(), secret })
}

#[derive(Template)]
#[template(path = "center/web/people/ask.html")]
struct Ask<'a> {
    frame: &'a Frame,
    /// Who, or which key.
    person: Option<&'a str>,
    number: &'a str,
}

fn ask(visit: &Visit) -> Said {
    page(&Ask { frame: &visit.frame, person: visit.may("name"), number: visit.word("number") })
}

async fn remove(visit: &Visit) -> Said {
    let name: Label = visit.parsed("name")?;
    let _: Value = visit.ask(&Request::AdminRemove { name: name.clone() }).await?;
    go(HERE, format!("{name} may log in no more."))
}

async fn revoke(visit: &Visit) -> Said {
    let number = visit.parsed("number")?;
    let _: Value = visit.ask(&Request::KeyRevoke { number }).await?;
    go(HERE, format!("Key {number} is revoked."))
}
