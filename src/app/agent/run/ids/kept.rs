//! What is kept of the right to Subscriber rules: what must never be forgotten, and the newest lease as it was signed. The
//! lease is verified anew at each start; nothing here is a right.

use crate::engine::entitlement::{Keyring, Trust};
use crate::io::state::{Decision, Floors, Right};
use crate::model::ident::Epoch;
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

    /// What was kept under this enrolment; else its beginning. A store that was put back, or is lost, brings no decision
    /// back to life that a newer one replaced: the newest itself may come again.
    pub(super) fn read(bytes: Option<&[u8]>, authority: &Authority, floors: Floors) -> Self {
        let kept = bytes.and_then(|bytes| serde_json::from_slice::<Self>(bytes).ok());
        let kept = kept.filter(|kept| kept.enrolment == authority.enrolment);
        let decision = floors.decision.filter(|decision| decision.enrolment == authority.enrolment);
        let newest = decision.map_or(0, |decision| decision.number);
        match kept {
            Some(kept) if kept.trust.generation >= newest => kept,
            older => {
                let keys = older.map_or_else(|| authority.keys.clone(), |kept| kept.trust.keys);
                let generation = newest.saturating_sub(1);
                let trust = Trust { generation, latest: floors.clock, ..Trust::new(keys) };
                Self::new(authority.enrolment, trust, None)
            }
        }
    }

    /// For the store.
    pub(super) fn right(&self) -> Right {
        let decision = Decision { enrolment: self.enrolment, number: self.trust.generation };
        Right { kept: self.bytes(), decision }
    }

    fn bytes(&self) -> Vec<u8> {
        // Words and numbers only: they are always JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::UnixTime;

    const FLOOR: UnixTime = UnixTime::from_millis(1_795_507_200_000);
    const FLOORS: Floors = Floors { clock: FLOOR, decision: None };

    #[test]
    fn it_holds_for_its_enrolment_only_and_damage_is_a_beginning() {
        let authority = Authority { enrolment: Epoch::from_random(7), keys: Keyring::nobody() };
        let other = Authority { enrolment: Epoch::from_random(8), ..authority.clone() };
        let trust = Trust { generation: 41, ..Trust::new(Keyring::nobody()) };
        let kept = Kept::new(authority.enrolment, trust, Some("{}".to_owned()));
        assert_eq!(Kept::read(Some(&kept.bytes()), &authority, FLOORS), kept);
        for begun in [
            Kept::read(Some(&kept.bytes()), &other, FLOORS),
            Kept::read(Some(b"{\"enrolment\":"), &authority, FLOORS),
            Kept::read(None, &authority, FLOORS),
        ] {
            assert_eq!((begun.trust.generation, begun.trust.latest, begun.envelope), (0, FLOOR, None));
        }
    }

    #[test]
    fn what_is_older_than_the_newest_decision_that_was_kept_gives_no_right() {
        let authority = Authority { enrolment: Epoch::from_random(7), keys: Keyring::nobody() };
        let trust = Trust { generation: 41, payload: Some([1; 32]), ..Trust::new(Keyring::nobody()) };
        let kept = Kept::new(authority.enrolment, trust, Some("{}".to_owned())).bytes();
        let read = |bytes: Option<&[u8]>, enrolment, number| {
            let floors = Floors { clock: FLOOR, decision: Some(Decision { enrolment, number }) };
            let Kept { trust, envelope, .. } = Kept::read(bytes, &authority, floors);
            (trust.generation, trust.payload.is_some(), envelope.is_some())
        };
        assert_eq!(read(Some(&kept), authority.enrolment, 41), (41, true, true));
        assert_eq!(read(Some(&kept), authority.enrolment, 40), (41, true, true), "the floors follow");
        assert_eq!(read(Some(&kept), authority.enrolment, 43), (42, false, false), "43 may come again");
        assert_eq!(read(None, authority.enrolment, 43), (42, false, false));
        assert_eq!(read(None, Epoch::from_random(8), 43), (0, false, false), "another Center's");
    }
}
