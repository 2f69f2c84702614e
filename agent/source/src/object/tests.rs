use super::*;
use crate::{Fetched, Fetcher, ObjectLimits};
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use buildyard_model::{Source, SourceKind};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use tokio::task::JoinHandle;

type Objects = BTreeMap<String, Vec<u8>>;

/// A bucket on loopback that lists two objects a page.
struct Bucket {
    objects: Arc<Objects>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Bucket {
    async fn with(objects: &[(&str, &[u8])]) -> Self {
        let objects: Objects = objects.iter().map(|(key, bytes)| ((*key).to_owned(), bytes.to_vec())).collect();
        let objects = Arc::new(objects);
        let get = |State(objects): State<Arc<Objects>>, UrlPath(index): UrlPath<usize>| async move {
            objects.values().nth(index).cloned().ok_or(StatusCode::NOT_FOUND)
        };
        let router = axum::Router::new().route("/{index}", axum::routing::get(get)).with_state(Arc::clone(&objects));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { objects, address, server }
    }

    async fn fetch(&self, location: &str) -> Result<tempfile::TempDir, Error> {
        self.fetch_with(location, |_| {}).await
    }

    async fn fetch_with(&self, location: &str, change: impl FnOnce(&mut Options)) -> Result<tempfile::TempDir, Error> {
        let base = tempfile::tempdir().unwrap();
        let mut options = Options::new(base.path().join("state"));
        change(&mut options);
        let source = Source { kind: SourceKind::S3 { location: location.to_owned() }, version: None };
        let fetcher = Fetcher::new(options).unwrap();
        let fetched = fetcher.fetch(&source, &base.path().join("src"), self, &|_| {}).await?;
        assert_eq!(fetched, Fetched { resolved_version: None });
        assert!(base.path().join("state/tmp").read_dir().unwrap().next().is_none());
        Ok(base)
    }
}

#[async_trait]
impl ObjectUrls for Bucket {
    async fn page(&self, location: &ObjectLocation, after: Option<&str>) -> Result<Page, ListError> {
        let matches = |key: &str| {
            if location.key.ends_with('/') { key.starts_with(&location.key) } else { key == location.key }
        };
        let all = self.objects.iter().enumerate().filter(|(_, (key, _))| matches(key));
        let mut rest =
            all.filter(|(_, (key, _))| after.is_none_or(|after| key.as_str() > after)).map(|(index, object)| {
                let (key, size_bytes) = (object.0.clone(), object.1.len() as u64);
                RemoteObject { key, url: format!("http://{}/{index}", self.address), size_bytes }
            });
        let objects: Vec<RemoteObject> = rest.by_ref().take(2).collect();
        let next = rest.next().and(objects.last()).map(|last| last.key.clone());
        Ok(Page { objects, next })
    }
}

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_zip_is_unpacked() {
    let bucket = Bucket::with(&[("a/source.zip", &zip_of(&[("buildspec.yml", "version: 0.2"), ("d/run", "x")]))]).await;
    let base = bucket.fetch("bucket/a/source.zip").await.unwrap();
    assert_eq!(std::fs::read_to_string(base.path().join("src/buildspec.yml")).unwrap(), "version: 0.2");
    assert!(base.path().join("src/d/run").is_file());
}

#[tokio::test]
async fn an_object_that_is_no_zip_or_not_there_is_explained() {
    let bucket = Bucket::with(&[("text", b"hello"), ("folder/x", b"1")]).await;
    let error = bucket.fetch("bucket/text").await.unwrap_err().to_string();
    assert!(error.contains("is not a ZIP"), "{error}");
    let error = bucket.fetch("bucket/folder").await.unwrap_err().to_string();
    assert!(error.contains("there is no object s3://bucket/folder"), "{error}");
    let error = bucket.fetch("bucket/nothing/").await.unwrap_err().to_string();
    assert!(error.contains("there is nothing at s3://bucket/nothing/"), "{error}");
}

#[tokio::test]
async fn a_folder_comes_with_all_its_pages_and_directories() {
    let bucket = Bucket::with(&[
        ("f/", b""),
        ("f/a", b"1"),
        ("f/b/c", b"2"),
        ("f/b/d", b"3"),
        ("f/empty/", b""),
        ("f/z", b""),
        ("g/x", b"no"),
    ])
    .await;
    let base = bucket.fetch("bucket/f/").await.unwrap();
    let read = |path: &str| std::fs::read_to_string(base.path().join("src").join(path)).unwrap();
    assert_eq!([read("a"), read("b/c"), read("b/d"), read("z")], ["1", "2", "3", ""]);
    assert!(base.path().join("src/empty").is_dir());
    assert!(!base.path().join("src/x").exists());
}

#[tokio::test]
async fn keys_that_lead_out_of_the_folder_are_refused() {
    for key in ["f/../../x", "f/a/../b", "f//etc/passwd", "f/a//b", "f/C:\\x", "f/..\\x"] {
        let bucket = Bucket::with(&[(key, b"1")]).await;
        let error = bucket.fetch("bucket/f/").await.unwrap_err();
        assert!(matches!(error, Error::Object(transfer::Error::List(_))), "{key}: {error}");
    }
}

#[tokio::test]
async fn a_hostile_zip_leaves_nothing() {
    let bucket = Bucket::with(&[("s.zip", &zip_of(&[("ok", "1"), ("../../escaped", "2")]))]).await;
    assert!(matches!(bucket.fetch("bucket/s.zip").await, Err(Error::Archive(_))));
}

#[tokio::test]
async fn objects_are_limited_in_number_and_bytes() {
    let bucket = Bucket::with(&[("f/a", b"1"), ("f/b", b"2"), ("f/c", b"3")]).await;
    let fetch = |count, total_bytes| {
        bucket.fetch_with("bucket/f/", move |options| options.objects = ObjectLimits { count, total_bytes })
    };
    assert!(fetch(3, 3).await.is_ok());
    assert!(fetch(2, 3).await.is_err());
    assert!(fetch(3, 2).await.is_err());
}
