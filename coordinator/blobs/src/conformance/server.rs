//! The embedded storage on a loopback port, without the door's limits (those are `aws-api`'s).

use crate::{ClientSettings, Embedded, EndpointInfo};
use buildyard_model::Secret;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const ACCESS_KEY: &str = "AKIDTEST";
pub(crate) const SECRET_KEY: &str = "not-so-secret";

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) embedded: Embedded,
    pub(crate) directory: tempfile::TempDir,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(directory.path(), info("")).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        embedded.set_public_url(&url).unwrap();
        let accepting = tokio::spawn(accept(listener, embedded.door()));
        Self { url, embedded, directory, accepting }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, door: crate::S3Door) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let door = door.clone();
        let service = service_fn(move |request| {
            let door = door.clone();
            async move { Ok::<_, Infallible>(door.call(request).await) }
        });
        tokio::spawn(async move {
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            builder.serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

pub(crate) fn info(public_url: &str) -> EndpointInfo {
    EndpointInfo {
        public_url: public_url.into(),
        region: REGION.into(),
        access_key: ACCESS_KEY.into(),
        secret_key: Secret::new(SECRET_KEY),
    }
}

pub(crate) fn settings(url: &str) -> ClientSettings {
    ClientSettings {
        endpoint: Some(url.into()),
        region: REGION.into(),
        access_key: ACCESS_KEY.into(),
        secret_key: Secret::new(SECRET_KEY),
        force_path_style: true,
        prefix: None,
    }
}

pub(crate) fn plain_client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
