//! A build's log as events: lines with times, read in pages from any place, forward and backward.
//!
//! `cut` says where events begin, `message` what they say, `window` fetches bytes. Places are offsets of boundaries, so a
//! page reads only the chunks that it shows. Invariant: the events of a log, their order and their times do not depend
//! on how it is read; what is not a boundary yet is not shown.

mod cut;
mod message;
mod page;
#[cfg(test)]
pub(crate) mod tests;
mod window;

use super::chunk::LogId;
use super::index::LiveLog;
use crate::{Error, Service};
use buildyard_model::{BuildId, Timestamp};
use buildyard_scheduler::{Build, State};
use cut::{BLOCK, REACH};
use std::ops::Range;
use std::sync::Arc;
use window::Window;

/// Bytes that a reader takes at once: more than the longest event needs.
const WINDOW: u64 = 4 * BLOCK;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// Where it begins in the log.
    pub offset: u64,
    /// Where the next one begins.
    pub next: u64,
    /// The time of the mark that covers its first byte, by the clock of the build's host; it never runs back.
    pub timestamp: Timestamp,
    /// Never empty; at most 256 KiB.
    pub message: String,
}

/// How much a page may hold. One event fits always.
#[derive(Debug, Clone, Copy)]
pub struct EventLimits {
    pub events: usize,
    /// Of messages, with 26 for each event (CloudWatch Logs, "PutLogEvents").
    pub bytes: usize,
    /// Bytes of log that may be looked at; then the page ends, even if it is empty.
    pub look_at: u64,
}

impl EventLimits {
    /// A page of at most so many events, of CloudWatch's size of 1 MiB.
    pub fn page(events: usize) -> Self {
        Self { events, bytes: 1024 * 1024, look_at: 16 * 1024 * 1024 }
    }
}

/// Some events in their order, and the places before the first and behind the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<LogEvent>,
    pub begin: u64,
    pub end: u64,
}

/// The log of a build as it is now: what is stored later is not seen.
#[derive(Debug, Clone)]
pub struct BuildLog {
    service: Service,
    log: Option<Arc<LiveLog>>,
    /// Which grant of the build wrote it. Places in the log of another grant mean nothing in this one.
    pub epoch: u64,
    pub build: BuildId,
    /// Bytes stored.
    length: u64,
    /// Whether nothing more comes.
    whole: bool,
}

impl Service {
    pub(crate) async fn log_of(&self, build: &Build) -> Result<BuildLog, Error> {
        let id = LogId { build: build.spec.id.clone(), epoch: build.epoch };
        let log = if build.epoch == 0 { None } else { Some(self.live_log(&id).await?) };
        if let Some(log) = &log {
            self.inner.logs.keep(log);
        }
        Ok(BuildLog {
            service: self.clone(),
            epoch: build.epoch,
            build: id.build,
            length: log.as_ref().map_or(0, |log| log.committed()),
            whole: matches!(build.state, State::Finished { .. }),
            log,
        })
    }
}

impl BuildLog {
    /// Bytes stored.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes at `range`, as far as they are stored.
    pub(crate) async fn bytes(&self, range: Range<u64>) -> Result<bytes::Bytes, Error> {
        Ok(self.window(range).await?.bytes)
    }

    async fn window(&self, wanted: Range<u64>) -> Result<Window, Error> {
        let wanted = wanted.start..wanted.end.min(self.length).max(wanted.start);
        match &self.log {
            Some(log) => self.service.window(log, wanted).await,
            None => Ok(Window::empty(wanted.start)),
        }
    }

    /// Whether an end of a window is the end of the log.
    fn ends(&self, window: &Window) -> bool {
        self.whole && window.end() >= self.length
    }

    /// The place behind the last event.
    pub async fn end(&self) -> Result<u64, Error> {
        self.boundary(self.length).await
    }

    /// The place of the event that holds the byte at `offset`, or behind the last event.
    async fn boundary(&self, offset: u64) -> Result<u64, Error> {
        let offset = offset.min(self.length);
        if offset == 0 || (self.whole && offset == self.length) {
            return Ok(offset);
        }
        // Nearly always it is one already.
        if self.window(offset - 1..offset).await?.bytes.first() == Some(&b'\n') {
            return Ok(offset);
        }
        let from = offset.saturating_sub(REACH) / BLOCK * BLOCK;
        let window = self.window(from..offset + 2 * BLOCK).await?;
        let view = window.view(self.ends(&window));
        Ok(view.first().map_or(from, |first| view.last_until(first, offset)))
    }

    /// The place of the first event that is not older than `time`, or behind the last event.
    pub async fn place_at(&self, time: Timestamp) -> Result<u64, Error> {
        let Some(log) = &self.log else { return Ok(0) };
        let starts = log.starts();
        let (mut low, mut high) = (0, starts.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let at = starts.get(middle).copied().unwrap_or(self.length);
            if self.window(at..at + 1).await?.time(at) < time { low = middle + 1 } else { high = middle }
        }
        // The chunk before it began earlier and may hold the event.
        let before = low.checked_sub(1).and_then(|before| starts.get(before)).copied().unwrap_or(0);
        let mut place = self.boundary(before).await?;
        loop {
            let page = self.stretch(place).await?;
            if let Some((start, _)) = page.starts.iter().find(|(_, at)| *at >= time) {
                return Ok(*start);
            }
            if page.end == place {
                return Ok(place);
            }
            place = page.end;
        }
    }

    /// The times of the first and the last event.
    pub(crate) async fn span(&self) -> Result<Option<(Timestamp, Timestamp)>, Error> {
        let all = i64::MIN..i64::MAX;
        let one = EventLimits::page(1);
        let first = self.forward(0, &all, one).await?.events.pop();
        let last = self.backward(self.length, &all, one).await?.events.pop();
        Ok(first.zip(last).map(|(first, last)| (first.timestamp, last.timestamp)))
    }
}
