//! The agent's side of the session, as a pure machine: `handle(input, now) -> Vec<Output>`.
//!
//! Owns: which builds the agent holds and which of its slots they take, the answer to an offer, the numbering and
//! resending of state messages, heartbeats, and the limit of going on without contact. Leaves to the supervisor:
//! streams, clocks and builds themselves. `now` is time since the agent process began, never a wall clock.
//!
//! Invariant: a lease that was accepted is named in every Hello and Heartbeat until its result was acted on or it
//! was revoked, and its slot stays taken until its sandbox is gone.

mod holding;
mod link;
mod offers;
mod outbox;

use crate::config::LaunchConfig;
use crate::report::{Finished, Snapshot};
use buildyard_model::{Affinity, Capacity, JobSpec, LeaseToken, Vitals};
use buildyard_proto::v1::agent_message::Body;
use buildyard_proto::v1::coordinator_message::Body as Command;
use buildyard_proto::{convert, v1};
use holding::Holdings;
use link::Link;
use offers::Parked;
use outbox::Outbox;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// The protocol that this agent speaks.
const PROTOCOL: u32 = 1;

/// What happens to the session.
#[derive(Debug)]
pub(crate) enum Input {
    /// A stream to the coordinator is being opened; what is sent from now on goes there.
    Opened,
    /// The coordinator said something.
    Received(v1::CoordinatorMessage),
    /// The stream is gone.
    Closed,
    /// An offered job is on disk and its build begins.
    Began(LeaseToken),
    /// An offered job cannot be begun.
    Unable(LeaseToken, String),
    /// A build is further on.
    Progress(LeaseToken, Snapshot),
    /// A build ended.
    Finished(LeaseToken, Finished),
    /// A build's sandbox is gone: its slot is free.
    Freed(LeaseToken),
    /// Why no build can be run now; `None` when one can.
    Health(Option<String>),
    /// What the agent holds that makes builds quicker.
    Holds(BTreeSet<Affinity>),
    /// How the host does.
    Vitals(Vitals),
    /// Finish what runs and take nothing new.
    Drain,
    /// Time passed.
    Tick,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Put this on the stream.
    Send(v1::AgentMessage),
    /// Store the job and begin its build; answer with `Began` or `Unable`.
    Begin(LeaseToken, Box<JobSpec>),
    /// End the build as STOPPED.
    Stop(LeaseToken, Duration),
    /// Kill the build and forget it.
    Revoke(LeaseToken, String),
    /// Kill the build and keep its journals: it ends as FAULT with this reason, unless it has ended already.
    GiveUp(LeaseToken, String),
    /// The build's result was acted on: its folder may go.
    Settled(LeaseToken),
    /// Close the stream: the other side does not keep to the protocol.
    Close(String),
    /// Whether builds come for now.
    Awaiting(bool),
    /// Draining is over: nothing is held any more.
    Drained,
}

/// The machine.
#[derive(Debug)]
pub(crate) struct Session {
    version: String,
    capacity: Capacity,
    /// Named in every Hello, empty where nobody launched the agent.
    ticket: String,
    instance: String,
    link: Link,
    outbox: Outbox,
    holdings: Holdings,
    parked: VecDeque<Parked>,
    unhealthy: Option<String>,
    holds: BTreeSet<Affinity>,
    /// Whether the coordinator knows `holds`.
    holds_told: bool,
    /// Of the last look, until a heartbeat told them.
    vitals: Option<Vitals>,
    /// This process is to end.
    leaving: bool,
    /// The coordinator wants no more builds here.
    told_to_drain: bool,
    /// What was said last of whether builds come.
    awaiting: bool,
    drained: bool,
}

impl Session {
    /// A machine that holds `held`: builds of an earlier process, each still on its slot.
    pub(crate) fn new(version: &str, capacity: Capacity, held: impl IntoIterator<Item = LeaseToken>) -> Self {
        Self {
            version: version.to_owned(),
            capacity,
            ticket: String::new(),
            instance: String::new(),
            link: Link::default(),
            outbox: Outbox::default(),
            holdings: held.into_iter().collect(),
            parked: VecDeque::new(),
            unhealthy: None,
            holds: BTreeSet::new(),
            holds_told: false,
            vitals: None,
            leaving: false,
            told_to_drain: false,
            awaiting: true,
            drained: false,
        }
    }

    /// The same, of an agent that names this launch.
    pub(crate) fn launched_by(mut self, launch: &LaunchConfig) -> Self {
        self.ticket = launch.ticket.as_ref().map(ToString::to_string).unwrap_or_default();
        self.instance = launch.instance.as_ref().map(ToString::to_string).unwrap_or_default();
        self
    }

    /// Whether a launch of the coordinator's started this agent.
    pub(crate) fn is_launched(&self) -> bool {
        !self.ticket.is_empty()
    }

    /// Applies one input.
    pub(crate) fn handle(&mut self, input: Input, now: Duration) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Opened => self.opened(now, &mut outputs),
            Input::Received(message) => self.received(message, now, &mut outputs),
            Input::Closed => self.link.closed(now),
            Input::Began(lease) => self.began(&lease, &mut outputs),
            Input::Unable(lease, reason) => {
                self.holdings.forget(&lease);
                self.decline(&lease, reason, &mut outputs);
            }
            Input::Progress(lease, snapshot) => self.progress(&lease, &snapshot, &mut outputs),
            Input::Finished(lease, finished) => self.finished(&lease, &finished, &mut outputs),
            Input::Freed(lease) => self.freed(&lease, now, &mut outputs),
            Input::Health(unhealthy) => self.health(unhealthy, now, &mut outputs),
            Input::Holds(holds) => {
                self.holds_told &= self.holds == holds;
                self.holds = holds;
            }
            Input::Vitals(vitals) => self.vitals = Some(vitals),
            Input::Drain => self.leave(&mut outputs),
            Input::Tick => {}
        }
        self.tick(now, &mut outputs);
        outputs
    }

    /// When `Tick` is due, if nothing else happens before.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        let parked = self.parked.front().map(|parked| parked.until);
        [self.link.next_wake(), parked].into_iter().flatten().min()
    }

    /// Whether the lease is of any interest still.
    pub(crate) fn knows(&self, lease: &LeaseToken) -> bool {
        self.holdings.contains(lease)
    }

    /// Leases that are running or have something left to report.
    pub(crate) fn held(&self) -> Vec<LeaseToken> {
        self.holdings.held()
    }

    fn opened(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        self.link.opened(now);
        // Who wants it drained says so again in every session.
        self.told_to_drain = false;
        self.holds_told = false;
        let hello = v1::Hello {
            protocol: PROTOCOL,
            version: self.version.clone(),
            capacity: convert::document(&self.capacity).into(),
            held: self.wire_held(),
            ticket: self.ticket.clone(),
            instance: self.instance.clone(),
        };
        outputs.push(unnumbered(Body::Hello(hello)));
    }

    fn received(&mut self, message: v1::CoordinatorMessage, now: Duration, outputs: &mut Vec<Output>) {
        let Some(command) = message.body else {
            // A newer coordinator may know messages that we do not; they are not for us.
            return self.acknowledge(message.number, outputs);
        };
        match &command {
            Command::Welcome(welcome) => return self.welcomed(*welcome, now, outputs),
            _ if !self.link.is_up() => {
                return outputs.push(Output::Close("the coordinator's first message was not Welcome".to_owned()));
            }
            _ => {}
        }
        if message.number != 0 && !self.link.is_new(message.number) {
            return self.acknowledge(message.number, outputs);
        }
        if let Err(problem) = self.command(command, now, outputs) {
            return outputs.push(Output::Close(problem.to_string()));
        }
        self.acknowledge(message.number, outputs);
    }

    fn welcomed(&mut self, welcome: v1::Welcome, now: Duration, outputs: &mut Vec<Output>) {
        self.link.welcomed(&welcome, now);
        for lease in self.outbox.resume(welcome.last_number) {
            self.settle(lease, outputs);
        }
        if self.leaving {
            // The coordinator keeps this no longer than a session.
            self.outbox.push(None, Body::Draining(v1::Draining {}));
        }
        outputs.extend(self.outbox.messages().map(Output::Send));
    }

    fn acknowledge(&self, number: u64, outputs: &mut Vec<Output>) {
        if number != 0 {
            outputs.push(unnumbered(Body::Ack(v1::Ack { number })));
        }
    }

    fn command(&mut self, command: Command, now: Duration, outputs: &mut Vec<Output>) -> Result<(), convert::Error> {
        match command {
            Command::Welcome(_) => {}
            Command::Ack(ack) => {
                for lease in self.outbox.acknowledge(ack.number) {
                    self.settle(lease, outputs);
                }
            }
            Command::Offer(offer) => {
                // Who was drained, and is not any more, may have missed the word.
                self.awaits(!self.told_to_drain, outputs);
                self.offered(&offer, now, outputs)?;
            }
            Command::Stop(stop) => {
                let lease = convert::lease(stop.lease.as_ref())?;
                self.stop(lease, Duration::from_millis(stop.grace_ms.into()), outputs);
            }
            Command::Revoke(revoke) => self.revoke(&convert::lease(revoke.lease.as_ref())?, &revoke.reason, outputs),
            Command::Drain(drain) => {
                self.told_to_drain = drain.draining;
                self.awaits(!drain.draining, outputs);
            }
        }
        Ok(())
    }

    fn awaits(&mut self, builds: bool, outputs: &mut Vec<Output>) {
        if std::mem::replace(&mut self.awaiting, builds) != builds {
            outputs.push(Output::Awaiting(builds));
        }
    }

    fn began(&mut self, lease: &LeaseToken, outputs: &mut Vec<Output>) {
        if self.holdings.is_active(lease) {
            let accept = Body::Accept(v1::Accept { lease: Some(lease.into()) });
            self.state(Some(lease), accept, outputs);
        }
    }

    fn progress(&mut self, lease: &LeaseToken, snapshot: &Snapshot, outputs: &mut Vec<Output>) {
        if self.holdings.is_active(lease) {
            self.state(Some(lease), Body::Progress(snapshot.message(lease.into())), outputs);
        }
    }

    fn finished(&mut self, lease: &LeaseToken, finished: &Finished, outputs: &mut Vec<Output>) {
        if self.holdings.report(lease) {
            self.state(Some(lease), Body::Finished(finished.message(lease.into())), outputs);
        }
    }

    fn freed(&mut self, lease: &LeaseToken, now: Duration, outputs: &mut Vec<Output>) {
        self.holdings.free(lease);
        self.unpark(now, outputs);
    }

    fn settle(&mut self, lease: LeaseToken, outputs: &mut Vec<Output>) {
        self.holdings.settle(&lease);
        outputs.push(Output::Settled(lease));
    }

    fn stop(&mut self, lease: LeaseToken, grace: Duration, outputs: &mut Vec<Output>) {
        if self.unoffer(&lease) {
            self.holdings.hold_reported(lease.clone());
            let finished = Finished::before_start(buildyard_model::Outcome::Stopped, "");
            self.state(Some(&lease), Body::Finished(finished.message((&lease).into())), outputs);
        } else if self.holdings.is_active(&lease) {
            outputs.push(Output::Stop(lease, grace));
        }
    }

    fn revoke(&mut self, lease: &LeaseToken, reason: &str, outputs: &mut Vec<Output>) {
        self.unoffer(lease);
        self.outbox.forget(lease);
        if self.holdings.revoke(lease) {
            outputs.push(Output::Revoke(lease.clone(), reason.to_owned()));
        }
    }

    fn health(&mut self, unhealthy: Option<String>, now: Duration, outputs: &mut Vec<Output>) {
        if self.unhealthy != unhealthy {
            self.unhealthy = unhealthy;
            if self.link.is_up() {
                self.beat(now, outputs);
            }
        }
    }

    fn leave(&mut self, outputs: &mut Vec<Output>) {
        if !self.leaving {
            self.leaving = true;
            self.state(None, Body::Draining(v1::Draining {}), outputs);
        }
    }

    fn tick(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        if let Some(problem) = self.link.overdue(now) {
            outputs.push(Output::Close(problem));
        }
        if self.link.beat_is_due(now) {
            self.beat(now, outputs);
        }
        if let Some(limit) = self.link.offline_too_long(now) {
            let reason = format!("the agent had no contact with the coordinator for {} s", limit.as_secs());
            for lease in self.holdings.active() {
                outputs.push(Output::GiveUp(lease, reason.clone()));
            }
        }
        self.expire_parked(now, outputs);
        if self.leaving && !self.drained && self.holdings.is_empty() && self.parked.is_empty() {
            self.drained = true;
            outputs.push(Output::Drained);
        }
    }

    fn beat(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        self.link.beaten(now);
        let unhealthy = self.unhealthy.clone().unwrap_or_default();
        let holds_changed = !std::mem::replace(&mut self.holds_told, true);
        let holds = if holds_changed { self.holds.iter().map(|affinity| affinity.0).collect() } else { Vec::new() };
        outputs.push(unnumbered(Body::Heartbeat(v1::Heartbeat {
            unhealthy,
            held: self.wire_held(),
            holds,
            holds_changed,
            vitals: self.vitals.take().map(|vitals| convert::document(&vitals)).unwrap_or_default().into(),
        })));
    }

    fn wire_held(&self) -> Vec<v1::Lease> {
        self.held().iter().map(v1::Lease::from).collect()
    }

    /// Queues a message that changes something, and sends it where somebody listens.
    fn state(&mut self, lease: Option<&LeaseToken>, body: Body, outputs: &mut Vec<Output>) {
        self.outbox.push(lease, body);
        if self.link.is_up() {
            outputs.extend(self.outbox.newest().map(Output::Send));
        }
    }
}

fn unnumbered(body: Body) -> Output {
    Output::Send(v1::AgentMessage { number: 0, body: Some(body) })
}

#[cfg(test)]
pub(crate) mod tests;
