//! Named documents.

use crate::document::{Change, DocumentKind, Expected};
use crate::roles::{Error, Store};
use std::sync::Arc;

fn change(key: &str, expected: Expected, body: Option<&str>) -> Change {
    Change { kind: DocumentKind::Project, key: key.to_owned(), expected, body: body.map(str::to_owned) }
}

async fn version(store: &Arc<dyn Store>, key: &str) -> Option<(u64, String)> {
    let document = store.document(DocumentKind::Project, key).await.unwrap()?;
    Some((document.version, document.body))
}

pub(crate) async fn a_document_is_made_replaced_and_removed(store: Arc<dyn Store>) {
    store.change(&[change("a", Expected::Absent, Some("1"))]).await.unwrap();
    assert_eq!(version(&store, "a").await, Some((1, "1".to_owned())));
    store.change(&[change("a", Expected::Version(1), Some("2"))]).await.unwrap();
    store.change(&[change("a", Expected::Anything, Some("3"))]).await.unwrap();
    assert_eq!(version(&store, "a").await, Some((3, "3".to_owned())));
    assert_eq!(store.document(DocumentKind::User, "a").await.unwrap(), None, "kinds are apart");
    store.change(&[change("a", Expected::Version(3), None)]).await.unwrap();
    assert_eq!(version(&store, "a").await, None);
    store.change(&[change("a", Expected::Anything, None)]).await.unwrap();
}

pub(crate) async fn changes_are_made_all_or_none(store: Arc<dyn Store>) {
    store.change(&[change("a", Expected::Absent, Some("1"))]).await.unwrap();
    for refused in [change("a", Expected::Absent, Some("x")), change("a", Expected::Version(2), None)] {
        let both = [change("b", Expected::Absent, Some("x")), refused];
        assert!(matches!(store.change(&both).await, Err(Error::Conflict(_))));
        assert_eq!(version(&store, "b").await, None);
        assert_eq!(version(&store, "a").await, Some((1, "1".to_owned())));
    }
    // Later changes see what earlier ones did.
    let twice = [change("c", Expected::Absent, Some("1")), change("c", Expected::Version(1), Some("2"))];
    store.change(&twice).await.unwrap();
    assert_eq!(version(&store, "c").await, Some((2, "2".to_owned())));
}

pub(crate) async fn documents_are_listed_by_key_in_pages(store: Arc<dyn Store>) {
    for key in ["/b", "/a/2", "/a/1", "/a", "/a%", "/ab", "é"] {
        store.change(&[change(key, Expected::Absent, Some("{}"))]).await.unwrap();
    }
    let list = async |prefix: &str, after: &str, limit| -> Vec<String> {
        let page = store.documents(DocumentKind::Project, prefix, after, limit).await.unwrap();
        page.into_iter().map(|document| document.key).collect()
    };
    assert_eq!(list("", "", 99).await, ["/a", "/a%", "/a/1", "/a/2", "/ab", "/b", "é"]);
    assert_eq!(list("/a/", "", 99).await, ["/a/1", "/a/2"]);
    assert_eq!(list("/a/", "/a/1", 99).await, ["/a/2"]);
    assert_eq!(list("/a/", "/b", 99).await, [""; 0]);
    assert_eq!(list("/a", "", 2).await, ["/a", "/a%"]);
    assert_eq!(list("/a", "/a%", 2).await, ["/a/1", "/a/2"]);
    assert_eq!(list("/b", "/a", 9).await, ["/b"]);
}
