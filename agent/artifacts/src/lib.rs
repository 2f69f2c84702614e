//! What goes in and out of a build as files: selecting and packing artifacts, unpacking and copying sources, and
//! moving bytes between the host and storage by presigned URLs.
//!
//! Owns paths and bytes, and knows neither gRPC nor the container. Everything a build wrote is untrusted: it is opened
//! beneath a root and never through a symbolic link.

pub mod archive;
pub mod beneath;
pub mod entry_name;
pub mod retry;
pub mod select;
pub mod transfer;
