use super::{BUCKET, Subject, pattern};
use crate::seam::{Error, ObjectInfo};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

pub(crate) async fn what_was_put_is_got_until_it_is_deleted(subject: &Subject) {
    let storage = &subject.storage;
    for length in [1, 1000, 300 * 1024] {
        let body = pattern(length, 1);
        storage.put(BUCKET, "dir/object", body.clone()).await.unwrap();
        assert_eq!(storage.get(BUCKET, "dir/object").await.unwrap(), body);
        let info = ObjectInfo { key: "dir/object".into(), size_bytes: length as u64 };
        assert_eq!(storage.head(BUCKET, "dir/object").await.unwrap(), info);
    }
    storage.delete(BUCKET, "dir/object").await.unwrap();
    assert!(matches!(storage.get(BUCKET, "dir/object").await, Err(Error::NotFound(_))));
    storage.delete(BUCKET, "dir/object").await.unwrap();
}

pub(crate) async fn what_is_not_there_is_not_found(subject: &Subject) {
    let storage = &subject.storage;
    assert!(matches!(storage.get(BUCKET, "nothing").await, Err(Error::NotFound(_))));
    assert!(matches!(storage.head(BUCKET, "nothing").await, Err(Error::NotFound(_))));
    assert!(matches!(storage.head("no-such-bucket", "k").await, Err(Error::NotFound(_))));
    assert!(matches!(storage.list("no-such-bucket", "", "").await, Err(Error::NotFound(_))));
    if !subject.peculiarities.buckets_come_by_themselves {
        assert!(matches!(storage.put("no-such-bucket", "k", Bytes::new()).await, Err(Error::NotFound(_))));
    }
    assert!(storage.list(BUCKET, "nothing/here/", "").await.unwrap().objects.is_empty());
    storage.ensure_bucket(BUCKET).await.unwrap();
}

pub(crate) async fn a_listing_is_in_byte_order_and_paged(subject: &Subject) {
    let storage = &subject.storage;
    let bucket = "conformance-paged";
    storage.ensure_bucket(bucket).await.unwrap();
    let mut keys: Vec<String> = (0..1003).map(|number| format!("paged/{:02}/{number:04}", number % 7)).collect();
    let put = |key: String| async move { storage.put(bucket, &key, Bytes::from_static(b"x")).await };
    futures::stream::iter(keys.clone()).map(put).buffer_unordered(32).try_collect::<Vec<()>>().await.unwrap();
    keys.sort_unstable();

    let first = storage.list(bucket, "paged/", "").await.unwrap();
    assert_eq!((first.objects.len(), first.more), (1000, true));
    let rest = storage.list(bucket, "paged/", &first.objects[999].key).await.unwrap();
    assert_eq!((rest.objects.len(), rest.more), (3, false));
    let listed: Vec<String> = first.objects.into_iter().chain(rest.objects).map(|object| object.key).collect();
    assert_eq!(listed, keys);

    let below = storage.list(bucket, "paged/03/", "").await.unwrap();
    assert_eq!(below.objects.len(), keys.iter().filter(|key| key.starts_with("paged/03/")).count());
}

pub(crate) async fn an_empty_object_is_an_object(subject: &Subject) {
    let storage = &subject.storage;
    storage.put(BUCKET, "empty", Bytes::new()).await.unwrap();
    assert_eq!(storage.get(BUCKET, "empty").await.unwrap(), Bytes::new());
    assert_eq!(storage.head(BUCKET, "empty").await.unwrap().size_bytes, 0);
    let url = storage.presign_get(BUCKET, "empty", None, super::MINUTE).await.unwrap();
    assert!(subject.http.get(url).send().await.unwrap().bytes().await.unwrap().is_empty());
    storage.delete(BUCKET, "empty").await.unwrap();
}
