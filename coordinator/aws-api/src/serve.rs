//! Connections: accepted up to a limit, each with its time-outs, drained when the door shuts.
//!
//! HTTP/1.1 in plain text; TLS is a reverse proxy's business. Invariant: every wait ends, and when `serve` returns no
//! connection is left.

use crate::framing::{TwoLengths, Watched};
use crate::limits::Limits;
use crate::patience::{Ended, PatientBody, PatientWrites};
use crate::peers::{PeerPlace, Peers};
use crate::route::Http;
use buildyard_blobs::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io::{self, ErrorKind, Write};
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
    let peers = Peers::new(limits.connections_per_peer);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let broken = loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break None,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => match peers.place(peer.ip()) {
                Some(of_peer) => {
                    connections.spawn(connection(stream, http.clone(), limits, graceful.watcher(), (place, of_peer)));
                }
                None => turn_away(stream, peer),
            },
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

/// A new connection, whose it is, and its place.
type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// Says, without waiting for anything, that the peer has all its connections.
fn turn_away(stream: TcpStream, peer: SocketAddr) {
    const BUSY: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    tracing::debug!(%peer, "a peer has all its connections; one more is turned away");
    // A new connection has room for so little; one that has not is closed without a word.
    let told = stream.into_std().and_then(|mut stream| stream.write_all(BUSY));
    if let Err(error) = told {
        tracing::debug!(%peer, %error, "a peer was not told that it has all its connections");
    }
}

/// Whether the socket itself is still good.
fn is_passing(error: &io::Error) -> bool {
    !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotConnected | ErrorKind::Unsupported)
}

async fn connection(
    stream: TcpStream,
    http: Http,
    limits: Limits,
    watcher: Watcher,
    _places: (OwnedSemaphorePermit, PeerPlace),
) {
    let peer = stream.peer_addr().ok();
    // Only speed depends on it.
    stream.set_nodelay(true).ok();
    let lengths = TwoLengths::default();
    let stream = TokioIo::new(Watched::new(stream, lengths.clone()));
    let stream = PatientWrites::new(stream, limits.stall_timeout);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (http, lengths, ended) = (http.clone(), lengths.clone(), Ended::default());
        async move {
            let is_encoded = request.headers().contains_key(header::TRANSFER_ENCODING);
            if is_encoded && lengths.are_given() {
                return Ok::<_, Infallible>(two_lengths());
            }
            let mut request = request.map(|body| PatientBody::new(body, limits.stall_timeout, ended.clone()));
            // For policies that ask where a request comes from.
            if let Some(peer) = peer {
                request.extensions_mut().insert::<SocketAddr>(peer);
            }
            let mut response = http.answer(request).await;
            // Whoever is refused before the body came has no more of this connection.
            let is_cut_off = response.status().is_client_error() && !ended.is_so();
            if is_encoded || is_cut_off {
                close(response.headers_mut());
            }
            Ok(response)
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

fn close(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
}

fn two_lengths() -> Response<Body> {
    let text = "a request has a Content-Length or a Transfer-Encoding, and not both\n";
    let mut response = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    close(response.headers_mut());
    response
}

#[cfg(test)]
mod tests;
