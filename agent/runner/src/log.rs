//! Everything that goes into the journal goes through here: output, the runner's own lines, events.
//!
//! Invariant: nothing is written that was not masked. Event texts are masked here; output by its own stream before.

use crate::failure::Failure;
use crate::journal::{Event, Writer};
use crate::limits::{ARTIFACT_NAME_BYTES, MESSAGE_BYTES, cut};
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
    room: Room,
}

/// How much log there may still be.
#[derive(Debug, Clone, Copy)]
enum Room {
    Unlimited,
    Left {
        bytes: u64,
        limit: u64,
    },
    /// The last line is written: events go on, the log does not (reliability F57).
    None,
}

impl Log {
    /// `limit` is the most bytes of log that are kept, its last line not counted.
    pub(crate) fn new(journal: Writer, masker: Arc<Masker>, limit: Option<u64>) -> Self {
        let room = limit.map_or(Room::Unlimited, |limit| Room::Left { bytes: limit, limit });
        Self { journal, masker, at_line_start: true, room }
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
        let length = masked.len() as u64;
        match self.room {
            Room::None => Ok(()),
            Room::Left { bytes, limit } if bytes < length => {
                let fitting = usize::try_from(bytes).unwrap_or(usize::MAX).min(masked.len());
                self.write(&masked[..fitting])?;
                self.end(limit)
            }
            Room::Left { bytes, limit } => {
                self.room = Room::Left { bytes: bytes - length, limit };
                self.write(masked)
            }
            Room::Unlimited => self.write(masked),
        }
    }

    fn write(&mut self, masked: &[u8]) -> Result<(), Failure> {
        let Some(last) = masked.last() else { return Ok(()) };
        self.at_line_start = *last == b'\n';
        Ok(self.journal.log(self.now(), masked)?)
    }

    /// The log's last line: it is over, the build is not.
    fn end(&mut self, limit: u64) -> Result<(), Failure> {
        let text = format!("This log has reached its limit of {limit} bytes and ends here; the build goes on");
        if !self.at_line_start {
            self.write(b"\n")?;
        }
        self.write(log_line_at(OffsetDateTime::now_utc(), &text).as_bytes())?;
        self.room = Room::None;
        Ok(())
    }

    /// The blank line behind a command's output.
    pub(crate) fn blank_line(&mut self) -> Result<(), Failure> {
        self.end_line()?;
        self.output(b"\n")
    }

    /// Adds an event, its texts masked, and then cut: part of a secret would not be found.
    pub(crate) fn event(&mut self, event: Event) -> Result<(), Failure> {
        let event = match event {
            Event::PhaseEnded { phase, status, mut context, time } => {
                context.message = self.masker.mask_text(&context.message);
                cut(&mut context.message, MESSAGE_BYTES);
                Event::PhaseEnded { phase, status, context, time }
            }
            Event::Packed(mut packed) => {
                packed.name = packed.name.map(|name| self.masker.mask_text(&name));
                for text in packed.name.iter_mut().chain(&mut packed.s3_prefix) {
                    cut(text, ARTIFACT_NAME_BYTES);
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Reader, Record};
    use buildyard_model::Phase;

    fn written(limit: Option<u64>, pieces: &[&str]) -> (String, usize) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (masker, _) = Masker::new(Vec::new()).unwrap();
        let mut log = Log::new(Writer::create(&path).unwrap(), Arc::new(masker), limit);
        for piece in pieces {
            log.output(piece.as_bytes()).unwrap();
            log.event(Event::PhaseStarted { phase: Phase::Build, time: Timestamp(0) }).unwrap();
        }
        log.line("the end").unwrap();
        let (mut text, mut events) = (Vec::new(), 0);
        for record in Reader::open(&path, 0).unwrap().read_batch(1 << 20).unwrap() {
            match record {
                Record::Log { bytes, .. } => text.extend(bytes),
                Record::Event(_) => events += 1,
            }
        }
        (String::from_utf8(text).unwrap(), events)
    }

    #[test]
    fn a_log_ends_at_its_limit_with_a_line_and_events_go_on() {
        let (text, events) = written(Some(10), &["12345678", "9abcdef\n", "more"]);
        let (kept, last) = text.split_once('\n').unwrap();
        assert_eq!(kept, "12345678".to_owned() + "9a");
        assert!(
            last.ends_with(" This log has reached its limit of 10 bytes and ends here; the build goes on\n"),
            "{last}"
        );
        assert_eq!((last.lines().count(), events), (1, 3));
    }

    #[test]
    fn a_log_within_its_limit_is_whole() {
        assert!(written(Some(1000), &["one\n", "two\n"]).0.starts_with("one\ntwo\n[Container] "));
        assert!(written(None, &["one\n"]).0.ends_with(" the end\n"));
    }
}
