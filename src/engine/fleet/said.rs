//! Which components something is said of: the rule of [`Fleet::nameplate`], asked for all of them in one walk over the facts.
//!
//! What any sensor heard counts, also where another heard something newer: a search rather finds one too many.

use super::change::Fact;
use super::union::Fleet;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::nameplate::Nameplate;
use crate::model::plain::PlainText;
use crate::model::property::{Property, Protocol};
use crate::model::sighting::Marks;
use std::collections::{HashMap, HashSet};

/// Who made what has this MAC.
pub type Maker = fn(MacAddr) -> Option<&'static str>;

/// Makers are told apart by no more bits of a MAC than these.
const MAKER_BITS: u32 = 36;

impl Fleet {
    /// Marks those that call themselves something with this in it.
    pub(super) fn named(&self, text: &str) -> Vec<bool> {
        let part = text.trim().to_lowercase();
        self.said(|plate| holds(plate.get(Property::Name), &part), |_| false)
    }

    /// Marks those that speak a protocol.
    pub(super) fn speaking(&self, protocol: Protocol) -> Vec<bool> {
        self.said(|plate| plate.protocols.hold(protocol), |_| false)
    }

    /// Marks those whose maker, by their MAC or by their own word, has this in its name.
    pub(super) fn made_by(&self, text: &str, maker: Maker) -> Vec<bool> {
        let part = text.trim().to_lowercase();
        let mut known = HashMap::new();
        let is_made = |mac: MacAddr| {
            let is_made = || maker(mac).is_some_and(|name| name.to_lowercase().contains(&part));
            *known.entry(mac.bits() >> (48 - MAKER_BITS)).or_insert_with(is_made)
        };
        self.said(|plate| holds(plate.get(Property::Vendor), &part), is_made)
    }

    /// By what is said of their address or of a MAC of their own, or by such a MAC itself.
    fn said(
        &self,
        is_said: impl Fn(&Nameplate) -> bool,
        mut is_mac: impl FnMut(MacAddr) -> bool,
    ) -> Vec<bool> {
        let subjects: HashSet<_> = self.plates.subjects(is_said).collect();
        let facts = self.facts.iter().filter(|fact| {
            let said = || subjects.contains(&(fact.network, fact.key.without_address()));
            fact.key.has_mac() && (is_mac(fact.key.mac()) || said()) && self.is_own(fact)
        });
        let mut marked = self.marked(facts);
        for place in subjects.iter().filter_map(|(network, subject)| self.components.find(*network, *subject))
        {
            marked[place as usize] = true;
        }
        marked
    }

    /// Whether a fact's MAC is its component's own, and not a router's before it.
    fn is_own(&self, fact: &Fact) -> bool {
        let station: Key = fact.key.without_address();
        let alone = |half| half == station || self.components.is_alone_behind(fact.network, station, half);
        fact.effective().hold(Marks::CLAIMED) || self.half(fact).is_some_and(alone)
    }
}

fn holds(text: Option<&PlainText>, part: &str) -> bool {
    text.is_some_and(|text| text.as_str().to_lowercase().contains(part))
}
