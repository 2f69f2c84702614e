use super::*;
use proptest::prelude::*;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

fn journal() -> (tempfile::TempDir, PathBuf, Writer) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let writer = Writer::create(&path).unwrap();
    (folder, path, writer)
}

fn log(bytes: &[u8]) -> Record {
    Record::Log { time: Timestamp(7), bytes: bytes.to_vec() }
}

#[test]
fn what_was_written_is_read_and_the_end_is_not_yet() {
    let (_folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"one\n\0\xff").unwrap();
    writer.event(&Event::CommandsStarted).unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    let batch = reader.read_batch(1 << 20).unwrap();
    assert_eq!(batch, [log(b"one\n\0\xff"), Record::Event(Event::CommandsStarted)]);
    assert!(reader.read_batch(1 << 20).unwrap().is_empty());
    writer.log(Timestamp(7), b"two").unwrap();
    assert_eq!(reader.read_batch(1 << 20).unwrap(), [log(b"two")]);
    assert_eq!(reader.position(), writer.position());
}

#[test]
fn a_batch_is_bounded_and_a_position_resumes_it() {
    let (_folder, path, mut writer) = journal();
    writer.log(Timestamp(7), &vec![b'x'; 200_000]).unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    let first = reader.read_batch(1).unwrap();
    assert_eq!(first, [log(&vec![b'x'; MAX_LOG_BYTES])]);
    let mut again = Reader::open(&path, reader.position()).unwrap();
    let rest: usize = again.read_batch(usize::MAX).unwrap().iter().map(size).sum();
    assert_eq!(rest, 200_000 - MAX_LOG_BYTES);
}

fn size(record: &Record) -> usize {
    match record {
        Record::Log { bytes, .. } => bytes.len(),
        Record::Event(_) => 0,
    }
}

#[test]
fn a_record_cut_at_any_byte_is_not_yet_there() {
    let (folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"whole").unwrap();
    let kept = usize::try_from(writer.position()).unwrap();
    writer.event(&Event::Finished { failed: false, retry_limit: 0 }).unwrap();
    let bytes = fs::read(&path).unwrap();
    for cut in kept..bytes.len() {
        let copy = folder.path().join("copy");
        fs::write(&copy, &bytes[..cut]).unwrap();
        let mut reader = Reader::open(&copy, 0).unwrap();
        assert_eq!(reader.read_batch(1 << 20).unwrap(), [log(b"whole")], "cut at {cut}");
        OpenOptions::new().append(true).open(&copy).unwrap().write_all(&bytes[cut..]).unwrap();
        assert_eq!(reader.read_batch(1 << 20).unwrap().len(), 1, "cut at {cut}");
    }
}

/// As on a full disk that later has room again.
#[test]
fn a_part_of_a_record_may_be_taken_back_at_any_byte_and_another_follow() {
    let (folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"whole").unwrap();
    let kept = usize::try_from(writer.position()).unwrap();
    writer.log(Timestamp(7), b"taken back").unwrap();
    let bytes = fs::read(&path).unwrap();
    for cut in kept..bytes.len() {
        for looks_between in [false, true] {
            let copy = folder.path().join("copy");
            fs::write(&copy, &bytes[..cut]).unwrap();
            let mut reader = Reader::open(&copy, 0).unwrap();
            assert_eq!(reader.read_batch(1 << 20).unwrap(), [log(b"whole")]);
            let mut writer = Writer::resume(&copy).unwrap();
            if looks_between {
                assert_eq!(reader.read_batch(1 << 20).unwrap(), [], "cut at {cut}");
            }
            writer.log(Timestamp(7), b"what came in its place").unwrap();
            let batch = reader.read_batch(1 << 20).unwrap();
            assert_eq!(batch, [log(b"what came in its place")], "cut at {cut}");
        }
    }
}

#[test]
fn any_changed_byte_is_damage() {
    let (folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"some output").unwrap();
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let copy = folder.path().join("copy");
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        fs::write(&copy, &changed).unwrap();
        let result = Reader::open(&copy, 0).unwrap().read_batch(1 << 20);
        // A longer length may ask for bytes that never come; nothing false is ever given.
        let waits = (4..8).contains(&at) && matches!(&result, Ok(records) if records.is_empty());
        assert!(waits || matches!(result, Err(ReadError::Damaged { position: 0, .. })), "byte {at}: {result:?}");
    }
}

#[test]
fn an_event_of_the_most_that_may_be_exported_is_read_and_a_longer_one_is_damage() {
    let (_folder, path, mut writer) = journal();
    // The control character that takes the most room in JSON.
    let value = || "\u{1}".repeat(crate::limits::EXPORTED_VALUE_BYTES - 2);
    let most = Event::Exported { variables: (0..8).map(|n| (n.to_string(), value())).collect() };
    writer.event(&most).unwrap();
    assert_eq!(Reader::open(&path, 0).unwrap().read_batch(1).unwrap(), [Record::Event(most)]);
    let more = Event::Exported { variables: vec![("N".to_owned(), "x".repeat(MAX_EVENT_BYTES))] };
    assert!(writer.event(&more).is_err());
    let header = frame::encode(frame::Kind::Event, Timestamp(0), &vec![b'x'; MAX_EVENT_BYTES + 1]);
    let forged = path.with_extension("forged");
    fs::write(&forged, header).unwrap();
    assert!(matches!(Reader::open(&forged, 0).unwrap().read_batch(1), Err(ReadError::Damaged { .. })));
}

#[test]
fn records_before_damage_are_given_first() {
    let (_folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"good").unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(&[0; 64]).unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    assert_eq!(reader.read_batch(1 << 20).unwrap(), [log(b"good")]);
    assert!(matches!(reader.read_batch(1 << 20), Err(ReadError::Damaged { position: 24, .. })));
}

#[test]
fn a_shrunken_file_and_strange_files_are_damage() {
    let (folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"gone soon").unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    reader.read_batch(1 << 20).unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(3).unwrap();
    assert!(matches!(reader.read_batch(1 << 20), Err(ReadError::Damaged { .. })));
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    assert!(Reader::open(&folder.path().join("link"), 0).is_err());
    nix::unistd::mkfifo(&folder.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(Reader::open(&folder.path().join("pipe"), 0).is_err());
}

#[test]
fn a_claimed_size_is_bounded_before_it_is_believed() {
    let (_folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"x").unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&u32::MAX.to_le_bytes(), 4).unwrap();
    let error = Reader::open(&path, 0).unwrap().read_batch(1).unwrap_err();
    assert_eq!(error.to_string(), "journal damaged at byte 0: record too long");
}

#[test]
fn a_writer_resumes_behind_the_last_whole_record() {
    let (_folder, path, mut writer) = journal();
    writer.log(Timestamp(7), b"kept").unwrap();
    drop(writer);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"BY\x01L").unwrap();
    let mut writer = Writer::resume(&path).unwrap();
    writer.log(Timestamp(7), b"next").unwrap();
    assert_eq!(Reader::open(&path, 0).unwrap().read_batch(1 << 20).unwrap(), [log(b"kept"), log(b"next")]);
    assert!(Writer::create(&path).is_err());
}

#[test]
fn long_events_are_read_whole() {
    let (_folder, path, mut writer) = journal();
    let event = Event::Exported { variables: vec![("BIG".into(), "v".repeat(3 << 20))] };
    writer.event(&event).unwrap();
    assert_eq!(Reader::open(&path, 0).unwrap().read_batch(1).unwrap(), [Record::Event(event)]);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        fs::write(&path, &bytes).unwrap();
        let mut reader = Reader::open(&path, 0).unwrap();
        while matches!(reader.read_batch(64), Ok(batch) if !batch.is_empty()) {}
    }
}
