//! What is fetched next: by cases, and by what must hold for any choice.

use crate::engine::entitlement::Effective;
use crate::engine::entitlement::fetch::{Choice, Planner};
use crate::model::bundle::Offer;
use crate::model::lease::{BundleDigest, RuleSet};
use crate::model::time::{Ticks, UnixTime};
use proptest::prelude::*;
use std::time::Duration;

const NOW: Ticks = Ticks::from_millis(1000);

fn offer(set: RuleSet, number: u8) -> Offer {
    let digest = BundleDigest::from_bytes([number; 32]);
    let added = UnixTime::from_millis(1);
    let (name, released) = (String::new(), String::new());
    Offer {
        digest,
        set,
        name,
        released,
        rules: 1,
        archive: digest,
        size: 1,
        unpacked: 1,
        signed: true,
        added,
    }
}

fn held(offer: &Offer) -> Effective {
    Effective { set: offer.set, bundle: offer.digest }
}

#[test]
fn community_comes_first_then_what_the_lease_lists_in_its_order() {
    let offers = [offer(RuleSet::Subscriber, 3), offer(RuleSet::Community, 2), offer(RuleSet::Subscriber, 1)];
    let mut planner = Planner::default();
    let mut next = |leased: &[BundleDigest], held: &[Effective]| {
        planner.next(&Choice { offers: &offers, leased, held }, NOW).map(|offer| offer.digest)
    };
    let [three, two, one] = [&offers[0], &offers[1], &offers[2]].map(|offer| offer.digest);
    assert_eq!(next(&[], &[]), Some(two));
    assert_eq!(next(&[], &[held(&offers[1])]), None, "no lease, no Subscriber bundle");
    assert_eq!(next(&[three, one], &[held(&offers[1])]), Some(three));
    assert_eq!(next(&[one, three], &[held(&offers[1])]), Some(one));
    assert_eq!(next(&[three, one], &[held(&offers[1]), held(&offers[0])]), None, "never an older one");
    assert_eq!(
        next(&[two], &[held(&offers[1])]),
        None,
        "a Community bundle in a lease is none of Subscriber rules"
    );
}

#[test]
fn a_bad_bundle_is_left_longer_each_time_and_an_older_one_serves() {
    let mut offers = [offer(RuleSet::Community, 2), offer(RuleSet::Community, 1)];
    let mut planner = Planner::default();
    planner.bad(&offers[0], NOW);
    let at = |minutes| NOW.plus(Duration::from_mins(minutes));
    let mut next = |offers: &[Offer], held: &[Effective], now| {
        planner.next(&Choice { offers, leased: &[], held }, now).map(|offer| offer.digest)
    };
    assert_eq!(next(&offers, &[], NOW), Some(offers[1].digest));
    assert_eq!(next(&offers, &[held(&offers[1])], at(9)), None);
    assert_eq!(next(&offers, &[held(&offers[1])], at(10)), Some(offers[0].digest));
    let bad = offers[0].clone();
    offers[0].archive = BundleDigest::from_bytes([9; 32]);
    assert_eq!(next(&offers, &[], at(1)), Some(bad.digest), "another archive is tried at once");
    assert!(!planner.leaves_any(), "what is not offered any more is no fault");

    let (mut planner, mut now, mut waits) = (Planner::default(), NOW, Vec::new());
    for _ in 0..8 {
        planner.bad(&bad, now);
        let only = std::slice::from_ref(&bad);
        let free = |minutes: &u64| {
            let choice = Choice { offers: only, leased: &[], held: &[] };
            planner.next(&choice, now.plus(Duration::from_mins(*minutes))).is_some()
        };
        let wait = (0..1000).find(free).unwrap();
        waits.push(wait);
        now = now.plus(Duration::from_mins(wait));
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 360, 360]);
    assert!(planner.leaves_any());
    planner.good(&bad);
    assert!(!planner.leaves_any());
}

proptest! {
    #[test]
    fn nothing_is_fetched_that_may_not_run_or_is_held_or_older(
        kinds in proptest::collection::vec(any::<(bool, bool, bool, bool)>(), 0..12),
    ) {
        let offers: Vec<Offer> = kinds.iter().zip(0..).map(|((subscriber, ..), number)| {
            offer(if *subscriber { RuleSet::Subscriber } else { RuleSet::Community }, number)
        }).collect();
        let of = |pick: fn(&(bool, bool, bool, bool)) -> bool| {
            offers.iter().zip(&kinds).filter(move |(_, kind)| pick(kind)).map(|(offer, _)| offer)
        };
        let leased: Vec<_> = of(|kind| kind.1).map(|offer| offer.digest).collect();
        let on_disk: Vec<_> = of(|kind| kind.2).map(held).collect();
        let mut planner = Planner::default();
        of(|kind| kind.3).for_each(|offer| planner.bad(offer, NOW));
        let choice = Choice { offers: &offers, leased: &leased, held: &on_disk };
        let Some(chosen) = planner.next(&choice, NOW) else { return Ok(()) };
        let at = offers.iter().position(|offer| offer == chosen).unwrap();
        prop_assert!(chosen.set == RuleSet::Community || leased.contains(&chosen.digest));
        prop_assert!(!kinds[at].2 && !kinds[at].3);
        // All that is newer, and may run, was bad.
        for (newer, kind) in offers[..at].iter().zip(&kinds) {
            let may = newer.set == chosen.set && (newer.set == RuleSet::Community || kind.1);
            prop_assert!(!may || kind.3 && !kind.2, "{newer:?}");
        }
    }
}
