//! Masking: secrets in a stream of bytes become `***`.
//!
//! Masked are the exact values of secrets, each line of a value of several lines, and AWS access key ids; other forms
//! of a secret (Base64, URL-escaped, shell-quoted) are not, as in CodeBuild (reference 2.5). Pure: bytes in, bytes out.
//! Invariant: the result does not depend on where the stream is cut, except that at most 3 bytes of a secret may have
//! been shown when it comes in pieces with pauses between them.

mod patterns;
mod stream;

#[cfg(test)]
mod tests;

pub use patterns::{Ignored, Masker};
pub use stream::Stream;
