//! Generated messages ⇄ model values. Whole documents (a job, a build's view, a capacity) cross as the model's own
//! JSON: the form that the store keeps and `--output json` prints, so there is one schema and not three.

use crate::v1;
use buildyard_model::{BuildId, LeaseToken};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a message was not understood.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field that must be there is not.
    #[error("the message has no {0}")]
    Missing(&'static str),
    /// A field is not of its form.
    #[error("the message's {field} is not valid: {reason}")]
    Invalid { field: &'static str, reason: String },
}

impl From<&LeaseToken> for v1::Lease {
    fn from(lease: &LeaseToken) -> Self {
        Self { build_id: lease.build.to_string(), attempt: lease.attempt, epoch: lease.epoch }
    }
}

impl TryFrom<&v1::Lease> for LeaseToken {
    type Error = Error;
    fn try_from(lease: &v1::Lease) -> Result<Self, Error> {
        let build: BuildId = lease
            .build_id
            .parse()
            .map_err(|error: buildyard_model::IdError| Error::Invalid { field: "lease", reason: error.to_string() })?;
        Ok(Self { build, attempt: lease.attempt, epoch: lease.epoch })
    }
}

/// The lease of a message that must have one.
pub fn lease(lease: Option<&v1::Lease>) -> Result<LeaseToken, Error> {
    lease.ok_or(Error::Missing("lease"))?.try_into()
}

/// A model value as the JSON document of a `bytes` field.
pub fn document<T: Serialize>(value: &T) -> Vec<u8> {
    // The model's types have string keys and no failing serialisers.
    serde_json::to_vec(value).unwrap_or_default()
}

/// How many bytes a message has on the wire, without its frame.
pub fn wire_bytes(message: &impl prost::Message) -> usize {
    message.encoded_len()
}

/// The model value in a `bytes` field.
pub fn from_document<T: DeserializeOwned>(field: &'static str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Invalid { field, reason: error.to_string() })
}
