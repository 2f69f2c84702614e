//! The agent's own lines in a build's log. They go to journals of the agent's: the intro before the runner speaks,
//! the outro after it. What is written here and there together with the runner's journal is the whole log.

use crate::bell::Bell;
use buildyard_model::{Phase, PhaseContext, PhaseStatus, Timestamp};
use buildyard_runner::journal::{ReadError, Writer};
use buildyard_runner::log_line;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Writes lines.
#[derive(Debug)]
pub(crate) struct Voice {
    writer: Mutex<Writer>,
    bell: Bell,
}

impl Voice {
    /// Goes on with the journal at `path`, or begins it. The bell is rung for every line.
    pub(crate) fn resume(path: &Path, bell: Bell) -> Result<Self, ReadError> {
        Ok(Self { writer: Mutex::new(Writer::resume(path)?), bell })
    }

    /// A line as CodeBuild's agent writes it.
    pub(crate) fn say(&self, text: &str) {
        let now = OffsetDateTime::now_utc();
        self.append(now, log_line::log_line_at(now, text).as_bytes());
    }

    /// Lines without a time in front, for excerpts and other programs' words.
    pub(crate) fn show(&self, text: &str) {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.append(OffsetDateTime::now_utc(), text.as_bytes());
    }

    /// The lines at a phase's end.
    pub(crate) fn phase_complete(&self, phase: Phase, status: PhaseStatus, context: &PhaseContext) {
        for line in log_line::phase_complete(phase, status, context) {
            self.say(&line);
        }
    }

    fn append(&self, now: OffsetDateTime, bytes: &[u8]) {
        let time = Timestamp(i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default());
        let written = self.writer.lock().unwrap_or_else(PoisonError::into_inner).log(time, bytes);
        // A full disk must not keep a result from being reported.
        if let Err(error) = written {
            tracing::warn!(%error, "a line of a build's log could not be written");
        }
        self.bell.ring();
    }
}
