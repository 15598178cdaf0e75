//! Networks: names for traffic that must not be mixed. Equal private addresses in two of them are two components.

use crate::model::key::NetworkId;
use crate::model::vlan::VlanStack;
use std::collections::BTreeMap;

/// The networks of one capture: a default, and VLAN ids that belong to others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Networks {
    names: Vec<String>,
    default: NetworkId,
    /// Network of each VLAN id; empty when no id is mapped.
    by_vlan: Box<[Option<NetworkId>]>,
    /// All traffic belongs to the network of number 0, so that the common frame does not look.
    single: bool,
}

/// Why networks cannot be told apart.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NetworksError {
    /// An id outside 1 to 4094.
    #[error("VLAN id {0} is not between 1 and 4094")]
    VlanId(u16),
    /// One id, two names.
    #[error("VLAN id {0} is mapped to two networks")]
    MappedTwice(u16),
    /// More names than a key can tell apart.
    #[error("at most {max} networks can be told apart", max = Networks::MAX)]
    TooMany,
}

impl Networks {
    /// Networks a key can tell apart.
    pub const MAX: usize = 256;

    /// `default` for everything but the VLAN ids in `by_vlan`.
    pub fn new(default: &str, by_vlan: &[(u16, String)]) -> Result<Self, NetworksError> {
        Self::among(&[], default, by_vlan)
    }

    /// The same, where the names in `known` have numbers already: several interfaces of one sensor number alike.
    pub fn among(known: &[String], default: &str, by_vlan: &[(u16, String)]) -> Result<Self, NetworksError> {
        let number = |at: usize| u8::try_from(at).map(NetworkId).map_err(|_| NetworksError::TooMany);
        let mut names = known.to_vec();
        let mut ids = BTreeMap::new();
        for (at, name) in known.iter().enumerate() {
            ids.entry(name.clone()).or_insert(number(at)?);
        }
        let next = number(names.len());
        let default = if let Some(id) = ids.get(default) {
            *id
        } else {
            names.push(default.to_owned());
            *ids.entry(default.to_owned()).or_insert(next?)
        };
        let mut map = vec![None; if by_vlan.is_empty() { 0 } else { 4096 }];
        for (vlan, name) in by_vlan {
            if !(1..=4094).contains(vlan) {
                return Err(NetworksError::VlanId(*vlan));
            }
            let next = u8::try_from(names.len()).map(NetworkId);
            let id = *ids.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                next.unwrap_or_default()
            });
            if names.len() > Self::MAX {
                return Err(NetworksError::TooMany);
            }
            if map[usize::from(*vlan)].replace(id).is_some_and(|before| before != id) {
                return Err(NetworksError::MappedTwice(*vlan));
            }
        }
        let single = by_vlan.is_empty() && default == NetworkId(0);
        Ok(Self { names, default, by_vlan: map.into_boxed_slice(), single })
    }

    /// The network of a frame with these tags: of its outermost id that is mapped, else the default.
    #[inline]
    pub fn of(&self, vlans: VlanStack) -> NetworkId {
        if self.single { NetworkId(0) } else { self.mapped(vlans) }
    }

    fn mapped(&self, vlans: VlanStack) -> NetworkId {
        let mapped = |id| self.by_vlan.get(usize::from(id)).copied().flatten();
        vlans.iter().find_map(mapped).unwrap_or(self.default)
    }

    /// The name of a network.
    pub fn name(&self, id: NetworkId) -> &str {
        &self.names[usize::from(id.0)]
    }

    /// All names, in the order of their numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl Default for Networks {
    fn default() -> Self {
        Self {
            names: vec!["default".to_owned()],
            default: NetworkId(0),
            by_vlan: Box::default(),
            single: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(ids: &[u16]) -> VlanStack {
        let mut stack = VlanStack::default();
        ids.iter().for_each(|&id| stack.push_tci(id));
        stack
    }

    #[test]
    fn the_outermost_mapped_id_decides() {
        let networks =
            Networks::new("plant", &[(20, "cell-a".into()), (30, "cell-b".into()), (21, "cell-a".into())])
                .unwrap();
        let name = |ids: &[u16]| networks.name(networks.of(stack(ids)));
        assert_eq!((name(&[]), name(&[9])), ("plant", "plant"));
        assert_eq!((name(&[20]), name(&[21]), name(&[30])), ("cell-a", "cell-a", "cell-b"));
        assert_eq!((name(&[9, 30]), name(&[20, 30])), ("cell-b", "cell-a"));
    }

    #[test]
    fn the_default_may_be_named_for_a_vlan_too() {
        let networks = Networks::new("plant", &[(20, "plant".into())]).unwrap();
        assert_eq!(networks.names(), ["plant"]);
    }

    #[test]
    fn interfaces_of_one_sensor_number_alike() {
        let one = Networks::new("plant", &[(20, "cell-a".into())]).unwrap();
        let two = Networks::among(one.names(), "cell-a", &[(30, "cell-b".into())]).unwrap();
        assert_eq!((two.of(stack(&[])), two.of(stack(&[9]))), (NetworkId(1), NetworkId(1)));
        assert_eq!(two.name(two.of(stack(&[30]))), "cell-b");
        let three = Networks::among(two.names(), "office", &[]).unwrap();
        assert_eq!(three.names(), ["plant", "cell-a", "cell-b", "office"]);
        assert_eq!(three.name(three.of(stack(&[20]))), "office");
    }

    #[test]
    fn contradictions_are_refused() {
        let map = |pairs: &[(u16, &str)]| {
            Networks::new("d", &pairs.iter().map(|(id, name)| (*id, (*name).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(map(&[(0, "a")]), Err(NetworksError::VlanId(0)));
        assert_eq!(map(&[(4095, "a")]), Err(NetworksError::VlanId(4095)));
        assert_eq!(map(&[(5, "a"), (5, "b")]), Err(NetworksError::MappedTwice(5)));
        assert!(map(&[(5, "a"), (5, "a")]).is_ok());
        let many: Vec<_> = (1..=256).map(|id| (id, id.to_string())).collect();
        assert_eq!(Networks::new("d", &many), Err(NetworksError::TooMany));
    }
}
