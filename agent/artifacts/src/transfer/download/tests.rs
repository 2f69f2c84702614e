use super::*;
use crate::transfer::http_client;
use crate::transfer::testing::{Fault, SIGNATURE, Storage};
use std::time::Duration;

struct Target {
    directory: tempfile::TempDir,
    root: Arc<Root>,
}

impl Target {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Arc::new(Root::open(directory.path()).unwrap());
        Self { directory, root }
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.directory.path().join(path)).unwrap()
    }

    fn is_empty(&self) -> bool {
        self.directory.path().read_dir().unwrap().next().is_none()
    }
}

fn options(seconds: u64) -> Options {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    Options { client: http_client().unwrap(), connections: 4, deadline, on_progress: None }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64)
        .flat_map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).to_le_bytes())
        .take(length)
        .collect()
}

async fn storage_with(key: &str, bytes: Vec<u8>) -> Storage {
    let storage = Storage::start().await;
    storage.shelf.objects.lock().unwrap().insert(key.to_owned(), bytes.into());
    storage
}

fn remote(storage: &Storage, key: &str, size_bytes: u64) -> Remote {
    let object = ObjectName { bucket: "bucket".to_owned(), key: key.to_owned() };
    Remote { object, url: storage.url(key), size_bytes }
}

async fn get(remote: &Remote, target: &Target) -> Result<(), Error> {
    to_file(remote, &target.root, Path::new("a/file"), &options(30)).await
}

#[tokio::test]
async fn an_object_becomes_a_file_and_nothing_else_is_left() {
    for size in [0, 1, 3 << 20] {
        let (storage, target) = (storage_with("k", noise(size)).await, Target::new());
        get(&remote(&storage, "k", size as u64), &target).await.unwrap();
        assert!(target.read("a/file") == noise(size));
        assert_eq!(target.directory.path().join("a").read_dir().unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let (storage, target) = (storage_with("k", noise(3 << 20)).await, Target::new());
    storage.fail_with([Fault::CutAfter(1 << 20), Fault::CutAfter(1 << 20)]);
    get(&remote(&storage, "k", 3 << 20), &target).await.unwrap();
    assert!(target.read("a/file") == noise(3 << 20));
    let ranges = storage.shelf.ranges.lock().unwrap().clone();
    assert_eq!(ranges[0], "");
    assert!(ranges[1].starts_with("bytes=") && ranges[1] != "bytes=0-", "{ranges:?}");
}

#[tokio::test]
async fn an_object_that_changed_meanwhile_is_fetched_anew() {
    let (storage, target) = (storage_with("k", noise(2 << 20)).await, Target::new());
    storage.fail_with([Fault::CutAfter(1 << 20)]);
    let swapped: Vec<u8> = noise(2 << 20).into_iter().rev().collect();
    let shelf = Arc::clone(&storage.shelf);
    let replacement = swapped.clone();
    let swap = async move {
        while shelf.ranges.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        shelf.objects.lock().unwrap().insert("k".to_owned(), replacement.into());
    };
    let remote = remote(&storage, "k", 2 << 20);
    let (got, ()) = tokio::join!(get(&remote, &target), swap);
    got.unwrap();
    assert!(target.read("a/file") == swapped);
    assert!(storage.shelf.ranges.lock().unwrap().contains(&"changed".to_owned()));
}

#[tokio::test]
async fn overload_is_waited_out() {
    let (storage, target) = (storage_with("k", noise(10)).await, Target::new());
    storage.fail_with([503, 429, 500].map(Fault::Status));
    get(&remote(&storage, "k", 10), &target).await.unwrap();
    assert_eq!(target.read("a/file"), noise(10));
}

#[tokio::test]
async fn a_missing_object_is_named_and_leaves_nothing() {
    let (storage, target) = (Storage::start().await, Target::new());
    let error = get(&remote(&storage, "k", 1), &target).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("s3://bucket/k") && text.contains("404"), "{text}");
    assert!(!text.contains(SIGNATURE), "{text}");
    assert_eq!(target.directory.path().join("a").read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn an_object_of_another_size_is_refused() {
    for listed in [9, 11] {
        let (storage, target) = (storage_with("k", noise(10)).await, Target::new());
        let error = get(&remote(&storage, "k", listed), &target).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error}");
        assert!(!target.directory.path().join("a/file").exists());
    }
}

#[tokio::test]
async fn a_dropped_download_leaves_nothing() {
    let (storage, target) = (storage_with("k", noise(10)).await, Target::new());
    storage.fail_with([Fault::Silence]);
    let remote = remote(&storage, "k", 10);
    let error = to_file(&remote, &target.root, Path::new("file"), &options(1)).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }));
    assert!(target.is_empty());
}

#[tokio::test]
async fn a_folder_comes_down_in_parallel() {
    let (storage, target) = (Storage::start().await, Target::new());
    let files = (0..50).map(|index| {
        let key = format!("d{}/f{index}", index % 3);
        storage.shelf.objects.lock().unwrap().insert(key.clone(), noise(index).into());
        Ok((remote(&storage, &key, index as u64), key.into()))
    });
    let progress = to_directory(futures::stream::iter(files), &target.root, &options(30)).await.unwrap();
    assert_eq!(progress, Progress { files: 50, bytes: (0..50).sum() });
    assert_eq!(target.read("d1/f7"), noise(7));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (storage, target) = (storage_with("k", noise(10)).await, Target::new());
    storage.fail_with([Fault::Status(302)]);
    assert!(matches!(get(&remote(&storage, "k", 10), &target).await, Err(Error::Refused { .. })));
}
