use super::*;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};

fn copy_tree(from: &Path, into: &Path) -> Result<Copied, Error> {
    copy(from, into, &CancellationToken::new())
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_copy_has_the_same_files_modes_times_and_links() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, into) = (from.path(), base.path().join("into"));
    std::fs::create_dir_all(from.join(".git/refs")).unwrap();
    std::fs::write(from.join(".git/HEAD"), "ref").unwrap();
    std::fs::write(from.join("run"), "#!").unwrap();
    std::fs::set_permissions(from.join("run"), PermissionsExt::from_mode(0o751)).unwrap();
    symlink("/nowhere", from.join("dangling")).unwrap();
    std::fs::create_dir(from.join("locked")).unwrap();
    std::fs::write(from.join("locked/file"), "x").unwrap();
    std::fs::set_permissions(from.join("locked"), PermissionsExt::from_mode(0o555)).unwrap();

    let copied = copy_tree(from, &into).unwrap();
    assert_eq!(copied, Copied { files: 4, bytes: 6, notes: Vec::new() });
    assert_eq!(std::fs::read_to_string(into.join(".git/HEAD")).unwrap(), "ref");
    assert!(into.join(".git/refs").is_dir());
    assert_eq!(std::fs::read_link(into.join("dangling")).unwrap(), Path::new("/nowhere"));
    assert_eq!((mode(&into.join("run")), mode(&into.join("locked"))), (0o751, 0o555));
    for path in ["run", "locked", "dangling"] {
        let times = |root: &Path| {
            let metadata = root.join(path).symlink_metadata().unwrap();
            (metadata.mtime(), metadata.mtime_nsec())
        };
        assert_eq!(times(from), times(&into), "{path}");
    }
}

#[test]
fn the_copy_shares_no_file_with_the_source() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(from.path().join("file"), "before").unwrap();
    std::fs::hard_link(from.path().join("file"), from.path().join("other")).unwrap();
    copy_tree(from.path(), base.path()).unwrap();
    std::fs::write(base.path().join("file"), "after").unwrap();
    assert_eq!(std::fs::read_to_string(from.path().join("file")).unwrap(), "before");
    assert_eq!(std::fs::read_to_string(base.path().join("other")).unwrap(), "before");
}

#[test]
fn sockets_and_pipes_are_left_out_with_a_note() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _socket = std::os::unix::net::UnixListener::bind(from.path().join("socket")).unwrap();
    let pipe = from.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0)
        .unwrap();
    let copied = copy_tree(from.path(), base.path()).unwrap();
    assert_eq!(copied.notes, ["pipe was left out: it is a named pipe", "socket was left out: it is a socket"]);
    assert_eq!(base.path().read_dir().unwrap().count(), 0);
}

#[test]
fn holes_stay_holes() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = std::fs::File::create(from.path().join("sparse")).unwrap();
    file.write_at(b"begin", 0).unwrap();
    file.write_at(b"middle", 8 << 20).unwrap();
    file.set_len(64 << 20).unwrap();
    copy_tree(from.path(), base.path()).unwrap();
    let copy = std::fs::File::open(base.path().join("sparse")).unwrap();
    let metadata = copy.metadata().unwrap();
    assert_eq!(metadata.len(), 64 << 20);
    assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
    let mut bytes = [0; 6];
    copy.read_exact_at(&mut bytes, 8 << 20).unwrap();
    assert_eq!(&bytes, b"middle");
}

#[test]
fn a_copy_into_the_source_leaves_itself_out() {
    let from = tempfile::tempdir().unwrap();
    std::fs::write(from.path().join("a"), "x").unwrap();
    let into = from.path().join("data/workspace");
    let copied = copy_tree(from.path(), &into).unwrap();
    assert_eq!(copied.files, 1);
    assert!(into.join("data").is_dir());
    assert!(!into.join("data/workspace").exists());
}

#[test]
fn a_missing_source_is_an_error_with_its_name() {
    let base = tempfile::tempdir().unwrap();
    let error = copy_tree(&base.path().join("missing"), &base.path().join("into")).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn an_existing_file_in_the_target_is_an_error_and_not_replaced() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for index in 0..1000 {
        std::fs::write(from.path().join(format!("{index}")), "new").unwrap();
    }
    std::fs::write(base.path().join("500"), "old").unwrap();
    assert!(copy_tree(from.path(), base.path()).is_err());
    assert_eq!(std::fs::read_to_string(base.path().join("500")).unwrap(), "old");
}

#[test]
fn a_cancelled_copy_ends_as_such() {
    let (from, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(from.path().join("a"), "x").unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert!(matches!(copy(from.path(), base.path(), &cancel), Err(Error::Cancelled)));
}
