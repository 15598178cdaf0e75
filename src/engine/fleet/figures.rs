//! The figures of the fleet (counting rules, section 4).

/// Components by kind, and what stands beside them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Figures {
    /// Internal addresses.
    pub ip: u64,
    /// MACs that never sourced an internal address in their network.
    pub mac_only: u64,
    /// MACs seen in link-control frames and nowhere else; no components.
    pub infrastructure: u64,
    /// Components whose first and last sighting, over all sensors, lie far enough apart to be billed.
    pub confirmed: u64,
}

impl Figures {
    /// The count of the licence.
    pub const fn components(&self) -> u64 {
        self.ip + self.mac_only
    }

    /// Both together: components of two networks are never the same.
    pub(super) fn add(&mut self, other: &Self) {
        self.ip += other.ip;
        self.mac_only += other.mac_only;
        self.infrastructure += other.infrastructure;
        self.confirmed += other.confirmed;
    }
}

/// One network's figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkUsage {
    /// Its name.
    pub network: String,
    /// Its figures.
    pub figures: Figures,
}

/// What the whole fleet counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// All networks together.
    pub total: Figures,
    /// Each network in which something was sighted, by name.
    pub networks: Vec<NetworkUsage>,
    /// External sources: the sum of what the sensors last said. Two sensors may see the same one, so this is an upper
    /// bound; what the sensors keep of external sources does not unite.
    pub external_at_most: u64,
    /// Whether a part of `external_at_most` is an estimate.
    pub external_is_estimate: bool,
    /// Sensors that saw something for which they had no room.
    pub saturated: u32,
    /// Components for which sensors had no room: the sum of their estimates, an upper bound like that of external ones.
    pub overflow_at_most: u64,
    /// Sighted facts.
    pub facts: u64,
    /// Sensors that are enrolled and not revoked.
    pub sensors: u32,
    /// [`crate::model::message::CountingPolicy::digest`] of the policy that these figures follow.
    pub policy: String,
}
