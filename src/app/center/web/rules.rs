//! Rule bundles for sensors: which there are, and their archives by digest.
//!
//! ```text
//! GET /rules/v1/index        what this sensor may fetch, the newest first
//! GET /rules/v1/<digest>     an archive; Range and If-Range
//! ```
//!
//! Who asks is known by the certificate, and asked of the keeper each time: enrolled, not revoked, this certificate. Of
//! Subscriber bundles it gets those that its lease lists, while that holds. **What must hold:** no sensor, however it
//! behaves, takes more than its share: requests, downloads at a time, and bytes a second are bounded.

use super::Web;
use crate::app::center::config::{Config, Http};
use crate::app::center::words::{Admission, Fetchable, Request};
use crate::engine::throttle::{Pace, Throttle};
use crate::io::clock;
use crate::io::http::{Peer, Sent, refused};
use crate::io::rules::Catalogue;
use crate::model::bundle::{Offer, RulesIndex};
use crate::model::ident::SensorId;
use crate::model::lease::BundleDigest;
use crate::model::message::encode;
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Requests of one sensor.
const REQUESTS: Pace = Pace { at_once: 20, then_each: Duration::from_secs(5) };
/// Downloads at a time, in all and of one sensor; each goes no faster than is configured.
const DOWNLOADS: usize = 8;
const OF_SENSOR: usize = 2;

/// What is handed out, and to how many at a time.
pub(super) struct Shelf {
    catalogue: Catalogue,
    requests: Mutex<Throttle>,
    places: Arc<Mutex<Vec<String>>>,
    pace: u64,
}

impl Shelf {
    pub(super) fn new(config: &Config, http: &Http) -> Self {
        Self {
            catalogue: Catalogue::new(&config.rules()),
            requests: Mutex::new(Throttle::new(REQUESTS)),
            places: Arc::default(),
            pace: u64::from(http.download_kib_s) * 1024,
        }
    }

    fn admits(&self, name: &str) -> bool {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.admits(name, clock::both().ticks)
    }

    /// A place for a download, while there is one for this sensor.
    fn place(&self, name: &str) -> Option<Place> {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.iter().filter(|other| *other == name).count();
        if taken.len() >= DOWNLOADS || own >= OF_SENSOR {
            return None;
        }
        taken.push(name.to_owned());
        Some(Place { places: Arc::clone(&self.places), name: name.to_owned() })
    }

    fn send(&self, offer: &Offer, to: &str, headers: &HeaderMap) -> Response {
        let Some(place) = self.place(to) else {
            return too_many("this sensor, or many, fetch rules just now; ask again later");
        };
        let open = || {
            self.catalogue.check(offer).ok()?;
            File::open(self.catalogue.archive(offer.digest)).ok()
        };
        let Some(file) = open() else {
            tracing::error!(digest = %offer.digest, "a rule bundle's archive is missing or another; add the bundle again");
            return refused(StatusCode::SERVICE_UNAVAILABLE, "damaged", "the Center's archive is damaged");
        };
        Sent { file, size: offer.size, tag: offer.archive.to_string(), pace: self.pace }
            .answer(headers, place)
    }
}

/// One download, until it is dropped.
struct Place {
    places: Arc<Mutex<Vec<String>>>,
    name: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = taken.iter().position(|name| *name == self.name) {
            taken.swap_remove(at);
        }
    }
}

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/rules/v1/index", get(index)).route("/rules/v1/{digest}", get(archive))
}

async fn index(State(web): State<Web>, Extension(peer): Extension<Peer>) -> Response {
    let bundles = match fetchable(&web, &peer).await {
        Ok(fetchable) => fetchable.bundles,
        Err(no) => return no,
    };
    match encode(&RulesIndex { bundles, sent: clock::both().wall }) {
        Ok(bytes) => ([(CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, "failed", &error.to_string()),
    }
}

async fn archive(
    State(web): State<Web>,
    Extension(peer): Extension<Peer>,
    Path(digest): Path<String>,
    headers: HeaderMap,
) -> Response {
    let fetchable = match fetchable(&web, &peer).await {
        Ok(fetchable) => fetchable,
        Err(no) => return no,
    };
    let none =
        || refused(StatusCode::NOT_FOUND, "no-bundle", "there is no such rule bundle; ask for the index");
    let Ok(digest) = digest.parse::<BundleDigest>() else { return none() };
    match fetchable.bundles.iter().find(|offer| offer.digest == digest) {
        Some(offer) => web.shelf.send(offer, peer.name().unwrap_or_default(), &headers),
        None if fetchable.withheld.contains(&digest) => {
            refused(StatusCode::FORBIDDEN, "not-leased", "no lease of this sensor lists that bundle")
        }
        None => none(),
    }
}

/// What who asks may fetch, or why nothing.
async fn fetchable(web: &Web, peer: &Peer) -> Result<Fetchable, Response> {
    let Some(shown) = &peer.shown else {
        let text = "show the certificate that the sensor got when it was enrolled";
        return Err(refused(StatusCode::UNAUTHORIZED, "no-certificate", text));
    };
    if !web.shelf.admits(&shown.name) {
        return Err(too_many("this sensor asks too often; ask again later"));
    }
    let Ok(sensor) = shown.name.parse::<SensorId>() else {
        return Err(refused(StatusCode::FORBIDDEN, "not-enrolled", "the certificate is no sensor's"));
    };
    let request = Request::Fetchable { sensor, serial: shown.serial.clone() };
    match web.desk.ask(&request).await {
        Ok(Admission::Admitted(fetchable)) => Ok(fetchable),
        Ok(Admission::Refused { code, text }) => Err(refused(StatusCode::FORBIDDEN, &code, &text)),
        Err(error) => Err(error.into_response()),
    }
}

fn too_many(text: &str) -> Response {
    refused(StatusCode::TOO_MANY_REQUESTS, "too-many", text)
}
