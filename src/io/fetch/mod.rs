//! What a sensor has from its Center over HTTPS: its enrolment for a token ([`enrol`]), and rule bundles for its own certificate.
//!
//! ```text
//! <rules>/fetch/<SHA-256 of the archive>.part      what came so far; gone on with after a break or a restart
//! ```
//!
//! What must hold: only the CA of the enrolment is believed; nobody is followed elsewhere; each answer has a bounded size
//! and time; nothing is written that there is no room for; and an archive is handed on only when all its bytes are those
//! that the index announced.

mod enrol;
mod fault;

pub use enrol::enrol;
pub use fault::FetchFault;

use crate::io::client::strict;
use crate::io::rules::digest;
use crate::io::whole_file;
use crate::model::bundle::{ARCHIVE_MAX, Offer, RulesIndex};
use crate::model::lease::{BUNDLES_MAX, BundleDigest};
use crate::model::message::{Message as _, decode};
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::Response;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, parse_pem};
use ureq::{Agent, Body};

/// Where a Center serves HTTPS if nobody says otherwise.
pub const PORT: u16 = 8444;

/// The section `[ids.fetch]` of the agent's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchConfig {
    /// The Center's HTTPS address; where it is not said, the broker's machine and [`PORT`].
    pub url: Option<String>,
    /// Seconds between two questions, about: for a lease that lists new bundles none is waited for.
    #[serde(default = "every_seconds")]
    pub every_seconds: u32,
}

const fn every_seconds() -> u32 {
    15 * 60
}

impl FetchConfig {
    /// Whether it can be asked there, so often.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            return Err("fetch.url: write https://HOST:8444, the Center's address".to_owned());
        }
        let often = (10..=86_400).contains(&self.every_seconds);
        if often { Ok(()) } else { Err("fetch.every_seconds: from 10 to 86400".to_owned()) }
    }
}

/// The longest PEM file.
const PEM_MAX: u64 = 64 * 1024;
/// The longest refusal.
const REFUSAL_MAX: u64 = 4096;
/// For a connection; for an answer to begin; for a piece of it; and for all. What is not there by then is gone on with.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);
const READ_PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_mins(10);
/// Bytes that stay free on the disk.
const RESERVE: u64 = 64 << 20;
const PIECE: usize = 64 * 1024;

/// Where rules come from.
#[derive(Debug)]
pub struct Shop {
    base: String,
    agent: Agent,
    parts: PathBuf,
}

impl Shop {
    /// At this address, with the identity in the folder of the enrolment; parts are kept in `parts`.
    ///
    /// # Errors
    /// When the identity cannot be used.
    pub fn new(url: &str, enrolment: &Path, parts: &Path) -> Result<Self, FetchFault> {
        let (roots, identity) = identity(enrolment)?;
        let config = strict(roots, Some(identity), concat!("tollgate-agent/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_recv_response(Some(ANSWER_PATIENCE))
            .timeout_per_read(Some(READ_PATIENCE))
            .timeout_global(Some(PATIENCE))
            .build();
        let base = format!("{}/rules/v1/", url.trim_end_matches('/'));
        Ok(Self { base, agent: config.into(), parts: parts.to_owned() })
    }

    /// What this sensor may fetch.
    ///
    /// # Errors
    /// See [`FetchFault`].
    pub fn index(&self) -> Result<RulesIndex, FetchFault> {
        let answer = self.get("index", None)?;
        if answer.status() != 200 {
            return Err(refusal(answer));
        }
        let bytes = body(answer, RulesIndex::BYTES_MAX as u64)?;
        let index: RulesIndex = decode(&bytes).map_err(|error| FetchFault::Answer(error.to_string()))?;
        let fits = |offer: &Offer| offer.size <= ARCHIVE_MAX && offer.unpacked <= ARCHIVE_MAX;
        if index.bundles.len() > BUNDLES_MAX || !index.bundles.iter().all(fits) {
            return Err(FetchFault::Answer("more bundles, or longer ones, than there may be".to_owned()));
        }
        Ok(index)
    }

    /// The archive of a bundle, whole and checked; remove it when it was taken in.
    ///
    /// # Errors
    /// See [`FetchFault`]. What came so far is kept, unless it is wrong.
    pub fn archive(&self, offer: &Offer) -> Result<PathBuf, FetchFault> {
        let path = self.parts.join(format!("{}.part", offer.archive));
        self.sweep(&path)?;
        let mut have = fs::metadata(&path).map_or(0, |kept| kept.len());
        if have > offer.size {
            self.discard(&path)?;
            have = 0;
        }
        self.room(offer, have)?;
        if have < offer.size {
            self.load(offer, &path, have)?;
        }
        let mut file = File::open(&path).map_err(FetchFault::disk(&path))?;
        let (found, _) = digest::copy(&mut file, &mut std::io::sink()).map_err(FetchFault::disk(&path))?;
        if found != offer.archive {
            self.discard(&path)?;
            return Err(FetchFault::Digest(offer.digest));
        }
        Ok(path)
    }

    /// One archive at a time is kept.
    fn sweep(&self, kept: &Path) -> Result<(), FetchFault> {
        let disk = FetchFault::disk(&self.parts);
        fs::create_dir_all(&self.parts).map_err(&disk)?;
        for entry in fs::read_dir(&self.parts).map_err(&disk)? {
            let path = entry.map_err(&disk)?.path();
            if path != kept {
                self.discard(&path)?;
            }
        }
        Ok(())
    }

    /// Removes a part.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn discard(&self, path: &Path) -> Result<(), FetchFault> {
        whole_file::remove(path).map_err(FetchFault::disk(path))
    }

    /// For the rest of the archive, for what is in it, and once more for what Snort loads.
    fn room(&self, offer: &Offer, have: u64) -> Result<(), FetchFault> {
        let needed = (offer.size - have).saturating_add(2 * offer.unpacked).saturating_add(RESERVE);
        let stat = rustix::fs::statvfs(&self.parts);
        let stat = stat.map_err(|error| FetchFault::disk(&self.parts)(error.into()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < needed { Err(FetchFault::Space { path: self.parts.clone(), free, needed }) } else { Ok(()) }
    }

    fn load(&self, offer: &Offer, path: &Path, have: u64) -> Result<(), FetchFault> {
        let answer = self.get(&offer.digest.to_string(), (have > 0).then_some((have, offer.archive)))?;
        let range = answer.headers().get("content-range").and_then(|range| range.to_str().ok());
        let have = match answer.status().as_u16() {
            200 => 0,
            206 if range.is_some_and(|range| range.starts_with(&format!("bytes {have}-"))) => have,
            206 => return Err(FetchFault::Answer("another range than was asked for".to_owned())),
            _ => return Err(refusal(answer)),
        };
        let disk = FetchFault::disk(path);
        let mut file = File::options().create(true).append(true).open(path).map_err(&disk)?;
        file.set_len(have).map_err(&disk)?;
        let rest = offer.size - have;
        if have > 0 {
            tracing::info!(digest = %offer.digest, have, rest, "a rule bundle is gone on with");
        }
        // A byte more is one too many, and shows in the digest.
        let mut from = answer.into_body().into_with_config().limit(rest + 1).reader().take(rest);
        let came = copy(&mut from, &mut file, path)?;
        if came < rest {
            return Err(FetchFault::Line(format!("the Center broke off {} bytes early", rest - came)));
        }
        file.sync_all().map_err(disk)
    }

    fn get(&self, what: &str, after: Option<(u64, BundleDigest)>) -> Result<Response<Body>, FetchFault> {
        let mut request = self.agent.get(format!("{}{what}", self.base));
        if let Some((bytes, archive)) = after {
            request = request.header("range", format!("bytes={bytes}-"));
            request = request.header("if-range", format!("\"{archive}\""));
        }
        request.call().map_err(|error| FetchFault::Line(error.to_string()))
    }
}

fn copy(from: &mut impl Read, to: &mut File, path: &Path) -> Result<u64, FetchFault> {
    let (mut buffer, mut bytes) = (vec![0; PIECE], 0);
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(FetchFault::Line(error.to_string())),
        };
        to.write_all(&buffer[..n]).map_err(FetchFault::disk(path))?;
        bytes += n as u64;
    }
}

fn body(answer: Response<Body>, max: u64) -> Result<Vec<u8>, FetchFault> {
    let read = answer.into_body().into_with_config().limit(max).read_to_vec();
    read.map_err(|error| FetchFault::Line(error.to_string()))
}

/// What every refusal of the Center looks like.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    reason: String,
    next: String,
}

fn refusal(answer: Response<Body>) -> FetchFault {
    let status = answer.status().as_u16();
    let said =
        body(answer, REFUSAL_MAX).ok().and_then(|bytes| serde_json::from_slice::<Refusal>(&bytes).ok());
    match said {
        Some(Refusal { error, reason, next }) if next.is_empty() => {
            FetchFault::refused(status, &reason, &error)
        }
        Some(Refusal { error, reason, next }) => {
            FetchFault::refused(status, &reason, &format!("{error}; {next}"))
        }
        None => FetchFault::refused(status, "http", "no reason given"),
    }
}

/// Whom the enrolment believes, and the sensor's certificate.
fn identity(enrolment: &Path) -> Result<(Vec<Certificate<'static>>, ClientCert), FetchFault> {
    let (roots, _) = pem(&enrolment.join("ca.pem"))?;
    let (chain, _) = pem(&enrolment.join("certificate.pem"))?;
    let path = enrolment.join("key.pem");
    let (_, key) = pem(&path)?;
    let key = key.ok_or_else(|| FetchFault::Identity { path, why: "no key in it".to_owned() })?;
    Ok((roots, ClientCert::new_with_certs(&chain, key)))
}

type Pem = (Vec<Certificate<'static>>, Option<PrivateKey<'static>>);

fn pem(path: &Path) -> Result<Pem, FetchFault> {
    let fault = |why: String| FetchFault::Identity { path: path.to_owned(), why };
    let bytes = whole_file::read(path, PEM_MAX).map_err(|error| fault(error.to_string()))?;
    let (mut certificates, mut key) = (Vec::new(), None);
    for item in parse_pem(&bytes) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(PemItem::PrivateKey(found)) => key = Some(found),
            Ok(_) => {}
            // Not what was read: there may be a secret in it.
            Err(_) => return Err(fault("no PEM".to_owned())),
        }
    }
    Ok((certificates, key))
}
