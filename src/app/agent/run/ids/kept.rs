//! What is kept of the right to Subscriber rules: what must never be forgotten, and the newest lease as it was signed. The
//! lease is verified anew at each start; nothing here is a right.

use crate::engine::entitlement::{Keyring, Trust};
use crate::model::ident::Epoch;
use crate::model::time::UnixTime;
use serde::{Deserialize, Serialize};

/// As it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The enrolment that it belongs to: another Center's decisions are counted anew.
    enrolment: Epoch,
    pub(super) trust: Trust,
    /// The envelope; JSON, as each that was ever accepted.
    pub(super) envelope: Option<String>,
}

/// Who may decide for this sensor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authority {
    /// Names the enrolment.
    pub enrolment: Epoch,
    /// The Center's keys, as the enrolment brought them.
    pub keys: Keyring,
}

impl Kept {
    pub(super) const fn new(enrolment: Epoch, trust: Trust, envelope: Option<String>) -> Self {
        Self { enrolment, trust, envelope }
    }

    /// What was kept under this enrolment; else its beginning, no earlier than `floor`.
    pub(super) fn read(bytes: Option<&[u8]>, authority: &Authority, floor: UnixTime) -> Self {
        let kept = bytes.and_then(|bytes| serde_json::from_slice::<Self>(bytes).ok());
        kept.filter(|kept| kept.enrolment == authority.enrolment).unwrap_or_else(|| {
            let trust = Trust { latest: floor, ..Trust::new(authority.keys.clone()) };
            Self::new(authority.enrolment, trust, None)
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        // Words and numbers only: they are always JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: UnixTime = UnixTime::from_millis(1_795_507_200_000);

    #[test]
    fn it_holds_for_its_enrolment_only_and_damage_is_a_beginning() {
        let authority = Authority { enrolment: Epoch::from_random(7), keys: Keyring::nobody() };
        let other = Authority { enrolment: Epoch::from_random(8), ..authority.clone() };
        let trust = Trust { generation: 41, ..Trust::new(Keyring::nobody()) };
        let kept = Kept::new(authority.enrolment, trust, Some("{}".to_owned()));
        assert_eq!(Kept::read(Some(&kept.bytes()), &authority, FLOOR), kept);
        for begun in [
            Kept::read(Some(&kept.bytes()), &other, FLOOR),
            Kept::read(Some(b"{\"enrolment\":"), &authority, FLOOR),
            Kept::read(None, &authority, FLOOR),
        ] {
            assert_eq!((begun.trust.generation, begun.trust.latest, begun.envelope), (0, FLOOR, None));
        }
    }
}
