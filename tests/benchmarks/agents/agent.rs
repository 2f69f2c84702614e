//! A simulated agent: a real session over a connection of its own, and builds that end when they begin.

use super::wire::Wire;
use buildyard_proto::v1::{self, agent_message::Body, coordinator_message::Body as Told};
use std::collections::VecDeque;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// What all simulated agents do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orders {
    /// Whether they take builds.
    pub(super) healthy: bool,
    /// How often they say so.
    pub(super) beat_every: Duration,
    /// Those with a larger index go.
    pub(super) stay: usize,
}

/// What agents tell the measurement.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) offers: mpsc::UnboundedSender<(String, Instant)>,
    pub(super) connected: AtomicUsize,
    /// Results that were acknowledged.
    pub(super) finished: AtomicUsize,
    pub(super) heartbeats: AtomicUsize,
}

/// One agent.
pub(super) struct Agent {
    wire: Wire,
    index: usize,
    tally: Arc<Tally>,
    last_number: u64,
    /// Numbers of results that are not acknowledged yet.
    results: VecDeque<u64>,
}

impl Agent {
    /// Connects; returns when the coordinator said welcome.
    pub(super) async fn connect(
        address: SocketAddr,
        credential: &str,
        index: usize,
        capacity: &[u8],
        tally: Arc<Tally>,
    ) -> Result<Self> {
        let mut wire = Wire::open(address, credential).await?;
        wire.say(&unnumbered(Body::Hello(v1::Hello {
            protocol: 1,
            version: "simulated".to_owned(),
            capacity: capacity.to_vec().into(),
            ..v1::Hello::default()
        })));
        // Before the coordinator has read anything else, so that nothing is offered.
        wire.say(&unnumbered(heartbeat(false)));
        let mut agent = Self { wire, index, tally, last_number: 0, results: VecDeque::new() };
        loop {
            agent.wire.flush().await?;
            match agent.wire.receive().await? {
                Some(message) if matches!(message.body, Some(Told::Welcome(_))) => break,
                Some(message) => return Err(Error::other(format!("not welcomed: {message:?}"))),
                None => {}
            }
        }
        agent.tally.connected.fetch_add(1, Ordering::Relaxed);
        Ok(agent)
    }

    /// Goes on until it is told to go or the session ends.
    pub(super) async fn run(mut self, mut orders: watch::Receiver<Orders>) -> Result<()> {
        let mut now = *orders.borrow_and_update();
        // Spread over the interval, as agents that started at different times are.
        let spread = |every: Duration, index: usize| every.mul_f64((index * 7919 % 1000) as f64 / 1000.0);
        let mut next = tokio::time::Instant::now() + spread(now.beat_every, self.index);
        loop {
            self.wire.flush().await?;
            tokio::select! {
                changed = orders.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    let before = std::mem::replace(&mut now, *orders.borrow_and_update());
                    if self.index >= now.stay {
                        return Ok(());
                    }
                    if before.healthy != now.healthy {
                        self.wire.say(&unnumbered(heartbeat(now.healthy)));
                    }
                    next = tokio::time::Instant::now() + spread(now.beat_every, self.index);
                }
                () = tokio::time::sleep_until(next) => {
                    self.wire.say(&unnumbered(heartbeat(now.healthy)));
                    self.tally.heartbeats.fetch_add(1, Ordering::Relaxed);
                    next += now.beat_every;
                }
                message = self.wire.receive() => {
                    if let Some(message) = message? {
                        self.hear(message)?;
                    }
                }
            }
        }
    }

    fn hear(&mut self, message: v1::CoordinatorMessage) -> Result<()> {
        let number = message.number;
        match message.body {
            Some(Told::Offer(offer)) => {
                let lease = offer.lease.ok_or_else(|| Error::other("an offer without a lease"))?;
                // Nobody listens any more when the measurement is over.
                let _ = self.tally.offers.send((lease.build_id.clone(), Instant::now()));
                self.wire.say(&unnumbered(Body::Ack(v1::Ack { number })));
                self.report(Body::Accept(v1::Accept { lease: Some(lease.clone()) }));
                self.report(Body::Finished(v1::Finished {
                    lease: Some(lease),
                    outcome: "SUCCEEDED".to_owned(),
                    ..v1::Finished::default()
                }));
                self.results.push_back(self.last_number);
                Ok(())
            }
            Some(Told::Ack(ack)) => {
                while self.results.front().is_some_and(|number| *number <= ack.number) {
                    self.results.pop_front();
                    self.tally.finished.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
            other => Err(Error::other(format!("a simulated agent does not expect {other:?}"))),
        }
    }

    fn report(&mut self, body: Body) {
        self.last_number += 1;
        self.wire.say(&v1::AgentMessage { number: self.last_number, body: Some(body) });
    }
}

fn unnumbered(body: Body) -> v1::AgentMessage {
    v1::AgentMessage { number: 0, body: Some(body) }
}

fn heartbeat(healthy: bool) -> Body {
    let unhealthy = if healthy { String::new() } else { "it is not its turn".to_owned() };
    Body::Heartbeat(v1::Heartbeat { unhealthy, ..v1::Heartbeat::default() })
}
