//! `tollgate-center rules`: which bundles sensors may fetch. The command takes a bundle in by itself, so that the Center
//! goes on counting meanwhile; the Center then hands it out.

use super::args::{Form, RulesAddArgs, RulesCommand};
use super::ask::ask;
use super::commands::{CommandError, answer, order, print_done as print};
use super::config::Config;
use super::desk::DeskError;
use super::show;
use super::state::Center;
use super::turn::Turn;
use super::words::{Admission, Done, Fetchable, Request};
use crate::engine::fleet::Change;
use crate::io::clock;
use crate::io::pki::LeaseSigner;
use crate::io::rules::{Catalogue, Wish};
use crate::model::bundle::Offer;
use crate::model::ident::SensorId;
use crate::model::lease::{BUNDLES_MAX, BundleDigest, RuleSet};
use crate::model::time::{Now, UnixTime};
use serde_json::json;
use std::path::Path;

/// The asking side.
pub(super) fn run(config: &Config, command: &RulesCommand) -> Result<u8, CommandError> {
    match command {
        RulesCommand::Add(args) => add(config, args),
        RulesCommand::List(Form { json }) => {
            answer(config, &Request::Bundles, *json, |offers: &Vec<Offer>| show::bundles(offers))
        }
        RulesCommand::Remove { digest } => order(config, &Request::RemoveBundle { digest: *digest }),
        RulesCommand::Sign => {
            sign_all(config)?.iter().try_for_each(|done| print(done).map(drop))?;
            Ok(0)
        }
    }
}

fn add(config: &Config, args: &RulesAddArgs) -> Result<u8, CommandError> {
    // Who may order the Center is the hand that Subscriber rules come from.
    let wish = Wish { unsigned: true, ..args.bundle.wish(args.code) };
    let released = args.released.as_deref().unwrap_or("");
    print(&hand_out(config, &args.bundle.bundle, &wish, released, clock::both().wall)?)
}

fn hand_out(
    config: &Config,
    source: &Path,
    wish: &Wish,
    released: &str,
    added: UnixTime,
) -> Result<Done, CommandError> {
    let signer = LeaseSigner::open_or_make(&config.pki())?;
    let catalogue = Catalogue::new(&config.rules());
    let offer = catalogue.add(source, wish, released, Some(signer.current()), added)?;
    Ok(ask(config, &Request::AddBundle { offer })?)
}

/// After a change of keys: each archive is taken in again, and signed with the key in force.
pub(super) fn sign_all(config: &Config) -> Result<Vec<Done>, CommandError> {
    let offers: Vec<Offer> = ask(config, &Request::Bundles)?;
    let sign = |offer: &Offer| {
        let wish = Wish { unsigned: true, ..Wish::new(offer.set, &offer.name) };
        let archive = Catalogue::new(&config.rules()).archive(offer.digest);
        hand_out(config, &archive, &wish, &offer.released, offer.added)
    };
    offers.iter().map(sign).collect()
}

impl Center {
    /// The bundles, the newest first.
    pub(super) fn bundles(&self) -> Vec<Offer> {
        let mut offers = self.offers.clone();
        offers.sort_by_key(|offer| std::cmp::Reverse(offer.age()));
        offers
    }

    /// The Subscriber bundles that may run: the catalogue's, the newest first, then those that sensors get by hand.
    pub(super) fn allowed(&self) -> Vec<BundleDigest> {
        let offers = self.bundles().into_iter().filter(|offer| offer.set == RuleSet::Subscriber);
        let mut allowed: Vec<_> = offers.map(|offer| offer.digest).collect();
        let by_hand = self.config.bundles().iter().filter(|digest| !allowed.contains(digest)).copied();
        let by_hand: Vec<_> = by_hand.collect();
        allowed.extend(by_hand);
        allowed.truncate(BUNDLES_MAX);
        allowed
    }

    /// What a sensor may fetch: all Community bundles, and the Subscriber bundles that its lease lists while it holds.
    pub(super) fn fetchable(&self, sensor: &SensorId, serial: &str, now: Now) -> Admission {
        let view = self.fleet.sensor(sensor, now);
        let Some(known) = view.map(|view| view.sensor) else {
            return refuse("not-enrolled", "no such sensor is enrolled here");
        };
        if known.revoked {
            return refuse("revoked", "this sensor was revoked; enrol it anew");
        }
        if known.certificate.serial != serial {
            return refuse("other-certificate", "this sensor was enrolled anew; use the newer certificate");
        }
        let leased = self.ids.leased(sensor, now.wall);
        let may = |offer: &Offer| offer.set == RuleSet::Community || leased.contains(&offer.digest);
        let (bundles, withheld): (Vec<_>, Vec<_>) = self.bundles().into_iter().partition(may);
        let withheld = withheld.into_iter().map(|offer| offer.digest).collect();
        Admission::Admitted(Fetchable { bundles, withheld })
    }

    pub(super) fn add_bundle(&mut self, offer: Offer, now: Now, turn: &mut Turn) -> Result<Done, DeskError> {
        Catalogue::new(&self.config.rules()).check(&offer)?;
        self.offers.retain(|known| known.digest != offer.digest);
        if self.offers.len() >= BUNDLES_MAX {
            return Err(DeskError::BundlesFull);
        }
        tracing::info!(digest = %offer.digest, set = %offer.set, name = offer.name, "a rule bundle can be had");
        let said = format!("{} {} can be had by sensors: {} rules", offer.set, offer.digest, offer.rules);
        turn.changes.push(Change::Bundle(Box::new(offer.clone())));
        self.note_order(&json!({ "bundle": "added", "digest": offer.digest, "set": offer.set }), now, turn)?;
        self.offers.push(offer);
        self.renew_leases(now, turn);
        Ok(Done { said })
    }

    /// The row goes first: what is left of the files after a crash is handed out to nobody.
    pub(super) fn remove_bundle(
        &mut self,
        digest: BundleDigest,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Done, DeskError> {
        if !self.offers.iter().any(|known| known.digest == digest) {
            return Err(DeskError::NoBundle(digest));
        }
        self.offers.retain(|known| known.digest != digest);
        turn.changes.push(Change::BundleGone(digest));
        self.note_order(&json!({ "bundle": "removed", "digest": digest }), now, turn)?;
        self.renew_leases(now, turn);
        if self.commit(turn) {
            Catalogue::new(&self.config.rules()).remove(digest)?;
        }
        tracing::info!(%digest, "a rule bundle is handed out no more");
        let said = format!("{digest} is handed out no more, and no lease lists it unless [ids] bundles does");
        Ok(Done { said })
    }
}

fn refuse(code: &str, text: &str) -> Admission {
    Admission::Refused { code: code.to_owned(), text: text.to_owned() }
}
