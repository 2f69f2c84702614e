use super::*;
use std::io::{Cursor, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use zip::ZipArchive;

fn packed(folder: &Path) -> (Packed, ZipArchive<Cursor<Vec<u8>>>) {
    let mut bytes = Cursor::new(Vec::new());
    let packed = pack(folder, &mut bytes, |_| {}).unwrap();
    (packed, ZipArchive::new(bytes).unwrap())
}

#[test]
fn the_work_tree_is_packed_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join(".git/objects")).unwrap();
    std::fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(root.join(".gitignore"), "ignored\n").unwrap();
    std::fs::write(root.join("ignored"), "yes").unwrap();
    std::fs::write(root.join("run.sh"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(root.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("run.sh", root.join("link")).unwrap();

    let (packed, mut zip) = packed(root);
    let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, [".git/", ".git/HEAD", ".git/objects/", ".gitignore", "ignored", "link", "run.sh"]);
    assert_eq!((packed.files, packed.left_out.len()), (5, 0));
    assert_eq!(zip.by_name("run.sh").unwrap().unix_mode().unwrap() & 0o7777, 0o755);
    let mut link = zip.by_name("link").unwrap();
    assert!(link.is_symlink());
    let mut target = String::new();
    link.read_to_string(&mut target).unwrap();
    assert_eq!(target, "run.sh");
}

#[test]
fn what_is_neither_file_nor_link_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let (packed, zip) = packed(folder.path());
    assert_eq!(packed.left_out, [folder.path().join("socket")]);
    assert_eq!(zip.len(), 0);
}

#[test]
fn times_are_kept_so_that_make_sees_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("a")).unwrap();
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    file.set_modified(at).unwrap();
    let (_, mut zip) = packed(folder.path());
    let kept = zip.by_name("a").unwrap().last_modified().unwrap();
    assert_eq!((kept.year(), kept.month(), kept.day(), kept.hour(), kept.minute()), (2020, 9, 13, 12, 26));
}

#[test]
fn a_name_that_is_not_utf8_is_refused_by_name() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"bad\xff")), "x").unwrap();
    let failure = pack(folder.path(), Cursor::new(Vec::new()), |_| {}).unwrap_err();
    assert!(failure.to_string().contains("not UTF-8"), "{failure}");
}
