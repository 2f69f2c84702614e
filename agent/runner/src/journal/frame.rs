//! The form of a record: 20 bytes of header, little-endian, and the payload.
//!
//! ```text
//! 0  'B' 'Y'     2  version, 1     3  kind: 'L' log, 'E' event
//! 4  payload length in bytes       8  time of a log record, milliseconds; 0 for an event
//! 16 CRC-32 of the 16 bytes before it and the payload
//! ```

use buildyard_model::Timestamp;

/// The largest payload of a log record.
pub const MAX_LOG_BYTES: usize = 64 * 1024;
/// The largest payload of an event: room for all that [`crate::limits`] lets a build export, each byte escaped.
pub const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

pub(super) const HEADER_BYTES: usize = 20;
const MAGIC: [u8; 3] = [b'B', b'Y', 1];

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Event,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Log => b'L',
            Self::Event => b'E',
        }
    }

    fn limit(self) -> usize {
        match self {
            Self::Log => MAX_LOG_BYTES,
            Self::Event => MAX_EVENT_BYTES,
        }
    }
}

/// A header that makes sense; its payload is not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) length: usize,
    pub(super) time: Timestamp,
    checksum: u32,
}

/// The header of a payload.
pub(super) fn encode(kind: Kind, time: Timestamp, payload: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..3].copy_from_slice(&MAGIC);
    header[3] = kind.byte();
    header[4..8].copy_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    header[8..16].copy_from_slice(&time.0.to_le_bytes());
    let checksum = checksum(&header, payload);
    header[16..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// Reads a header; an error says what is wrong with it.
pub(super) fn decode(header: &[u8; HEADER_BYTES]) -> Result<Header, &'static str> {
    let [m0, m1, m2, kind, l0, l1, l2, l3, t0, t1, t2, t3, t4, t5, t6, t7, c0, c1, c2, c3] = *header;
    if [m0, m1, m2] != MAGIC {
        return Err("no record begins here");
    }
    let kind = match kind {
        b'L' => Kind::Log,
        b'E' => Kind::Event,
        _ => return Err("unknown kind of record"),
    };
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > kind.limit() {
        return Err("record too long");
    }
    let time = Timestamp(i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]));
    Ok(Header { kind, length, time, checksum: u32::from_le_bytes([c0, c1, c2, c3]) })
}

/// Whether the payload is the one that was written.
pub(super) fn intact(header: &[u8; HEADER_BYTES], decoded: &Header, payload: &[u8]) -> bool {
    checksum(header, payload) == decoded.checksum
}

fn checksum(header: &[u8; HEADER_BYTES], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..16]);
    hasher.update(payload);
    hasher.finalize()
}
