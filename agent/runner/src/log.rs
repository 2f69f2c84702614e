//! Everything that goes into the journal goes through here: output, the runner's own lines, events.
//!
//! Invariant: nothing is written that was not masked. Event texts are masked here; output by its own stream before.

use crate::failure::Failure;
use crate::journal::{Event, Writer};
use crate::log_line::log_line_at;
use crate::mask::Masker;
use buildyard_model::{Clock, SystemClock, Timestamp};
use std::sync::Arc;
use time::OffsetDateTime;

/// The journal with its masking.
#[derive(Debug)]
pub(crate) struct Log {
    journal: Writer,
    masker: Arc<Masker>,
    /// Whether the last byte of the log was a line break.
    at_line_start: bool,
}

impl Log {
    pub(crate) fn new(journal: Writer, masker: Arc<Masker>) -> Self {
        Self { journal, masker, at_line_start: true }
    }

    pub(crate) fn masker(&self) -> &Arc<Masker> {
        &self.masker
    }

    /// The present moment, for events.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// A line of the runner's own, on a line of its own.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let line = log_line_at(OffsetDateTime::now_utc(), &self.masker.mask_text(text));
        self.end_line()?;
        self.output(line.as_bytes())
    }

    /// Output that has been masked.
    pub(crate) fn output(&mut self, masked: &[u8]) -> Result<(), Failure> {
        let Some(last) = masked.last() else { return Ok(()) };
        self.at_line_start = *last == b'\n';
        Ok(self.journal.log(self.now(), masked)?)
    }

    /// The blank line behind a command's output.
    pub(crate) fn blank_line(&mut self) -> Result<(), Failure> {
        self.end_line()?;
        self.output(b"\n")
    }

    /// Adds an event, its texts masked.
    pub(crate) fn event(&mut self, event: Event) -> Result<(), Failure> {
        let event = match event {
            Event::PhaseEnded { phase, status, mut context, time } => {
                context.message = self.masker.mask_text(&context.message);
                Event::PhaseEnded { phase, status, context, time }
            }
            Event::Packed(mut packed) => {
                packed.name = packed.name.map(|name| self.masker.mask_text(&name));
                Event::Packed(packed)
            }
            other @ (Event::PhaseStarted { .. }
            | Event::CommandsStarted
            | Event::Exported { .. }
            | Event::Finished { .. }) => other,
        };
        Ok(self.journal.event(&event)?)
    }

    fn end_line(&mut self) -> Result<(), Failure> {
        if self.at_line_start { Ok(()) } else { self.output(b"\n") }
    }
}
