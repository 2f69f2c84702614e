//! Writes ZIPs byte by byte, so that a test can lie in any field.

use std::fs::File;
use std::io::Write;

/// One stored entry. The defaults are an honest file.
pub(super) struct Forged {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) mode: u32,
    pub(super) made_by: u8,
    pub(super) flags: u16,
    pub(super) declared_size: Option<u32>,
    /// Points at the local header of this earlier entry instead of one of its own.
    pub(super) header_of: Option<usize>,
}

pub(super) fn entry(name: impl AsRef<[u8]>, data: &str) -> Forged {
    Forged {
        name: name.as_ref().to_vec(),
        data: data.into(),
        mode: 0o100_644,
        made_by: 3,
        flags: 0x800,
        declared_size: None,
        header_of: None,
    }
}

pub(super) fn link(name: &str, target: &str) -> Forged {
    Forged { mode: 0o120_777, ..entry(name, target) }
}

pub(super) fn forge(entries: &[Forged]) -> File {
    let (mut body, mut directory, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
    for forged in entries {
        let offset = forged.header_of.map_or(body.len(), |index| offsets[index]);
        offsets.push(offset);
        let size = u32::try_from(forged.data.len()).unwrap();
        let mut common = Vec::new();
        common.extend(forged.flags.to_le_bytes());
        common.extend([0, 0, 0, 0, 0x21, 0x58]);
        common.extend(crc32(&forged.data).to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(forged.declared_size.unwrap_or(size).to_le_bytes());
        common.extend(u16::try_from(forged.name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        if forged.header_of.is_none() {
            body.extend(b"PK\x03\x04\x14\x00");
            body.extend(&common);
            body.extend(&forged.name);
            body.extend(&forged.data);
        }
        directory.extend(b"PK\x01\x02\x14");
        directory.extend([forged.made_by, 0x14, 0]);
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((forged.mode << 16).to_le_bytes());
        directory.extend(u32::try_from(offset).unwrap().to_le_bytes());
        directory.extend(&forged.name);
    }
    let start = body.len();
    body.extend(&directory);
    body.extend(end_record(u16::try_from(entries.len()).unwrap(), directory.len(), start));
    file(&body)
}

pub(super) fn end_record(count: u16, directory_bytes: usize, start: usize) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend(count.to_le_bytes());
    end.extend(count.to_le_bytes());
    end.extend(u32::try_from(directory_bytes).unwrap().to_le_bytes());
    end.extend(u32::try_from(start).unwrap().to_le_bytes());
    end.extend([0, 0]);
    end
}

pub(super) fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !data.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
