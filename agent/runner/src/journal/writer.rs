//! Appends records. The one writer of its file.

use super::frame::{self, Kind, MAX_EVENT_BYTES, MAX_LOG_BYTES};
use super::{Event, ReadError, Reader};
use buildyard_model::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Appends records to a journal with one system call each. What was appended survives the process, not the host.
#[derive(Debug)]
pub struct Writer {
    file: File,
    length: u64,
}

impl Writer {
    /// Makes a new, empty journal (mode 0600). A file that is already there is an error: its writer was another.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { file, length: 0 })
    }

    /// Goes on with a journal of our own, or begins it. A torn last record, left by a crash, is cut off.
    pub fn resume(path: &Path) -> Result<Self, ReadError> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let mut reader = Reader::open(path, 0)?;
        while !reader.read_batch(MAX_EVENT_BYTES)?.is_empty() {}
        file.set_len(reader.position())?;
        Ok(Self { file, length: reader.position() })
    }

    /// The journal's length in bytes: the position behind the last record.
    pub fn position(&self) -> u64 {
        self.length
    }

    /// Appends output that was read at `time`, cut into records of 64 KiB at most.
    pub fn log(&mut self, time: Timestamp, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(MAX_LOG_BYTES).try_for_each(|chunk| self.append(Kind::Log, time, chunk))
    }

    /// Appends an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let payload = serde_json::to_vec(event)?;
        if payload.len() > MAX_EVENT_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "event too long for the journal"));
        }
        self.append(Kind::Event, Timestamp(0), &payload)
    }

    fn append(&mut self, kind: Kind, time: Timestamp, payload: &[u8]) -> io::Result<()> {
        let header = frame::encode(kind, time, payload);
        let written = write_both(&mut self.file, &header, payload);
        match written {
            Ok(()) => self.length += (header.len() + payload.len()) as u64,
            // Half a record would look like damage once something follows it.
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }
}

fn write_both(file: &mut File, header: &[u8], payload: &[u8]) -> io::Result<()> {
    let mut both = [IoSlice::new(header), IoSlice::new(payload)];
    let mut rest: &mut [IoSlice<'_>] = &mut both;
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
