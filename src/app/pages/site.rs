//! The pages of a program as routes: who is it, may they, what did they send, what is shown.

use super::frame::{self, Banner, Frame, Refused};
use super::page::{Hand, Later, Page, Shown};
use super::visit::{Caller, Visit, Who};
use super::{cookie, entrance, guard, sent};
use crate::app::rest::No;
use crate::app::rest::api::status_of;
use crate::engine::access::{Denied, Digest, Task};
use crate::io::control::Asker;
use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{MethodFilter, get, on};
use serde_json::json;

/// The pages of one program.
pub(crate) struct Site {
    pub(crate) product: &'static str,
    /// Part of its cookies' names.
    pub(crate) name: &'static str,
    /// Pages and their names; the first one is where everybody starts, and stays open when others are closed.
    pub(crate) menu: &'static [(&'static str, &'static str)],
    /// All pages, in lists.
    pub(crate) pages: &'static [&'static [Page]],
    /// What is shown above every page.
    pub(crate) banner: for<'a> fn(&'a Visit) -> Later<'a, Option<Banner>>,
}

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

impl Site {
    /// All addresses.
    pub(crate) fn routes(&'static self, desk: &Asker) -> Router {
        let start = get(move || async move { goes(self.start()) });
        let fixed = |kind, text: &'static str| get(move || async move { ([(CONTENT_TYPE, kind)], text) });
        let mut router = Router::new()
            .route("/", start)
            .route("/style.css", fixed("text/css; charset=utf-8", STYLE))
            .route("/page.js", fixed("text/javascript; charset=utf-8", SCRIPT))
            .merge(entrance::routes(self, desk));
        for page in self.all() {
            let desk = desk.clone();
            let answer = move |path, request| async move { self.answer(page, desk, path, request).await };
            let methods = if page.order.is_some() {
                MethodFilter::GET.or(MethodFilter::POST)
            } else {
                MethodFilter::GET
            };
            router = router.route(page.path, on(methods, answer));
        }
        router.layer(map_response(guard::dressed))
    }

    /// Methods and addresses of all pages, for a test that walks over them.
    pub(crate) fn addresses(&'static self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let orders = |page: &Page| page.order.is_some().then_some(("POST", page.path));
        self.all().flat_map(move |page| [Some(("GET", page.path)), orders(page)]).flatten()
    }

    pub(super) fn page(&self, path: &str) -> Option<&'static Page> {
        self.all().find(|page| page.path == path)
    }

    /// Where everybody starts.
    pub(super) fn start(&self) -> &'static str {
        self.menu.first().map_or("/login", |(path, _)| path)
    }

    fn all(&self) -> impl Iterator<Item = &'static Page> + use<> {
        self.pages.iter().flat_map(|pages| pages.iter())
    }

    async fn answer(
        &'static self,
        page: &'static Page,
        desk: Asker,
        path: RawPathParams,
        request: Request,
    ) -> Response {
        let (headers, uri) = (request.headers().clone(), request.uri().clone());
        let posted = request.method() == Method::POST;
        if posted && let Err(no) = guard::same_origin(&headers) {
            return self.refused(&Frame::plain(self, page.title), &no);
        }
        let caller = Caller { desk, key: Digest::of(cookie::key(self, &headers).unwrap_or_default()) };
        let who = match caller.ask::<Who>(Task::Enter, &json!({"ask": "session_show"})).await {
            Ok(who) => who,
            Err(no) => return self.stranger(page, &no, posted, &uri),
        };
        let frame = Frame::of(self, page, who);
        if !frame.who.as_ref().is_some_and(|who| who.role.may(page.task)) {
            return self.refused(&frame, &Denied::Forbidden.into());
        }
        let words = match sent::words(&path, request).await {
            Ok(words) => words,
            Err(no) => return self.refused(&frame, &no),
        };
        let mut visit = Visit { caller, task: page.task, words, frame };
        visit.frame.banner = (self.banner)(&visit).await;
        match page.order.filter(|_| posted) {
            Some(order) => self.ordered(page, order, visit).await,
            None => self.looked(page, visit, &headers).await,
        }
    }

    /// The page, with the note that waited for it.
    async fn looked(&'static self, page: &Page, mut visit: Visit, headers: &HeaderMap) -> Response {
        visit.frame.note = cookie::note(self, headers).unwrap_or_default();
        let had_note = !visit.frame.note.is_empty();
        let mut response = match (page.show)(&visit).await {
            Ok(shown) => self.sent(shown),
            Err(no) => self.refused(&visit.frame, &no),
        };
        if had_note {
            cookie::put(&mut response, cookie::drop_note(self));
        }
        response
    }

    /// What came of an order. A no is shown with the form and what was typed.
    async fn ordered(&'static self, page: &Page, order: Hand, mut visit: Visit) -> Response {
        let no = match order(&visit).await {
            Ok(shown) => return self.sent(shown),
            Err(no) => no,
        };
        let status = status_of(&no.code);
        visit.frame.no = Some(no.clone());
        match (page.show)(&visit).await {
            Ok(Shown::Page(html)) => (status, Html(html)).into_response(),
            _ => self.refused(&visit.frame, &no),
        }
    }

    /// Who is not signed in is asked to; an order is not kept until then.
    fn stranger(&'static self, page: &Page, no: &No, posted: bool, uri: &Uri) -> Response {
        let signs_in = matches!(status_of(&no.code), StatusCode::UNAUTHORIZED) && !posted;
        if signs_in {
            goes(&entrance::address(uri))
        } else {
            self.refused(&Frame::plain(self, page.title), no)
        }
    }

    pub(super) fn sent(&'static self, shown: Shown) -> Response {
        match shown {
            Shown::Page(html) => Html(html).into_response(),
            Shown::File { name, kind, bytes } => {
                let as_file = format!("attachment; filename=\"{name}\"");
                ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, as_file)], bytes).into_response()
            }
            Shown::Go { to, note } => {
                let mut response = goes(&to);
                cookie::put(&mut response, cookie::keep_note(self, &note));
                response
            }
        }
    }

    /// A page that says no, with the status that HTTP has for it.
    pub(super) fn refused(&'static self, frame: &Frame, no: &No) -> Response {
        let status = status_of(&no.code);
        let start = self.menu.first().copied().unwrap_or_default();
        match frame::html(&Refused { frame, no, start }) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(no) => (status, no.text).into_response(),
        }
    }
}

/// To another page of ours, by GET.
pub(super) fn goes(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
