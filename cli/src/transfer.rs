//! Bytes through presigned URLs: one file up, one file down. Streams; memory does not grow with the file.

use crate::failure::{Failure, chain};
use futures::{Stream, TryStreamExt};
use indicatif::ProgressBar;
use reqwest::header::CONTENT_LENGTH;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio_util::bytes::Bytes;
use tokio_util::io::ReaderStream;

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);
/// A file up to this long is held in memory on its way, in bytes.
const SMALL: u64 = 256 * 1024;

/// Sends the file at `path`, `length` bytes long.
pub(crate) async fn put(url: &str, path: &Path, length: u64, bar: &ProgressBar) -> Result<(), Failure> {
    let file = File::open(path).await.map_err(Failure::file("read", path))?;
    let bar = bar.clone();
    let chunks = ReaderStream::with_capacity(file, 256 * 1024).inspect_ok(move |chunk| bar.inc(chunk.len() as u64));
    let body = reqwest::Body::wrap_stream(chunks);
    let sent = client()?.put(url).header(CONTENT_LENGTH, length).body(body).send().await;
    checked("send the source to", sent).await.map(drop)
}

/// Fetches `url` into `path`, which appears whole or not at all, with the folders on its way; `length` is what must
/// arrive.
pub(crate) async fn get(
    client: &reqwest::Client,
    url: &str,
    path: &Path,
    length: u64,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let answer = checked("fetch from", client.get(url).send().await).await?;
    let chunks = answer.bytes_stream().map_err(|error| std::io::Error::other(chain(&error.without_url())));
    let chunks = chunks.inspect_ok(|chunk| bar.inc(chunk.len() as u64));
    let written = if length <= SMALL { small(path, length, chunks).await } else { large(path, length, chunks).await };
    match written {
        Ok(count) if count == length => Ok(()),
        Ok(count) => Err(Failure::service(format!("cannot fetch {}: got {count} of {length} bytes", path.display()))),
        Err(error) => Err(Failure::file("write", path)(error)),
    }
}

/// Gathers the bytes and writes them in one go: every hand-over to the threads that write costs more than the write.
async fn small(path: &Path, length: u64, chunks: impl Stream<Item = std::io::Result<Bytes>>) -> std::io::Result<u64> {
    let mut chunks = std::pin::pin!(chunks);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    while let Some(chunk) = chunks.try_next().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > length {
            return Ok(bytes.len() as u64);
        }
    }
    let count = bytes.len() as u64;
    if count == length {
        let path = path.to_owned();
        let work = move || {
            let part = part_path(&path);
            make_folder(&path)?;
            let written = std::fs::write(&part, &bytes).and_then(|()| std::fs::rename(&part, &path));
            written.inspect_err(|_| drop(std::fs::remove_file(&part)))
        };
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)??;
    }
    Ok(count)
}

async fn large(path: &Path, length: u64, chunks: impl Stream<Item = std::io::Result<Bytes>>) -> std::io::Result<u64> {
    let folder = path.to_owned();
    tokio::task::spawn_blocking(move || make_folder(&folder)).await.map_err(std::io::Error::other)??;
    let part = part_path(path);
    let written = match write_all(&part, chunks).await {
        Ok(count) if count == length => tokio::fs::rename(&part, path).await.map(|()| count),
        other => other,
    };
    if !matches!(written, Ok(count) if count == length) {
        // What remains of a failed transfer helps nobody; that it cannot be removed changes nothing.
        let _ = tokio::fs::remove_file(&part).await;
    }
    written
}

async fn write_all(path: &Path, chunks: impl Stream<Item = std::io::Result<Bytes>>) -> std::io::Result<u64> {
    let mut file = BufWriter::with_capacity(256 * 1024, File::create(path).await?);
    let mut chunks = std::pin::pin!(chunks);
    let mut count = 0;
    while let Some(chunk) = chunks.try_next().await? {
        file.write_all(&chunk).await?;
        count += chunk.len() as u64;
    }
    file.flush().await?;
    Ok(count)
}

fn make_folder(file: &Path) -> std::io::Result<()> {
    file.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn part_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".buildyard-part");
    PathBuf::from(name)
}

/// A client to share between transfers: making one reads the host's certificates.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    let builder = || reqwest::Client::builder().connect_timeout(CONNECT).read_timeout(SILENCE);
    builder()
        .build()
        // A host without any root certificate can still talk to storage over plain http.
        .or_else(|_| builder().tls_certs_only([]).build())
        .map_err(|error| Failure::service(format!("cannot make an HTTP client: {}", chain(&error))))
}

/// A presigned URL is a credential, so errors name its host only.
async fn checked(doing: &str, answer: reqwest::Result<reqwest::Response>) -> Result<reqwest::Response, Failure> {
    let answer = answer.map_err(|error| {
        let host = error.url().and_then(|url| url.host_str()).unwrap_or("the storage").to_owned();
        Failure::service(format!("cannot {doing} {host}: {}", chain(&error.without_url())))
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let host = answer.url().host_str().unwrap_or("the storage").to_owned();
    let said = answer.bytes().await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said[..said.len().min(512)]).into_owned();
    Err(Failure::service(format!("cannot {doing} {host}: {status}: {}", crate::render::printable(&said))))
}
