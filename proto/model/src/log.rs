//! A build's log as bytes with offsets: what one attempt printed, from 0.

mod names;

pub use names::{LogNames, S3LogObject};

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A position in an attempt's log, in bytes from its start.
pub type LogOffset = u64;

/// A stretch of log. Chunks may be cut anywhere, also inside a line or a character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// Where the first byte belongs.
    pub offset: LogOffset,
    /// When the first byte was read from the build, by the clock of the build's host; for display only.
    pub time: Timestamp,
    /// The bytes, secrets masked.
    pub bytes: Vec<u8>,
}

impl LogChunk {
    /// The offset just behind the chunk.
    pub fn end(&self) -> LogOffset {
        self.offset + self.bytes.len() as u64
    }
}
