//! What is requested: from counts and switches to tokens by tag, and what another choice would request.

use super::usage::Usage;
use crate::model::entitlement::{Class, Subscription};
use crate::model::lease::RuleSet;
use std::collections::BTreeMap;

/// What the Center knows of its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Demand {
    /// Components counted.
    pub components: u64,
    /// The package of features.
    pub subscription: Subscription,
    /// The rule set chosen for all sensors.
    pub rules: RuleSet,
    /// Sensors, or interfaces of a Center's own, with IDS enabled, by class.
    pub ids: BTreeMap<Class, u64>,
}

impl Demand {
    /// Requested tokens: one a component, and under Advantage with Subscriber rules chosen one for each sensor with IDS.
    pub fn usage(&self) -> Usage {
        let components = (Class::components(self.subscription), self.components);
        let subscriber = self.rules == RuleSet::Subscriber && self.subscription == Subscription::Advantage;
        let is_ids = |class: Class| !matches!(class, Class::Essentials | Class::Advantage);
        let ids = self.ids.iter().filter(|(class, _)| subscriber && is_ids(**class));
        let all = ids.map(|(class, sensors)| (*class, *sensors)).chain([components]);
        // There are fewer classes than tags that fit.
        all.map(|(class, tokens)| (class.tag(), tokens))
            .collect::<BTreeMap<_, _>>()
            .try_into()
            .unwrap_or_default()
    }

    /// What would be requested with another subscription and rule set.
    pub fn what_if(&self, subscription: Subscription, rules: RuleSet) -> Usage {
        Self { subscription, rules, ..self.clone() }.usage()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand() -> Demand {
        let ids = [(Class::IdsCat9k, 1), (Class::IdsIc3000, 0)].into();
        Demand { components: 105, subscription: Subscription::Advantage, rules: RuleSet::Community, ids }
    }

    #[test]
    fn ids_costs_under_advantage_with_subscriber_rules_only() {
        assert_eq!(demand().usage().iter().count(), 1);
        let subscriber = demand().what_if(Subscription::Advantage, RuleSet::Subscriber);
        // Ten Catalyst 9300 of which one has IDS enabled are one token.
        assert_eq!(subscriber.of(&Class::IdsCat9k.tag()), 1);
        assert_eq!(subscriber.of(&Class::Advantage.tag()), 105);
        let essentials = demand().what_if(Subscription::Essentials, RuleSet::Subscriber);
        assert_eq!(essentials.iter().collect::<Vec<_>>(), [(&Class::Essentials.tag(), 105)]);
    }
}
