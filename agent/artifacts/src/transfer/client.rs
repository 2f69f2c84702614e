//! The HTTP client for storage.

use super::{Error, error};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(15);

/// A client for presigned URLs. It follows no redirects (a signature is good for one host) and gives up connecting
/// after 10 s. Stalls of a transfer are watched by the transfer itself: the client's own read timeout would run from
/// the first byte of an upload and end every slow one.
///
/// The process's default TLS provider is set to ring if nobody has set one.
///
/// # Errors
/// When TLS cannot be set up.
pub fn http_client() -> Result<reqwest::Client, Error> {
    // Fails only when a provider is set already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_keepalive(KEEPALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("buildyard/", env!("CARGO_PKG_VERSION")))
    };
    builder().build().or_else(|error| {
        // A host without any root certificate can still talk to storage over plain http.
        tracing::warn!(error = %error::chain(&error), "no root certificates: https storage cannot be reached");
        builder().tls_certs_only([]).build().map_err(|error| Error::Client(error::chain(&error)))
    })
}
