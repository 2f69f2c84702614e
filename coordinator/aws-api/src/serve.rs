//! Connections: accepted up to a limit, each with its time-outs, drained when the door shuts.
//!
//! HTTP/1.1 in plain text; TLS is a reverse proxy's business. Invariant: every wait ends, and when `serve` returns no
//! connection is left.

use crate::limits::Limits;
use crate::patience::{PatientBody, PatientWrites};
use crate::route::Http;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// A pause after a failed accept: what is short (files, memory) comes back only when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the door cannot stay open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket itself is broken; binding anew may help.
    #[error("the listening socket failed: {0}")]
    Listener(#[source] io::Error),
}

/// Serves until `shutdown`; then requests in flight may end within the drain time-out.
///
/// # Errors
/// When the listening socket is broken. What a client does wrong ends its connection only.
pub async fn serve(listener: TcpListener, http: Http, shutdown: CancellationToken) -> Result<(), Error> {
    let limits = http.limits();
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let broken = loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break None,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                connections.spawn(connection(stream, http.clone(), limits, graceful.watcher(), place));
            }
            Err(error) if is_passing(&error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = shutdown.cancelled() => break None,
                    () = sleep(ACCEPT_PAUSE) => {}
                }
            }
            Err(error) => break Some(error),
        }
    };
    drop(listener);
    if timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests did not end in time and are cut off");
    }
    connections.shutdown().await;
    broken.map_or(Ok(()), |error| Err(Error::Listener(error)))
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// Whether the socket itself is still good.
fn is_passing(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotConnected | ErrorKind::Unsupported)
}

async fn connection(stream: TcpStream, http: Http, limits: Limits, watcher: Watcher, _place: OwnedSemaphorePermit) {
    let peer = stream.peer_addr().ok();
    // Only speed depends on it.
    stream.set_nodelay(true).ok();
    let stream = PatientWrites::new(TokioIo::new(stream), limits.stall_timeout);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let http = http.clone();
        async move {
            let mut request = request.map(|body| PatientBody::new(body, limits.stall_timeout));
            // For policies that ask where a request comes from.
            if let Some(peer) = peer {
                request.extensions_mut().insert::<SocketAddr>(peer);
            }
            Ok::<_, Infallible>(http.answer(request).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_max_bytes)
        .max_headers(limits.headers_max)
        .serve_connection(stream, service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
