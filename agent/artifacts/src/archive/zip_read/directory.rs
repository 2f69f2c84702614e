//! How many entries a ZIP says it has, read from its closing record before anything is allocated for them.
//!
//! A comment may hold bytes that look like a closing record; the largest number any of them gives is what counts.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_BYTES: usize = 20;
const END64: &[u8] = b"PK\x06\x06";
const END64_BYTES: usize = 56;

/// The largest number of entries that any closing record declares; 0 when there is none.
pub(super) fn declared_entries(archive: &File, bytes: u64) -> io::Result<u64> {
    let tail_bytes = bytes.min((LOCATOR_BYTES + END_BYTES + LONGEST_COMMENT) as u64);
    let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(0)];
    archive.read_exact_at(&mut tail, bytes - tail_bytes)?;
    let mut most = 0;
    for (position, _) in tail.windows(END.len()).enumerate().filter(|(_, window)| *window == END) {
        let count = number::<2>(&tail, position + 10).unwrap_or(0);
        let locator = position.checked_sub(LOCATOR_BYTES);
        let offset = locator
            .filter(|at| tail.get(*at..).is_some_and(|rest| rest.starts_with(LOCATOR)))
            .and_then(|at| number::<8>(&tail, at + 8));
        let large = match offset {
            Some(offset) => entries64(archive, offset, bytes)?,
            None => 0,
        };
        most = most.max(count).max(large);
    }
    Ok(most)
}

fn entries64(archive: &File, offset: u64, bytes: u64) -> io::Result<u64> {
    if offset.checked_add(END64_BYTES as u64).is_none_or(|end| end > bytes) {
        return Ok(0);
    }
    let mut record = [0; END64_BYTES];
    archive.read_exact_at(&mut record, offset)?;
    Ok(if record.starts_with(END64) { number::<8>(&record, 32).unwrap_or(0) } else { 0 })
}

/// The little-endian number of `N` bytes at a position.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let digits = bytes.get(at..at.checked_add(N)?)?;
    Some(digits.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}
