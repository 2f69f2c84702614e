//! What a start finds, and what is never seen.

use super::super::blob::{Blobs, Owner};
use super::super::*;
use crate::conformance::{BUCKET, MINUTE, info, pattern, plain_client};
use crate::seam::{Objects, Transfers};
use buildyard_model::Timestamp;
use bytes::Bytes;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

const LARGE: usize = 400 * 1024;

async fn open(directory: &Path) -> Embedded {
    let embedded = Embedded::open(directory, info("http://localhost:1")).await.unwrap();
    embedded.ensure_bucket(BUCKET).await.unwrap();
    embedded
}

fn files_below(path: &Path) -> usize {
    let entries = std::fs::read_dir(path).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    entries.into_iter().flatten().map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    embedded.put(BUCKET, "small", Bytes::from_static(b"s")).await.unwrap();
    embedded.put(BUCKET, "large", pattern(LARGE, 1)).await.unwrap();
    let upload = embedded.begin_upload(BUCKET, "k", &[]).await.unwrap();
    drop(embedded);
    let embedded = open(directory.path()).await;
    assert_eq!(embedded.get(BUCKET, "small").await.unwrap(), "s");
    assert_eq!(embedded.get(BUCKET, "large").await.unwrap(), pattern(LARGE, 1));
    let parts = embedded.complete_upload(BUCKET, "k", &upload, &["\"00000000000000000000000000000000\"".into()]).await;
    assert!(matches!(parts, Err(Error::Refused(_))), "the upload is still there: {parts:?}");
}

#[tokio::test]
async fn a_replaced_or_deleted_object_leaves_no_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    for seed in 0..3 {
        embedded.put(BUCKET, "dir/k", pattern(LARGE, seed)).await.unwrap();
        assert_eq!(files_below(&directory.path().join("blobs")), 1);
    }
    embedded.put(BUCKET, "dir/k", Bytes::from_static(b"small")).await.unwrap();
    assert_eq!(files_below(&directory.path().join("blobs")), 0);
    embedded.put(BUCKET, "dir/k", pattern(LARGE, 9)).await.unwrap();
    embedded.delete(BUCKET, "dir/k").await.unwrap();
    for part in ["blobs", "doubts", "tmp"] {
        assert_eq!(files_below(&directory.path().join(part)), 0, "{part}");
    }
    assert_eq!(files_below(&directory.path().join("buckets")), 1, "only the bucket's record is left");
}

#[tokio::test]
async fn blobs_in_doubt_are_settled_by_what_the_record_says() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    embedded.put(BUCKET, "k", pattern(LARGE, 1)).await.unwrap();
    let named = embedded.store.entry(BUCKET, "k").unwrap().blob.unwrap().id;
    // As if the coordinator died while replacing "k": both blobs are there, and in doubt.
    let owner = Owner { bucket: BUCKET.into(), key: "k".into() };
    let orphan = Blobs::new_id();
    for id in [&named, &orphan] {
        embedded.store.blobs.doubt(id, &owner).unwrap();
    }
    embedded.store.blobs.create_file(&orphan, "whole").unwrap();
    std::fs::write(directory.path().join("tmp/half"), b"x").unwrap();
    drop(embedded);
    let embedded = open(directory.path()).await;
    assert_eq!(embedded.get(BUCKET, "k").await.unwrap(), pattern(LARGE, 1));
    assert_eq!(files_below(&directory.path().join("blobs")), 1);
    assert_eq!(files_below(&directory.path().join("doubts")) + files_below(&directory.path().join("tmp")), 0);
}

#[tokio::test]
async fn a_crash_while_completing_neither_loses_the_object_nor_repeats_it() {
    let server = crate::conformance::Server::start().await;
    let embedded = &server.embedded;
    embedded.ensure_bucket(BUCKET).await.unwrap();
    let upload = embedded.begin_upload(BUCKET, "k", &[]).await.unwrap();
    let urls = embedded.presign_parts(BUCKET, "k", &upload, 1, MINUTE).await.unwrap();
    let etag = plain_client().put(&urls[0]).body(pattern(LARGE, 4)).send().await.unwrap().headers()["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let record = server.directory.path().join("uploads").join(&upload).join("upload");
    let kept = std::fs::read(&record).unwrap();
    embedded.complete_upload(BUCKET, "k", &upload, std::slice::from_ref(&etag)).await.unwrap();
    // As if the upload's record could not be removed, then as if it died before that.
    std::fs::create_dir_all(record.parent().unwrap()).unwrap();
    std::fs::write(&record, &kept).unwrap();
    let again = embedded.complete_upload(BUCKET, "k", &upload, std::slice::from_ref(&etag)).await;
    assert!(matches!(again, Err(Error::NotFound(_))));
    std::fs::create_dir_all(record.parent().unwrap()).unwrap();
    std::fs::write(&record, kept).unwrap();
    let embedded = Embedded::open(server.directory.path(), info(&server.url)).await.unwrap();
    assert!(matches!(embedded.complete_upload(BUCKET, "k", &upload, &[etag]).await, Err(Error::NotFound(_))));
    assert_eq!(embedded.get(BUCKET, "k").await.unwrap(), pattern(LARGE, 4));
}

#[tokio::test]
async fn an_upload_older_than_a_day_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hands(AtomicI64::new(1_000_000)));
    let embedded = Embedded::open_with_clock(directory.path(), info(""), clock.clone()).await.unwrap();
    embedded.ensure_bucket(BUCKET).await.unwrap();
    embedded.begin_upload(BUCKET, "old", &[]).await.unwrap();
    clock.0.fetch_add(i64::try_from(Duration::from_hours(23).as_millis()).unwrap(), Ordering::Relaxed);
    embedded.begin_upload(BUCKET, "young", &[]).await.unwrap();
    embedded.sweep().await.unwrap();
    assert_eq!(embedded.store.uploads_into(BUCKET).unwrap().len(), 2);
    clock.0.fetch_add(i64::try_from(Duration::from_hours(2).as_millis()).unwrap(), Ordering::Relaxed);
    drop(embedded);
    let embedded = Embedded::open_with_clock(directory.path(), info(""), clock).await.unwrap();
    let left = embedded.store.uploads_into(BUCKET).unwrap();
    assert_eq!(left.iter().map(|(_, upload)| upload.owner.key.as_str()).collect::<Vec<_>>(), ["young"]);
}

#[tokio::test]
async fn urls_are_refused_until_the_address_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(directory.path(), info("")).await.unwrap();
    assert!(matches!(embedded.presign_get(BUCKET, "k", None, MINUTE).await, Err(Error::Unavailable(_))));
    embedded.set_public_url("http://localhost:7000").unwrap();
    assert!(
        embedded
            .presign_get(BUCKET, "k", None, MINUTE)
            .await
            .unwrap()
            .starts_with("http://localhost:7000/conformance/k?")
    );
}

#[tokio::test]
async fn a_damaged_note_costs_space_and_not_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    embedded.put(BUCKET, "k", pattern(LARGE, 1)).await.unwrap();
    let id = embedded.store.entry(BUCKET, "k").unwrap().blob.unwrap().id;
    std::fs::write(directory.path().join("doubts").join(&id), b"").unwrap();
    drop(embedded);
    let embedded = open(directory.path()).await;
    assert_eq!(embedded.get(BUCKET, "k").await.unwrap(), pattern(LARGE, 1));
    assert_eq!(files_below(&directory.path().join("doubts")), 0);
}
