use super::*;
use crate::transfer::http_client;
use crate::transfer::testing::{Fault, SIGNATURE, Storage, cutting_proxy};
use std::path::Path;
use std::time::Duration;

struct Folder {
    directory: tempfile::TempDir,
    files: Vec<(String, u64)>,
}

impl Folder {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), files: Vec::new() }
    }

    fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        std::fs::write(self.directory.path().join(name), bytes).unwrap();
        self.files.push((name.to_owned(), bytes.len() as u64));
        self
    }

    fn outgoing(&self) -> Vec<Result<Outgoing, Error>> {
        let root = Arc::new(Root::open(self.directory.path()).unwrap());
        let file = |(name, size_bytes): &(String, u64)| Outgoing {
            bucket: "bucket".to_owned(),
            key: format!("out/{name}"),
            root: Arc::clone(&root),
            path: name.into(),
            size_bytes: *size_bytes,
        };
        self.files.iter().map(file).map(Ok).collect()
    }
}

fn options(seconds: u64) -> Options {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    Options { client: http_client().unwrap(), connections: 4, deadline, on_progress: None }
}

async fn send(storage: &Storage, folder: &Folder) -> Result<Progress, Error> {
    upload(storage, futures::stream::iter(folder.outgoing()), &options(30)).await
}

/// Bytes that differ everywhere, so that a misplaced part shows.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u64)
        .flat_map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).to_le_bytes())
        .take(length)
        .collect()
}

fn object(storage: &Storage, key: &str) -> Vec<u8> {
    storage.shelf.objects.lock().unwrap()[key].to_vec()
}

#[tokio::test]
async fn files_of_every_size_arrive_whole() {
    let storage = Storage::start().await;
    let sizes = [0, 1, 256 << 10, (256 << 10) + 1, 1 << 20, (3 << 20) + 17];
    let folder = sizes.iter().fold(Folder::new(), |folder, size| folder.with(&format!("{size}"), &noise(*size)));
    let progress = send(&storage, &folder).await.unwrap();
    assert_eq!(progress, Progress { files: 6, bytes: sizes.iter().sum::<usize>() as u64 });
    for size in sizes {
        assert!(object(&storage, &format!("out/{size}")) == noise(size), "{size}");
    }
}

#[tokio::test]
async fn many_files_go_in_numbered_batches_over_few_connections_and_one_commit() {
    let storage = Storage::start().await;
    let folder = (0..450).fold(Folder::new(), |folder, index| folder.with(&format!("f{index}"), &noise(index)));
    let seen = Arc::new(AtomicU64::new(0));
    let on_progress: OnProgress = {
        let seen = Arc::clone(&seen);
        Arc::new(move |progress: Progress| {
            seen.fetch_max(progress.files, Ordering::Relaxed);
        })
    };
    let options = Options { on_progress: Some(on_progress), ..options(30) };
    upload(&storage, futures::stream::iter(folder.outgoing()), &options).await.unwrap();
    assert_eq!(storage.shelf.objects.lock().unwrap().len(), 450);
    assert_eq!(storage.shelf.finished.lock().unwrap().keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(storage.shelf.commits.load(Ordering::SeqCst), 1);
    assert!(storage.shelf.busiest.load(Ordering::SeqCst) <= 4);
    assert_eq!(seen.load(Ordering::Relaxed), 450);
}

#[tokio::test]
async fn overload_and_outages_are_waited_out() {
    let storage = Storage::start().await;
    storage.fail_with([503, 500, 429, 503].map(Fault::Status));
    storage.outages.store(2, Ordering::SeqCst);
    let folder = Folder::new().with("a", b"small").with("b", &noise(2 << 20));
    send(&storage, &folder).await.unwrap();
    assert!(object(&storage, "out/b") == noise(2 << 20));
}

#[tokio::test]
async fn a_part_whose_connection_broke_is_sent_again() {
    let mut storage = Storage::start().await;
    storage.address = cutting_proxy(storage.address, 500_000).await;
    let folder = Folder::new().with("big", &noise(1 << 20));
    send(&storage, &folder).await.unwrap();
    assert!(object(&storage, "out/big") == noise(1 << 20));
}

#[tokio::test]
async fn a_refusal_is_final_names_the_object_and_hides_the_signature() {
    let storage = Storage::start().await;
    storage.fail_with([Fault::Status(403)]);
    let error = send(&storage, &Folder::new().with("a", b"x")).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }));
    let text = format!("{error} {error:?}");
    assert!(text.contains("s3://bucket/out/a") && text.contains("Code403"), "{text}");
    assert!(!text.contains(SIGNATURE) && !text.contains("http://"), "{text}");
    assert!(storage.shelf.objects.lock().unwrap().is_empty());
}

#[tokio::test]
async fn unreachable_storage_ends_at_the_deadline_without_the_signature() {
    let mut storage = Storage::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    storage.address = closed.local_addr().unwrap();
    drop(closed);
    let folder = Folder::new().with("a", b"x");
    let error = upload(&storage, futures::stream::iter(folder.outgoing()), &options(1)).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("s3://bucket/out/a") && !text.contains(SIGNATURE), "{text}");
}

#[tokio::test]
async fn silent_storage_ends_at_the_deadline() {
    let storage = Storage::start().await;
    storage.fail_with([Fault::Silence]);
    let folder = Folder::new().with("a", b"x");
    let error = upload(&storage, futures::stream::iter(folder.outgoing()), &options(1)).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
}

#[tokio::test]
async fn a_file_of_another_size_is_not_uploaded() {
    let storage = Storage::start().await;
    let mut folder = Folder::new().with("a", b"four");
    folder.files[0].1 = 5;
    assert!(matches!(send(&storage, &folder).await, Err(Error::Changed { .. })));
    folder.files[0].1 = 3;
    assert!(matches!(send(&storage, &folder).await, Err(Error::Changed { .. })));
    assert_eq!(storage.shelf.commits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_is_an_error() {
    let mut storage = Storage::start().await;
    storage.part_size_bytes = 64 << 20;
    let folder = Folder::new().with("a", &noise(4 << 20));
    let outgoing = folder.outgoing().remove(0).unwrap();
    let file = source::FileSource::open(&outgoing).await.unwrap();
    std::fs::File::options().write(true).open(folder.directory.path().join("a")).unwrap().set_len(1 << 20).unwrap();
    let part_urls = storage.begin(&[outgoing.announced()]).await.unwrap();
    let parts = part::plan(&outgoing, &part_urls[0]).unwrap();
    assert!(matches!(part::Sealed::read(&Arc::new(file), &parts[0]).await, Err(Error::Changed { .. })));
}

#[tokio::test]
async fn links_are_not_followed() {
    let storage = Storage::start().await;
    let mut folder = Folder::new();
    std::os::unix::fs::symlink("/etc/passwd", folder.directory.path().join("link")).unwrap();
    folder.files.push(("link".to_owned(), Path::new("/etc/passwd").metadata().unwrap().len()));
    assert!(matches!(send(&storage, &folder).await, Err(Error::File { .. })));
    folder.files[0].0 = "../../../../etc/passwd".to_owned();
    assert!(matches!(send(&storage, &folder).await, Err(Error::File { .. })));
}

#[tokio::test]
async fn tickets_that_do_not_match_are_refused() {
    struct Stingy(Storage);
    #[async_trait::async_trait]
    impl UploadTickets for Stingy {
        async fn begin(&self, files: &[UploadFile]) -> Result<Vec<UploadTicket>, TicketError> {
            self.0.begin(&files[1..]).await
        }
        async fn finish(&self, _: u32, _: &[FinishedUpload]) -> Result<(), TicketError> {
            Err(TicketError::Refused("finish".to_owned()))
        }
        async fn commit(&self, _: u32) -> Result<(), TicketError> {
            Err(TicketError::Refused("commit".to_owned()))
        }
    }
    let stingy = Stingy(Storage::start().await);
    let folder = Folder::new().with("a", b"x");
    let error = upload(&stingy, futures::stream::iter(folder.outgoing()), &options(5)).await.unwrap_err();
    assert!(matches!(error, Error::Tickets(TicketError::Refused(_))));
}
