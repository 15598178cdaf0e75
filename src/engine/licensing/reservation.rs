//! Authorization codes installed, discarded and given back.

use super::agent::Agent;
use super::codes::{
    Authorization, CodeRefusal, Entitlement, RequestCode, confirmation_code, read, return_code,
};
use super::command::Done;
use super::notice::Notice;
use super::refusal::Refusal;
use super::registration::{License, Registration, Reserved};
use crate::model::time::UnixTime;
use std::time::Duration;

/// Clocks of Center and authority may differ by so much.
pub(super) const CLOCKS_MAX: Duration = Duration::from_hours(1);

impl Agent {
    /// Installs the first code of a request, or a later one.
    pub(super) fn install(&mut self, text: &str) -> Result<Done, Refusal> {
        let code = self.believed(text)?;
        let (request, before) = match &self.state.registration {
            Registration::Pending(pending) => (pending.request.clone(), Err(pending.since)),
            Registration::Reserved(reserved) => (reserved.request.clone(), Ok((**reserved).clone())),
            _ => return Err(Refusal::NoReservation),
        };
        self.check_request(&code, &request)?;
        check_age(&code, &before)?;
        let update = before.as_ref().map_or(0, |reserved| reserved.update.saturating_add(1));
        // An update that is too small as well does not begin the 90 days anew.
        let since =
            before.map_or((self.state.latest, UnixTime::NEVER), |held| (held.since, held.short_since));
        self.state.registration = Registration::Reserved(Box::new(reserved(&code, &request, since, update)));
        self.tell(Notice::ReservationInstalled { update });
        Ok(self.confirmation(update))
    }

    /// An update is to be confirmed at the authority.
    fn confirmation(&mut self, update: u32) -> Done {
        let Registration::Reserved(reserved) = &self.state.registration else { return Done::Done };
        if update == 0 {
            return Done::Done;
        }
        let code = confirmation_code(&reserved.request, &self.state.udi, update, &reserved.digest);
        self.state.leftovers.confirmation = Some(code.clone());
        Done::Confirmation(code)
    }

    /// A code that the trusted authority signed for this device, at a time that can be.
    fn believed(&self, text: &str) -> Result<Authorization, CodeRefusal> {
        let key = self.authority.as_ref().ok_or(CodeRefusal::NoAuthorityKey)?;
        let code = read(text, key)?;
        if *code.udi() != self.state.udi {
            return Err(CodeRefusal::WrongDevice);
        }
        if UnixTime::from_millis(code.stamp_ms()) > self.state.latest.plus(CLOCKS_MAX) {
            return Err(CodeRefusal::ClocksDiffer);
        }
        Ok(code)
    }

    fn check_request(&self, code: &Authorization, request: &str) -> Result<(), CodeRefusal> {
        match (instance_of(request).as_deref() == Some(code.instance()), self.cancelled(code).is_some()) {
            (true, _) => Ok(()),
            (false, true) => Err(CodeRefusal::Cancelled),
            (false, false) => Err(CodeRefusal::OtherRequest),
        }
    }

    /// The cancelled request that a code answers.
    fn cancelled(&self, code: &Authorization) -> Option<String> {
        let answers = |request: &&String| instance_of(request).as_deref() == Some(code.instance());
        self.state.leftovers.cancelled.iter().find(answers).cloned()
    }

    /// A return code for a code that was made and will not be installed: its request was cancelled, or is so now.
    pub(super) fn discard(&mut self, text: &str) -> Result<Done, Refusal> {
        if self.state.leftovers.return_code.is_some() {
            return Err(Refusal::ReturnCodeWaits);
        }
        let code = self.believed(text)?;
        let pending = match &self.state.registration {
            Registration::Pending(pending) => Some(pending.request.clone()),
            _ => None,
        };
        let pending = pending.filter(|request| instance_of(request).as_deref() == Some(code.instance()));
        let cancelled = self.cancelled(&code);
        let request = pending.clone().or(cancelled).ok_or(CodeRefusal::OtherRequest)?;
        self.state.leftovers.cancelled.retain(|other| *other != request);
        if pending.is_some() {
            self.unregister(None);
        }
        let code = return_code(&request, &self.state.udi, code.digest());
        self.state.leftovers.return_code = Some(code.clone());
        Ok(Done::Return(code))
    }

    /// What the reservation leaves: the return code, until it is acknowledged.
    pub(super) fn leave_reservation(&mut self, reserved: &Reserved) {
        let code = return_code(&reserved.request, &self.state.udi, &reserved.digest);
        self.state.leftovers.return_code = Some(code);
        self.state.leftovers.confirmation = None;
    }
}

fn instance_of(request: &str) -> Option<String> {
    RequestCode::read(request).ok().map(|request| request.instance())
}

/// A code must be later than its request, or than the code before it.
fn check_age(code: &Authorization, before: &Result<Reserved, UnixTime>) -> Result<(), CodeRefusal> {
    match before {
        Ok(reserved) if code.stamp_ms() == reserved.stamp_ms && code.digest() == reserved.digest => {
            Err(CodeRefusal::Used)
        }
        Ok(reserved) if code.stamp_ms() <= reserved.stamp_ms => Err(CodeRefusal::Old),
        Err(requested) if UnixTime::from_millis(code.stamp_ms()).plus(CLOCKS_MAX) < *requested => {
            Err(CodeRefusal::Old)
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn reserved(
    code: &Authorization,
    request: &str,
    (since, short_since): (UnixTime, UnixTime),
    update: u32,
) -> Reserved {
    Reserved {
        since,
        request: request.to_owned(),
        stamp_ms: code.stamp_ms(),
        digest: code.digest().to_owned(),
        update,
        licenses: code.entitlements().iter().map(license).collect(),
        short_since,
    }
}

fn license(entitlement: &Entitlement) -> License {
    License {
        tag: entitlement.tag.clone(),
        count: entitlement.count,
        from: entitlement.start,
        until: entitlement.until,
        title: entitlement.title.clone(),
        description: entitlement.description.clone(),
    }
}
