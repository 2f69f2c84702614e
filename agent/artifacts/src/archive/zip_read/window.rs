//! Reads a ZIP through one buffer that survives seeking, and counts what opening it costs.
//!
//! `ZipArchive` seeks before every entry; a `BufReader` would throw its buffer away each time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BUFFER_BYTES: usize = 64 << 10;

/// The archive as a seekable reader.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    length: u64,
    position: u64,
    buffer: Box<[u8]>,
    /// What of the buffer is filled, and where in the file it begins.
    filled: usize,
    start: u64,
    budget: Budget,
}

/// How many bytes may still be read.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    pub(super) fn lift(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = self.0.load(Ordering::Relaxed).saturating_sub(bytes as u64);
        self.0.store(left, Ordering::Relaxed);
        if left == 0 { Err(io::Error::other("the table of contents is too large")) } else { Ok(()) }
    }
}

impl Window {
    pub(super) fn new(file: File, length: u64, budget_bytes: u64) -> (Self, Budget) {
        let budget = Budget(Arc::new(AtomicU64::new(budget_bytes)));
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        (Self { file, length, position: 0, buffer, filled: 0, start: 0, budget: budget.clone() }, budget)
    }

    fn buffered(&self) -> &[u8] {
        let offset = self.position.checked_sub(self.start).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.buffer.get(..self.filled)?.get(offset..)).unwrap_or(&[])
    }
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() {
            self.filled = 0;
            self.start = self.position;
            self.filled = self.file.read_at(&mut self.buffer, self.position)?;
        }
        let available = self.buffered();
        let count = available.len().min(into.len());
        if let (Some(from), Some(to)) = (available.get(..count), into.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.position += count as u64;
        self.budget.take(count)?;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}
