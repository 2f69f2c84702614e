//! The HTTP door: S3 and the AWS APIs.
