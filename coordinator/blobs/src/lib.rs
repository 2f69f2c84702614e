//! Bytes: an S3 client and the embedded S3.
