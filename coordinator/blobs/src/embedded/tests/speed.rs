//! How fast it is; to be looked at, not to fail.

use super::super::listing::Query;
use super::super::walk::Passed;
use crate::conformance::{BUCKET, MINUTE, Server, pattern, plain_client};
use crate::seam::{Objects, Transfers};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints times"]
async fn speed() {
    let server = Server::start().await;
    let storage = &server.embedded;
    storage.ensure_bucket(BUCKET).await.unwrap();

    let start = Instant::now();
    for number in 0..500 {
        storage.put(BUCKET, &format!("one/{number}"), Bytes::from(vec![0; 8192])).await.unwrap();
    }
    eprintln!("put of 8 KiB, one after another: {:?} each", start.elapsed() / 500);

    let start = Instant::now();
    let put = |number: u32| async move {
        storage.put(BUCKET, &format!("many/{number:06}"), Bytes::from_static(b"x")).await.unwrap();
    };
    futures::stream::iter(0..20_000).map(put).buffer_unordered(64).collect::<Vec<()>>().await;
    eprintln!("put of 1 byte, 64 at a time: {:?} each", start.elapsed() / 20_000);

    let start = Instant::now();
    let (mut after, mut pages) = (String::new(), 0);
    loop {
        let page = storage.list(BUCKET, "many/", &after).await.unwrap();
        pages += 1;
        after = page.objects.last().unwrap().key.clone();
        if !page.more {
            break;
        }
    }
    eprintln!("a page of 20000 keys in one directory: {:?} each", start.elapsed() / pages);
    let start = Instant::now();
    storage
        .store
        .list(BUCKET, Query { prefix: "", delimiter: "/", passed: Passed::Key(Vec::new()), limit: 1000 })
        .unwrap();
    eprintln!("the two folders above them: {:?}", start.elapsed());

    let part = pattern(64 * 1024 * 1024, 1);
    let upload = storage.begin_upload(BUCKET, "large", &[]).await.unwrap();
    let urls = storage.presign_parts(BUCKET, "large", &upload, 16, MINUTE).await.unwrap();
    let (http, mut etags) = (plain_client(), Vec::new());
    let start = Instant::now();
    for url in &urls {
        let response = http.put(url).body(part.clone()).send().await.unwrap();
        etags.push(response.headers()["etag"].to_str().unwrap().to_owned());
    }
    eprintln!("upload of 1 GiB in 16 parts over HTTP: {:?}", start.elapsed());
    let start = Instant::now();
    storage.complete_upload(BUCKET, "large", &upload, &etags).await.unwrap();
    eprintln!("completing it: {:?}", start.elapsed());
    let url = storage.presign_get(BUCKET, "large", None, MINUTE).await.unwrap();
    let start = Instant::now();
    let mut body = http.get(url).send().await.unwrap().bytes_stream();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        length += chunk.unwrap().len();
    }
    eprintln!("download of {length} bytes over HTTP: {:?}", start.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    eprintln!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}
