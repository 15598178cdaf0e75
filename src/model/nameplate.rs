//! A nameplate: what one station says of itself, each thing with the time at which it was said last.

use super::plain::PlainText;
use super::property::{Property, Protocol, Protocols};
use super::time::UnixTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One text a property, and a set of protocols: at most some 1,100 bytes, whoever says what.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Nameplate {
    /// Sorted by property, each once.
    said: Vec<(Property, Said)>,
    /// Protocols that it was seen to speak.
    pub protocols: Protocols,
}

/// A text and when it was said.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Said {
    at: UnixTime,
    text: PlainText,
}

/// As messages and stores have it. What a later version calls by names unknown here is passed over.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, Said>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    protocols: Vec<String>,
}

impl Nameplate {
    /// What is known, in the order of [`Property::ALL`].
    pub fn properties(&self) -> impl Iterator<Item = (Property, &PlainText)> {
        self.said.iter().map(|(property, said)| (*property, &said.text))
    }

    /// One thing, if it is known.
    pub fn get(&self, property: Property) -> Option<&PlainText> {
        self.place(property).ok().map(|place| &self.said[place].1.text)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.protocols.is_empty()
    }

    /// When the last thing was said.
    pub fn newest(&self) -> UnixTime {
        self.said.iter().map(|(_, said)| said.at).max().unwrap_or(UnixTime::NEVER)
    }

    /// Takes what was said at `at`, if nothing newer is known; of one time the greater text, whoever came first. Returns
    /// whether the text is another than before.
    pub fn take(&mut self, property: Property, at: UnixTime, text: &PlainText) -> bool {
        match self.place(property) {
            Err(place) => {
                self.said.insert(place, (property, Said { at, text: text.clone() }));
                true
            }
            Ok(place) => self.said[place].1.is_succeeded(at, text),
        }
    }

    /// Takes all that `other` knows; returns whether anything but times is new.
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut is_new = self.speaks(other.protocols);
        for (property, said) in &other.said {
            is_new |= self.take(*property, said.at, &said.text);
        }
        is_new
    }

    /// Adds protocols; returns whether one is new.
    pub fn speaks(&mut self, protocols: Protocols) -> bool {
        let all = self.protocols.union(protocols);
        std::mem::replace(&mut self.protocols, all) != all
    }

    /// With no time later than `end`: a clock that runs ahead must not win for good.
    #[must_use]
    pub fn until(mut self, end: UnixTime) -> Self {
        self.said.iter_mut().for_each(|(_, said)| said.at = said.at.min(end));
        self
    }

    /// Bytes of it in a message, at most.
    pub fn bytes_max(&self) -> usize {
        // A text may be full of quotes; times and names of properties and protocols are short.
        let said: usize = self.said.iter().map(|(_, said)| 2 * said.text.as_str().len() + 72).sum();
        said + 18 * self.protocols.iter().count() + 40
    }

    fn place(&self, property: Property) -> Result<usize, usize> {
        self.said.binary_search_by_key(&property, |(property, _)| *property)
    }
}

impl Said {
    fn is_succeeded(&mut self, at: UnixTime, text: &PlainText) -> bool {
        if (self.at, &self.text) >= (at, text) {
            return false;
        }
        self.at = at;
        let differs = self.text != *text;
        if differs {
            self.text = text.clone();
        }
        differs
    }
}

impl From<Written> for Nameplate {
    fn from(written: Written) -> Self {
        let mut plate = Self::default();
        for (name, said) in &written.properties {
            if let Some(property) = Property::named(name).filter(|_| !said.text.as_str().is_empty()) {
                plate.take(property, said.at, &said.text);
            }
        }
        plate.protocols = written.protocols.iter().filter_map(|name| Protocol::named(name)).collect();
        plate
    }
}

impl From<Nameplate> for Written {
    fn from(plate: Nameplate) -> Self {
        let said = plate.said.into_iter().map(|(property, said)| (property.name().to_owned(), said));
        let protocols = plate.protocols.iter().map(|protocol| protocol.name().to_owned()).collect();
        Self { properties: said.collect(), protocols }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> PlainText {
        text.to_owned().into()
    }

    fn at(second: u64) -> UnixTime {
        UnixTime::from_millis(second * 1000)
    }

    #[test]
    fn what_later_versions_say_is_passed_over_and_what_is_hostile_is_harmless() {
        let json = r#"{"properties":{"colour":{"text":"red","at":"2026-11-24T08:00:00.000Z"},
            "name":{"text":"=a\u001b","at":"2026-11-24T08:00:00.000Z","by":"x"},
            "role":{"text":"","at":"2026-11-24T08:00:00.000Z"}},"protocols":["s7","telepathy"],"more":1}"#;
        let plate: Nameplate = serde_json::from_str(json).unwrap();
        assert_eq!(plate.properties().collect::<Vec<_>>(), [(Property::Name, &text("'=a\u{fffd}"))]);
        assert_eq!(plate.protocols.iter().collect::<Vec<_>>(), [Protocol::S7]);
        let again = serde_json::from_str(&serde_json::to_string(&plate).unwrap()).unwrap();
        assert_eq!(plate, again);
    }

    #[test]
    fn only_another_text_is_news() {
        let mut plate = Nameplate::default();
        assert!(plate.take(Property::Name, at(2), &text("a")));
        assert!(!plate.take(Property::Name, at(3), &text("a")));
        assert!(!plate.take(Property::Name, at(1), &text("b")));
        assert!(plate.take(Property::Name, at(4), &text("b")));
        assert_eq!((plate.newest(), plate.clone().until(at(3)).newest()), (at(4), at(3)));
    }

    proptest! {
        #[test]
        fn the_order_in_which_things_are_said_does_not_matter(
            said in prop::collection::vec((0..Property::ALL.len(), 0u64..5, "[a-c\"]{1,2}"), 0..30),
            turn in 0usize..30,
        ) {
            let plate = |said: &[(usize, u64, String)]| {
                let mut plate = Nameplate::default();
                for (property, second, words) in said {
                    plate.take(Property::ALL[*property], at(*second), &text(words));
                }
                plate
            };
            let all = plate(&said);
            let (one, other) = said.split_at(turn.min(said.len()));
            let mut turned = plate(other);
            turned.merge(&plate(one));
            prop_assert_eq!(&turned, &all);
            prop_assert!(!turned.merge(&all), "nothing new");
            prop_assert!(serde_json::to_string(&all).unwrap().len() <= all.bytes_max());
        }
    }
}
