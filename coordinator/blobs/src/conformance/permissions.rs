use super::{BUCKET, MINUTE, Subject};
use bytes::Bytes;
use std::time::Duration;

pub(crate) async fn a_presigned_url_is_for_its_method_and_object_only(subject: &Subject) {
    let storage = &subject.storage;
    storage.put(BUCKET, "mine", Bytes::from_static(b"m")).await.unwrap();
    storage.put(BUCKET, "other", Bytes::from_static(b"o")).await.unwrap();
    let get = storage.presign_get(BUCKET, "mine", None, MINUTE).await.unwrap();
    assert_eq!(subject.http.get(&get).send().await.unwrap().status(), 200);
    let last = if get.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &get[..get.len() - 1]);
    for (what, request) in [
        ("another method", subject.http.put(&get).body("x")),
        ("another object", subject.http.get(get.replacen("/mine", "/other", 1))),
        ("a longer validity", subject.http.get(get.replacen("X-Amz-Expires=60", "X-Amz-Expires=61", 1))),
        ("a further parameter", subject.http.get(format!("{get}&response-content-type=text%2Fhtml"))),
        ("another signature", subject.http.get(forged)),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 403, "{what}");
    }
    assert_eq!(storage.get(BUCKET, "mine").await.unwrap(), "m");
    storage.delete(BUCKET, "mine").await.unwrap();
    storage.delete(BUCKET, "other").await.unwrap();
}

pub(crate) async fn an_expired_url_is_refused(subject: &Subject) {
    let storage = &subject.storage;
    let url = storage.presign_put(BUCKET, "late", Duration::from_secs(1)).await.unwrap();
    // Validity counts in whole seconds of the wall clock.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(subject.http.put(url).body("x").send().await.unwrap().status(), 403);
    assert!(storage.list(BUCKET, "late", "").await.unwrap().objects.is_empty());
}

pub(crate) async fn without_a_signature_nothing_is_allowed(subject: &Subject) {
    let storage = &subject.storage;
    storage.put(BUCKET, "private", Bytes::from_static(b"p")).await.unwrap();
    let url = storage.presign_get(BUCKET, "private", None, MINUTE).await.unwrap();
    let bare = url.split('?').next().unwrap();
    assert_eq!(subject.http.get(bare).send().await.unwrap().status(), 403);
    assert_eq!(subject.http.put(bare).body("x").send().await.unwrap().status(), 403);
    assert_eq!(subject.http.delete(bare).send().await.unwrap().status(), 403);
    assert_eq!(storage.get(BUCKET, "private").await.unwrap(), "p");
    storage.delete(BUCKET, "private").await.unwrap();
}
