//! Storage for tests: a real HTTP server on loopback that keeps parts and objects in memory, checks what S3 checks,
//! and fails on demand.

use super::upload::{FinishedUpload, TicketError, UploadFile, UploadTicket, UploadTickets};
use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use base64::Engine;
use md5::{Digest, Md5};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What stands in for a signature: it must appear in no error.
pub(super) const SIGNATURE: &str = "X-Amz-Signature=5ecret";

#[derive(Default)]
pub(super) struct Shelf {
    pub(super) parts: Mutex<BTreeMap<(String, usize), Bytes>>,
    pub(super) finished: Mutex<BTreeMap<u32, Vec<FinishedUpload>>>,
    /// What a reader of the bucket sees.
    pub(super) objects: Mutex<BTreeMap<String, Bytes>>,
    /// Answers to give before the next honest ones.
    pub(super) faults: Mutex<VecDeque<Fault>>,
    pub(super) ranges: Mutex<Vec<String>>,
    pub(super) busy: AtomicUsize,
    pub(super) busiest: AtomicUsize,
    pub(super) commits: AtomicUsize,
    uploads: AtomicUsize,
}

#[derive(Clone, Copy)]
pub(super) enum Fault {
    Status(u16),
    /// The connection breaks after so many bytes of a download.
    CutAfter(usize),
    /// Nothing is answered.
    Silence,
}

pub(super) struct Storage {
    pub(super) shelf: Arc<Shelf>,
    pub(super) address: SocketAddr,
    pub(super) part_size_bytes: u64,
    /// How often the coordinator cannot be reached.
    pub(super) outages: AtomicUsize,
    server: JoinHandle<()>,
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Storage {
    pub(super) async fn start() -> Self {
        let shelf = Arc::new(Shelf::default());
        let router = axum::Router::new()
            .route("/part/{upload}/{number}", put(put_part))
            .route("/object/{*key}", get(get_object))
            .with_state(Arc::clone(&shelf));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shelf, address, part_size_bytes: 1 << 20, outages: AtomicUsize::new(0), server }
    }

    pub(super) fn fail_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shelf.faults.lock().unwrap().extend(faults);
    }

    pub(super) fn url(&self, key: &str) -> String {
        format!("http://{}/object/{key}?{SIGNATURE}", self.address)
    }

    fn coordinator(&self) -> Result<(), TicketError> {
        let reached =
            self.outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if reached { Ok(()) } else { Err(TicketError::Unavailable("connection refused".to_owned())) }
    }
}

#[async_trait]
impl UploadTickets for Storage {
    async fn begin(&self, files: &[UploadFile]) -> Result<Vec<UploadTicket>, TicketError> {
        self.coordinator()?;
        assert!(files.len() <= 200);
        let ticket = |file: &UploadFile| {
            let upload_id = format!("u{}", self.shelf.uploads.fetch_add(1, Ordering::SeqCst));
            let parts = file.size_bytes.div_ceil(self.part_size_bytes).max(1);
            let url = |number| format!("http://{}/part/{upload_id}/{number}?{SIGNATURE}", self.address);
            let part_urls = (0..parts).map(url).collect();
            UploadTicket { upload_id, part_size_bytes: self.part_size_bytes, part_urls }
        };
        Ok(files.iter().map(ticket).collect())
    }

    async fn finish(&self, batch: u32, done: &[FinishedUpload]) -> Result<(), TicketError> {
        self.coordinator()?;
        self.shelf.finished.lock().unwrap().insert(batch, done.to_vec());
        Ok(())
    }

    async fn commit(&self, batches: u32) -> Result<(), TicketError> {
        self.coordinator()?;
        self.shelf.commits.fetch_add(1, Ordering::SeqCst);
        let (finished, parts) = (self.shelf.finished.lock().unwrap(), self.shelf.parts.lock().unwrap());
        for upload in (0..batches).flat_map(|batch| &finished[&batch]) {
            let part = |(number, etag): (usize, &String)| {
                let bytes = &parts[&(upload.upload_id.clone(), number)];
                assert_eq!(*etag, etag_of(bytes));
                bytes.to_vec()
            };
            let bytes = upload.etags.iter().enumerate().flat_map(part).collect();
            self.shelf.objects.lock().unwrap().insert(upload.key.clone(), bytes);
        }
        Ok(())
    }
}

pub(super) fn etag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Md5::digest(bytes)))
}

async fn put_part(
    State(shelf): State<Arc<Shelf>>,
    Path((upload, number)): Path<(String, usize)>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    shelf.busiest.fetch_max(shelf.busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    shelf.busy.fetch_sub(1, Ordering::SeqCst);
    let Ok(body) = body else { return StatusCode::BAD_REQUEST.into_response() };
    let fault = shelf.faults.lock().unwrap().pop_front();
    match fault {
        Some(Fault::Status(status)) => return refusal(status),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::CutAfter(_)) | None => {}
    }
    let md5 = base64::engine::general_purpose::STANDARD.encode(Md5::digest(&body));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("content-length") != Some(&body.len().to_string()) || header("transfer-encoding").is_some() {
        return StatusCode::LENGTH_REQUIRED.into_response();
    }
    if header("content-md5") != Some(&md5) {
        return refusal(400);
    }
    let etag = etag_of(&body);
    shelf.parts.lock().unwrap().insert((upload, number), body);
    [("etag", etag)].into_response()
}

async fn get_object(State(shelf): State<Arc<Shelf>>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    let fault = shelf.faults.lock().unwrap().pop_front();
    let Some(object) = shelf.objects.lock().unwrap().get(&key).cloned() else { return refusal(404) };
    let etag = etag_of(&object);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let range = header("range").unwrap_or_default().to_owned();
    if header("if-match").is_some_and(|wanted| wanted != etag) {
        shelf.ranges.lock().unwrap().push("changed".to_owned());
        return refusal(412);
    }
    shelf.ranges.lock().unwrap().push(range.clone());
    let start = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')?.parse().ok());
    let body = object.slice(start.unwrap_or(0)..);
    let body = match fault {
        Some(Fault::Status(status)) => return refusal(status),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::CutAfter(bytes)) => {
            let pieces = [Ok(body.slice(..bytes)), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures::StreamExt::then(futures::stream::iter(pieces), |piece| async {
                // Lets the bytes before the cut leave the server.
                tokio::task::yield_now().await;
                piece
            }))
        }
        None => Body::from(body),
    };
    let mut answer = Response::builder().header("etag", etag);
    if let Some(start) = start {
        let end = object.len() - 1;
        answer = answer.status(206).header("content-range", format!("bytes {start}-{end}/{}", object.len()));
    }
    answer.body(body).unwrap()
}

fn refusal(status: u16) -> Response {
    let text = format!("<Error><Code>Code{status}</Code><Resource>{SIGNATURE}</Resource></Error>");
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

/// Passes connections on to `target`; the first one is cut after `bytes` from the client.
pub(super) async fn cutting_proxy(target: SocketAddr, bytes: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut limit = bytes;
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, target, std::mem::replace(&mut limit, u64::MAX)));
        }
    });
    address
}

async fn pass(client: TcpStream, target: SocketAddr, limit: u64) {
    let server = TcpStream::connect(target).await.unwrap();
    let ((client_read, mut client_write), (mut server_read, mut server_write)) =
        (client.into_split(), server.into_split());
    let mut limited = tokio::io::AsyncReadExt::take(client_read, limit);
    tokio::select! {
        _ = tokio::io::copy(&mut limited, &mut server_write) => {}
        _ = tokio::io::copy(&mut server_read, &mut client_write) => {}
    }
}
