//! The coordinator's end of an agent's session, pure: messages to and from what the service knows.

use buildyard_model::{Affinity, Capacity, IdError, InstanceId, LeaseToken, Outcome, PhaseRecord};
use buildyard_proto::convert::{self, Error};
use buildyard_proto::v1::{self, agent_message, coordinator_message};
use buildyard_scheduler::{Event, Report};
use buildyard_service::{Heartbeat, Hello, Timings, ToAgent};

/// The protocol that is spoken here.
const PROTOCOL: u32 = 1;

/// What an agent said.
#[derive(Debug)]
pub(crate) enum Heard {
    /// About a build. To be acknowledged once the service has acted on it.
    About {
        token: LeaseToken,
        event: Event,
    },
    Heartbeat(Heartbeat),
    Draining,
    /// Nothing to do.
    Nothing,
}

/// Numbers what goes to one agent within one session.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    last: u64,
}

impl Outgoing {
    pub(crate) fn welcome(timings: &Timings) -> v1::CoordinatorMessage {
        unnumbered(coordinator_message::Body::Welcome(v1::Welcome {
            heartbeat_every_ms: milliseconds(timings.heartbeat),
            offline_limit_ms: milliseconds(timings.offline_limit),
            last_number: 0,
        }))
    }

    pub(crate) fn ack(number: u64) -> v1::CoordinatorMessage {
        unnumbered(coordinator_message::Body::Ack(v1::Ack { number }))
    }

    pub(crate) fn message(&mut self, message: ToAgent) -> v1::CoordinatorMessage {
        self.last += 1;
        let body = match message {
            ToAgent::Offer { token, job } => coordinator_message::Body::Offer(v1::Offer {
                lease: Some((&token).into()),
                job: convert::document(&*job).into(),
            }),
            ToAgent::Stop { token, grace } => coordinator_message::Body::Stop(v1::Stop {
                lease: Some((&token).into()),
                grace_ms: milliseconds(grace),
            }),
            ToAgent::Revoke { token, reason } => {
                coordinator_message::Body::Revoke(v1::Revoke { lease: Some((&token).into()), reason })
            }
            ToAgent::Drain(draining) => coordinator_message::Body::Drain(v1::Drain { draining }),
        };
        v1::CoordinatorMessage { number: self.last, body: Some(body) }
    }
}

fn unnumbered(body: coordinator_message::Body) -> v1::CoordinatorMessage {
    v1::CoordinatorMessage { number: 0, body: Some(body) }
}

fn milliseconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Understands the first message of a session.
pub(crate) fn hello(message: v1::AgentMessage) -> Result<Hello, Error> {
    let Some(agent_message::Body::Hello(hello)) = message.body else { return Err(Error::Missing("hello")) };
    if hello.protocol != PROTOCOL {
        let update = if hello.protocol > PROTOCOL { "the coordinator" } else { "the agent" };
        let reason = format!("{} is not spoken here but {PROTOCOL}: update {update}", hello.protocol);
        return Err(Error::Invalid { field: "protocol", reason });
    }
    let capacity: Capacity = convert::from_document("capacity", &hello.capacity)?;
    let held = hello.held.iter().map(LeaseToken::try_from).collect::<Result<_, _>>()?;
    let ticket = some(hello.ticket).map(|ticket| ticket.parse()).transpose();
    let ticket = ticket.map_err(|error: IdError| Error::Invalid { field: "ticket", reason: error.to_string() })?;
    Ok(Hello { version: hello.version, capacity, held, ticket, instance: some(hello.instance).map(InstanceId) })
}

/// Understands every other message.
pub(crate) fn heard(message: v1::AgentMessage) -> Result<Heard, Error> {
    use agent_message::Body;
    // A newer agent may know messages that this coordinator does not; they are not for it.
    let Some(body) = message.body else { return Ok(Heard::Nothing) };
    match body {
        Body::Hello(_) | Body::Ack(_) => Ok(Heard::Nothing),
        Body::Heartbeat(heartbeat) => Ok(Heard::Heartbeat(beat(heartbeat))),
        Body::Draining(_) => Ok(Heard::Draining),
        Body::Accept(accept) => {
            let token = convert::lease(accept.lease.as_ref())?;
            Ok(Heard::About { event: Event::Accept { token: token.clone() }, token })
        }
        Body::Decline(decline) => {
            let token = convert::lease(decline.lease.as_ref())?;
            Ok(Heard::About { event: Event::Decline { token: token.clone(), reason: decline.reason }, token })
        }
        Body::Progress(progress) => {
            let token = convert::lease(progress.lease.as_ref())?;
            let event = Event::Progress {
                token: token.clone(),
                phases: phases(&progress.phases)?,
                commands_started: progress.commands_started,
                image_digest: some(progress.image_digest),
                resolved_source_version: some(progress.resolved_source_version),
            };
            Ok(Heard::About { event, token })
        }
        Body::Finished(finished) => {
            let token = convert::lease(finished.lease.as_ref())?;
            let report = report(finished)?;
            Ok(Heard::About { event: Event::Finish { token: token.clone(), report }, token })
        }
    }
}

/// Vitals in a form that is not known here are left out: no session ends for them.
fn beat(heartbeat: v1::Heartbeat) -> Heartbeat {
    Heartbeat {
        unhealthy: heartbeat.unhealthy,
        vitals: convert::from_document("vitals", &heartbeat.vitals).ok(),
        holds: heartbeat.holds_changed.then(|| heartbeat.holds.into_iter().map(Affinity).collect()),
    }
}

fn report(finished: v1::Finished) -> Result<Report, Error> {
    let outcome: Outcome = convert::from_document("outcome", format!("{:?}", finished.outcome).as_bytes())?;
    let artifacts = finished
        .artifacts
        .iter()
        .map(|artifact| convert::from_document("artifacts", artifact))
        .collect::<Result<_, _>>()?;
    Ok(Report {
        outcome,
        phases: phases(&finished.phases)?,
        exported: finished.exported.into_iter().map(|variable| (variable.name, variable.value)).collect(),
        artifacts,
        log_bytes: finished.log_bytes,
        reason: some(finished.reason),
        retry_limit: finished.retry_limit,
    })
}

fn phases(documents: &[tonic::codegen::Bytes]) -> Result<Vec<PhaseRecord>, Error> {
    documents.iter().map(|document| convert::from_document("phases", document)).collect()
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
