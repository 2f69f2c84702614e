//! A document as the coordinator sent it, beside what this program understands of it: what `--output json` prints is
//! never thinner than what came.

use crate::failure::Failure;
use serde::de::DeserializeOwned;

/// A view with the JSON text it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Document<T> {
    /// The text as it came, without line breaks.
    pub(crate) json: String,
    /// Its meaning.
    pub(crate) view: T,
}

impl<T: DeserializeOwned> Document<T> {
    /// Reads a `bytes` field named `field`.
    pub(crate) fn read(field: &'static str, bytes: &[u8]) -> Result<Self, Failure> {
        let view = buildyard_proto::convert::from_document(field, bytes).map_err(|error| {
            Failure::service(format!("the coordinator's answer was not understood ({error}): is it a newer version?"))
        })?;
        // Valid JSON has line breaks only between its tokens, so taking them out changes nothing but the layout.
        let json = String::from_utf8_lossy(bytes).replace(['\n', '\r'], " ");
        Ok(Self { json, view })
    }
}
