//! Networks by number: the configured ones first, then those that stored facts are of.

use crate::model::key::NetworkId;

/// The number of a network that has one.
pub fn number(networks: &[String], name: &str) -> Option<NetworkId> {
    let at = networks.iter().position(|known| known == name)?;
    u8::try_from(at).ok().map(NetworkId)
}

/// The number of a network, which gets one if it has none; `None` when all numbers are taken.
pub fn number_or_add(networks: &mut Vec<String>, name: &str) -> Option<NetworkId> {
    number(networks, name).or_else(|| {
        let id = u8::try_from(networks.len()).ok().map(NetworkId)?;
        networks.push(name.to_owned());
        Some(id)
    })
}

/// Says that so many stored facts are of networks that got no number, if there are any.
pub fn note_left_out(facts: usize) {
    if facts > 0 {
        tracing::warn!(facts, "stored facts of networks beyond 256 are not counted here");
    }
}
