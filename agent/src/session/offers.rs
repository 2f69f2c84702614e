//! The answer to an offer: begin, wait for a slot that is about to be free, or decline with the reason.

use super::{Output, Session};
use buildyard_model::{JobSpec, LeaseToken};
use buildyard_proto::v1::agent_message::Body;
use buildyard_proto::{convert, v1};
use std::time::Duration;

/// How long an offer may wait for a sandbox to be removed; below the coordinator's start deadline of 15 s.
const PARKED_AT_MOST: Duration = Duration::from_secs(10);

/// An offer that waits for a slot.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) lease: LeaseToken,
    job: Box<JobSpec>,
    pub(super) until: Duration,
}

enum Answer {
    Begin,
    Park,
    Decline(String),
}

impl Session {
    pub(super) fn offered(
        &mut self,
        offer: &v1::Offer,
        now: Duration,
        outputs: &mut Vec<Output>,
    ) -> Result<(), convert::Error> {
        let lease = convert::lease(offer.lease.as_ref())?;
        if self.holdings.contains(&lease) || self.parked.iter().any(|parked| parked.lease == lease) {
            // Asked again: the earlier Accept is on its way, or is sent again.
            self.began(&lease, outputs);
            return Ok(());
        }
        if self.outbox.speaks_of(&lease) {
            // It was declined, and that is on its way.
            return Ok(());
        }
        for older in self.holdings.superseded_by(&lease) {
            self.revoke(&older, "a newer lease of the build was granted", outputs);
        }
        let job = match convert::from_document::<JobSpec>("job", &offer.job) {
            Ok(job) => Box::new(job),
            Err(error) => {
                self.decline(&lease, format!("the job cannot be read: {error}"), outputs);
                return Ok(());
            }
        };
        match self.answer() {
            Answer::Begin => self.begin(lease, job, outputs),
            Answer::Park => self.parked.push_back(Parked { lease, job, until: now + PARKED_AT_MOST }),
            Answer::Decline(reason) => self.decline(&lease, reason, outputs),
        }
        Ok(())
    }

    fn answer(&self) -> Answer {
        let slots = usize::try_from(self.capacity.slots).unwrap_or(usize::MAX);
        if self.leaving || self.told_to_drain {
            Answer::Decline("the agent is draining".to_owned())
        } else if let Some(reason) = &self.unhealthy {
            Answer::Decline(reason.clone())
        } else if self.holdings.slots() < slots {
            Answer::Begin
        } else if self.parked.len() < self.holdings.slots_being_freed() {
            Answer::Park
        } else {
            Answer::Decline(format!("all {slots} slots are in use"))
        }
    }

    fn begin(&mut self, lease: LeaseToken, job: Box<JobSpec>, outputs: &mut Vec<Output>) {
        self.holdings.hold(lease.clone());
        outputs.push(Output::Begin(lease, job));
    }

    pub(super) fn decline(&mut self, lease: &LeaseToken, reason: String, outputs: &mut Vec<Output>) {
        self.state(Some(lease), Body::Decline(v1::Decline { lease: Some(lease.into()), reason }), outputs);
    }

    /// Begins what waits, as far as slots are free.
    pub(super) fn unpark(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        while let Some(parked) = self.parked.pop_front() {
            match self.answer() {
                Answer::Begin => self.begin(parked.lease, parked.job, outputs),
                Answer::Park if parked.until > now => return self.parked.push_front(parked),
                Answer::Park => self.decline(&parked.lease, "no slot became free in time".to_owned(), outputs),
                Answer::Decline(reason) => self.decline(&parked.lease, reason, outputs),
            }
        }
    }

    pub(super) fn expire_parked(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        if self.parked.front().is_some_and(|parked| parked.until <= now) {
            self.unpark(now, outputs);
        }
    }

    /// Takes back a waiting offer; true when there was one.
    pub(super) fn unoffer(&mut self, lease: &LeaseToken) -> bool {
        let before = self.parked.len();
        self.parked.retain(|parked| parked.lease != *lease);
        self.parked.len() < before
    }
}
