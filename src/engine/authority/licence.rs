//! A licence in a virtual account: what was purchased, for which terms, and what is taken of it.

use crate::model::entitlement::Tag;
use crate::model::label::Label;
use crate::model::smart::Verdict;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// So many licences, from a day to a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Term {
    /// How many.
    pub count: u64,
    /// From, included; always when absent.
    pub start: Option<UnixTime>,
    /// Until, excluded; the begin of a day; for ever when absent.
    pub end: Option<UnixTime>,
    /// The order it came with.
    pub subscription: String,
}

impl Term {
    /// Whether it runs.
    pub fn runs(&self, now: UnixTime) -> bool {
        self.start.is_none_or(|start| start <= now) && !self.is_over(now)
    }

    /// Whether it ran out.
    pub fn is_over(&self, now: UnixTime) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

/// One entitlement of a virtual account. Billing is prepaid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Licence {
    /// Whose.
    pub virtual_account: Label,
    /// Which.
    pub tag: Tag,
    /// The name that people read.
    pub title: Label,
    /// What it is for.
    pub description: String,
    /// What was purchased; none for a tag that is used and was never purchased.
    pub terms: Vec<Term>,
    /// Booked against reservations.
    pub reserved: u64,
    /// Booked against instances in contact.
    pub in_use: u64,
    /// So many more may be in use than were purchased: told, and held against nobody.
    #[serde(default)]
    pub allowed_overage: u64,
}

/// The figures of a licence at a time: `purchased = available + reserved + in use - overage`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Of the terms that run.
    pub purchased: u64,
    /// Held by reservations.
    pub reserved: u64,
    /// Held by instances in contact.
    pub in_use: u64,
    /// Free.
    pub available: u64,
    /// Taken beyond what was purchased.
    pub overage: u64,
}

impl Position {
    /// All that is taken; the portal's "In Use", of which the reserved ones are a part.
    pub const fn taken(&self) -> u64 {
        self.reserved.saturating_add(self.in_use)
    }

    /// What is left; negative when more is taken than purchased.
    pub fn balance(&self) -> i128 {
        i128::from(self.available) - i128::from(self.overage)
    }
}

impl Licence {
    /// The figures.
    pub fn position(&self, now: UnixTime) -> Position {
        let running = self.terms.iter().filter(|term| term.runs(now));
        let purchased = running.fold(0_u64, |sum, term| sum.saturating_add(term.count));
        let taken = self.reserved.saturating_add(self.in_use);
        Position {
            purchased,
            reserved: self.reserved,
            in_use: self.in_use,
            available: purchased.saturating_sub(taken),
            overage: taken.saturating_sub(purchased),
        }
    }

    /// Whether a Center in contact that uses it may.
    pub fn verdict(&self, now: UnixTime) -> Verdict {
        match self.position(now).overage {
            _ if self.terms.is_empty() => Verdict::InvalidTag,
            0 => Verdict::InCompliance,
            overage if overage <= self.allowed_overage => Verdict::Overage,
            _ => Verdict::OutOfCompliance,
        }
    }

    /// Until when `count` licences are there, as far as terms run now: the first end after which fewer are left.
    pub fn lasts(&self, count: u64, now: UnixTime) -> Option<UnixTime> {
        let mut terms: Vec<&Term> = self.terms.iter().filter(|term| term.runs(now)).collect();
        terms.sort_by_key(|term| term.end.unwrap_or(UnixTime::MAX));
        let mut left = terms.iter().fold(0_u64, |sum, term| sum.saturating_add(term.count));
        for term in terms {
            left = left.saturating_sub(term.count);
            if left < count {
                return term.end;
            }
        }
        None
    }

    /// The order of the term that runs longest, for what is issued.
    pub fn subscription(&self, now: UnixTime) -> &str {
        let running = self.terms.iter().filter(|term| term.runs(now));
        running.max_by_key(|term| term.end.unwrap_or(UnixTime::MAX)).map_or("", |term| &term.subscription)
    }

    /// Whether nothing would be lost without it.
    pub fn is_void(&self) -> bool {
        self.terms.is_empty() && self.reserved == 0 && self.in_use == 0
    }
}
