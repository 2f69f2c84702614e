//! A build's log as one space of bytes: the log records of the intro, then the runner's journal, then the outro.
//!
//! Reads forward from a place in the files, and says of all bytes where they lie, so that they can be found again.
//! Blocking; holds one batch in memory. The runner keeps its journal's log within the limit; should the build have
//! written there itself, what is beyond is left out here.

use super::Sealed;
use buildyard_model::{LogOffset, Timestamp};
use buildyard_runner::journal::{Event, ReadError, Reader, Record};
use std::io;
use std::path::{Path, PathBuf};

/// The most that is read at once.
const BATCH_BYTES: usize = 256 << 10;

/// The runner's last line, which says that the limit is reached, does not count.
const LAST_LINE_BYTES: u64 = 4096;

/// The three journals.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub intro: PathBuf,
    /// Untrusted.
    pub journal: PathBuf,
    pub outro: PathBuf,
    /// Log in the runner's journal, at most.
    pub limit_bytes: u64,
}

/// What comes next in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Some bytes.
    Bytes(Piece),
    /// Nothing yet.
    Wait,
    /// Nothing ever: the log has this length.
    End(LogOffset),
}

/// A stretch of log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Of the first byte.
    pub offset: LogOffset,
    pub time: Timestamp,
    pub bytes: Vec<u8>,
    /// Where a reader finds it again.
    pub mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Intro,
    Journal,
    Outro,
    End,
}

/// A place in the files, and the offset that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    offset: LogOffset,
    part: Part,
    position: u64,
    /// The offset where the part begins.
    part_offset: LogOffset,
}

impl Mark {
    /// Where the log begins.
    pub(crate) const START: Self = Self { offset: 0, part: Part::Intro, position: 0, part_offset: 0 };

    /// The log's offset at this place.
    pub(crate) fn offset(self) -> LogOffset {
        self.offset
    }
}

/// The reader.
#[derive(Debug)]
pub(crate) struct Spool {
    parts: Parts,
    /// Where the next batch begins.
    here: Mark,
    reader: Option<Reader>,
    /// Bytes before this are left out.
    from: LogOffset,
}

impl Spool {
    /// Reads from `mark` on, and gives what is behind `from`.
    pub(crate) fn new(parts: Parts, mark: Mark, from: LogOffset) -> Self {
        Self { parts, here: mark, reader: None, from }
    }

    /// The next bytes, at most about 256 KiB.
    pub(crate) fn next(&mut self, sealed: Sealed) -> io::Result<Next> {
        loop {
            if self.here.part == Part::End {
                return Ok(Next::End(self.here.offset));
            }
            let mark = self.here;
            let batch = self.batch()?;
            let over = match batch {
                Batch::Records(records) => {
                    let (log, over) = self.take(records);
                    if over {
                        self.enter_next();
                    }
                    if let Some((time, bytes)) = self.trimmed(mark.offset, log) {
                        let offset = mark.offset.max(self.from);
                        return Ok(Next::Bytes(Piece { offset, time, bytes, mark }));
                    }
                    continue;
                }
                Batch::Nothing => sealed.has(mark.part),
                Batch::Damaged => true,
            };
            if !over {
                return Ok(Next::Wait);
            }
            self.enter_next();
        }
    }

    fn batch(&mut self) -> io::Result<Batch> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => match Reader::open(self.parts.path(self.here.part), self.here.position) {
                Ok(reader) => self.reader.insert(reader),
                Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Batch::Nothing),
                Err(error) => return Batch::of(error),
            },
        };
        match reader.read_batch(BATCH_BYTES) {
            Ok(records) if records.is_empty() => Ok(Batch::Nothing),
            Ok(records) => {
                self.here.position = reader.position();
                Ok(Batch::Records(records))
            }
            Err(error) => Batch::of(error),
        }
    }

    /// The log in `records`, and whether they say that the journal is over.
    fn take(&mut self, records: Vec<Record>) -> (Option<(Timestamp, Vec<u8>)>, bool) {
        let mut log: Option<(Timestamp, Vec<u8>)> = None;
        for record in records {
            match record {
                Record::Log { time, mut bytes } => {
                    bytes.truncate(self.room());
                    self.here.offset += bytes.len() as u64;
                    match &mut log {
                        Some((_, joined)) => joined.append(&mut bytes),
                        None => log = Some((time, bytes)),
                    }
                }
                Record::Event(Event::Finished { .. }) => return (log, true),
                Record::Event(_) => {}
            }
        }
        (log, false)
    }

    /// How much more log the part may have.
    fn room(&self) -> usize {
        if self.here.part != Part::Journal {
            return usize::MAX;
        }
        let most = self.parts.limit_bytes.saturating_add(LAST_LINE_BYTES);
        usize::try_from(most.saturating_sub(self.here.offset - self.here.part_offset)).unwrap_or(usize::MAX)
    }

    /// Leaves out what lies before the asked offset.
    fn trimmed(&self, offset: LogOffset, log: Option<(Timestamp, Vec<u8>)>) -> Option<(Timestamp, Vec<u8>)> {
        let (time, mut bytes) = log?;
        let before = usize::try_from(self.from.saturating_sub(offset)).unwrap_or(usize::MAX).min(bytes.len());
        bytes.drain(..before);
        (!bytes.is_empty()).then_some((time, bytes))
    }

    fn enter_next(&mut self) {
        self.reader = None;
        self.here.position = 0;
        self.here.part_offset = self.here.offset;
        self.here.part = match self.here.part {
            Part::Intro => Part::Journal,
            Part::Journal => Part::Outro,
            Part::Outro | Part::End => Part::End,
        };
    }
}

enum Batch {
    Records(Vec<Record>),
    Nothing,
    /// Nothing behind this can be believed.
    Damaged,
}

impl Batch {
    fn of(error: ReadError) -> io::Result<Self> {
        match error {
            ReadError::Damaged { position, reason } => {
                tracing::warn!(position, %reason, "a build's journal is damaged; its log ends there");
                Ok(Self::Damaged)
            }
            ReadError::Io(error) => Err(error),
        }
    }
}

impl Parts {
    fn path(&self, part: Part) -> &Path {
        match part {
            Part::Intro => &self.intro,
            Part::Journal => &self.journal,
            Part::Outro | Part::End => &self.outro,
        }
    }
}

impl Sealed {
    fn has(self, part: Part) -> bool {
        match part {
            Part::Intro => self.intro,
            Part::Journal => self.journal,
            Part::Outro => self.outro,
            Part::End => true,
        }
    }
}

#[cfg(test)]
mod tests;
