//! A row of the table of pages: where it is, who may see it, what it shows and what it orders.

use super::frame::html;
use super::visit::Visit;
use crate::app::rest::No;
use crate::engine::access::Task;
use askama::Template;
use std::pin::Pin;

/// What a page says: something to show, or a no, which is shown too.
pub(crate) type Said = Result<Shown, No>;

/// What a page does, once somebody who may is signed in.
pub(crate) type Hand = for<'a> fn(&'a Visit) -> Later<'a, Said>;

/// What comes when the desk has answered.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is sent.
#[derive(Debug)]
pub(crate) enum Shown {
    /// HTML.
    Page(String),
    /// Another page, which shows this note once.
    Go { to: String, note: String },
    /// A file to be kept.
    File { name: String, kind: &'static str, bytes: Vec<u8> },
}

/// A row.
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) title: &'static str,
    /// What a role must allow.
    pub(crate) task: Task,
    pub(crate) show: Hand,
    /// What a POST does.
    pub(crate) order: Option<Hand>,
}

/// A page to look at.
pub(crate) const fn look(path: &'static str, title: &'static str, show: Hand) -> Page {
    Page { path, title, task: Task::View, show, order: None }
}

/// A page with a form, for who may change something.
pub(crate) const fn order(path: &'static str, title: &'static str, show: Hand, order: Hand) -> Page {
    Page { path, title, task: Task::Manage, show, order: Some(order) }
}

impl Page {
    /// For who may do this.
    pub(crate) const fn of(mut self, task: Task) -> Self {
        self.task = task;
        self
    }
}

/// The page.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn page(template: &impl Template) -> Said {
    html(template).map(Shown::Page)
}

/// It is done: another page shows this note.
///
/// # Errors
/// Never; it is what a page says.
#[allow(clippy::unnecessary_wraps, reason = "it ends a page's function")]
pub(crate) fn go(to: impl Into<String>, note: impl Into<String>) -> Said {
    Ok(Shown::Go { to: to.into(), note: note.into() })
}
