//! A folder's way up, and the artifacts' way down.

use crate::door::{Door, Script};
use crate::storage::Storage;
use crate::views::{self, ID};
use crate::{buildyard, stderr, stdout};
use buildyard_model::SourceKind;
use buildyard_proto::v1::list_artifacts_reply::Object;

fn object(storage: &Storage, path: &str, size: u64) -> Object {
    Object {
        path: path.to_owned(),
        bucket: "artifacts".into(),
        key: format!("app/{path}"),
        size_bytes: size,
        url: format!("{}/{path}?signature=secret", storage.url),
    }
}

#[tokio::test]
async fn a_folder_is_sent_as_a_zip_and_named_as_the_source() {
    let storage = Storage::open(&[]).await;
    let door = Door::open(Script { upload_url: format!("{}/up?sig=1", storage.url), ..Default::default() }).await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("my-app");
    std::fs::create_dir_all(folder.join(".git")).unwrap();
    std::fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(folder.join("buildspec.yml"), "version: 0.2\n").unwrap();
    let output = buildyard(&door.endpoint).args(["start", "--source"]).arg(&folder).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), format!("{ID}\n"));
    let (project, submission) = door.asked().submitted.remove(0);
    assert_eq!(project, "my-app");
    assert_eq!(submission.source.kind, SourceKind::S3 { location: "sources/1.zip".into() });
    let sent = storage.objects.lock().unwrap().remove("/up?sig=1").unwrap();
    let zip = zip::ZipArchive::new(std::io::Cursor::new(sent)).unwrap();
    assert_eq!(zip.file_names().map(Result::unwrap).collect::<Vec<_>>(), [".git/", ".git/HEAD", "buildspec.yml"]);
}

#[tokio::test]
async fn artifacts_are_fetched_whole() {
    let storage = Storage::open(&[("/bin/app?signature=secret", b"binary"), ("/doc?signature=secret", b"words")]).await;
    let objects = vec![object(&storage, "bin/app", 6), object(&storage, "doc", 5)];
    let door = Door::open(Script { objects, views: vec![views::with_artifacts()], ..Default::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let output =
        buildyard(&door.endpoint).args(["artifacts", ID, "--download"]).arg(folder.path()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("2 files, 11 B, in "), "{}", stdout(&output));
    assert_eq!(std::fs::read(folder.path().join("bin/app")).unwrap(), b"binary");
    assert_eq!(std::fs::read(folder.path().join("doc")).unwrap(), b"words");
}

#[tokio::test]
async fn a_short_or_refused_object_leaves_nothing_and_shows_no_signature() {
    let storage = Storage::open(&[("/short?signature=secret", b"abc")]).await;
    for (path, says) in [("short", "got 3 of 9 bytes"), ("gone", "403 Forbidden: <Code>AccessDenied")] {
        let objects = vec![object(&storage, path, 9)];
        let door = Door::open(Script { objects, ..Default::default() }).await;
        let folder = tempfile::tempdir().unwrap();
        let output =
            buildyard(&door.endpoint).args(["artifacts", ID, "--download"]).arg(folder.path()).output().await.unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(says) && !said.contains("secret"), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
