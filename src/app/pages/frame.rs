//! What is around every page, and the few pages that every program has.

use super::page::Page;
use super::site::Site;
use super::visit::Who;
use crate::app::rest::No;
use crate::engine::access::Task;
use crate::model::plain::is_harmful;
use askama::Template;

/// What `base.html` shows.
#[derive(Default)]
pub(crate) struct Frame {
    pub(crate) product: &'static str,
    pub(crate) title: String,
    /// Who is signed in.
    pub(crate) who: Option<Who>,
    /// Whether they may change something.
    pub(crate) manages: bool,
    pub(crate) menu: Vec<Entry>,
    pub(crate) banner: Option<Banner>,
    /// What was just done.
    pub(crate) note: String,
    /// Why it was not.
    pub(crate) no: Option<No>,
}

/// A line of the menu.
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) current: bool,
}

/// What is shown above every page until it is cured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Banner {
    pub(crate) text: String,
    /// When, and what to do next.
    pub(crate) next: String,
    /// The page where that is done.
    pub(crate) path: &'static str,
    /// Something is closed or will be.
    pub(crate) alarm: bool,
}

impl Frame {
    /// Around a page that nobody need be signed in for.
    pub(super) fn plain(site: &'static Site, title: &str) -> Self {
        Self { product: site.product, title: title.to_owned(), ..Self::default() }
    }

    /// Around this page, for who is signed in.
    pub(super) fn of(site: &'static Site, page: &Page, who: Who) -> Self {
        let may = |path: &str| site.page(path).is_none_or(|page| who.role.may(page.task));
        let entry = |(path, label): &(&'static str, &'static str)| Entry {
            path,
            label,
            current: page
                .path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        let menu = site.menu.iter().filter(|(path, _)| may(path)).map(entry).collect();
        let manages = who.role.may(Task::Manage);
        Self { who: Some(who), manages, menu, ..Self::plain(site, page.title) }
    }
}

/// Where name and password are typed.
#[derive(Template)]
#[template(path = "pages/login.html")]
pub(super) struct Login<'a> {
    pub(super) frame: &'a Frame,
    pub(super) name: &'a str,
    /// Where to go then.
    pub(super) to: &'a str,
}

/// A no that has no form to stand with.
#[derive(Template)]
#[template(path = "pages/refused.html")]
pub(super) struct Refused<'a> {
    pub(super) frame: &'a Frame,
    pub(super) no: &'a No,
    /// Where something can be done about it.
    pub(super) start: (&'a str, &'a str),
}

/// The page, with nothing that steers writing without being seen.
///
/// # Errors
/// When it cannot be written.
pub(super) fn html(template: &impl Template) -> Result<String, No> {
    let html = template.render().map_err(|error| No::new("failed", error.to_string()))?;
    let steers = |c: char| is_harmful(c) && !matches!(c, '\n' | '\r' | '\t');
    Ok(html.replace(steers, "\u{fffd}"))
}
