//! The page of metrics, `GET /metrics`, in the text form of OpenMetrics that Prometheus reads. It is open to whoever
//! reaches its address, so that address is the owner's choice.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Connections at once; a metrics server needs one.
const MOST_CONNECTIONS: usize = 16;
/// For a request's head, and for the whole connection.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
const WHOLE_WITHIN: Duration = Duration::from_secs(60);
/// After an accept that failed, as it does without free file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// The registry's metrics as text.
pub fn text(registry: &Registry) -> String {
    let mut text = String::new();
    // A string takes whatever is written to it.
    let _ = prometheus_client::encoding::text::encode(&mut text, registry);
    text
}

/// Serves the page that `render` makes until `shutdown`.
pub async fn serve<R, F>(listener: TcpListener, render: R, shutdown: CancellationToken)
where
    R: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = String> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                tracing::warn!(%error, "the metrics page could not accept a connection");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // One too many is closed.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (render, shutdown) = (render.clone(), shutdown.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = tokio::time::timeout(WHOLE_WITHIN, connection(socket, render)) => {}
            }
        });
    }
}

async fn connection<R, F>(socket: TcpStream, render: R)
where
    R: Fn() -> F + Clone,
    F: Future<Output = String>,
{
    let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
        let render = render.clone();
        async move { Ok::<_, Infallible>(answer(request.method(), request.uri().path(), render).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    // Whoever asked went away.
    let _ = http.serve_connection(TokioIo::new(socket), answer).await;
}

async fn answer<R, F>(method: &Method, path: &str, render: R) -> Response<Full<Bytes>>
where
    R: Fn() -> F,
    F: Future<Output = String>,
{
    let (status, form, body) = match (path, method) {
        ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, FORM, render().await),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "the metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(form));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_is_there_and_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, async || "x 1\n# EOF\n".to_owned(), shutdown.clone()));
        let ask = |line: &'static str| async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket
                .write_all(format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
                .await
                .unwrap();
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            text
        };
        let page = ask("GET /metrics").await;
        assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("x 1\n# EOF\n") && page.contains(FORM), "{page}");
        assert!(ask("GET /").await.starts_with("HTTP/1.1 404"));
        assert!(ask("POST /metrics").await.starts_with("HTTP/1.1 405"));
        shutdown.cancel();
        serving.await.unwrap();
    }
}
