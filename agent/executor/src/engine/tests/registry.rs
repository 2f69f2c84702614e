//! A registry on loopback, as much as an engine needs to pull one image: version 2 of the protocol over plain HTTP, which
//! engines accept from 127.0.0.0/8.

use base64::Engine as _;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub(super) struct Registry {
    /// `127.0.0.1:port/app`.
    pub(super) repository: String,
    pub(super) digest: String,
    failures: Failures,
    admitted: Admitted,
    _closes: DropGuard,
}

impl Registry {
    /// Serves `app:1`, made of one layer, for `architecture`.
    pub(super) async fn serve(layer: Vec<u8>, architecture: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let repository = format!("{}/app", listener.local_addr().unwrap());
        let config = serde_json::json!({
            "architecture": architecture, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
        });
        let config = config.to_string().into_bytes();
        let blob = |kind: &str, content: &[u8]| {
            serde_json::json!({
                "mediaType": format!("application/vnd.docker.{kind}"), "size": content.len(), "digest": digest(content),
            })
        };
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": blob("container.image.v1+json", &config),
            "layers": [blob("image.rootfs.diff.tar", &layer)],
        });
        let manifest = manifest.to_string().into_bytes();
        let manifest_digest = digest(&manifest);
        let mut files = BTreeMap::new();
        for blob in [config, layer] {
            files.insert(format!("/v2/app/blobs/{}", digest(&blob)), ("application/octet-stream", blob));
        }
        for name in ["1", &manifest_digest] {
            files.insert(format!("/v2/app/manifests/{name}"), (MANIFEST, manifest.clone()));
        }
        files.insert("/v2/".into(), ("application/json", b"{}".to_vec()));
        let closed = CancellationToken::new();
        let (failures, admitted) = (Failures::default(), Admitted::default());
        let listening = listen(listener, Arc::new(files), failures.clone(), admitted.clone());
        tokio::spawn(closed.clone().run_until_cancelled_owned(listening));
        Self { repository, digest: manifest_digest, failures, admitted, _closes: closed.drop_guard() }
    }

    /// From now on only this one may pull.
    pub(super) fn admit_only(&self, username: &str, password: &str) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        *self.admitted.lock().unwrap() = Some(pair);
    }

    /// Answers the next requests for a manifest with this status.
    pub(super) fn fail(&self, requests: u32, status: &str) {
        *self.failures.lock().unwrap() = (requests, status.to_owned());
    }
}

/// Name and password of the one who is admitted, as in `Authorization: Basic`; without it everybody is.
type Admitted = Arc<Mutex<Option<String>>>;

/// How many requests for a manifest still fail, and how.
type Failures = Arc<Mutex<(u32, String)>>;

fn digest(content: &[u8]) -> String {
    let bytes = Sha256::digest(content);
    format!("sha256:{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

type Files = BTreeMap<String, (&'static str, Vec<u8>)>;

async fn listen(listener: TcpListener, files: Arc<Files>, failures: Failures, admitted: Admitted) {
    while let Ok((stream, _)) = listener.accept().await {
        let (files, failures, admitted) = (Arc::clone(&files), failures.clone(), admitted.clone());
        tokio::spawn(async move { serve(stream, &files, &failures, &admitted).await });
    }
}

async fn serve(mut stream: TcpStream, files: &Files, failures: &Failures, admitted: &Admitted) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        // Docker tries TLS first, and takes its time to give up on a server that says nothing.
        let is_tls = |head: &[u8]| head.first() == Some(&0x16);
        if stream.read_buf(&mut head).await.map_or(true, |read| read == 0) || is_tls(&head) {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let missing = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#.to_vec();
    let failure = path.contains("/manifests/").then(|| {
        let mut failures = failures.lock().unwrap();
        failures.0 = failures.0.checked_sub(1)?;
        Some(failures.1.clone())
    });
    let says = head.lines().find_map(|line| {
        line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value)
    });
    let is_stranger = admitted
        .lock()
        .unwrap()
        .as_deref()
        .is_some_and(|admitted| says.and_then(|says| says.strip_prefix("Basic ")) != Some(admitted));
    let denied = br#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#.to_vec();
    let (status, (kind, body)) = match (failure.flatten(), files.get(path)) {
        _ if is_stranger => {
            ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"yard\"".to_owned(), ("application/json", denied))
        }
        (Some(status), _) => (status, ("text/plain", b"not now".to_vec())),
        (None, Some(file)) => ("200 OK".to_owned(), file.clone()),
        (None, None) => ("404 Not Found".to_owned(), ("application/json", missing)),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nDocker-Content-Digest: {}\r\nConnection: close\r\n\r\n",
        body.len(),
        digest(&body),
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    if method != "HEAD" {
        let _ = stream.write_all(&body).await;
    }
}
