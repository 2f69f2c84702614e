//! Pages of events in both directions.

use super::cut::{BLOCK, REACH};
use super::message::message;
use super::window::Window;
use super::{BuildLog, EventLimits, EventPage, LogEvent, WINDOW};
use crate::Error;
use buildyard_model::Timestamp;
use std::collections::VecDeque;
use std::ops::Range;

/// What CloudWatch Logs counts for an event beside its message, in bytes.
const EVENT_OVERHEAD: usize = 26;

/// How much of a page is used.
struct Room {
    limits: EventLimits,
    events: usize,
    bytes: usize,
    looked_at: u64,
}

impl Room {
    fn new(limits: EventLimits) -> Self {
        Self { limits, events: 0, bytes: 0, looked_at: 0 }
    }

    fn take(&mut self, event: &LogEvent) -> bool {
        let bytes = self.bytes + event.message.len() + EVENT_OVERHEAD;
        let fits = self.events < self.limits.events.max(1) && (bytes <= self.limits.bytes || self.events == 0);
        if fits {
            (self.events, self.bytes) = (self.events + 1, bytes);
        }
        fits
    }

    fn is_tired(&mut self, looked_at: u64) -> bool {
        self.looked_at += looked_at;
        self.looked_at >= self.limits.look_at
    }
}

/// Places and times of the events in a stretch, without their messages.
pub(super) struct Stretch {
    pub(super) starts: Vec<(u64, Timestamp)>,
    pub(super) end: u64,
}

impl BuildLog {
    /// Events from the place `from` on whose times are in `times`, the oldest first. The page ends at the first event
    /// behind the times, and where `limits` say.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub async fn forward(&self, from: u64, times: &Range<i64>, limits: EventLimits) -> Result<EventPage, Error> {
        let begin = self.boundary(from).await?;
        let mut page = EventPage { events: Vec::new(), begin, end: begin };
        let mut room = Room::new(limits);
        loop {
            let window = self.window(page.end..page.end + WINDOW).await?;
            let view = window.view(self.ends(&window));
            let from = page.end;
            while let Some(cut) = view.next(page.end) {
                let time = window.time(cut.start);
                if time.0 >= times.end {
                    return Ok(page);
                }
                if time.0 >= times.start
                    && let Some(event) = event(&cut, &window)
                {
                    if !room.take(&event) {
                        return Ok(page);
                    }
                    page.events.push(event);
                }
                page.end = cut.next;
            }
            if page.end == from || room.is_tired(page.end - from) {
                return Ok(page);
            }
        }
    }

    /// The newest events before the place `before` whose times are in `times`, in order.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub async fn backward(&self, before: u64, times: &Range<i64>, limits: EventLimits) -> Result<EventPage, Error> {
        let end = self.boundary(before).await?;
        let mut events = VecDeque::new();
        let mut room = Room::new(limits);
        let mut begin = end;
        'pages: while begin > 0 {
            let window = self.window(begin.saturating_sub(WINDOW.max(REACH)) / BLOCK * BLOCK..begin).await?;
            // Its end is a boundary.
            let view = window.view(true);
            let Some(first) = view.first().filter(|first| *first < begin) else { break };
            let mut cuts = Vec::new();
            let mut at = first;
            while let Some(cut) = view.next(at) {
                at = cut.next;
                cuts.push(cut);
            }
            let from = begin;
            for cut in cuts.iter().rev() {
                let time = window.time(cut.start);
                if time.0 < times.start {
                    break 'pages;
                }
                if time.0 < times.end
                    && let Some(event) = event(cut, &window)
                {
                    if !room.take(&event) {
                        break 'pages;
                    }
                    events.push_front(event);
                }
                begin = cut.start;
            }
            if room.is_tired(from - begin) {
                break;
            }
        }
        Ok(EventPage { events: events.into(), begin, end })
    }

    /// The events of one window, from the place `from` on.
    pub(super) async fn stretch(&self, from: u64) -> Result<Stretch, Error> {
        let window = self.window(from..from + WINDOW).await?;
        let view = window.view(self.ends(&window));
        let mut stretch = Stretch { starts: Vec::new(), end: from };
        while let Some(cut) = view.next(stretch.end) {
            stretch.starts.push((cut.start, window.time(cut.start)));
            stretch.end = cut.next;
        }
        Ok(stretch)
    }
}

fn event(cut: &super::cut::Cut, window: &Window) -> Option<LogEvent> {
    let message = message(cut, window.slice(cut.start..cut.next))?;
    Some(LogEvent { offset: cut.start, next: cut.next, timestamp: window.time(cut.start), message })
}
