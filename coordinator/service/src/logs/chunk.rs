//! The form of a stored chunk and its name.
//!
//! An object is zstd of: number of time marks (u32), the marks (offset within the chunk u32, time in ms i64), then the
//! log's bytes. All numbers are little-endian. Its key holds the range of offsets, so a listing is an index.

use crate::Error;
use buildyard_model::{BuildId, LeaseToken, Timestamp};
use bytes::Bytes;

/// Level 1: logs shrink about tenfold already, at several hundred MB/s.
const ZSTD_LEVEL: i32 = 1;
/// Below this lie all logs, each build's in a folder with its uuid.
pub(crate) const LOGS: &str = "logs/";
const MARK_BYTES: usize = 12;
/// No chunk is larger; a damaged one can't make us allocate more.
const LARGEST: usize = 16 * 1024 * 1024;

/// When a stretch of the chunk was read from the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) at: u32,
    pub(crate) time: Timestamp,
}

/// A chunk as it is read.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// In the order of `at`; their times never run back.
    pub(crate) marks: Vec<Mark>,
    pub(crate) bytes: Bytes,
}

/// One log: what was printed under one grant of a build.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LogId {
    pub(crate) build: BuildId,
    pub(crate) epoch: u64,
}

impl From<&LeaseToken> for LogId {
    fn from(token: &LeaseToken) -> Self {
        Self { build: token.build.clone(), epoch: token.epoch }
    }
}

impl LogId {
    pub(crate) fn prefix(&self) -> String {
        format!("{LOGS}{}/{:08}/", self.build.uuid(), self.epoch)
    }

    pub(crate) fn key(&self, start: u64, end: u64) -> String {
        format!("{}{start:016x}-{end:016x}", self.prefix())
    }
}

/// The range of offsets that a key names.
pub(crate) fn range(key: &str) -> Option<(u64, u64)> {
    let (start, end) = key.rsplit('/').next()?.split_once('-')?;
    let range = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    (range.0 < range.1).then_some(range)
}

pub(crate) fn encode(marks: &[Mark], bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::with_capacity(4 + marks.len() * MARK_BYTES + bytes.len());
    plain.extend_from_slice(&u32::try_from(marks.len()).unwrap_or(0).to_le_bytes());
    for mark in marks {
        plain.extend_from_slice(&mark.at.to_le_bytes());
        plain.extend_from_slice(&mark.time.0.to_le_bytes());
    }
    plain.extend_from_slice(bytes);
    zstd::bulk::compress(&plain, ZSTD_LEVEL)
        .map_err(|error| Error::new(crate::Kind::Internal, format!("log chunk: {error}")))
}

/// The log's bytes in a stored chunk.
pub(crate) fn decode(stored: &[u8]) -> Result<Bytes, Error> {
    Ok(open(stored)?.bytes)
}

/// The marks and the log's bytes in a stored chunk. Marks that point nowhere or back are left out.
pub(crate) fn open(stored: &[u8]) -> Result<Chunk, Error> {
    let damaged = |what: &str| Error::new(crate::Kind::Internal, format!("a stored log chunk is damaged: {what}"));
    let plain = zstd::bulk::decompress(stored, LARGEST).map_err(|error| damaged(&error.to_string()))?;
    let count = plain.first_chunk::<4>().map(|count| u32::from_le_bytes(*count)).ok_or_else(|| damaged("too short"))?;
    let start = 4 + count as usize * MARK_BYTES;
    let Some(table) = plain.get(4..start) else { return Err(damaged("more marks than bytes")) };
    let mut marks: Vec<Mark> = Vec::with_capacity(count as usize);
    for entry in table.chunks_exact(MARK_BYTES) {
        let (at, time) = entry.split_at(4);
        if let (Ok(at), Ok(time)) = (at.try_into(), time.try_into()) {
            let mark = Mark { at: u32::from_le_bytes(at), time: Timestamp(i64::from_le_bytes(time)) };
            if marks.last().is_none_or(|last| last.at < mark.at && last.time <= mark.time) {
                marks.push(mark);
            }
        }
    }
    Ok(Chunk { marks, bytes: Bytes::from(plain).slice(start..) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_survives_storage() {
        let marks = [Mark { at: 0, time: Timestamp(5) }, Mark { at: 3, time: Timestamp(9) }];
        let stored = encode(&marks, b"abc\0\xffdef").unwrap();
        assert_eq!(&decode(&stored).unwrap()[..], b"abc\0\xffdef");
        assert_eq!(open(&stored).unwrap().marks, marks);
        assert!(decode(&stored[..stored.len() - 3]).is_err());
        assert!(decode(b"nonsense").is_err());
    }

    #[test]
    fn a_key_names_its_range() {
        let id = LogId { build: "p1:00000000-0000-0000-0000-000000000001".parse().unwrap(), epoch: 2 };
        assert_eq!(range(&id.key(10, 4096)), Some((10, 4096)));
        assert_eq!(range("logs/x/y/5-5"), None);
        assert_eq!(range("logs/x/y/zz-5"), None);
    }
}
