//! The one file format of the embedded storage: a line of JSON, then bytes.
//!
//! Objects, parts, uploads and buckets are all records; small contents follow their description in the same file, so
//! that both appear by one rename. Invariant: a record is written whole under `tmp` and never changed in place.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is read at once; descriptions are seldom longer.
const HEAD_BYTES: usize = 4096;

/// The description line.
pub(crate) fn encode<T: Serialize>(description: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(description)?;
    line.push(b'\n');
    Ok(line)
}

/// A record that was opened: its description, its file, and where in it the bytes begin.
pub(crate) struct Opened<T> {
    pub(crate) description: T,
    pub(crate) file: File,
    pub(crate) offset: u64,
}

/// Opens a record; `None` when there is none.
pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> io::Result<Option<Opened<T>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let end = loop {
        let from = head.len();
        let read = (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        if let Some(end) = head.iter().skip(from).position(|byte| *byte == b'\n') {
            break from + end;
        }
        if read == 0 {
            return Err(broken(path, "its description does not end"));
        }
    };
    let description = head.get(..end).unwrap_or_default();
    let description = serde_json::from_slice(description).map_err(|error| broken(path, &error.to_string()))?;
    Ok(Some(Opened { description, file, offset: end as u64 + 1 }))
}

/// Reads only the description; `None` when there is no record.
pub(crate) fn describe<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    Ok(open(path)?.map(|opened| opened.description))
}

fn broken(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("record {} is damaged: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom};

    #[test]
    fn a_record_gives_back_its_description_and_its_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("r");
        for length in [0, 1, HEAD_BYTES - 3, HEAD_BYTES, 3 * HEAD_BYTES + 1] {
            let text = "x".repeat(length);
            std::fs::write(&path, [encode(&text).unwrap().as_slice(), b"a\nb"].concat()).unwrap();
            let mut opened = open::<String>(&path).unwrap().unwrap();
            let mut body = String::new();
            opened.file.seek(SeekFrom::Start(opened.offset)).unwrap();
            opened.file.read_to_string(&mut body).unwrap();
            assert_eq!((opened.description, body.as_str()), (text, "a\nb"));
        }
    }

    #[test]
    fn a_truncated_record_is_an_error_and_an_absent_one_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("r");
        assert!(describe::<String>(&path).unwrap().is_none());
        std::fs::write(&path, b"\"abc").unwrap();
        assert!(describe::<String>(&path).is_err());
    }
}
