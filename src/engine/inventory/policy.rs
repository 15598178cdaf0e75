//! Address classes (counting rules, section 3): which addresses count, and why the others do not.

use crate::model::key::Key;
use crate::model::prefix::Prefix;
use std::net::IpAddr;

/// What an address is to the count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Never names a host: only the MAC is sighted.
    Excluded,
    /// Never leaves its link, so its MAC stands for it.
    LinkLocal,
    /// Counts.
    Internal,
    /// Counted apart, never billed.
    External,
}

/// The classes of the rules, before any declaration.
const DEFAULTS: [(&str, Class); 13] = [
    ("0.0.0.0/8", Class::Excluded),
    ("127.0.0.0/8", Class::Excluded),
    ("224.0.0.0/4", Class::Excluded),
    ("255.255.255.255", Class::Excluded),
    ("::", Class::Excluded),
    ("::1", Class::Excluded),
    ("ff00::/8", Class::Excluded),
    ("169.254.0.0/16", Class::LinkLocal),
    ("fe80::/10", Class::LinkLocal),
    ("10.0.0.0/8", Class::Internal),
    ("172.16.0.0/12", Class::Internal),
    ("192.168.0.0/16", Class::Internal),
    ("fc00::/7", Class::Internal),
];

/// The address policy in force. The longest declared prefix that holds an address decides; without one, the defaults.
/// Addresses that name no host or never leave their link are internal only by a declaration as long as their range.
///
/// Prefixes are flattened once into ranges that do not overlap, so that a look-up costs the same however many were
/// declared; a table by the first 16 bits answers almost all of them at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    declared: Vec<(Prefix, Class)>,
    v4: Ranges,
    v6: Ranges,
}

/// Why a policy cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} is declared both internal and external")]
pub struct Contradiction(pub Prefix);

impl Policy {
    /// The rules' defaults with `internal` and `external` prefixes declared on top.
    pub fn new(internal: &[Prefix], external: &[Prefix]) -> Result<Self, Contradiction> {
        if let Some(both) = internal.iter().find(|prefix| external.contains(prefix)) {
            return Err(Contradiction(*both));
        }
        let internal = internal.iter().map(|&prefix| (prefix, Class::Internal));
        let mut declared: Vec<_> = internal.chain(external.iter().map(|&p| (p, Class::External))).collect();
        declared.sort_unstable();
        declared.dedup();
        let layers = layers(&declared);
        Ok(Self { v4: Ranges::flatten(&layers, true), v6: Ranges::flatten(&layers, false), declared })
    }

    /// The declared prefixes, sorted.
    pub fn declared(&self) -> &[(Prefix, Class)] {
        &self.declared
    }

    /// The class of an address.
    pub fn classify(&self, address: IpAddr) -> Class {
        self.class_of(Key::default().with_address(address))
    }

    /// The class of a key's address; the key must have one.
    #[inline]
    pub(super) fn class_of(&self, key: Key) -> Class {
        let [head, high, low] = key.words();
        // IPv4 stands in the low 32 bits of the last word; both are looked up left-aligned.
        if head >> 8 & 0xff == 4 {
            self.v4.class_at(u128::from(low) << 96)
        } else {
            self.v6.class_at(u128::from(high) << 64 | u128::from(low))
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        let layers = layers(&[]);
        Self { declared: Vec::new(), v4: Ranges::flatten(&layers, true), v6: Ranges::flatten(&layers, false) }
    }
}

/// All prefixes in the order in which later ones win: the private ranges; then, from short to long, what is declared
/// and what names no host or never leaves its link. So a wide declaration takes in private and public addresses alike,
/// but makes no component of a multicast or unspecified source; a declaration as long as such a range does.
fn layers(declared: &[(Prefix, Class)]) -> Vec<(Prefix, Class)> {
    let defaults = DEFAULTS.iter().filter_map(|(text, class)| Some((text.parse::<Prefix>().ok()?, *class)));
    let (mut layers, mut above): (Vec<_>, Vec<_>) =
        defaults.partition(|(_, class)| *class == Class::Internal);
    above.extend(declared);
    above.sort_by_key(|(prefix, _)| prefix.length());
    layers.append(&mut above);
    layers
}

/// A partition of one address family's space, left-aligned in 128 bits.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Ranges {
    /// Where each range begins, and its class; the first begins at zero.
    starts: Vec<(u128, Class)>,
    /// The class of all addresses with these first 16 bits, or `None` where a range boundary lies between them.
    by_first_bits: Box<[Option<Class>]>,
}

impl Ranges {
    fn flatten(layers: &[(Prefix, Class)], v4: bool) -> Self {
        let spans: Vec<_> =
            layers.iter().filter(|(p, _)| p.is_v4() == v4).map(|(p, class)| (p.span(), *class)).collect();
        let mut edges = vec![0];
        for ((first, last), _) in &spans {
            edges.push(*first);
            edges.extend(last.checked_add(1));
        }
        edges.sort_unstable();
        edges.dedup();
        // The last layer that holds an edge holds the whole range up to the next edge.
        let class_from = |edge: u128| {
            let holds = |&&((first, last), _): &&((u128, u128), Class)| first <= edge && edge <= last;
            spans.iter().rev().find(holds).map_or(Class::External, |&(_, class)| class)
        };
        let mut starts: Vec<_> = edges.into_iter().map(|edge| (edge, class_from(edge))).collect();
        starts.dedup_by_key(|(_, class)| *class);
        let by_first_bits = by_first_bits(&starts);
        Self { starts, by_first_bits }
    }

    #[inline]
    fn class_at(&self, address: u128) -> Class {
        let first_bits = (address >> 112) as usize;
        self.by_first_bits[first_bits].unwrap_or_else(|| class_among(&self.starts, address))
    }
}

fn class_among(starts: &[(u128, Class)], address: u128) -> Class {
    let after = starts.partition_point(|(start, _)| *start <= address);
    starts[after.saturating_sub(1)].1
}

/// The class of each block of addresses with equal first 16 bits, where it has but one.
fn by_first_bits(starts: &[(u128, Class)]) -> Box<[Option<Class>]> {
    const BLOCK: u128 = 1 << 112;
    let mut classes = vec![None; 1 << 16].into_boxed_slice();
    for (at, &(start, class)) in starts.iter().enumerate() {
        let first_whole = start.div_ceil(BLOCK) as usize;
        let end = starts.get(at + 1).map_or(1 << 16, |&(next, _)| (next / BLOCK) as usize);
        if first_whole < end {
            classes[first_whole..end].fill(Some(class));
        }
    }
    classes
}

#[cfg(test)]
mod tests;
