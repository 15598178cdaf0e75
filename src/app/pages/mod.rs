//! Web pages as a table: the frame that Center and satellite share. Menu, sign-in, roles, orders and headers are made of
//! its rows; a page itself asks the desk's questions, as commands and the REST API do, and fills a template.
//!
//! **To add a page**, write a row, a function and a template:
//!
//! ```text
//! pub(super) static PAGES: &[Page] = &[
//!     look("/license", "License", |visit| Box::pin(license(visit))),              // GET, whoever may View
//!     order("/license/register", "Register", |visit| Box::pin(ready(form(visit))), // GET shows the form, POST carries it
//!         |visit| Box::pin(register(visit))),                                      // out; both for who may Manage
//! ];
//!
//! #[derive(Template)]
//! #[template(path = "center/web/license/register.html")]                          // below src/app
//! struct Form<'a> { frame: &'a Frame, token: &'a str }
//!
//! fn form(visit: &Visit) -> Said {
//!     page(&Form { frame: &visit.frame, token: visit.word("token") })
//! }
//!
//! async fn register(visit: &Visit) -> Said {
//!     let order = Command::Register { token: visit.word("token").to_owned(), force: visit.flag("force") };
//!     let _: LicenseAnswer = visit.ask(&Request::License { order }).await?;       // by the key of who is signed in
//!     go("/license", "Registration was ordered.")                                 // 303, and the note is shown there once
//! }
//! ```
//!
//! ```text
//! {% extends "pages/base.html" %}
//! {% block main %}<form method="post"><label>Token <textarea name="token">{{ token }}</textarea></label>
//! <button>Register</button></form>{% endblock %}
//! ```
//!
//! **What must hold.** A form posts to its own address, so what is refused is shown with the form and what was typed.
//! Each order has a page of its own, that says first what it will do. Buttons stand where `frame.manages` is true. Every
//! value in a template is escaped and nothing else (no `safe` filter), and what steers writing without being seen is
//! replaced in the whole page. No script or style stands in a page; everything works without the script. A file comes
//! with `enctype="multipart/form-data"` and is a word like others. Each row has a row in the test of its program
//! (`tests/center_pages.rs`, `tests/satellite_pages.rs`), which walks all addresses by all roles.

mod cookie;
mod entrance;
mod frame;
mod guard;
mod page;
mod sent;
mod site;
mod visit;

pub(crate) use frame::{Banner, Frame};
pub(crate) use page::{Page, Said, Shown, go, look, order, page};
pub(crate) use site::Site;
pub(crate) use visit::Visit;
