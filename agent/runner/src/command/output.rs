//! One command's output: a pipe, its masking, and the log.

use crate::failure::Failure;
use crate::log::Log;
use crate::mask::Stream;
use rustix::fs::OFlags;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes read at once.
pub(super) const CHUNK: usize = 64 * 1024;
/// The kernel's largest pipe for ordinary users: a busy command is held up less often.
const PIPE_BYTES: usize = 1 << 20;
/// After so long without output a short end that masking holds back is shown.
const PAUSE: Duration = Duration::from_millis(100);

/// The reading end.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) id: u64,
    /// Bytes read so far.
    pub(super) taken: u64,
    reader: PipeReader,
    stream: Stream,
    last: Instant,
    masked: Vec<u8>,
}

/// What a look at the pipe brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    Some,
    None,
    /// Nobody can write to it any more, and all was read.
    Closed,
}

impl Output {
    pub(super) fn new(id: u64, reader: PipeReader, log: &Log) -> io::Result<Self> {
        rustix::fs::fcntl_setfl(&reader, OFlags::NONBLOCK)?;
        // Refused when the user has too many large pipes already; the usual 64 KiB do as well.
        let _ = rustix::pipe::fcntl_setpipe_size(&reader, PIPE_BYTES);
        let stream = Stream::new(Arc::clone(log.masker()));
        Ok(Self { id, taken: 0, reader, stream, last: Instant::now(), masked: Vec::new() })
    }

    /// Bytes in the pipe.
    pub(super) fn waiting(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.reader).unwrap_or(0)
    }

    /// When a pause is over that would show something.
    pub(super) fn pause_at(&self) -> Option<Instant> {
        self.stream.waits_for_pause().then(|| self.last + PAUSE)
    }

    /// Reads once, without waiting, and logs it.
    pub(super) fn pump(&mut self, buffer: &mut [u8], now: Instant, log: &mut Log) -> Result<Pumped, Failure> {
        self.masked.clear();
        let pumped = match self.reader.read(buffer) {
            Ok(0) => {
                self.stream.finish(&mut self.masked);
                Pumped::Closed
            }
            Ok(count) => {
                self.taken += count as u64;
                self.last = now;
                self.stream.feed(&buffer[..count], &mut self.masked);
                Pumped::Some
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                if self.pause_at().is_some_and(|at| now >= at) {
                    self.stream.pause(&mut self.masked);
                }
                Pumped::None
            }
            Err(error) => return Err(Failure::Internal(format!("cannot read a command's output: {error}"))),
        };
        log.output(&self.masked)?;
        Ok(pumped)
    }

    /// Shows what is still held back.
    pub(super) fn close(mut self, log: &mut Log) -> Result<(), Failure> {
        self.masked.clear();
        self.stream.finish(&mut self.masked);
        log.output(&self.masked)
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
