//! Bodies of API requests: read whole, because a signature is over all of it, and within two limits.
//!
//! Invariant: what all requests together hold stays under a sum, whoever sends them; nobody has been identified yet.

use buildyard_aws_protocol::ApiError;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of one body.
const ONE: usize = 8 * 1024 * 1024;
/// Bytes of all bodies that are held at a time.
const ALL: usize = 256 * 1024 * 1024;
/// For all of a body to arrive, however steadily it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// The sum, shared by all requests.
#[derive(Debug, Clone)]
pub(super) struct Bodies {
    left: Arc<Semaphore>,
}

/// A body, which counts as long as it is held.
#[derive(Debug)]
pub(super) struct Held {
    bytes: BytesMut,
    share: Option<OwnedSemaphorePermit>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { left: Arc::new(Semaphore::new(ALL)) }
    }
}

impl Held {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Bodies {
    /// Reads a body.
    ///
    /// # Errors
    /// 413 for one that is too large, 503 when too much is held already, 400 for one that ends early, 408 for one that
    /// takes too long.
    pub(super) async fn read<B>(&self, body: B) -> Result<Held, ApiError>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let late = || ApiError::new("RequestTimeout", "the body took too long to arrive");
        let read = tokio::time::timeout(PATIENCE, self.read_all(body)).await;
        read.map_err(|_| late().with_status(StatusCode::REQUEST_TIMEOUT))?
    }

    async fn read_all<B>(&self, body: B) -> Result<Held, ApiError>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        if body.size_hint().lower() > ONE as u64 {
            return Err(too_large());
        }
        let mut body = pin!(body);
        let mut held = Held { bytes: BytesMut::new(), share: None };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                ApiError::new("IncompleteBody", format!("the body did not arrive: {}", error.into()))
            })?;
            // Trailers are nobody's business here.
            let Ok(data) = frame.into_data() else { continue };
            if held.bytes.len() + data.len() > ONE {
                return Err(too_large());
            }
            self.grow(&mut held, data.len())?;
            held.bytes.extend_from_slice(&data);
        }
        Ok(held)
    }

    fn grow(&self, held: &mut Held, length: usize) -> Result<(), ApiError> {
        let length = u32::try_from(length).map_err(|_| too_large())?;
        let share = Arc::clone(&self.left)
            .try_acquire_many_owned(length)
            .map_err(|_| ApiError::unavailable("too many large requests at a time; try again"))?;
        match &mut held.share {
            Some(sum) => sum.merge(share),
            none => *none = Some(share),
        }
        Ok(())
    }
}

fn too_large() -> ApiError {
    let message = format!("the body is larger than {ONE} bytes");
    ApiError::new("RequestEntityTooLargeException", message).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[tokio::test]
    async fn all_bodies_together_stay_under_their_sum() {
        let bodies = Bodies { left: Arc::new(Semaphore::new(10)) };
        let body = || Full::new(Bytes::from_static(b"12345678"));
        let first = bodies.read(body()).await.unwrap();
        assert_eq!(bodies.read(body()).await.unwrap_err().status, StatusCode::SERVICE_UNAVAILABLE);
        drop(first);
        assert_eq!(bodies.read(body()).await.unwrap().bytes(), b"12345678");
    }
}
