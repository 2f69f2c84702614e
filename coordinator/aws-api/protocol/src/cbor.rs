//! Smithy RPC v2 CBOR's documents: bytes to values and back, led by the operation's shapes, so that one operation serves
//! this protocol and JSON.
//!
//! In values times are seconds as a number and blobs base64, as in JSON; on the wire they are tag 1 and byte strings.

mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

/// RFC 8949, 3.4.2: seconds since the epoch.
const TIME: u64 = 1;

#[cfg(test)]
mod tests;
