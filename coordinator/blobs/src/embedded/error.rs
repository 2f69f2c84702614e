//! Why the embedded storage could not do it, in S3's distinctions; translated once to the seam's, here, and once to
//! S3's error codes, in `s3/answer.rs`.

use crate::seam;
use std::io;

/// A failure of the embedded storage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("bucket {0} does not exist")]
    NoBucket(String),
    #[error("object {0} does not exist")]
    NoKey(String),
    #[error("upload {0} does not exist; it was completed, aborted or dropped")]
    NoUpload(String),
    #[error("there are no versions of objects, so none is called {0}")]
    NoVersion(String),
    #[error("{0} is no name for a bucket")]
    BadBucketName(String),
    #[error("a key has 1 to 1024 bytes")]
    BadKey,
    #[error("bucket {0} exists already")]
    BucketExists(String),
    #[error("bucket {0} is not empty")]
    BucketNotEmpty(String),
    #[error("the object is not as the request expects it")]
    PreconditionFailed,
    #[error("part {0} was not uploaded, or its ETag or checksum is another")]
    BadPart(u32),
    #[error("parts must be named in ascending order")]
    PartOrder,
    #[error("part {0} is smaller than 5 MiB and is not the last")]
    PartTooSmall(u32),
    #[error("the {0} of what arrived is not what the request says")]
    BadDigest(&'static str),
    #[error("the body ended after {got} of {expected} bytes")]
    Incomplete { got: u64, expected: u64 },
    #[error("{0}")]
    BadRequest(String),
    #[error("the body could not be read: {0}")]
    Body(String),
    #[error("{}", disk(.0))]
    Disk(#[from] io::Error),
}

impl From<Error> for seam::Error {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NoBucket(_) | Error::NoKey(_) | Error::NoUpload(_) | Error::NoVersion(_) => {
                Self::NotFound(without_tail(&text))
            }
            Error::Disk(_) | Error::Body(_) | Error::Incomplete { .. } => Self::Unavailable(text),
            Error::BadBucketName(_)
            | Error::BadKey
            | Error::BucketExists(_)
            | Error::BucketNotEmpty(_)
            | Error::PreconditionFailed
            | Error::BadPart(_)
            | Error::PartOrder
            | Error::PartTooSmall(_)
            | Error::BadDigest(_)
            | Error::BadRequest(_) => Self::Refused(text),
        }
    }
}

fn disk(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk of the coordinator's data directory is full: nothing was stored; make room there and try again"
                .to_owned()
        }
        _ => format!("the data directory failed: {error}"),
    }
}

/// The seam's `NotFound` says "does not exist" itself.
fn without_tail(text: &str) -> String {
    text.split(" does not exist").next().unwrap_or(text).to_owned()
}
