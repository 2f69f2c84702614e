//! State messages that the coordinator has not yet acted on: numbered, resent on every new stream until they are
//! acknowledged, and few, because a build's newer snapshot takes the place of its older one.
//!
//! Numbers rise and may have gaps. They are given out only after a Welcome has told where to go on, so a restarted
//! agent never uses a number again.

use buildyard_model::LeaseToken;
use buildyard_proto::v1;
use buildyard_proto::v1::agent_message::Body;
use std::collections::VecDeque;

#[derive(Debug)]
struct Entry {
    /// `None` until the first Welcome.
    number: Option<u64>,
    lease: Option<LeaseToken>,
    body: Body,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    /// The largest number given out or known to be taken; `None` before the first Welcome.
    last: Option<u64>,
}

impl Outbox {
    /// Adds a message behind the others.
    pub(super) fn push(&mut self, lease: Option<&LeaseToken>, body: Body) {
        self.entries.retain(|entry| !(entry.lease.as_ref() == lease && replaces(&body, &entry.body)));
        let number = self.last.map(|last| last + 1);
        self.last = number;
        self.entries.push_back(Entry { number, lease: lease.cloned(), body });
    }

    /// A new stream is there, and the coordinator has acted on everything up to `last_number`. Gives the leases
    /// whose result is among that.
    pub(super) fn resume(&mut self, last_number: u64) -> Vec<LeaseToken> {
        match self.last {
            Some(last) if last_number <= last => self.acknowledge(last_number),
            // The coordinator remembers numbers of an earlier process of ours: go on behind them.
            _ => {
                self.renumber_from(last_number);
                Vec::new()
            }
        }
    }

    fn renumber_from(&mut self, last_number: u64) {
        let mut last = last_number;
        for entry in &mut self.entries {
            last += 1;
            entry.number = Some(last);
        }
        self.last = Some(last);
    }

    /// Drops everything up to `number`; gives the leases whose result is among it.
    pub(super) fn acknowledge(&mut self, number: u64) -> Vec<LeaseToken> {
        let mut settled = Vec::new();
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.number.is_some_and(|own| own <= number)) {
            if let (Body::Finished(_), Some(lease)) = (entry.body, entry.lease) {
                settled.push(lease);
            }
        }
        settled
    }

    /// Whether something about the lease is still to be acted on.
    pub(super) fn speaks_of(&self, lease: &LeaseToken) -> bool {
        self.entries.iter().any(|entry| entry.lease.as_ref() == Some(lease))
    }

    /// Drops what is said about a lease.
    pub(super) fn forget(&mut self, lease: &LeaseToken) {
        self.entries.retain(|entry| entry.lease.as_ref() != Some(lease));
    }

    /// Everything pending, in order.
    pub(super) fn messages(&self) -> impl Iterator<Item = v1::AgentMessage> + '_ {
        self.entries.iter().map(message)
    }

    /// What was pushed last.
    pub(super) fn newest(&self) -> Option<v1::AgentMessage> {
        self.entries.back().map(message)
    }
}

fn message(entry: &Entry) -> v1::AgentMessage {
    v1::AgentMessage { number: entry.number.unwrap_or_default(), body: Some(entry.body.clone()) }
}

/// Whether `new` says everything that `old` says, about the same lease.
fn replaces(new: &Body, old: &Body) -> bool {
    matches!(
        (new, old),
        (Body::Progress(_), Body::Progress(_))
            | (Body::Accept(_), Body::Accept(_))
            | (Body::Decline(_), Body::Decline(_))
            | (Body::Draining(_), Body::Draining(_))
            | (Body::Finished(_), Body::Finished(_))
    )
}
