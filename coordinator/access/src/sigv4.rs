//! Signature version 4: reads what a request presents, and checks it against the secret of its access key.
//!
//! `parse` comes first and gives the access key; the caller looks up its secret and calls `verify` (or
//! `refuse_unknown_key`, so that an unknown key costs as much as a wrong secret), then `check_session_token`.
//! What was verified is what the router must read: take query parameters by `query::pairs`, never by another parser.
//! Chunk signatures of `STREAMING-…` bodies are left to the S3 door.

mod canonical;
mod coverage;
mod error;
mod header_form;
mod key;
mod limits;
mod moment;
mod path;
mod payload;
mod presented;
pub mod query;
mod query_form;
mod scope;
mod session;
mod sign;
mod verify;

pub use error::{Answer, Dialect, SignatureError};
pub use key::SigningKey;
pub use payload::{BodyHash, DeclaredPayload, Streaming};
pub use presented::{Presented, Signature, parse};
pub use scope::{CredentialScope, Scope};
pub use session::check_session_token;
pub use sign::{Payload, Signer};
pub use verify::{refuse_unknown_key, verify};

#[cfg(test)]
mod tests;
