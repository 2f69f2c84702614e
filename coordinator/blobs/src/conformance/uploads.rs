use super::{BUCKET, MINUTE, PART_MIN, Subject, pattern};
use crate::seam::Error;
use bytes::Bytes;
use futures::StreamExt;
use md5::{Digest, Md5};

pub(crate) async fn an_upload_is_invisible_until_it_is_complete(subject: &Subject) {
    let storage = &subject.storage;
    let (upload, etags) = subject.begin("up/one", vec![Bytes::from_static(b"hello")]).await;
    assert!(matches!(storage.head(BUCKET, "up/one").await, Err(Error::NotFound(_))));
    assert!(storage.list(BUCKET, "up/", "").await.unwrap().objects.is_empty());
    storage.complete_upload(BUCKET, "up/one", &upload, &etags).await.unwrap();
    assert_eq!(storage.get(BUCKET, "up/one").await.unwrap(), "hello");
    let url = storage.presign_get(BUCKET, "up/one", None, MINUTE).await.unwrap();
    let response = subject.http.get(url).send().await.unwrap();
    assert_eq!(response.headers()["x-amz-meta-build"], "p:1");
    storage.delete(BUCKET, "up/one").await.unwrap();
}

pub(crate) async fn parts_are_joined_in_the_order_of_their_numbers(subject: &Subject) {
    let storage = &subject.storage;
    let parts = [pattern(PART_MIN, 1), pattern(PART_MIN + 7, 2), pattern(11, 3)];
    let upload = storage.begin_upload(BUCKET, "up/joined", &[]).await.unwrap();
    let urls = storage.presign_parts(BUCKET, "up/joined", &upload, 3, MINUTE).await.unwrap();
    let mut etags = vec![String::new(); 3];
    for index in [2, 0, 1] {
        subject.put(&urls[index], Bytes::from_static(b"an earlier try")).await;
        etags[index] = subject.put(&urls[index], parts[index].clone()).await;
    }
    storage.complete_upload(BUCKET, "up/joined", &upload, &etags).await.unwrap();
    assert!(storage.get(BUCKET, "up/joined").await.unwrap() == parts.concat());
    storage.delete(BUCKET, "up/joined").await.unwrap();
}

pub(crate) async fn parts_are_stored_without_a_url(subject: &Subject) {
    let storage = &subject.storage;
    let parts = [pattern(PART_MIN, 1), pattern(11, 2)];
    let upload = storage.begin_upload(BUCKET, "up/direct", &[]).await.unwrap();
    let mut etags = Vec::new();
    for (number, part) in (1..).zip(&parts) {
        etags.push(storage.put_part(BUCKET, "up/direct", &upload, number, part.clone()).await.unwrap());
    }
    storage.complete_upload(BUCKET, "up/direct", &upload, &etags).await.unwrap();
    assert!(storage.get(BUCKET, "up/direct").await.unwrap() == parts.concat());
    storage.delete(BUCKET, "up/direct").await.unwrap();
    let late = storage.put_part(BUCKET, "up/direct", &upload, 1, Bytes::new()).await;
    assert!(matches!(late, Err(Error::NotFound(_))), "{late:?}");
}

pub(crate) async fn an_empty_file_is_an_upload_of_one_empty_part(subject: &Subject) {
    let (upload, etags) = subject.begin("up/empty", vec![Bytes::new()]).await;
    subject.storage.complete_upload(BUCKET, "up/empty", &upload, &etags).await.unwrap();
    assert_eq!(subject.storage.head(BUCKET, "up/empty").await.unwrap().size_bytes, 0);
    subject.storage.delete(BUCKET, "up/empty").await.unwrap();
}

pub(crate) async fn an_upload_is_completed_once(subject: &Subject) {
    let storage = &subject.storage;
    let (upload, etags) = subject.begin("up/once", vec![Bytes::from_static(b"x")]).await;
    storage.complete_upload(BUCKET, "up/once", &upload, &etags).await.unwrap();
    let again = storage.complete_upload(BUCKET, "up/once", &upload, &etags).await;
    if !subject.peculiarities.completes_again {
        assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    }
    storage.abort_upload(BUCKET, "up/once", &upload).await.unwrap();
    assert_eq!(storage.get(BUCKET, "up/once").await.unwrap(), "x");
    storage.delete(BUCKET, "up/once").await.unwrap();
}

pub(crate) async fn an_aborted_upload_leaves_nothing(subject: &Subject) {
    let storage = &subject.storage;
    let (upload, etags) = subject.begin("up/aborted", vec![Bytes::from_static(b"x")]).await;
    let urls = storage.presign_parts(BUCKET, "up/aborted", &upload, 1, MINUTE).await.unwrap();
    storage.abort_upload(BUCKET, "up/aborted", &upload).await.unwrap();
    storage.abort_upload(BUCKET, "up/aborted", &upload).await.unwrap();
    let late = subject.http.put(&urls[0]).body("late").send().await.unwrap();
    assert_eq!(late.status(), 404);
    let completed = storage.complete_upload(BUCKET, "up/aborted", &upload, &etags).await;
    assert!(matches!(completed, Err(Error::NotFound(_))), "{completed:?}");
    assert!(matches!(storage.head(BUCKET, "up/aborted").await, Err(Error::NotFound(_))));
}

pub(crate) async fn parts_that_were_not_uploaded_are_refused(subject: &Subject) {
    let storage = &subject.storage;
    let (upload, etags) = subject.begin("up/parts", vec![Bytes::from_static(b"x")]).await;
    let wrong = vec!["\"0123456789abcdef0123456789abcdef\"".to_owned()];
    let completed = storage.complete_upload(BUCKET, "up/parts", &upload, &wrong).await;
    assert!(matches!(completed, Err(Error::Refused(_))), "{completed:?}");
    assert!(matches!(storage.head(BUCKET, "up/parts").await, Err(Error::NotFound(_))));
    storage.complete_upload(BUCKET, "up/parts", &upload, &etags).await.unwrap();
    storage.delete(BUCKET, "up/parts").await.unwrap();
}

pub(crate) async fn large_objects_stream_both_ways(subject: &Subject) {
    let parts: Vec<Bytes> = (0..8).map(|seed| pattern(8 * 1024 * 1024, seed)).collect();
    let mut sent = Md5::new();
    parts.iter().for_each(|part| sent.update(part));
    let (upload, etags) = subject.begin("up/large", parts).await;
    subject.storage.complete_upload(BUCKET, "up/large", &upload, &etags).await.unwrap();

    let url = subject.storage.presign_get(BUCKET, "up/large", None, MINUTE).await.unwrap();
    let response = subject.http.get(&url).send().await.unwrap();
    assert_eq!(response.content_length(), Some(64 * 1024 * 1024));
    let (mut got, mut body) = (Md5::new(), response.bytes_stream());
    while let Some(chunk) = body.next().await {
        got.update(chunk.unwrap());
    }
    assert_eq!(got.finalize(), sent.finalize());

    // A range across the border of two parts.
    let border = 8 * 1024 * 1024;
    let range = format!("bytes={}-{}", border - 2, border + 1);
    let response = subject.http.get(url).header("range", range).send().await.unwrap();
    assert_eq!(response.status(), 206);
    let expected = [&pattern(border, 0)[border - 2..], &pattern(border, 1)[..2]].concat();
    assert_eq!(response.bytes().await.unwrap(), expected);
    subject.storage.delete(BUCKET, "up/large").await.unwrap();
}
