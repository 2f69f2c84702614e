//! The seam to the coordinator: who gives URLs for parts and takes the result.

use async_trait::async_trait;
use std::fmt;

/// A file that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFile {
    pub bucket: String,
    pub key: String,
    pub size_bytes: u64,
}

/// Leave to upload one file.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadTicket {
    pub upload_id: String,
    /// Bytes in every part but the last.
    pub part_size_bytes: u64,
    /// One URL per part, in order, for an HTTP PUT; at least one, also for an empty file. Secret: they carry signatures.
    pub part_urls: Vec<String>,
}

impl fmt::Debug for UploadTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadTicket")
            .field("upload_id", &self.upload_id)
            .field("part_size_bytes", &self.part_size_bytes)
            .field("parts", &self.part_urls.len())
            .finish()
    }
}

/// A file whose parts storage holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedUpload {
    pub bucket: String,
    pub key: String,
    pub upload_id: String,
    /// The ETag header of each part's PUT, in order.
    pub etags: Vec<String>,
}

/// Why the coordinator gave no tickets or did not take a result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TicketError {
    /// It could not be reached: worth repeating.
    #[error("the coordinator cannot be reached: {0}")]
    Unavailable(String),
    /// It said no: the lease is gone, or the build may not write there.
    #[error("the coordinator refused the upload: {0}")]
    Refused(String),
}

/// Gives tickets and takes results, for one lease. Every call may be repeated.
#[async_trait]
pub trait UploadTickets: Send + Sync {
    /// Opens uploads for at most 200 files; the tickets come in the same order.
    async fn begin(&self, files: &[UploadFile]) -> Result<Vec<UploadTicket>, TicketError>;
    /// Says which parts of a batch are stored. A repeat replaces.
    async fn finish(&self, batch: u32, done: &[FinishedUpload]) -> Result<(), TicketError>;
    /// Makes the batches `0..batches` visible.
    async fn commit(&self, batches: u32) -> Result<(), TicketError>;
}
