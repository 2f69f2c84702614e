//! What an executor keeps between sandboxes: images, and whatever it has ready for the next ones. A seam of its own, as
//! only those that look after a host's disk need it.

use crate::sandbox::ExecutorError;
use async_trait::async_trait;

/// An image that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// Its own id.
    pub id: String,
    /// Every name it can be run by: `repo:tag`, `repo@sha256:…`, and its id.
    pub names: Vec<String>,
    /// On disk; what it shares with other images is counted for each.
    pub bytes: u64,
    /// Whether a container was made of it that is still there, whoever's it is.
    pub used: bool,
}

/// See the module. Every call ends within its own deadline and may be repeated.
#[async_trait]
pub trait Stock: Send + Sync + std::fmt::Debug {
    /// All images, whoever brought them here.
    async fn images(&self) -> Result<Vec<StoredImage>, ExecutorError>;

    /// Removes an image with all of its names; false when somebody uses it. Gone is success.
    async fn remove_image(&self, image: &StoredImage) -> Result<bool, ExecutorError>;

    /// Removes what is kept for sandboxes that will not come any more. To be called at the end.
    async fn release(&self) -> Result<(), ExecutorError>;
}
