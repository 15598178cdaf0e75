//! What one frame says, and of whom.

use crate::model::key::Key;
use crate::model::property::{Property, Protocol, Protocols};
use heapless::Vec;
use std::borrow::Cow;

/// One property as the frame has it: any bytes.
pub type Said<'a> = (Property, Cow<'a, [u8]>);

/// What one frame says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<'a> {
    /// Of whom: addresses and MACs, the frame's sender unless it names another. In network 0.
    pub subjects: Vec<Key, 3>,
    /// What.
    pub said: Vec<Said<'a>, 12>,
    /// And by which protocols.
    pub protocols: Protocols,
}

impl<'a> Found<'a> {
    /// Nothing yet, about `sender`.
    pub(super) fn about(sender: Key) -> Self {
        let mut subjects = Vec::new();
        let _ = subjects.push(sender);
        Self { subjects, said: Vec::new(), protocols: Protocols::default() }
    }

    /// It is not the sender who is spoken of.
    pub(super) fn is_about(&mut self, subject: Key) {
        self.subjects.clear();
        self.also_about(subject);
    }

    /// The same is known by another name; there is room for three.
    pub(super) fn also_about(&mut self, subject: Key) {
        if !subject.is_empty() && !self.subjects.contains(&subject) {
            let _ = self.subjects.push(subject);
        }
    }

    /// Notes a property; what finds no room is left out.
    pub(super) fn says(&mut self, property: Property, value: impl Into<Cow<'a, [u8]>>) {
        let _ = self.said.push((property, value.into()));
    }

    /// The same in words made here.
    pub(super) fn says_text(&mut self, property: Property, text: String) {
        self.says(property, text.into_bytes());
    }

    pub(super) fn speaks(&mut self, protocol: Protocol) {
        self.protocols = self.protocols.with(protocol);
    }

    /// Whether there is anything to remember.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.protocols.is_empty()
    }
}
