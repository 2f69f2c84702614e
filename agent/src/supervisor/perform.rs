//! Does what the session says.

use super::Supervisor;
use crate::folder::State;
use crate::health;
use crate::orders;
use crate::run::Build;
use crate::session::{Input, Output};
use buildyard_model::{JobSpec, LeaseToken};
use buildyard_proto::v1;
use std::collections::VecDeque;

impl Supervisor {
    /// Hands one input to the session and carries out everything that follows.
    pub(super) fn apply(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.began.elapsed();
            for output in self.session.handle(input, now) {
                inputs.extend(self.perform(output));
            }
        }
    }

    fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Send(message) => self.send(message),
            Output::Begin(lease, job) => {
                return Some(match self.begin(&lease, *job) {
                    Ok(()) => Input::Began(lease),
                    Err(reason) => {
                        tracing::warn!(%lease, %reason, "a build is declined");
                        self.stumbled = true;
                        Input::Unable(lease, reason)
                    }
                });
            }
            Output::Stop(lease, grace) => self.tell(&lease, |desk| desk.stop(grace)),
            Output::Revoke(lease, reason) => self.tell(&lease, |desk| desk.revoke(reason)),
            Output::GiveUp(lease, reason) => self.tell(&lease, |desk| desk.give_up(reason)),
            Output::Settled(lease) => {
                self.tell(&lease, orders::Desk::settle);
                self.desks.remove(&lease);
            }
            Output::Close(reason) => {
                tracing::warn!(%reason, "closing the session");
                self.outgoing = None;
                self.close.notify_one();
            }
            Output::Awaiting(builds) => self.site.warm.pause(!builds),
            Output::Drained => self.over = true,
        }
        None
    }

    fn send(&mut self, message: v1::AgentMessage) {
        let Some(outgoing) = &self.outgoing else { return };
        // A full queue: the coordinator does not read. What matters is sent again on the next stream.
        if outgoing.try_send(message).is_err() {
            self.outgoing = None;
            self.close.notify_one();
        }
    }

    /// Puts the job on disk and begins its build.
    fn begin(&mut self, lease: &LeaseToken, job: JobSpec) -> Result<(), String> {
        let place = self.site.builds.place().to_owned();
        let said = |error: &(dyn std::error::Error + 'static)| {
            let full = health::full_by(error, &place).map(|full| format!(": {full}")).unwrap_or_default();
            format!("the agent cannot take up the build: {error}{full}")
        };
        let folder = self.site.builds.create(lease, &job).map_err(|error| said(&error))?;
        let (desk, orders) = orders::channel();
        let (site, reports) = (self.site.clone(), self.reports.clone());
        let opened = Build::open(site, (lease.clone(), job), folder.clone(), State::default(), orders, reports);
        let build = opened.map_err(|error| {
            let _ = folder.discard();
            said(&error)
        })?;
        self.desks.insert(lease.clone(), desk);
        self.occupied.insert(lease.clone());
        self.spawn(lease.clone(), build);
        Ok(())
    }

    fn tell(&self, lease: &LeaseToken, order: impl FnOnce(&orders::Desk)) {
        if let Some(desk) = self.desks.get(lease) {
            order(desk);
        }
    }
}
