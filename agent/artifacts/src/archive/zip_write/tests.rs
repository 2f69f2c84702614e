use super::*;
use crate::select::{Rules, select};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{PermissionsExt, symlink};
use zip::ZipArchive;

fn selected(base: &Path) -> Vec<Selected> {
    let patterns = ["**/*".to_owned()];
    let rules = Rules { patterns: &patterns, keep_symlinks: true, ..Rules::default() };
    select(base, &rules, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_zip_holds_contents_modes_and_links_and_its_checksums_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    fs::create_dir_all(base.join("bin")).unwrap();
    fs::write(base.join("bin/tool"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(base.join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(base.join("data"), vec![7; 300_000]).unwrap();
    fs::set_permissions(base.join("data"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(base.join("größe"), "").unwrap();
    symlink("bin/tool", base.join("link")).unwrap();
    let target = folder.path().join("0.zip");
    let written = write_zip(&target, &selected(&base), &mut || true).unwrap();

    let bytes = fs::read(&target).unwrap();
    assert_eq!(written.size_bytes, bytes.len() as u64);
    assert_eq!(written.files, 4);
    assert_eq!(written.sha256sum, hex::encode(Sha256::digest(&bytes)));
    assert_eq!(written.md5sum, hex::encode(Md5::digest(&bytes)));

    let mut zip = ZipArchive::new(File::open(&target).unwrap()).unwrap();
    let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["bin/tool", "data", "größe", "link"]);
    let mut text = String::new();
    let mut tool = zip.by_name("bin/tool").unwrap();
    assert_eq!(tool.unix_mode().unwrap() & 0o777, 0o755);
    tool.read_to_string(&mut text).unwrap();
    assert_eq!(text, "#!/bin/sh\n");
    drop(tool);
    assert_eq!(zip.by_name("data").unwrap().unix_mode().unwrap() & 0o777, 0o640);
    let mut link = zip.by_name("link").unwrap();
    assert!(link.is_symlink());
    text.clear();
    link.read_to_string(&mut text).unwrap();
    assert_eq!(text, "bin/tool");
}

#[test]
fn the_same_files_give_the_same_zip() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    fs::create_dir_all(base.join("z")).unwrap();
    fs::write(base.join("z/1"), "one").unwrap();
    fs::write(base.join("a"), "two").unwrap();
    let write = |name: &str| write_zip(&folder.path().join(name), &selected(&base), &mut || true).unwrap();
    assert_eq!(write("1.zip"), write("2.zip"));
}

#[test]
fn sizes_beyond_four_gibibytes_are_announced_before_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = File::create(folder.path().join("sparse")).unwrap();
    sparse.set_len(LARGE).unwrap();
    let target = folder.path().join("0.zip");
    let entries = [Selected {
        path: folder.path().join("sparse"),
        name: "sparse".into(),
        kind: Kind::File { size_bytes: LARGE },
    }];
    let mut rounds = 0;
    let result = write_zip(&target, &entries, &mut || {
        rounds += 1;
        rounds < 3
    });
    assert!(matches!(result, Err(ZipError::Interrupted)));
    let bytes = fs::read(&target).unwrap();
    let extra = 30 + "sparse".len();
    assert_eq!(bytes[extra..extra + 2], [1, 0], "no zip64 field in the local header");
}

#[test]
fn a_file_that_became_a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    fs::create_dir_all(&base).unwrap();
    fs::write(base.join("a"), "a").unwrap();
    let entries = selected(&base);
    fs::remove_file(base.join("a")).unwrap();
    symlink("/etc/hostname", base.join("a")).unwrap();
    let result = write_zip(&folder.path().join("0.zip"), &entries, &mut || true);
    assert!(matches!(result, Err(ZipError::Read { .. })), "{result:?}");
}
