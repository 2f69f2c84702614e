//! A process that writes objects is killed at any moment, again and again: what it acknowledged is there, everything that
//! is there is whole, and nothing else is left (reliability I7, F61).

use super::super::blob::Owner;
use super::super::entry::Attributes;
use super::super::receive::Stated;
use super::super::upload::{self, Completion, Named, Upload};
use super::super::*;
use crate::conformance::{BUCKET, info};
use crate::seam::Objects;
use bytes::Bytes;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DIRECTORY: &str = "BUILDYARD_TEST_KILL_DIRECTORY";
/// More rounds than the default, for a long run.
const ROUNDS: &str = "BUILDYARD_TEST_KILL_ROUNDS";
const KEYS: u64 = 5;

/// What version `version` of a key holds: its number, over and over. Small, in a blob, or of two parts.
fn body(version: u64) -> Bytes {
    let length = [100, 400 * 1024, 5 * 1024 * 1024 + 8][usize::try_from(version % 3).unwrap()];
    version.to_be_bytes().repeat(length / 8).into()
}

fn is_whole(body: &Bytes) -> Option<u64> {
    let version = u64::from_be_bytes(body.get(..8)?.try_into().ok()?);
    (*body == self::body(version)).then_some(version)
}

fn owner(key: &str) -> Owner {
    Owner { bucket: BUCKET.into(), key: key.into() }
}

async fn upload(embedded: &Embedded, key: &str, body: &Bytes) {
    let store = &embedded.store;
    let record =
        Upload { owner: owner(key), begun_ms: store.now().0, attributes: Attributes::default(), checksum: None };
    let id = store.begin_upload(&record).unwrap();
    let (mut parts, mut number) = (Vec::new(), 0);
    for part in [body.slice(..5 * 1024 * 1024), body.slice(5 * 1024 * 1024..)] {
        number += 1;
        let stream = futures::stream::iter([Ok::<_, Infallible>(part)]);
        let part = upload::put_part(store, owner(key), id.clone(), number, Stated::default(), stream).await.unwrap();
        parts.push(Named { number, etag: part.etag, checksum: None });
    }
    store.complete_upload(&owner(key), &id, &Completion { parts, ..Completion::default() }).unwrap();
}

/// The process that is killed: not a test by itself.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is run by the test below"]
async fn victim() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let embedded = Embedded::open(Path::new(&directory), info("")).await.unwrap();
    embedded.ensure_bucket(BUCKET).await.unwrap();
    let mut version = embedded.store.now().0.unsigned_abs();
    loop {
        version += 1;
        let (key, body) = (format!("dir/{}", version % KEYS), body(version));
        match version % 3 {
            2 => upload(&embedded, &key, &body).await,
            _ => embedded.put(BUCKET, &key, body).await.unwrap(),
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nstored {key} {version}").unwrap();
        out.flush().unwrap();
    }
}

/// Runs the victim for a time; gives the last version of each key that it acknowledged.
fn run_and_kill(directory: &Path, life: Duration) -> HashMap<String, u64> {
    let victim = format!("{}::victim", module_path!().split_once("::").unwrap().1);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &victim, "--ignored", "--nocapture"]).env(DIRECTORY, directory);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut stored = HashMap::new();
    let mut note = |line: &str| {
        let mut words = line.split(' ');
        if let (Some("stored"), Some(key), Some(version)) = (words.next(), words.next(), words.next()) {
            stored.insert(key.to_owned(), version.parse().unwrap());
        }
    };
    // It lives for a time after its first object.
    let mut end = None;
    while end.is_none_or(|end| Instant::now() < end) {
        let line = lines.next().expect("the victim died by itself").unwrap();
        note(&line);
        if line.starts_with("stored") && end.is_none() {
            end = Some(Instant::now() + life);
        }
    }
    process.kill().unwrap();
    // What it said before it died counts; the last line may be cut off.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    for line in rest.split_last().map_or(&[][..], |(_, whole)| whole) {
        note(line);
    }
    process.wait().unwrap();
    stored
}

async fn look(directory: &Path, stored: &HashMap<String, u64>) {
    let embedded = Embedded::open(directory, info("")).await.unwrap();
    let mut blobs = 0;
    for object in embedded.list(BUCKET, "", "").await.unwrap().objects {
        let entry = embedded.store.entry(BUCKET, &object.key).unwrap();
        blobs += usize::from(entry.blob.is_some());
        let version = is_whole(&embedded.get(BUCKET, &object.key).await.unwrap());
        let version = version.unwrap_or_else(|| panic!("{} is not whole: {entry:?}", object.key));
        assert!(stored.get(&object.key).is_none_or(|stored| version >= *stored), "{} lost {stored:?}", object.key);
    }
    for key in stored.keys() {
        assert!(embedded.head(BUCKET, key).await.is_ok(), "{key} is lost");
    }
    let uploads = embedded.store.uploads_into(BUCKET).unwrap();
    assert!(uploads.len() <= 1, "at most the one in flight: {uploads:?}");
    for (id, upload) in uploads {
        embedded.store.abort_upload(&upload.owner, &id).unwrap();
    }
    let kept = std::fs::read_dir(directory.join("blobs")).unwrap().flatten();
    let kept: usize = kept.map(|shard| std::fs::read_dir(shard.path()).unwrap().count()).sum();
    assert_eq!(kept, blobs, "every blob belongs to an object");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_leaves_whole_objects_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(4);
    for round in 0..rounds {
        let (path, life) = (directory.path().to_path_buf(), Duration::from_millis(round * 37 % 150));
        let stored = tokio::task::spawn_blocking(move || run_and_kill(&path, life)).await.unwrap();
        look(directory.path(), &stored).await;
    }
}
