use super::*;
use buildyard_model::{Phase, PhaseContext, PhaseStatus};
use buildyard_runner::journal::Writer;
use proptest::prelude::*;
use std::io::Write;

const ALL: Sealed = Sealed { intro: true, journal: true, outro: true };

struct Files {
    _directory: tempfile::TempDir,
    parts: Parts,
}

fn files() -> Files {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let parts = Parts { intro: path("intro"), journal: path("journal"), outro: path("outro"), limit_bytes: 1 << 30 };
    Files { _directory: directory, parts }
}

fn write(path: &Path, pieces: &[&str]) -> Writer {
    let mut writer = Writer::resume(path).unwrap();
    for (index, piece) in pieces.iter().enumerate() {
        writer.log(Timestamp(i64::try_from(index).unwrap()), piece.as_bytes()).unwrap();
    }
    writer
}

fn ended() -> Event {
    Event::PhaseEnded {
        phase: Phase::Build,
        status: PhaseStatus::Succeeded,
        context: PhaseContext::default(),
        time: Timestamp(0),
    }
}

/// Everything that can be read, and what came behind it.
fn rest(spool: &mut Spool, sealed: Sealed) -> (String, Vec<Piece>, Next) {
    let (mut text, mut pieces) = (Vec::new(), Vec::new());
    loop {
        match spool.next(sealed).unwrap() {
            Next::Bytes(piece) => {
                text.extend_from_slice(&piece.bytes);
                pieces.push(piece);
            }
            other => return (String::from_utf8(text).unwrap(), pieces, other),
        }
    }
}

#[test]
fn the_three_journals_are_one_space_of_bytes() {
    let files = files();
    write(&files.parts.intro, &["one ", "two "]);
    let mut journal = write(&files.parts.journal, &["three "]);
    journal.event(&ended()).unwrap();
    journal.log(Timestamp(7), b"four ").unwrap();
    write(&files.parts.outro, &["five"]);
    let mut spool = Spool::new(files.parts.clone(), Mark::START, 0);
    let (text, pieces, end) = rest(&mut spool, ALL);
    assert_eq!(text, "one two three four five");
    assert_eq!(end, Next::End(23));
    let offsets: Vec<_> = pieces.iter().map(|piece| piece.offset).collect();
    assert_eq!(offsets, [0, 8, 19]);
}

#[test]
fn a_journal_that_is_not_sealed_is_waited_for() {
    let files = files();
    let mut intro = write(&files.parts.intro, &["a"]);
    write(&files.parts.journal, &["c"]);
    let mut spool = Spool::new(files.parts.clone(), Mark::START, 0);
    assert_eq!(rest(&mut spool, Sealed::default()).0, "a");
    intro.log(Timestamp(0), b"b").unwrap();
    assert_eq!(rest(&mut spool, Sealed::default()).0, "b");
    let sealed = Sealed { intro: true, ..Sealed::default() };
    assert_eq!(rest(&mut spool, sealed).0, "c");
    assert_eq!(rest(&mut spool, ALL).2, Next::End(3), "an outro that nobody wrote is empty");
}

#[test]
fn the_runners_last_word_ends_its_journal() {
    let files = files();
    write(&files.parts.intro, &[]);
    let mut journal = write(&files.parts.journal, &["yes"]);
    journal.event(&Event::Finished { failed: false, retry_limit: 0 }).unwrap();
    journal.log(Timestamp(0), b"no").unwrap();
    let mut spool = Spool::new(files.parts.clone(), Mark::START, 0);
    assert_eq!(rest(&mut spool, ALL).0, "yes");
}

#[test]
fn a_damaged_journal_ends_where_it_is_damaged() {
    let files = files();
    write(&files.parts.intro, &[]);
    write(&files.parts.journal, &["good"]);
    let mut file = std::fs::OpenOptions::new().append(true).open(&files.parts.journal).unwrap();
    file.write_all(&[b'x'; 64]).unwrap();
    write(&files.parts.outro, &[" end"]);
    let mut spool = Spool::new(files.parts.clone(), Mark::START, 0);
    let sealed = Sealed { intro: true, journal: false, outro: true };
    assert_eq!(rest(&mut spool, sealed).0, "good end");
}

#[test]
fn half_a_record_is_not_read_and_not_waited_for_once_it_is_sealed() {
    let files = files();
    write(&files.parts.intro, &[]);
    write(&files.parts.journal, &["whole", "torn"]);
    let length = std::fs::metadata(&files.parts.journal).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&files.parts.journal).unwrap();
    file.set_len(length - 2).unwrap();
    let mut spool = Spool::new(files.parts.clone(), Mark::START, 0);
    let unsealed = Sealed { intro: true, ..Sealed::default() };
    let (text, _, next) = rest(&mut spool, unsealed);
    assert_eq!((text.as_str(), next), ("whole", Next::Wait));
    assert_eq!(rest(&mut spool, ALL).2, Next::End(5));
}

#[test]
fn a_build_that_writes_its_own_journal_gets_no_more_log_than_others() {
    let mut files = files();
    files.parts.limit_bytes = 10_000;
    write(&files.parts.intro, &[&"i".repeat(50_000)]);
    let mut journal = write(&files.parts.journal, &[&"x".repeat(60_000), &"y".repeat(60_000)]);
    journal.event(&Event::Finished { failed: false, retry_limit: 0 }).unwrap();
    write(&files.parts.outro, &["the end"]);
    let (text, _, end) = rest(&mut Spool::new(files.parts.clone(), Mark::START, 0), ALL);
    let whole = "i".repeat(50_000) + &"x".repeat(14_096) + "the end";
    assert_eq!(end, Next::End(whole.len() as u64));
    assert!(text == whole, "{} bytes of {}", text.len(), whole.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn any_offset_can_be_gone_back_to(
        sizes in prop::collection::vec(1..90_000usize, 1..20),
        split in 0..20usize,
        from in 0.0..1.0f64,
    ) {
        let files = files();
        let letters: Vec<String> =
            sizes.iter().enumerate().map(|(n, size)| char::from(b'a' + n as u8).to_string().repeat(*size)).collect();
        let (before, behind) = letters.split_at(split.min(letters.len()));
        write(&files.parts.intro, &before.iter().map(String::as_str).collect::<Vec<_>>());
        write(&files.parts.journal, &behind.iter().map(String::as_str).collect::<Vec<_>>());
        let (whole, pieces, end) = rest(&mut Spool::new(files.parts.clone(), Mark::START, 0), ALL);
        prop_assert_eq!(&whole, &letters.concat());
        prop_assert_eq!(end, Next::End(whole.len() as u64));
        let from = (whole.len() as f64 * from) as usize;
        let mark = pieces.iter().rev().map(|piece| piece.mark).find(|mark| mark.offset() <= from as u64);
        for mark in [Mark::START, mark.unwrap_or(Mark::START)] {
            let (text, pieces, _) = rest(&mut Spool::new(files.parts.clone(), mark, from as u64), ALL);
            prop_assert_eq!(&text, &whole[from..]);
            prop_assert_eq!(pieces.first().map_or(from as u64, |piece| piece.offset), from as u64);
        }
    }
}
