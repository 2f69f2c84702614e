//! Follows a journal that may be growing, and trusts nothing in it.

use super::frame::{self, HEADER_BYTES, Header, Kind, MAX_EVENT_BYTES};
use super::{Event, Record};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const READ_BYTES: usize = 256 * 1024;

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It does not say what a journal says: the build tampered with it, or the disk lies. Reading on is no use.
    #[error("journal damaged at byte {position}: {reason}")]
    Damaged { position: u64, reason: String },
    /// The system would not let us read; it may be tried again.
    #[error("cannot read the journal: {0}")]
    Io(#[from] io::Error),
}

/// Reads records from a position on. Holds at most one batch and one record in memory.
#[derive(Debug)]
pub struct Reader {
    file: File,
    /// Of the first byte in `buffer` that is not yet part of a given record.
    position: u64,
    buffer: Vec<u8>,
    /// Where in `buffer` that byte is.
    start: usize,
    /// Where a record made no sense, and is read once more.
    doubted: Option<u64>,
}

impl Reader {
    /// Opens a journal at a position that an earlier reader gave, or 0. A link, pipe or device is refused. The runner
    /// makes the file soon after its start: until then this is `NotFound`.
    pub fn open(path: &Path, position: u64) -> Result<Self, ReadError> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?);
        if !file.metadata()?.is_file() {
            return Err(ReadError::Damaged { position, reason: "it is not a regular file".into() });
        }
        Ok(Self { file, position, buffer: Vec::new(), start: 0, doubted: None })
    }

    /// Where the next record begins: to be saved, and given to [`Reader::open`] after a restart.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next whole records, of about `max_bytes` together but at least one, in order. Empty: nothing new yet; a
    /// record of which only a part is written counts as not yet there, and its writer may take it back (full disks).
    ///
    /// # Errors
    /// Damage is reported when the records before it were given.
    pub fn read_batch(&mut self, max_bytes: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        let mut taken = 0;
        while taken < max_bytes.max(1) {
            match self.next_record() {
                Ok(Some((record, length))) => {
                    taken += length;
                    records.push(record);
                }
                Ok(None) if self.fill()? => {}
                Ok(None) => break,
                Err(_) if !records.is_empty() => break,
                // Part of it may have been read before its writer took it back and wrote another in its place.
                Err(_) if self.doubted.replace(self.position) != Some(self.position) => self.forget(),
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    /// Takes one record out of the buffer, when it is there whole.
    fn next_record(&mut self) -> Result<Option<(Record, usize)>, ReadError> {
        let waiting = &self.buffer[self.start..];
        let Some((header, rest)) = waiting.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let decoded = frame::decode(header).map_err(|reason| self.damaged(reason))?;
        let Some(payload) = rest.get(..decoded.length) else { return Ok(None) };
        if !frame::intact(header, &decoded, payload) {
            return Err(self.damaged("checksum does not match"));
        }
        let record = record(&decoded, payload).map_err(|reason| self.damaged(&reason))?;
        let length = HEADER_BYTES + decoded.length;
        self.start += length;
        self.position += length as u64;
        Ok(Some((record, length)))
    }

    /// Reads more of the file; false when there is no more for now.
    fn fill(&mut self) -> Result<bool, ReadError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        // An event longer than one read: grow with it, but never beyond the largest record.
        let room = READ_BYTES.max(held).min(HEADER_BYTES + MAX_EVENT_BYTES);
        self.buffer.resize(held + room, 0);
        let count = self.file.read_at(&mut self.buffer[held..], self.position + held as u64);
        self.buffer.truncate(held + count.as_ref().copied().unwrap_or(0));
        match count? {
            0 => self.check_length().map(|()| false),
            _ => Ok(true),
        }
    }

    /// Whole records are never taken back.
    fn check_length(&mut self) -> Result<(), ReadError> {
        let length = self.file.metadata()?.len();
        if length < self.position {
            return Err(self.damaged("the file is shorter than the records that were read of it"));
        }
        if length < self.position + self.buffer.len() as u64 {
            self.forget();
        }
        Ok(())
    }

    /// What was read and is not yet a record is read anew.
    fn forget(&mut self) {
        self.buffer.clear();
        self.start = 0;
    }

    fn damaged(&self, reason: &str) -> ReadError {
        ReadError::Damaged { position: self.position, reason: reason.to_owned() }
    }
}

fn record(header: &Header, payload: &[u8]) -> Result<Record, String> {
    match header.kind {
        Kind::Log => Ok(Record::Log { time: header.time, bytes: payload.to_vec() }),
        Kind::Event => {
            let event: Event = serde_json::from_slice(payload).map_err(|error| format!("not an event: {error}"))?;
            Ok(Record::Event(event))
        }
    }
}
