//! One stream of a search: a few events read ahead.

use super::{Place, Search};
use crate::Error;
use crate::logs::{BuildLog, EventLimits, LogEvent};
use buildyard_model::Timestamp;
use std::collections::VecDeque;

const AHEAD: EventLimits = EventLimits { events: 2000, bytes: 128 * 1024, look_at: 4 * 1024 * 1024 };

/// A stream, from its next event on.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) log: BuildLog,
    ahead: VecDeque<LogEvent>,
    behind_ahead: u64,
}

impl Source {
    pub(super) async fn open(name: String, log: BuildLog, search: &Search<'_>) -> Result<Self, Error> {
        let since = search.times.0;
        let start = match &search.from {
            Some(Place { stream, epoch, offset, .. }) if *stream == name && *epoch == log.epoch => *offset,
            // Of the same time, events of streams before it by name were given already.
            Some(place) if name < place.stream => {
                log.place_at(Timestamp(place.time.saturating_add(1).max(since))).await?
            }
            Some(place) => log.place_at(Timestamp(place.time.max(since))).await?,
            None if since <= 0 => 0,
            None => log.place_at(Timestamp(since)).await?,
        };
        let mut source = Self { name, log, ahead: VecDeque::new(), behind_ahead: start };
        source.read(search.times).await?;
        Ok(source)
    }

    pub(super) fn head(&self) -> Option<&LogEvent> {
        self.ahead.front()
    }

    pub(super) async fn advance(&mut self, times: (i64, i64)) -> Result<(), Error> {
        self.ahead.pop_front();
        self.read(times).await
    }

    pub(super) fn close(&mut self) {
        self.ahead = VecDeque::new();
    }

    async fn read(&mut self, (since, until): (i64, i64)) -> Result<(), Error> {
        while self.ahead.is_empty() {
            let page = self.log.forward(self.behind_ahead, &(since..until.saturating_add(1)), AHEAD).await?;
            let stuck = page.end == self.behind_ahead;
            self.behind_ahead = page.end;
            self.ahead = page.events.into();
            if stuck {
                return Ok(());
            }
        }
        Ok(())
    }
}
