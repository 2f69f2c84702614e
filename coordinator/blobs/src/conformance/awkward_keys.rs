use super::{BUCKET, MINUTE, Subject};
use bytes::Bytes;

/// Keys that any S3 takes.
fn plain() -> Vec<String> {
    let mut keys: Vec<String> = [
        "with space",
        " leading and trailing ",
        "a+b",
        "a%2Fb",
        "%",
        "100%25",
        "käse/日本語/🦀",
        "q?x=1&y=2#z",
        "(')!*~@:;,$=[]{}|^`\"<>",
        "....",
        "a.b/..c/d..",
        "=object",
        "+directory",
        "~cut",
    ]
    .map(String::from)
    .to_vec();
    keys.push("x".repeat(200));
    keys.push(format!("{}/{}", "y".repeat(79), "z".repeat(81)));
    keys
}

/// Keys that look like paths to somewhere else.
fn paths() -> Vec<String> {
    let mut keys: Vec<String> =
        ["../up", "a/../../b", "./here", "/leading", "//", "double//slash", "trailing/", ".", "..", "back\\slash"]
            .map(String::from)
            .to_vec();
    keys.push("é".repeat(512));
    keys.push("/".repeat(100));
    keys
}

pub(crate) async fn any_key_is_put_got_listed_and_deleted(subject: &Subject) {
    let storage = &subject.storage;
    let mut keys = plain();
    if !subject.peculiarities.keys_are_paths {
        keys.extend(paths());
    }
    for key in &keys {
        storage.put(BUCKET, key, Bytes::from(key.clone())).await.unwrap();
    }
    for key in &keys {
        assert_eq!(storage.get(BUCKET, key).await.unwrap(), key.as_bytes(), "{key}");
    }
    let mut listed: Vec<String> = Vec::new();
    for object in storage.list(BUCKET, "", "").await.unwrap().objects {
        listed.push(object.key);
    }
    keys.sort_unstable();
    assert_eq!(listed, keys);
    for key in &keys {
        storage.delete(BUCKET, key).await.unwrap();
    }
    assert!(storage.list(BUCKET, "", "").await.unwrap().objects.is_empty());
}

/// Dotted components are left out: HTTP clients resolve them in any URL, also as `%2e`.
pub(crate) async fn any_key_travels_in_a_presigned_url(subject: &Subject) {
    let mut keys = plain();
    if !subject.peculiarities.keys_are_paths {
        keys.extend(paths().into_iter().filter(|key| !key.split('/').any(|part| part == "." || part == "..")));
    }
    for key in keys {
        let url = subject.storage.presign_put(BUCKET, &key, MINUTE).await.unwrap();
        subject.put(&url, Bytes::from(key.clone())).await;
        assert_eq!(subject.storage.get(BUCKET, &key).await.unwrap(), key.as_bytes(), "{key}");
        let url = subject.storage.presign_get(BUCKET, &key, None, MINUTE).await.unwrap();
        let response = subject.http.get(url).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), key);
        subject.storage.delete(BUCKET, &key).await.unwrap();
    }
}
