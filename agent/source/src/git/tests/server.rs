//! Git over HTTP: `git http-backend` behind axum, with a password, redirects and a record of what was asked.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(super) const USER: &str = "builder";
pub(super) const PASSWORD: &str = "p4ss/w:rd+with=odd&signs";

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) record: Arc<Record>,
    task: JoinHandle<()>,
}

pub(super) struct Record {
    root: PathBuf,
    /// Host, path and whether credentials came along, of each request.
    pub(super) requests: Mutex<Vec<(String, String, bool)>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves the repositories below `root`: under `/open/` to everybody, under `/private/` with the password, under
    /// `/moved/` by a redirect to `/open/`, and under `/away/` by one to the metadata service.
    pub(super) async fn start(root: PathBuf) -> Self {
        let record = Arc::new(Record { root, requests: Mutex::default() });
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&record));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, record, task }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

async fn answer(State(record): State<Arc<Record>>, request: Request) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = text(header::AUTHORIZATION);
    let host = text(header::HOST).to_owned();
    record.requests.lock().unwrap().push((host, uri.path().to_owned(), !authorization.is_empty()));
    let query = uri.query().unwrap_or_default();
    let path = uri.path();
    if let Some(rest) = path.strip_prefix("/moved/") {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, format!("/open/{rest}?{query}"))]).into_response();
    }
    if let Some(rest) = path.strip_prefix("/away/") {
        let location = format!("http://169.254.169.254/{rest}?{query}");
        return (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    }
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    if path.starts_with("/private/") && authorization != format!("Basic {basic}") {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")]).into_response();
    }
    let Some(repository) = path.strip_prefix("/open").or_else(|| path.strip_prefix("/private")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (repository, query, method) = (repository.to_owned(), query.to_owned(), request.method().to_string());
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    backend(&record, &repository, &query, &method, &headers, &body).await
}

async fn backend(record: &Record, path: &str, query: &str, method: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &record.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_TYPE", text("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
        .env("GIT_PROTOCOL", text("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = body.to_vec();
    tokio::spawn(async move { stdin.write_all(&body).await });
    let output = child.wait_with_output().await.unwrap().stdout;
    let split = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut answer = Response::builder();
    for line in String::from_utf8_lossy(&output[..split]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        if name == "Status" {
            answer = answer.status(value[..3].parse::<u16>().unwrap());
        } else {
            answer = answer.header(name, value);
        }
    }
    answer.body(Body::from(output[split + 4..].to_vec())).unwrap()
}
