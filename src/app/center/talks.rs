//! Who talks to whom, page by page.

use super::desk::DeskError;
use super::words::{Spoken, TalkLine, TalkSort, TalksPage, WantedTalks};
use crate::engine::fleet::{Activity, Fleet, TalkOrder, TalkSearch};
use crate::model::activity::Peer;
use crate::model::key::Key;
use crate::model::plain::PlainText;
use std::collections::BTreeMap;

/// Lines of a page at most, and where it is not said.
const LINES: u64 = 10_000;

/// A page of pairs.
///
/// # Errors
/// When the sensor is not known.
pub(super) fn page(fleet: &Fleet, wanted: &WantedTalks) -> Result<TalksPage, DeskError> {
    if let Some(sensor) = &wanted.sensor {
        fleet.count_of(sensor)?;
    }
    let found = fleet.talks(&TalkSearch {
        text: wanted.search.as_deref().unwrap_or_default(),
        network: wanted.network.as_deref(),
        protocol: wanted.protocol.map(|spoken| spoken.0),
        sensor: wanted.sensor.as_ref(),
        order: match wanted.sort {
            TalkSort::Most => TalkOrder::Most,
            TalkSort::Last => TalkOrder::Last,
            TalkSort::Pair => TalkOrder::Pair,
        },
    });
    let matching = found.len() as u64;
    let from = wanted.from.min(matching);
    let end = from.saturating_add(wanted.size.unwrap_or(LINES).clamp(1, LINES)).min(matching);
    let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
    let shown = &found[place(from)..place(end)];
    let names = fleet.names(shown.iter().flat_map(ends));
    Ok(TalksPage {
        lines: shown.iter().map(|activity| line(activity, &names)).collect(),
        matching,
        next: (end < matching).then_some(end),
        sampled: true,
        incomplete: fleet.sensors_with_more_talks().cloned().collect(),
    })
}

/// The components of a pair, one or two.
fn ends<'a>(activity: &Activity<'a>) -> impl Iterator<Item = (&'a str, Key)> + use<'a> {
    let other = if let Peer::Component(key) = activity.talk.other { Some(key) } else { None };
    let network = activity.network;
    [Some(activity.talk.one), other].into_iter().flatten().map(move |key| (network, key))
}

fn line(activity: &Activity<'_>, names: &BTreeMap<(&str, Key), PlainText>) -> TalkLine {
    let (talk, seen) = (activity.talk, activity.seen);
    let mut names = ends(activity).map(|end| names.get(&end).map(ToString::to_string));
    TalkLine {
        network: activity.network.to_owned(),
        component: Peer::Component(talk.one).to_string(),
        component_name: names.next().flatten(),
        peer: talk.other.to_string(),
        peer_name: names.next().flatten(),
        protocol: Spoken(talk.protocol),
        packets: seen.packets,
        bytes: seen.bytes,
        first: seen.first,
        last: seen.last,
        sensors: activity.sensors.iter().map(|&sensor| sensor.clone()).collect(),
    }
}
