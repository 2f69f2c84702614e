mod forge;

use super::*;
use forge::{Forged, end_record, entry, file, forge, link};
use std::os::unix::fs::PermissionsExt;

fn unpack_into(archive: File, into: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    unpack(archive, into, limits, &CancellationToken::new())
}

/// Unpacks and asserts that a refusal left nothing anywhere.
fn attempt_with(archive: File, limits: &Limits) -> Result<tempfile::TempDir, Error> {
    let base = tempfile::tempdir().unwrap();
    let into = base.path().join("a/into");
    match unpack_into(archive, &into, limits) {
        Ok(_) => Ok(base),
        Err(error) => {
            assert!(into.read_dir().unwrap().next().is_none(), "{error} left something behind");
            assert_eq!(base.path().read_dir().unwrap().count(), 1, "{error} wrote outside");
            assert_eq!(base.path().join("a").read_dir().unwrap().count(), 1, "{error} wrote outside");
            Err(error)
        }
    }
}

fn attempt(entries: &[Forged]) -> Result<tempfile::TempDir, Error> {
    attempt_with(forge(entries), &Limits::default())
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn files_directories_links_and_modes_come_out_as_they_went_in() {
    let base = attempt(&[
        Forged { mode: 0o040_750, ..entry("bin/", "") },
        Forged { mode: 0o100_755, ..entry("bin/run", "#!/bin/sh\n") },
        entry("deep/er/file.txt", "text"),
        link("bin/text", "../deep/er/file.txt"),
        Forged { mode: 0, ..entry("plain", "") },
    ])
    .unwrap();
    let root = base.path().join("a/into");
    assert_eq!(std::fs::read_to_string(root.join("bin/text")).unwrap(), "text");
    assert_eq!(mode(&root.join("bin")), 0o750);
    assert_eq!(mode(&root.join("bin/run")), 0o755);
    assert_eq!(mode(&root.join("plain")), 0o644);
    let modified = root.join("plain").metadata().unwrap().modified().unwrap();
    assert_eq!(time::OffsetDateTime::from(modified).year(), 2024);
}

#[test]
fn hostile_names_are_refused_whole() {
    for name in
        ["../../x", "/tmp/x", "C:\\x", "a\\..\\..\\x", "..\\x", "\\x", "good/../../x", "nul\0x", "", "..", "x/.."]
    {
        let error = attempt(&[entry("first", "1"), entry(name, "2")]).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{name:?}: {error}");
    }
    assert!(matches!(attempt(&[entry(b"caf\xe9", "")]), Err(Error::Refused(_))));
}

#[test]
fn clashing_entries_are_refused() {
    for entries in [
        [entry("a", "1"), entry("a", "2")],
        [entry("a", "1"), entry("./a", "2")],
        [entry("a", "1"), entry("a/", "")],
        [entry("a", "1"), entry("a/b", "2")],
        [link("a", "."), entry("a/b", "2")],
        [entry("a/b", "2"), link("a", "/tmp")],
    ] {
        assert!(matches!(attempt(&entries), Err(Error::Refused(_))));
    }
}

#[test]
fn names_that_differ_in_case_are_different_files() {
    let base = attempt(&[entry("Makefile", "1"), entry("makefile", "2")]).unwrap();
    assert_eq!(std::fs::read_to_string(base.path().join("a/into/Makefile")).unwrap(), "1");
}

#[test]
fn links_out_of_the_archive_are_refused() {
    for (name, target) in [("l", "/etc/passwd"), ("l", "../x"), ("a/l", "../../x"), ("l", ""), ("l", "a/../b")] {
        assert!(matches!(attempt(&[link(name, target)]), Err(Error::Refused(_))), "{name} -> {target}");
    }
    let chain = [Forged { mode: 0o040_755, ..entry("d/e/", "") }, link("d/e/x", "../.."), link("y", "d/e/x/../..")];
    assert!(matches!(attempt(&chain), Err(Error::Refused(_))));
    let long = "x".repeat(5000);
    assert!(matches!(attempt(&[link("l", &long)]), Err(Error::Refused(_))));
}

#[test]
fn devices_pipes_and_sockets_are_refused_and_set_user_bits_dropped() {
    for mode in [0o020_644, 0o060_644, 0o010_644, 0o140_644] {
        assert!(matches!(attempt(&[Forged { mode, ..entry("x", "") }]), Err(Error::Refused(_))), "{mode:o}");
    }
    let base = attempt(&[Forged { mode: 0o106_755, ..entry("su", "") }]).unwrap();
    assert_eq!(mode(&base.path().join("a/into/su")), 0o755);
}

#[test]
fn encrypted_and_overlapping_entries_are_refused() {
    assert!(matches!(attempt(&[Forged { flags: 0x801, ..entry("x", "secret") }]), Err(Error::Refused(_))));
    let overlapping = [entry("x", "data"), Forged { header_of: Some(0), ..entry("y", "data") }];
    assert!(matches!(attempt(&overlapping), Err(Error::Refused(_))));
}

#[test]
fn windows_separators_are_understood() {
    let base = attempt(&[Forged { made_by: 0, mode: 0, ..entry("dir\\file", "x") }]).unwrap();
    assert!(base.path().join("a/into/dir/file").is_file());
}

#[test]
fn a_damaged_archive_leaves_nothing() {
    let lie = Forged { declared_size: Some(9), ..entry("b", "data") };
    assert!(matches!(attempt(&[entry("a", "1"), lie]), Err(Error::Damaged(_))));
    assert!(matches!(attempt_with(file(b"not a zip"), &Limits::default()), Err(Error::Damaged(_))));
    assert!(matches!(attempt_with(file(b""), &Limits::default()), Err(Error::Damaged(_))));
}

#[test]
fn limits_on_entries_bytes_and_contents_hold() {
    let three = || forge(&[entry("a", "1"), entry("b", "2"), entry("c", "3")]);
    let limits = Limits { entries: 3, total_bytes: 3, ..Limits::default() };
    assert!(attempt_with(three(), &limits).is_ok());
    assert!(matches!(attempt_with(three(), &Limits { entries: 2, ..limits }), Err(Error::Refused(_))));
    assert!(matches!(attempt_with(three(), &Limits { total_bytes: 2, ..limits }), Err(Error::Refused(_))));
    assert!(matches!(attempt_with(three(), &Limits { directory_bytes: 60, ..limits }), Err(Error::Refused(_))));
    let boasting = file(&end_record(u16::MAX, 0, 0));
    assert!(matches!(attempt_with(boasting, &limits), Err(Error::Refused(_))));
}

#[test]
fn more_entries_than_16_bits_can_count_are_read_and_counted() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = zip::ZipWriter::new(&mut bytes);
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..70_000 {
        writer.start_file(format!("{index}"), stored).unwrap();
    }
    writer.finish().unwrap();
    let bytes = bytes.into_inner();
    let length = bytes.len() as u64;
    let mut archive = open(file(&bytes), length, &Limits::default()).unwrap();
    assert_eq!(Plan::of(&mut archive, &Limits::default()).unwrap().steps.len(), 70_000);
    let limits = Limits { entries: 69_999, ..Limits::default() };
    assert!(matches!(open(file(&bytes), length, &limits), Err(Error::Refused(_))));
}

#[test]
fn a_bomb_is_stopped_by_its_ratio() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = zip::ZipWriter::new(&mut bytes);
    writer.start_file("zeros", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut writer, &vec![0; 4 << 20]).unwrap();
    writer.finish().unwrap();
    let bytes = bytes.into_inner();
    let limits = Limits { ratio: 100, ratio_free_bytes: 1 << 20, ..Limits::default() };
    assert!(matches!(attempt_with(file(&bytes), &limits), Err(Error::Refused(_))));
    assert!(attempt_with(file(&bytes), &Limits::default()).is_ok());
}

#[test]
fn a_directory_with_contents_is_left_alone() {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("mine"), "x").unwrap();
    let error = unpack_into(forge(&[entry("a", "1")]), base.path(), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::NotEmpty(_)));
    assert!(base.path().join("mine").exists());
}

#[test]
fn a_cancelled_unpacking_leaves_nothing() {
    let base = tempfile::tempdir().unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let error = unpack(forge(&[entry("a", "1")]), base.path(), &Limits::default(), &cancel).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    assert!(base.path().read_dir().unwrap().next().is_none());
}

#[test]
fn zips_are_known_by_their_first_bytes() {
    assert!(is_zip(&forge(&[entry("a", "1")])).unwrap());
    assert!(is_zip(&forge(&[])).unwrap());
    assert!(!is_zip(&file(b"\x1f\x8b\x08")).unwrap());
    assert!(!is_zip(&file(b"")).unwrap());
}
