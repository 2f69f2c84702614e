//! Takes an agent's log stream in: trims overlaps, refuses gaps, stores chunks a few at a time, acknowledges in order.

use super::chunk::{self, Chunk, LogId, Mark};
use super::index::LiveLog;
use crate::{Error, Kind, Service};
use buildyard_model::{AgentId, LeaseToken, LogChunk};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A chunk is stored when it has so many bytes, or when the agent asks for it.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Chunks on their way to storage; more make the agent wait.
const IN_FLIGHT: usize = 3;

/// One agent's stream of one build's log.
#[derive(Debug)]
pub struct LogSink {
    service: Service,
    agent: AgentId,
    token: LeaseToken,
    log: Arc<LiveLog>,
    /// Where the next byte belongs.
    next: u64,
    buffer: Vec<u8>,
    marks: Vec<Mark>,
    in_flight: FuturesOrdered<JoinHandle<Result<(), Error>>>,
}

impl Service {
    /// Opens the log of a lease for appending; [`LogSink::committed`] says where to go on.
    pub async fn append_log(&self, agent: &AgentId, token: &LeaseToken) -> Result<LogSink, Error> {
        let build = self.leased(agent, token).await?;
        let log = self.live_log(&LogId::from(token)).await?;
        self.take_up_time(&log).await?;
        self.list_log(&build.spec).await?;
        Ok(LogSink {
            service: self.clone(),
            agent: agent.clone(),
            token: token.clone(),
            next: log.committed(),
            log,
            buffer: Vec::new(),
            marks: Vec::new(),
            in_flight: FuturesOrdered::new(),
        })
    }
}

impl LogSink {
    /// Storage holds every byte before this offset.
    pub fn committed(&self) -> u64 {
        self.log.committed()
    }

    /// Takes a chunk. With `flush`, everything taken so far goes to storage now.
    pub async fn push(&mut self, chunk: &LogChunk, flush: bool) -> Result<(), Error> {
        if chunk.offset > self.next {
            return Err(Error::new(
                Kind::Conflict,
                format!("the log of {} has a gap: byte {} is expected, {} came", self.token, self.next, chunk.offset),
            ));
        }
        let known = usize::try_from(self.next - chunk.offset).unwrap_or(usize::MAX).min(chunk.bytes.len());
        let fresh = &chunk.bytes[known..];
        if !fresh.is_empty() {
            let at = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
            self.marks.push(Mark { at, time: self.log.steady(chunk.time) });
            self.buffer.extend_from_slice(fresh);
            self.next += fresh.len() as u64;
        }
        if !self.buffer.is_empty() && (flush || self.buffer.len() >= CHUNK_BYTES) {
            self.store().await?;
        }
        Ok(())
    }

    async fn store(&mut self) -> Result<(), Error> {
        while self.in_flight.len() >= IN_FLIGHT {
            self.stored().await?;
        }
        let bytes = Bytes::from(std::mem::take(&mut self.buffer));
        let marks = std::mem::take(&mut self.marks);
        let start = self.next - bytes.len() as u64;
        let (service, agent, token, log) =
            (self.service.clone(), self.agent.clone(), self.token.clone(), self.log.clone());
        self.in_flight.push_back(tokio::spawn(async move {
            let chunk = Chunk { marks, bytes };
            let (encoded, chunk) =
                tokio::task::spawn_blocking(move || (chunk::encode(&chunk.marks, &chunk.bytes), chunk))
                    .await
                    .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
            // The fence, where the effect happens.
            service.leased(&agent, &token).await?;
            let end = start + chunk.bytes.len() as u64;
            let bucket = &service.settings().system_bucket;
            service.inner.parts.objects.put(bucket, &LogId::from(&token).key(start, end), encoded?.into()).await?;
            log.stored(start, end, Some(chunk));
            service.inner.metrics.logged(end - start);
            Ok(())
        }));
        Ok(())
    }

    /// Waits until the oldest chunk under way is stored; pends while there is none. Safe to drop half-way.
    pub async fn stored(&mut self) -> Result<u64, Error> {
        match self.in_flight.next().await {
            Some(done) => done.map_err(|error| Error::new(Kind::Internal, error.to_string()))??,
            None => std::future::pending().await,
        }
        Ok(self.committed())
    }

    /// Whether chunks are under way.
    pub fn busy(&self) -> bool {
        !self.in_flight.is_empty()
    }
}

impl Drop for LogSink {
    fn drop(&mut self) {
        self.log.forget_recent();
    }
}
