//! Several at once.

use super::super::condition::{Conditions, Tag};
use super::super::write::{self, Put};
use super::super::*;
use crate::conformance::{BUCKET, info, pattern};
use crate::seam::Objects;
use bytes::Bytes;
use futures::StreamExt;
use std::convert::Infallible;

const LARGE: usize = 3 * 1024 * 1024;

async fn open(directory: &Path) -> Embedded {
    let embedded = Embedded::open(directory, info("http://localhost:1")).await.unwrap();
    embedded.ensure_bucket(BUCKET).await.unwrap();
    embedded
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_creators_one_wins() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let create = |number: u8| {
        let store = Arc::clone(&embedded.store);
        async move {
            let conditions = Conditions { differs: Some(Tag::Any), ..Conditions::default() };
            let body = futures::stream::iter([Ok::<_, Infallible>(Bytes::from(vec![number]))]);
            write::put(&store, Put { conditions, ..Put::plain(BUCKET, "lock") }, body).await.is_ok()
        }
    };
    let won = futures::future::join_all((0..16).map(create)).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_and_deleters_in_one_directory_do_not_disturb_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let work = |number: usize| {
        let embedded = embedded.clone();
        async move {
            let key = format!("a/b/c/{}", number % 8);
            for _ in 0..20 {
                embedded.put(BUCKET, &key, Bytes::from_static(b"x")).await.unwrap();
                embedded.delete(BUCKET, &key).await.unwrap();
            }
        }
    };
    futures::future::join_all((0..16).map(work)).await;
    assert!(embedded.list(BUCKET, "", "").await.unwrap().objects.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_what_it_opened_although_it_is_replaced_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    embedded.put(BUCKET, "k", pattern(LARGE, 1)).await.unwrap();
    let (_, source) = embedded.store.open_object(BUCKET, "k").unwrap();
    let mut stream = source.stream();
    let first = stream.next().await.unwrap().unwrap();
    embedded.put(BUCKET, "k", pattern(LARGE, 2)).await.unwrap();
    embedded.delete(BUCKET, "k").await.unwrap();
    let mut got = first.to_vec();
    while let Some(chunk) = stream.next().await {
        got.extend_from_slice(&chunk.unwrap());
    }
    assert!(got == pattern(LARGE, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_during_replacement_are_whole() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let versions: Vec<Bytes> = (0..4).map(|seed| pattern(400 * 1024, seed)).collect();
    embedded.put(BUCKET, "k", versions[0].clone()).await.unwrap();
    let writer = async {
        for turn in 0..12 {
            embedded.put(BUCKET, "k", versions[turn % 4].clone()).await.unwrap();
        }
    };
    let reader = async {
        for _ in 0..40 {
            let got = embedded.get(BUCKET, "k").await.unwrap();
            assert!(versions.contains(&got));
        }
    };
    futures::join!(writer, reader);
}
